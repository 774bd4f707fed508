#!/bin/sh
# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"exec" "python3" "$0" "$@"  # what sh does; to Python it is a string

__doc__ = """Make and remove the lab: podman images, one network, six hosts and three more on demand, their keys and certificates.

What the lab should be is written in the tables below; each image and each container carries a digest of
everything it was made from, so that `up` makes what is missing or stale and leaves the rest alone.
"""

import argparse
import concurrent.futures
import contextlib
import fcntl
import hashlib
import io
import json
import os
import re
import shlex
import shutil
import socket
import subprocess
import sys
import tarfile
import tempfile
import time
import uuid
from pathlib import Path

LAB = Path(__file__).resolve().parent
REPO = LAB.parent.parent
CACHE = REPO / '.cache' / 'lab'

NUMBER = int(os.environ.get('OVS_LAB') or 47)   # third part of the addresses: another number is another lab, beside the first
PREFIX = 'ovs-lab'                      # of the images, which all labs share
NAME = PREFIX if NUMBER == 47 else '%s%d' % (PREFIX, NUMBER)  # of the network, and before each container's name
LABEL = 'ovs-lab'                       # label of everything the lab owns; its value is the clone it belongs to
DIGEST = 'ovs-lab.digest'               # label: what a container was made from
SUBNET, GATEWAY, PREFIXLEN = '10.213.%d.0/24' % NUMBER, '10.213.%d.1' % NUMBER, 24
SUITE = 'bullseye'
APT_PACKAGES = 'podman runc crun netavark aardvark-dns iptables nftables uidmap debootstrap debian-archive-keyring openssl openssh-client'
TOOLS = ('podman', 'debootstrap', 'openssl', 'ssh-keygen')
SYSTEM_PATH = ('/usr/sbin', '/sbin')    # where some tools are, and what a root by su may lack in PATH
BOOT_LIMIT = 60                         # seconds until a new host must answer on its ssh port

# Image -> the image it starts from. A folder of images/ each.
IMAGES = {
    'base': 'debootstrap',
    'toolchain': 'base',
    'ddk': 'toolchain',
    'builder': 'toolchain',
    'systemd': 'base',
    'controller': 'systemd',
    'dom0-systemd': 'systemd',
    'dom0-sysv': 'base',
}

# What podman must be told where its defaults cannot start a container (an older crun, low limits). Tried in this order.
RUNTIMES = (
    None,
    '[engine]\nruntime = "runc"\n',
    '[containers]\ndefault_ulimits = ["nofile=20000:20000", "nproc=20000:20000"]\n[engine]\nruntime = "runc"\n',
    '[containers]\ndefault_ulimits = ["nofile=20000:20000", "nproc=20000:20000"]\n[engine]\nruntime = "crun"\n',
)

# A dom0 needs what its init and its switch need, and no more: reboot, network, tap devices, priorities, locked memory.
DOM0_ARGS = ['--restart=always', '--cap-add=SYS_BOOT,NET_ADMIN,NET_RAW,SYS_NICE,IPC_LOCK', '--device=/dev/net/tun']
SYSTEMD_ARGS = ['--systemd=always']
SYSV_ARGS = ['--systemd=false', '--tmpfs=/run:rw,mode=755,notmpcopyup']


def address(last):
    return '10.213.%d.%d' % (NUMBER, last)


HOSTS = {
    'controller': {'image': 'controller', 'address': address(10), 'args': ['--restart=always', *SYSTEMD_ARGS]},
    'builder': {'image': 'builder', 'address': address(11), 'volumes': {'builder-dist': '/var/cache/ovs-dist'}},
    'ddk': {'image': 'ddk', 'address': address(12), 'volumes': {'ddk-topdir': '/usr/src/redhat', 'ddk-ccache': '/var/cache/ccache'}},
    'xs8-a': {'image': 'dom0-systemd', 'address': address(21), 'pool': 'pool_xs8', 'args': DOM0_ARGS + SYSTEMD_ARGS},
    'xs8-b': {'image': 'dom0-systemd', 'address': address(22), 'pool': 'pool_xs8', 'args': DOM0_ARGS + SYSTEMD_ARGS},
    'xs6': {'image': 'dom0-sysv', 'address': address(31), 'pool': 'pool_xs6', 'args': DOM0_ARGS + SYSV_ARGS},
    # On demand: made by `lab.py reset`, and then kept up like the others.
    'fleet-a': {'image': 'dom0-systemd', 'address': address(41), 'pool': 'pool_fleet', 'args': DOM0_ARGS + SYSTEMD_ARGS, 'on_demand': True},
    'fleet-b': {'image': 'dom0-systemd', 'address': address(42), 'pool': 'pool_fleet', 'args': DOM0_ARGS + SYSTEMD_ARGS, 'on_demand': True},
    'fleet-c': {'image': 'dom0-systemd', 'address': address(43), 'pool': 'pool_fleet', 'args': DOM0_ARGS + SYSTEMD_ARGS, 'on_demand': True},
}


class LabError(Exception):
    """What cannot be done, why, and the remedy."""


# --- saying what is done, and running tools ---------------------------------------------------------------------------

STARTED = time.monotonic()


def say(text):
    """One step with the seconds since the start."""
    sys.stdout.write('[%6.1f s] %s\n' % (time.monotonic() - STARTED, text))
    sys.stdout.flush()


def run(argv, **kwargs):
    """Run a tool; return its standard output. A failure is a LabError with the end of what it wrote."""
    kwargs.setdefault('stdin', subprocess.DEVNULL if 'input' not in kwargs else None)
    if kwargs['stdin'] is None:
        del kwargs['stdin']
    done = subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False, **kwargs)
    if done.returncode:
        tail = '\n'.join((done.stdout + done.stderr).decode(errors='replace').splitlines()[-25:])
        raise LabError('%s: exit code %d\n%s' % (shlex.join(map(str, argv)), done.returncode, tail))
    return done.stdout.decode(errors='replace')


def podman(*args, **kwargs):
    return run(['podman', *args], **kwargs)


def check_machine():
    """Refuse a machine that cannot hold the lab, before anything is made; all that is missing is named at once."""
    problems = []
    missing = [tool for tool in TOOLS if not shutil.which(tool)]
    if missing and shutil.which('apt-get'):
        remedy = 'As root: apt-get install --no-install-recommends ' + APT_PACKAGES
    else:
        remedy = 'There is no apt-get here: the lab is made for Debian 12. Install what these packages of Debian hold: ' + APT_PACKAGES
    if missing:
        problems.append('The lab needs %s, not found in PATH. %s' % (', '.join(missing), remedy))
    if os.geteuid():
        problems.append('The lab needs root (its hosts boot an init, make bridges and tap devices). Run it as root or with sudo.')
    if problems:
        raise LabError('\n'.join(problems))


@contextlib.contextmanager
def lock():
    """One lab.py at a time in a clone."""
    CACHE.mkdir(parents=True, exist_ok=True)
    with open(CACHE / 'lock', 'w', encoding='utf-8') as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say('waiting for another lab.py of this clone')
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield


# --- the container runtime --------------------------------------------------------------------------------------------

def runtime_conf():
    return CACHE / 'containers.conf'


def use_runtime():
    """Use the containers.conf that an earlier probe wrote, unless the caller named one. True if the probe was done."""
    conf = runtime_conf()
    if conf.exists() and conf.stat().st_size:
        os.environ.setdefault('CONTAINERS_CONF', str(conf))
    return conf.exists()


def probe_runtime(*source):
    """Find the first configuration with which podman starts a container, and write it down (empty: the defaults).

    ``source``: an image's tag, or ``--rootfs`` and a folder.
    """
    errors, trial = [], runtime_conf().with_suffix('.trial-%d' % os.getpid())
    for text in RUNTIMES:
        trial.write_text(text or '', encoding='utf-8')
        environment = dict(os.environ, **({'CONTAINERS_CONF': str(trial)} if text else {}))
        try:
            podman('run', '--rm', '--network=none', *source, '/bin/true', env=environment)
        except LabError as exc:
            errors.append(str(exc).splitlines()[-1])
            continue
        say('podman starts containers with %s' % (' '.join(text.split()) if text else 'its defaults'))
        trial.replace(runtime_conf())
        use_runtime()
        return
    trial.unlink()
    raise LabError('podman starts no container here, with none of the runtimes tried:\n  ' + '\n  '.join(errors))


# --- images -----------------------------------------------------------------------------------------------------------

def containerfile(name):
    return LAB / 'images' / name / 'Containerfile'


def copied(name):
    """The files that an image's COPY lines name, sorted."""
    files = []
    copies = re.findall(r'^COPY\s+(.+)\s+\S+$', containerfile(name).read_text(encoding='utf-8'), re.MULTILINE)
    for source in ' '.join(copies).split():
        path = LAB / source
        if not path.exists():
            raise LabError('%s copies %s, which does not exist' % (containerfile(name), path))
        files += [path] if path.is_file() else [item for item in path.rglob('*') if item.is_file() or item.is_symlink()]
    # The same as .containerignore says.
    return sorted(item for item in files if '__pycache__' not in item.parts and item.suffix != '.md')


def digest(*parts):
    """12 hex digits over strings and files (name in the lab, whether executable, content)."""
    total = hashlib.sha256()
    for part in parts:
        if isinstance(part, Path):
            mode = 'x' if part.lstat().st_mode & 0o100 else '-'
            body = os.fsencode(os.readlink(part)) if part.is_symlink() else part.read_bytes()
            entry = [str(part.relative_to(LAB)).encode(), mode.encode(), body]
        else:
            entry = [str(part).encode()]
        for item in entry:
            total.update(b'%d:' % len(item) + item)
    return total.hexdigest()[:12]


def image_tags():
    """Image name -> full tag; a tag changes with the image's inputs and with those of the image it starts from."""
    tags = {'debootstrap': 'localhost/%s-debootstrap:%s' % (PREFIX, SUITE)}
    for name, parent in IMAGES.items():
        value = digest(tags[parent], containerfile(name), *copied(name))
        tags[name] = 'localhost/%s-%s:%s' % (PREFIX, name, value)
    return tags


def present_images():
    listed = json.loads(podman('images', '--format=json', '--filter=reference=localhost/%s-*' % PREFIX) or '[]')
    return {tag for image in listed for tag in image.get('Names') or []}


def first_up(tag, present, **options):
    """A first image and a runtime that starts it; what an earlier run, or another clone, has made is not made again."""
    if tag not in present:
        bootstrap(tag, **options)
    elif not use_runtime():
        probe_runtime(tag)


def bootstrap(tag, suite=SUITE, packages=()):
    """A first image: what debootstrap makes of a suite. Its folder also serves the probe of the runtime."""
    with tempfile.TemporaryDirectory(prefix='debootstrap-', dir=CACHE) as folder:
        say('image debootstrap: %s, minimal variant' % suite)
        run(['debootstrap', '--variant=minbase', *(['--include=' + ','.join(packages)] if packages else []), suite, folder])
        if not use_runtime():
            probe_runtime('--rootfs', folder)
        shutil.rmtree(Path(folder) / 'var/cache/apt/archives', ignore_errors=True)
        (Path(folder) / 'var/cache/apt/archives/partial').mkdir(parents=True)
        say('image debootstrap: import')
        with subprocess.Popen(['tar', '-C', folder, '-c', '--numeric-owner', '.'], stdout=subprocess.PIPE) as tar:
            podman('import', '--change=LABEL %s=%s' % (LABEL, 'image'), '-', tag, stdin=tar.stdout)
        if tar.returncode:
            podman('rmi', '--force', tag)
            raise LabError('tar of %s: exit code %d' % (folder, tar.returncode))


def build(name, tags):
    """Build one image on its parent; the log stays under the cache."""
    log = CACHE / 'log' / ('image-%s.log' % name)
    log.parent.mkdir(exist_ok=True)
    begun = time.monotonic()
    say('image %s: build' % name)
    argv = ['podman', 'build', '--network=host', '--layers=false', '--pull=never', '--label=%s=image' % LABEL,
            '--build-arg=PARENT=' + tags[IMAGES[name]], '--tag=' + tags[name], '--file', str(containerfile(name)), str(LAB)]
    with open(log, 'wb') as handle:
        done = subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=handle, stderr=subprocess.STDOUT, check=False)
    if done.returncode:
        tail = '\n'.join(log.read_text(encoding='utf-8', errors='replace').splitlines()[-25:])
        raise LabError('image %s does not build (whole log: %s):\n%s' % (name, log, tail))
    say('image %s: built in %.1f s' % (name, time.monotonic() - begun))


def images_up(tags):
    """Build what is missing, each image as soon as its parent is there."""
    present = present_images()
    wanted = {name for name in IMAGES if tags[name] not in present}
    first_up(tags['debootstrap'], present)
    with concurrent.futures.ThreadPoolExecutor(max_workers=3) as pool:
        running, built = {}, set(IMAGES) - wanted | {'debootstrap'}
        while wanted or running:
            for name in [name for name in IMAGES if name in wanted and IMAGES[name] in built]:
                wanted.remove(name)
                running[pool.submit(build, name, tags)] = name
            done, _rest = concurrent.futures.wait(running, return_when=concurrent.futures.FIRST_COMPLETED)
            for future in done:
                built.add(running.pop(future))
                try:
                    future.result()
                except LabError:
                    wanted.clear()
                    raise


# --- keys and certificates --------------------------------------------------------------------------------------------

def ssh_up():
    """The user's key, one host key a host, and the known_hosts that names them."""
    folder = CACHE / 'ssh'
    folder.mkdir(exist_ok=True)
    lines = []
    for name, host in [('lab', None), *HOSTS.items()]:
        key = folder / ('id_' + name if host is None else 'host_' + name)
        public = key.with_name(key.name + '.pub')  # written last
        if not public.exists():
            say('ssh key %s' % name)
            key.unlink(missing_ok=True)
            run(['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-C', 'ovs-lab ' + name, '-f', str(key)])
        if host:
            pattern = '10.213.*.' + host['address'].rpartition('.')[2]  # labs of other numbers have the same keys
            lines.append('%s,%s %s\n' % (name, pattern, ' '.join(public.read_text(encoding='utf-8').split()[:2])))
    known = folder / 'known_hosts'
    if not known.exists() or known.read_text(encoding='utf-8') != ''.join(lines):
        known.write_text(''.join(lines), encoding='utf-8')


def tls_up():
    """The lab's CA and a certificate for each host that speaks OVSDB over TLS, under the name of the address that it vouches for."""
    folder = CACHE / 'tls'
    folder.mkdir(exist_ok=True)
    if not (folder / 'ca.pem').exists():
        say('TLS authority')
        run(['openssl', 'req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-sha256', '-days', '3650', '-subj', '/O=ovs-lab/CN=ovs-lab authority',
             '-addext', 'keyUsage=critical,keyCertSign,cRLSign', '-keyout', str(folder / 'ca.key'), '-out', str(folder / 'ca.pem')])
    for name, host in HOSTS.items():
        if 'pool' not in host and name != 'controller':
            continue
        key, request, cert = (folder / (host['address'] + suffix) for suffix in ('.key', '.csr', '.pem'))
        if cert.exists():
            continue
        say('TLS certificate %s' % name)
        run(['openssl', 'req', '-newkey', 'rsa:2048', '-nodes', '-sha256', '-subj', '/O=ovs-lab/CN=' + name, '-keyout', str(key), '-out', str(request)])
        run(['openssl', 'x509', '-req', '-in', str(request), '-CA', str(folder / 'ca.pem'), '-CAkey', str(folder / 'ca.key'), '-CAcreateserial', '-sha256',
             '-days', '3650', '-extfile', '/dev/stdin', '-out', str(cert)], input=b'subjectAltName=DNS:%s,IP:%s' % (name.encode(), host['address'].encode()))
        request.unlink()


# --- what each host is given ------------------------------------------------------------------------------------------

def identity(name):
    """A UUID that stays the same for a host or a pool of the lab."""
    return str(uuid.uuid5(uuid.NAMESPACE_DNS, name + '.ovs-lab.invalid'))


def xapi_files(name):
    """What the XAPI stand-in's own tool writes for this host: identity, pool, role."""
    host, first = HOSTS[name], coordinator(name)
    role = 'master' if first == name else 'slave:' + HOSTS[first]['address']
    with tempfile.TemporaryDirectory() as root:
        generation = Path(root, 'opt/lab-xapi/generation')
        generation.parent.mkdir(parents=True)
        generation.write_text(host['image'].rpartition('-')[2], encoding='utf-8')
        run([sys.executable, '-B', '-m', 'labxapi.configure', '--root', root, '--uuid', identity(name), '--name-label', name,
             '--address', host['address'], '--role', role], cwd=LAB / 'xapi')
        generation.unlink()
        return {str(path.relative_to(root)): (0o644, path.read_bytes()) for path in Path(root).rglob('*') if path.is_file()}


def host_files(name):
    """Path -> (mode, bytes) of what only this host holds."""
    host, ssh, tls = HOSTS[name], CACHE / 'ssh', CACHE / 'tls'
    files = {
        'root/.ssh/authorized_keys': (0o600, (ssh / 'id_lab.pub').read_bytes()),
        'etc/ssh/ssh_host_ed25519_key': (0o600, (ssh / ('host_' + name)).read_bytes()),
        'etc/ssh/ssh_host_ed25519_key.pub': (0o644, (ssh / ('host_%s.pub' % name)).read_bytes()),
        'etc/lab/network': (0o644, ('ADDRESS=%s/%d\nGATEWAY=%s\n' % (host['address'], PREFIXLEN, GATEWAY)).encode()),
    }
    if name == 'controller':
        chain = b''.join((tls / item).read_bytes() for item in (host['address'] + '.key', host['address'] + '.pem', 'ca.pem'))
        files['etc/ovsdb-controller/server.pem'] = (0o600, chain)
        files['etc/ovsdb-controller/ca.pem'] = (0o644, (tls / 'ca.pem').read_bytes())
        dom0s = ' '.join(other['address'] for other in HOSTS.values() if 'pool' in other)
        files['etc/ovsdb-controller/dom0s'] = (0o644, ('DOM0S=%s\n' % dom0s).encode())
    if 'pool' in host:
        files.update(xapi_files(name))
        files['etc/xensource/xapi-ssl.pem'] = (0o600, b''.join((tls / (host['address'] + suffix)).read_bytes() for suffix in ('.key', '.pem')))
    return files


def archive(files):
    """The files as a tar stream owned by root."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode='w') as tar:
        for path, (mode, body) in sorted(files.items()):
            entry = tarfile.TarInfo(path)
            entry.size, entry.mode = len(body), mode
            tar.addfile(entry, io.BytesIO(body))
    return stream.getvalue()


# --- network and containers -------------------------------------------------------------------------------------------

def network_exists():
    return NAME in podman('network', 'ls', '--format={{.Name}}').split()


def container(name):
    return '%s-%s' % (NAME, name)


def create_argv(name, tag):
    """podman's argument vector for one host, without its digest label."""
    host = HOSTS[name]
    # Always the same MAC address: neighbours that remember another would lose a new host's packets for up to a minute.
    mac = '02:00:' + ':'.join('%02x' % int(part) for part in host['address'].split('.'))
    argv = ['podman', 'create', '--name', container(name), '--hostname', name, '--network', NAME, '--ip', host['address'],
            '--mac-address', mac, '--label', '%s=%s' % (LABEL, REPO)]
    argv += ['--add-host=%s:%s' % (other, HOSTS[other]['address']) for other in HOSTS if other != name]
    argv += ['--volume=%s:%s' % (volumes(NUMBER) / folder, target) for folder, target in host.get('volumes', {}).items()]
    return argv + host.get('args', []), tag


def container_digest(name, tag):
    argv, image = create_argv(name, tag)
    contents = ['%s %o %s' % (path, mode, hashlib.sha256(body).hexdigest()) for path, (mode, body) in sorted(host_files(name).items())]
    return digest(image, *argv, *contents)


def is_anothers(owner):
    """Whether a label's value is another clone that can still be asked to remove its lab."""
    return owner != str(REPO) and Path(owner, 'molecule/lab/lab.py').exists()


def free_numbers():
    """The numbers from this lab's on that are not those of another clone's labs."""
    networks = json.loads(podman('network', 'ls', '--format=json', '--filter=label=%s' % LABEL) or '[]')
    taken = {network['subnets'][0]['subnet'] for network in networks if is_anothers(network['labels'][LABEL])}
    return [number for number in range(NUMBER, 255) if '10.213.%d.0/24' % number not in taken]


def volumes(number):
    """The folder of what the builder and the DDK of a lab keep."""
    return CACHE / 'volumes' / str(number)


def copy_volumes(number, other):
    """Let the lab of another number, not up yet, begin with what this one's builder and DDK have made."""
    volumes(number).mkdir(parents=True, exist_ok=True)
    shutil.rmtree(volumes(other), ignore_errors=True)
    run(['cp', '--archive', str(volumes(number)), str(volumes(other))])


def present_containers():
    """Host name -> podman's record. A LabError if a host's name is taken by a container that is not this clone's."""
    listed = json.loads(podman('ps', '--all', '--format=json', '--filter=name=^%s-' % NAME) or '[]')
    found = {record['Names'][0]: record for record in listed}
    for record in found.values():
        owner = (record.get('Labels') or {}).get(LABEL)
        if owner is None:
            raise LabError('Container %s has a name of the lab but was not made by it. Rename or remove it.' % record['Names'][0])
        if is_anothers(owner):
            raise LabError('The lab of another clone is there: %s. Remove it first: %s down. Or have another '
                           'beside it: set OVS_LAB to a number from 1 to 254.' % (owner, Path(owner, 'molecule/lab/lab.py')))
    return {name: found[container(name)] for name in HOSTS if container(name) in found}


def make_container(name, tag):
    """Create one host anew, give it its files and boot it."""
    argv, image = create_argv(name, tag)
    podman('rm', '--force', '--ignore', '--time=0', container(name))
    for folder in HOSTS[name].get('volumes', {}):
        (volumes(NUMBER) / folder).mkdir(parents=True, exist_ok=True)
    run([*argv, '--label', '%s=%s' % (DIGEST, container_digest(name, tag)), image])
    podman('cp', '-', container(name) + ':/', input=archive(host_files(name)))
    boot(name)


def boot(name):
    """Start a host and wait for what others need of it."""
    podman('start', container(name))
    wait_for_ssh(name)
    if 'pool' in HOSTS[name]:
        wait_for_xapi(name)
    say('host %s: answers at %s' % (name, HOSTS[name]['address']))


def wait_for_ssh(name):
    """Until the host's sshd greets."""
    deadline, problem = time.monotonic() + BOOT_LIMIT, None
    while time.monotonic() < deadline:
        try:
            with socket.create_connection((HOSTS[name]['address'], 22), timeout=2) as link:
                if link.recv(4) == b'SSH-':
                    return
        except OSError as exc:
            problem = exc
        time.sleep(0.1)
    raise LabError('Host %s did not answer on its ssh port within %d s (%s). See: podman logs %s' % (name, BOOT_LIMIT, problem, container(name)))


def wait_for_xapi(name):
    """Until the dom0's XAPI says that its start is complete."""
    script = 'for i in $(seq %d); do test -e /var/run/xapi_init_complete.cookie && exit; sleep 0.2; done; exit 1' % (BOOT_LIMIT * 5)
    try:
        podman('exec', container(name), 'sh', '-c', script)
    except LabError:
        raise LabError('XAPI of host %s did not start within %d s. See: podman exec %s tail /var/log/xensource.log'
                       % (name, BOOT_LIMIT, container(name))) from None


def coordinator(name):
    """The first host of a host's pool; None outside of pools."""
    pool = HOSTS[name].get('pool')
    return next((other for other, known in HOSTS.items() if known.get('pool') == pool), None) if pool else None


def is_current(name, record, tags):
    """Whether a container is whole and what it would be if it were made now. One never started may lack its files."""
    if record is None or record['State'] == 'created':
        return False
    try:
        return record['Labels'].get(DIGEST) == container_digest(name, tags[HOSTS[name]['image']])
    except FileNotFoundError:  # the keys that it was given are gone
        return False


def wanted_hosts(present, fresh):
    """The hosts that the lab shall have: those on demand only where they are asked for, or there already."""
    return [name for name, host in HOSTS.items() if not host.get('on_demand') or name in fresh or name in present]


def plan(present, tags, fresh=()):
    """(hosts to make anew, hosts to start): what is missing, stale or asked for; what is stopped."""
    make, start = [], []
    for name in wanted_hosts(present, fresh):
        # A coordinator's database goes with it, and a supporter joins at the start of its XAPI only.
        if name in fresh or coordinator(name) in make or not is_current(name, present.get(name), tags):
            make.append(name)
        elif present[name]['State'] != 'running':
            start.append(name)
    return make, start


def containers_up(tags, fresh=()):
    """Make every host that is missing, stale or asked for anew; start what is stopped."""
    present = present_containers()
    make, start = plan(present, tags, fresh)
    if make and not network_exists():
        say('network %s: %s' % (NAME, SUBNET))
        podman('network', 'create', '--label=%s=%s' % (LABEL, REPO), '--subnet', SUBNET, '--gateway', GATEWAY, '--disable-dns', NAME)
    with concurrent.futures.ThreadPoolExecutor(max_workers=3) as pool:
        for name in make:
            say('host %s: create from image %s' % (name, HOSTS[name]['image']))
        for future in [pool.submit(boot, name) for name in start] + [pool.submit(make_container, name, tags[HOSTS[name]['image']]) for name in make]:
            future.result()
        list(pool.map(wait_for_ssh, [name for name in wanted_hosts(present, fresh) if name not in make + start]))
    return len(make) + len(start), len(wanted_hosts(present, fresh))


# --- commands ---------------------------------------------------------------------------------------------------------

def command_up(_options, fresh=()):
    present_containers()
    tags = image_tags()
    images_up(tags)
    ssh_up()
    tls_up()
    changed, wanted = containers_up(tags, fresh)
    say('the lab is up: %s' % ('%d of %d hosts made or started' % (changed, wanted) if changed else 'nothing to do'))


def command_reset(options):
    command_up(options, fresh=options.hosts)


def command_down(_options):
    names = [record['Names'][0] for record in present_containers().values()]
    if names:
        say('remove %s' % ' '.join(names))
        podman('rm', '--force', '--time=0', *names)
    if network_exists():
        podman('network', 'rm', NAME)
    say('the lab is down')


def command_clean(options):
    command_down(options)
    tags = sorted(present_images())
    if podman('ps', '--all', '--quiet', '--filter=label=%s' % LABEL):
        say('the images stay: another lab uses them')
    elif tags:
        say('remove %d images' % len(tags))
        podman('rmi', '--force', *tags)
    shutil.rmtree(CACHE)
    say('the lab is gone')


def command_status(_options):
    present, tags = present_containers(), image_tags()
    for name, host in HOSTS.items():
        record = present.get(name)
        state = record['State'] if record else 'absent'
        if record and not is_current(name, record, tags):
            state += ' (stale: lab.py up makes it anew)'
        print('%-11s %-14s %-13s %s' % (name, host['address'], host['image'], state))


def arguments(words=None):
    """The command line's command and hosts."""
    parser = argparse.ArgumentParser(prog='lab.py', description=__doc__.splitlines()[0])
    commands = parser.add_subparsers(dest='command', required=True)
    for name, text in (('up', 'make what is missing or stale'), ('down', 'remove the hosts and their network'),
                       ('clean', 'down, and remove images, keys and caches'), ('status', 'say what is there')):
        commands.add_parser(name, help=text)
    reset = commands.add_parser('reset', help='make hosts anew; with a coordinator its supporters')
    reset.add_argument('hosts', nargs='+', choices=sorted(HOSTS), metavar='HOST', help=', '.join(HOSTS))
    return parser.parse_args(words)


def main():
    options = arguments()
    os.environ['PATH'] = os.pathsep.join([os.environ.get('PATH', os.defpath), *SYSTEM_PATH])
    try:
        check_machine()
        with lock():
            use_runtime()
            globals()['command_' + options.command](options)
    except (LabError, OSError) as exc:
        print('lab.py: %s' % exc, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print('lab.py: interrupted. `lab.py up` goes on from what is there.', file=sys.stderr)
        return 130
    return 0


if __name__ == '__main__':
    sys.exit(main())
