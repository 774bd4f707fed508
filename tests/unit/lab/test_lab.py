# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""lab.py on a clone of the test's own, with a podman that is none: what it decides, says and refuses.

ssh-keygen, openssl and the XAPI stand-in's own tool are the real ones.
"""

from __future__ import absolute_import, division, print_function
__metaclass__ = type

import fcntl
import io
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile

import pytest
import yaml

from ansible_collections.xenserver.openvswitch.tests.unit.plugins.modules.rpm_host import require

from labpool import XAPI

LAB = os.path.dirname(XAPI)
# `podman ps --all --format=json` of podman 4.3, the fields that lab.py looks at.
RECORD = {'Names': ['ovs-lab-xs8-a'], 'State': 'running', 'Labels': {'ovs-lab': '', 'ovs-lab.digest': ''}}
NOBODY = 65534
WRITTEN = {}


@pytest.fixture
def lab(load, tmp_path, monkeypatch):
    """lab.py as a module, whose cache is below ``tmp_path`` and whose podman fails."""
    monkeypatch.delenv('OVS_LAB', raising=False)
    module = load('lab.py', 'lab')
    monkeypatch.setattr(module, 'CACHE', tmp_path / 'cache')
    module.CACHE.mkdir()

    def podman(*args, **dummy):
        raise AssertionError('podman was called: %s' % (args,))
    monkeypatch.setattr(module, 'podman', podman)
    monkeypatch.delenv('CONTAINERS_CONF', raising=False)
    return module


@pytest.fixture
def tools(tmp_path, monkeypatch):
    """``tools(name=script)``: a folder of shell scripts that comes first in PATH."""
    folder = tmp_path / 'tools'
    folder.mkdir()
    monkeypatch.setenv('PATH', '%s:%s' % (folder, os.environ['PATH']))

    def function(**scripts):
        for name, script in scripts.items():
            (folder / name).write_text('#!/bin/sh\n' + script)
            (folder / name).chmod(0o755)
        return folder
    return function


@pytest.fixture
def keyed(lab, tmp_path_factory, monkeypatch):
    """The lab with its keys and certificates; they, and what XAPI's tool writes, are made once for all tests."""
    require('ssh-keygen', 'openssl')
    real = lab.xapi_files
    monkeypatch.setattr(lab, 'xapi_files', lambda name: WRITTEN[name] if name in WRITTEN else WRITTEN.setdefault(name, real(name)))
    store = tmp_path_factory.getbasetemp() / 'lab-keys'
    if not store.exists():
        lab.ssh_up()
        lab.tls_up()
        shutil.copytree(str(lab.CACHE), str(store))
    else:
        shutil.copytree(str(store), str(lab.CACHE), dirs_exist_ok=True)
    return lab


# -- tables and the files beside them -----------------------------------------------------------------------------

def read(*path):
    with open(os.path.join(LAB, *path), encoding='utf-8') as stream:
        return stream.read()


def test_every_image_has_its_folder_and_starts_from_its_parent(lab):
    folders = {name for name in os.listdir(os.path.join(LAB, 'images')) if os.path.exists(os.path.join(LAB, 'images', name, 'Containerfile'))}
    assert folders == set(lab.IMAGES)
    for name in lab.IMAGES:
        assert re.findall(r'^FROM (.*)', read('images', name, 'Containerfile'), re.MULTILINE) == ['${PARENT}']
    assert {host['image'] for host in lab.HOSTS.values()} <= set(lab.IMAGES)


def test_the_inventory_names_the_same_hosts_and_addresses(lab):
    def hosts(group):
        found = dict(group.get('hosts') or {})
        for child in (group.get('children') or {}).values():
            found.update(hosts(child))
        return found
    always, on_demand = (yaml.safe_load(read(folder, 'hosts.yml'))['lab'] for folder in ('inventory', 'fleet'))
    for inventory, demanded in ((always, False), (on_demand, True)):
        assert {name: known['ansible_host'].replace('{{ lab_number }}', '47') for name, known in hosts(inventory).items()} == {
            name: host['address'] for name, host in lab.HOSTS.items() if bool(host.get('on_demand')) == demanded}
    pools = dict(always['children']['xenserver']['children'], **on_demand['children']['xenserver']['children'])
    assert {name: list(pool['hosts']) for name, pool in pools.items()} == {
        pool: [name for name, host in lab.HOSTS.items() if host.get('pool') == pool] for pool in pools}


def test_the_readme_tells_images_addresses_and_packages(lab):
    text = read('README.md')
    rows = [[cell.strip() for cell in line.split('|')[1:4]] for line in text.splitlines() if '10.213.47.' in line and line.startswith('|')]
    assert sorted(row[2] for row in rows) == sorted({host['image'] for host in lab.HOSTS.values()})
    told = ' '.join(row[0] + ' ' + row[1] for row in rows)
    for name, host in lab.HOSTS.items():
        assert re.search(r'\b%s\b' % name, told) and re.search(r'\.%s\b' % host['address'].rpartition('.')[2], told), name
    for package in lab.APT_PACKAGES.split():
        assert re.search(r'\b%s\b' % package, text), package


# -- digests ------------------------------------------------------------------------------------------------------

@pytest.fixture
def clone(lab, tmp_path, monkeypatch):
    """A lab of two images, the second on the first."""
    folder = tmp_path / 'lab'
    for name, copy in (('one', 'COPY shared images/one/files/ /\n'), ('two', 'RUN true\n')):
        (folder / 'images' / name).mkdir(parents=True)
        (folder / 'images' / name / 'Containerfile').write_text('FROM ${PARENT}\n' + copy)
    (folder / 'images/one/files/etc').mkdir(parents=True)
    (folder / 'images/one/files/etc/script').write_text('a')
    (folder / 'images/one/files/etc/link').symlink_to('script')
    (folder / 'shared').write_text('b')
    monkeypatch.setattr(lab, 'LAB', folder)
    monkeypatch.setattr(lab, 'IMAGES', {'one': 'debootstrap', 'two': 'one'})
    return folder


def retarget(path):
    path.unlink()
    path.symlink_to('elsewhere')


@pytest.mark.parametrize('change', [
    lambda folder: (folder / 'shared').write_text('c'),
    lambda folder: (folder / 'images/one/files/etc/script').chmod(0o755),
    lambda folder: (folder / 'images/one/files/etc/script').rename(folder / 'images/one/files/etc/other'),
    lambda folder: (folder / 'images/one/files/etc/new').write_text(''),
    lambda folder: retarget(folder / 'images/one/files/etc/link'),
    lambda folder: (folder / 'images/one/Containerfile').write_text('FROM ${PARENT}\nCOPY shared images/one/files/ /\nRUN id\n')],
    ids=['content', 'mode', 'name', 'new file', 'link', 'Containerfile'])
def test_a_changed_input_changes_the_tag_and_those_of_the_images_on_it(lab, clone, change):
    before = lab.image_tags()
    assert lab.image_tags() == before
    change(clone)
    after = lab.image_tags()
    assert after['debootstrap'] == before['debootstrap']
    assert (after['one'] != before['one'], after['two'] != before['two']) == (True, True)


def test_an_image_does_not_depend_on_those_that_stand_on_it(lab, clone):
    before = lab.image_tags()
    (clone / 'images/two/Containerfile').write_text('FROM ${PARENT}\nRUN id\n')
    after = lab.image_tags()
    assert after['one'] == before['one'] and after['two'] != before['two']


def test_documents_and_compiled_files_are_no_inputs(lab, clone):
    """.containerignore keeps them out of the image too."""
    before = lab.image_tags()
    (clone / 'images/one/files/README.md').write_text('x')
    (clone / 'images/one/files/__pycache__').mkdir()
    (clone / 'images/one/files/__pycache__/x.pyc').write_text('x')
    assert lab.image_tags() == before
    assert read('.containerignore').split() == ['**/*.md', '**/__pycache__']


def test_a_digest_tells_parts_apart(lab):
    assert lab.digest('ab', 'c') != lab.digest('a', 'bc') != lab.digest('abc')
    assert re.fullmatch('[0-9a-f]{12}', lab.digest('ab', 'c'))


def test_a_copied_file_that_is_not_there(lab, clone):
    (clone / 'shared').unlink()
    with pytest.raises(lab.LabError) as error:
        lab.image_tags()
    assert str(error.value) == '%s copies %s, which does not exist' % (clone / 'images/one/Containerfile', clone / 'shared')


# -- running tools ------------------------------------------------------------------------------------------------

def test_steps_tell_the_time(lab, capsys, monkeypatch):
    monkeypatch.setattr(lab.time, 'monotonic', lambda: lab.STARTED + 75.25)
    lab.say('image base: build')
    assert capsys.readouterr().out == '[  75.2 s] image base: build\n'


def test_a_tools_output(lab):
    assert lab.run(['cat'], input=b'text') == 'text'
    assert lab.run(['cat']) == ''  # and not this test's standard input


def test_a_tools_failure_ends_with_what_it_said(lab):
    with pytest.raises(lab.LabError) as error:
        lab.run(['sh', '-c', 'seq 30; echo why >&2; exit 3'])
    lines = str(error.value).splitlines()
    assert lines[0] == "sh -c 'seq 30; echo why >&2; exit 3': exit code 3"
    assert lines[1:] == [str(number) for number in range(7, 31)] + ['why']


@pytest.mark.parametrize('words, expected', [
    (['up'], {'command': 'up'}), (['clean'], {'command': 'clean'}), (['reset', 'xs6', 'ddk'], {'command': 'reset', 'hosts': ['xs6', 'ddk']})])
def test_command_lines(lab, words, expected):
    assert vars(lab.arguments(words)) == expected


@pytest.mark.parametrize('words, message', [
    ([], 'required: command'), (['upp'], "invalid choice: 'upp'"), (['reset'], 'required: HOST'), (['reset', 'xs9'], "invalid choice: 'xs9'"),
    (['up', 'xs6'], 'unrecognized arguments: xs6')])
def test_wrong_command_lines(lab, capsys, words, message):
    with pytest.raises(SystemExit) as error:
        lab.arguments(words)
    assert error.value.code == 2
    assert message in capsys.readouterr().err


# -- the machine --------------------------------------------------------------------------------------------------

@pytest.fixture
def machine(lab, tmp_path, monkeypatch):
    """``machine(tools, uid)``: what check_machine says where only these tools are."""
    def function(names, uid=0):
        folder = tmp_path / 'machine'
        folder.mkdir()
        for name in names:
            (folder / name).write_text('')
            (folder / name).chmod(0o755)
        monkeypatch.setenv('PATH', str(folder))
        monkeypatch.setattr(lab.os, 'geteuid', lambda: uid)
        try:
            lab.check_machine()
        except lab.LabError as error:
            return str(error)
    return function


def test_a_machine_that_has_all(lab, machine):
    assert machine(lab.TOOLS) is None


def test_debian_without_podman(lab, machine):
    said = machine(['apt-get', 'openssl', 'ssh-keygen'])
    assert said == 'The lab needs podman, debootstrap, not found in PATH. As root: apt-get install --no-install-recommends ' + lab.APT_PACKAGES


def test_no_debian(lab, machine):
    said = machine(['openssl', 'ssh-keygen', 'podman'])
    assert said.startswith('The lab needs debootstrap, not found in PATH. There is no apt-get here: the lab is made for Debian 12.')
    assert said.endswith(lab.APT_PACKAGES)


def test_not_root(lab, machine):
    assert machine(lab.TOOLS, uid=1000).startswith('The lab needs root ')


def test_all_that_is_missing_is_said_at_once(lab, machine):
    lines = machine(['apt-get'], uid=1000).splitlines()
    assert [line.split(',')[0] for line in lines] == ['The lab needs podman', 'The lab needs root (its hosts boot an init']


@pytest.fixture
def copy():
    """lab.py in a clone that anybody can read, and nothing else."""
    folder = tempfile.mkdtemp(prefix='lab-')
    os.chmod(folder, 0o755)
    os.makedirs(os.path.join(folder, 'clone/molecule/lab'))
    shutil.copy(os.path.join(LAB, 'lab.py'), os.path.join(folder, 'clone/molecule/lab'))
    os.mkdir(os.path.join(folder, 'bin'))
    yield folder
    shutil.rmtree(folder)


def start(folder, *words, **options):
    """lab.py as a user starts it, with only the tools of the folder's bin; (status, stdout, stderr)."""
    # Not a starter of a version manager, which needs more than itself in PATH, nor one below root's home.
    real = '/usr/bin/python3' if os.path.exists('/usr/bin/python3') else os.path.realpath(sys.executable)
    os.symlink(real, os.path.join(folder, 'bin/python3'))
    shell = subprocess.run(
        ['/bin/sh', os.path.join(folder, 'clone/molecule/lab/lab.py'), *words], env={'PATH': os.path.join(folder, 'bin'), 'HOME': '/nonexistent'},
        capture_output=True, text=True, check=False, timeout=120, **options)
    return shell.returncode, shell.stdout, shell.stderr


def test_started_as_nobody_without_podman(copy):
    """Two lines, no traceback, and nothing made."""
    user = {} if os.geteuid() else {'user': NOBODY, 'group': NOBODY, 'extra_groups': []}
    status, out, err = start(copy, 'up', **user)
    lines = err.splitlines()
    assert (status, out, len(lines)) == (1, '', 2)
    assert re.match(r'lab\.py: The lab needs podman, .*not found in PATH\. There is no apt-get here', lines[0])
    assert lines[1].startswith('The lab needs root ') and lines[1].endswith('Run it as root or with sudo.')
    assert os.listdir(os.path.join(copy, 'clone')) == ['molecule']


@pytest.mark.skipif(os.geteuid() != 0, reason='only root comes as far as podman')
def test_started_where_podman_fails(copy):
    """A tool's failure is told with its own words."""
    for name, script in (('podman', 'echo "Error: no storage" >&2; exit 125'), ('debootstrap', ''), ('openssl', ''), ('ssh-keygen', '')):
        path = os.path.join(copy, 'bin', name)
        with open(path, 'w', encoding='utf-8') as stream:
            stream.write('#!/bin/sh\n' + script + '\n')
        os.chmod(path, 0o755)
    status, out, err = start(copy, 'status')
    assert (status, out) == (1, '')
    lines = err.splitlines()
    assert re.match(r"lab\.py: podman ps --all .*: exit code 125", lines[0]) and lines[1:] == ['Error: no storage']


def test_an_unknown_command_names_the_known_ones(copy):
    status, dummy, err = start(copy, 'destroy')
    assert status == 2 and 'up' in err and 'clean' in err and 'Traceback' not in err


@pytest.mark.parametrize('failure, status, said', [
    (lambda lab: lab.LabError('no'), 1, 'lab.py: no\n'),
    (lambda dummy: OSError(28, 'No space left on device', 'x'), 1, "lab.py: [Errno 28] No space left on device: 'x'\n"),
    (lambda dummy: KeyboardInterrupt(), 130, 'lab.py: interrupted. `lab.py up` goes on from what is there.\n')])
def test_failures_end_in_one_line(lab, monkeypatch, capsys, failure, status, said):
    def fail(dummy):
        raise failure(lab)
    monkeypatch.setenv('PATH', os.environ['PATH'])  # main() appends to it
    monkeypatch.setattr(sys, 'argv', ['lab.py', 'up'])
    monkeypatch.setattr(lab, 'check_machine', lambda: None)
    monkeypatch.setattr(lab, 'command_up', fail)
    assert lab.main() == status
    assert capsys.readouterr().err == said


def test_tools_of_the_system_are_found_by_a_root_who_came_by_su(lab, monkeypatch):
    monkeypatch.setenv('PATH', '/usr/bin:/bin')
    monkeypatch.setattr(sys, 'argv', ['lab.py', 'up'])
    monkeypatch.setattr(lab, 'check_machine', lambda: None)
    monkeypatch.setattr(lab, 'command_up', lambda dummy: None)
    assert lab.main() == 0
    assert os.environ['PATH'] == '/usr/bin:/bin:/usr/sbin:/sbin'


def test_one_lab_py_at_a_time(lab, capsys, monkeypatch):
    """A second one waits, and says so."""
    real = lab.say
    with open(str(lab.CACHE / 'lock'), 'w') as first:
        fcntl.flock(first, fcntl.LOCK_EX)

        def say(text):
            real(text)
            fcntl.flock(first, fcntl.LOCK_UN)
        monkeypatch.setattr(lab, 'say', say)
        with lab.lock(), pytest.raises(BlockingIOError):
            fcntl.flock(first, fcntl.LOCK_EX | fcntl.LOCK_NB)
    assert capsys.readouterr().out.endswith('waiting for another lab.py of this clone\n')


# -- the container runtime ----------------------------------------------------------------------------------------

PODMAN = '''
echo "$@" >> %(log)s
conf=${CONTAINERS_CONF:-none}
echo "CONF $(tr '\\n' ' ' <$conf 2>/dev/null)" >> %(log)s
%(decide)s && exit 0
echo 'Error: OCI runtime error' >&2
exit 126
'''


@pytest.fixture
def probe(lab, tools, tmp_path, monkeypatch):
    """``probe(decide)``: probe_runtime with a podman that starts containers where the shell's ``decide`` holds; the calls it had."""
    def function(decide):
        log = tmp_path / 'log'
        tools(podman=PODMAN % dict(log=log, decide=decide))
        monkeypatch.setattr(lab, 'podman', lambda *args, **kwargs: lab.run(['podman', *args], **kwargs))
        try:
            lab.probe_runtime('image:1')
        finally:
            monkeypatch.setenv('CONTAINERS_CONF', os.environ.get('CONTAINERS_CONF', ''))  # restored with the test
        return log.read_text().splitlines()
    return function


def test_podmans_defaults_come_first(lab, probe, capsys):
    calls = probe('true')
    assert calls == ['run --rm --network=none image:1 /bin/true', 'CONF ']
    assert lab.runtime_conf().read_text() == ''
    assert lab.use_runtime()
    assert capsys.readouterr().out.endswith('podman starts containers with its defaults\n')


def test_the_first_runtime_that_works_is_written_down(lab, probe, monkeypatch, capsys):
    calls = probe('[ "$conf" != none ] && grep -q nofile "$conf"')
    assert len(calls) == 6
    assert lab.runtime_conf().read_text() == lab.RUNTIMES[2]
    monkeypatch.delenv('CONTAINERS_CONF')
    assert lab.use_runtime()
    assert os.environ['CONTAINERS_CONF'] == str(lab.runtime_conf())
    assert 'runtime = "runc"' in capsys.readouterr().out


def test_no_runtime_works(lab, probe):
    with pytest.raises(lab.LabError) as error:
        probe('false')
    lines = str(error.value).splitlines()
    assert lines[0].startswith('podman starts no container here') and lines[1:] == ['  Error: OCI runtime error'] * len(lab.RUNTIMES)
    assert list(lab.CACHE.iterdir()) == []
    assert not lab.use_runtime()


def test_an_interrupted_probe_counts_as_none(lab, monkeypatch):
    def podman(*dummy, **dummies):
        raise KeyboardInterrupt()
    monkeypatch.setattr(lab, 'podman', podman)
    with pytest.raises(KeyboardInterrupt):
        lab.probe_runtime('image:1')
    assert not lab.use_runtime()


def test_the_callers_own_configuration_is_kept(lab, monkeypatch):
    lab.runtime_conf().write_text(lab.RUNTIMES[1])
    monkeypatch.setenv('CONTAINERS_CONF', '/etc/mine.conf')
    assert lab.use_runtime()
    assert os.environ['CONTAINERS_CONF'] == '/etc/mine.conf'


# -- images -------------------------------------------------------------------------------------------------------

TAGS = {name: 'localhost/ovs-lab-%s:1' % name for name in (
    'debootstrap', 'base', 'toolchain', 'ddk', 'builder', 'systemd', 'controller', 'dom0-systemd', 'dom0-sysv')}


@pytest.fixture
def builds(lab, monkeypatch):
    """``builds(missing, failing)``: images_up; the images that it began, in order."""
    def function(missing, failing=()):
        begun, done = [], set(TAGS) - set(missing)

        def build(name, tags):
            assert lab.IMAGES[name] in done, 'before its parent'
            begun.append(name)
            if name in failing:
                raise lab.LabError(name)
            done.add(name)
        monkeypatch.setattr(lab, 'build', build)
        monkeypatch.setattr(lab, 'bootstrap', lambda tag: (begun.append('debootstrap'), done.add('debootstrap')))
        monkeypatch.setattr(lab, 'probe_runtime', lambda tag: begun.append('probe ' + tag))
        monkeypatch.setattr(lab, 'podman', lambda *args: json.dumps([{'Names': [TAGS[name]]} for name in TAGS if name not in missing] + [{'Names': None}]))
        try:
            lab.images_up(TAGS)
        except lab.LabError as error:
            begun.append('failed: %s' % error)
        return begun
    return function


def test_nothing_is_built_when_all_is_there(lab, builds):
    lab.runtime_conf().touch()
    assert builds([]) == []


def test_each_image_after_its_parent(lab, builds):
    lab.runtime_conf().touch()
    begun = builds(TAGS)
    assert begun[:2] == ['debootstrap', 'base'] and sorted(begun) == sorted(TAGS)


def test_only_what_is_missing_is_built(lab, builds):
    lab.runtime_conf().touch()
    assert builds(['controller']) == ['controller']


def test_images_that_are_there_are_not_made_again_to_probe_the_machine(lab, builds):
    """A new clone finds the images of others, and no word of what starts a container."""
    assert builds([]) == ['probe ' + TAGS['debootstrap']]


def test_a_failed_build_begins_no_other(lab, builds):
    lab.runtime_conf().touch()
    assert builds(TAGS, failing=['base']) == ['debootstrap', 'base', 'failed: base']


def test_a_build_that_fails_shows_the_end_of_its_log(lab, tools):
    tools(podman='echo "$@"; seq 40; echo "E: no such package" >&2; exit 1\n')
    with pytest.raises(lab.LabError) as error:
        lab.build('base', TAGS)
    log = lab.CACHE / 'log/image-base.log'
    lines = str(error.value).splitlines()
    assert lines[0] == 'image base does not build (whole log: %s):' % log
    assert lines[-1] == 'E: no such package' and len(lines) == 26
    argv = log.read_text().splitlines()[0]
    assert '--build-arg=PARENT=%s --tag=%s' % (TAGS['debootstrap'], TAGS['base']) in argv


@pytest.mark.parametrize('tar, expected', [('exec /bin/tar "$@"', None), ('echo broken; exit 2', 'tar of ')])
def test_the_first_image_is_a_whole_archive(lab, tools, monkeypatch, tmp_path, tar, expected):
    """What tar did not finish is no image."""
    folder = tools(
        debootstrap='for folder; do :; done; cd "$folder"; mkdir -p etc var/cache/apt/archives; touch etc/file var/cache/apt/archives/a.deb\n',
        podman='case $1 in import) cat >%s/image ;; *) echo "$@" >>%s/calls ;; esac\n' % (tmp_path, tmp_path), tar=tar + '\n')
    assert folder.exists()
    monkeypatch.setattr(lab, 'podman', lambda *args, **kwargs: lab.run(['podman', *args], **kwargs))
    lab.runtime_conf().touch()
    if expected:
        with pytest.raises(lab.LabError) as error:
            lab.bootstrap('localhost/t:1')
        assert str(error.value).startswith(expected)
        assert (tmp_path / 'calls').read_text() == 'rmi --force localhost/t:1\n'
    else:
        lab.bootstrap('localhost/t:1')
        with tarfile.open(str(tmp_path / 'image')) as image:
            names = image.getnames()
        assert './etc/file' in names and './var/cache/apt/archives/partial' in names and './var/cache/apt/archives/a.deb' not in names
    assert [one.name for one in lab.CACHE.iterdir()] == ['containers.conf']


# -- keys, certificates, files ------------------------------------------------------------------------------------

def test_known_hosts_as_ssh_reads_them(keyed):
    known = keyed.CACHE / 'ssh/known_hosts'
    assert len(known.read_text().splitlines()) == len(keyed.HOSTS)
    for name, host in keyed.HOSTS.items():
        expected = (keyed.CACHE / 'ssh' / ('host_%s.pub' % name)).read_text().split()[:2]
        for asked in (name, host['address']):
            found = subprocess.run(['ssh-keygen', '-F', asked, '-f', str(known)], capture_output=True, text=True, check=True).stdout
            assert found.splitlines()[1].split()[1:] == expected
    assert oct((keyed.CACHE / 'ssh/id_lab').stat().st_mode & 0o777) == '0o600'


def test_keys_are_made_once_and_a_half_made_one_again(keyed, capsys):
    before = {path: path.read_bytes() for path in keyed.CACHE.rglob('*') if path.is_file()}
    capsys.readouterr()
    keyed.ssh_up()
    keyed.tls_up()
    assert {path: path.read_bytes() for path in keyed.CACHE.rglob('*') if path.is_file()} == before
    assert capsys.readouterr().out == ''
    (keyed.CACHE / 'ssh/host_xs6.pub').unlink()
    keyed.ssh_up()
    assert (keyed.CACHE / 'ssh/host_xs6').read_bytes() != before[keyed.CACHE / 'ssh/host_xs6']
    assert (keyed.CACHE / 'ssh/host_xs6.pub').read_text().split()[1] in (keyed.CACHE / 'ssh/known_hosts').read_text()


def test_certificates_are_the_authoritys_for_these_addresses(keyed):
    folder = keyed.CACHE / 'tls'
    assert {path.stem for path in folder.glob('*.pem')} == {'ca', *('10.213.47.%d' % last for last in (10, 21, 22, 31, 41, 42, 43))}
    for address in ('10.213.47.10', '10.213.47.31'):
        asked = ['openssl', 'verify', '-CAfile', str(folder / 'ca.pem'), '-verify_ip', address, str(folder / (address + '.pem'))]
        assert subprocess.run(asked, capture_output=True, check=False).returncode == 0


def test_what_a_coordinator_and_a_supporter_are_given(keyed):
    first, second = keyed.host_files('xs8-a'), keyed.host_files('xs8-b')
    assert first['etc/xensource/pool.conf'][1].strip() == b'master'
    assert second['etc/xensource/pool.conf'][1].strip() == b'slave:10.213.47.21'
    assert ("INSTALLATION_UUID='%s'" % keyed.identity('xs8-b')).encode() in second['etc/xensource-inventory'][1]
    assert first['etc/lab/network'] == (0o644, b'ADDRESS=10.213.47.21/24\nGATEWAY=10.213.47.1\n')
    mode, pem = first['etc/xensource/xapi-ssl.pem']
    assert mode == 0o600 and pem.index(b'PRIVATE KEY') < pem.index(b'CERTIFICATE')
    assert 'opt/lab-xapi/generation' not in first


def test_what_the_others_are_given(keyed):
    assert set(keyed.host_files('ddk')) == {
        'root/.ssh/authorized_keys', 'etc/ssh/ssh_host_ed25519_key', 'etc/ssh/ssh_host_ed25519_key.pub', 'etc/lab/network'}
    mode, chain = keyed.host_files('controller')['etc/ovsdb-controller/server.pem']
    assert mode == 0o600 and chain.endswith((keyed.CACHE / 'tls/ca.pem').read_bytes())
    dom0s = b'10.213.47.21 10.213.47.22 10.213.47.31 10.213.47.41 10.213.47.42 10.213.47.43'
    assert keyed.host_files('controller')['etc/ovsdb-controller/dom0s'] == (0o644, b'DOM0S=%s\n' % dom0s)


def test_files_as_an_archive_of_roots(lab):
    with tarfile.open(fileobj=io.BytesIO(lab.archive({'etc/b': (0o600, b'secret'), 'etc/a': (0o644, b'')}))) as tar:
        found = [(one.name, one.mode, one.uid, one.gid, tar.extractfile(one).read()) for one in tar]
    assert found == [('etc/a', 0o644, 0, 0, b''), ('etc/b', 0o600, 0, 0, b'secret')]


# -- containers ---------------------------------------------------------------------------------------------------

def test_a_containers_arguments(lab):
    argv, image = lab.create_argv('ddk', 'T')
    assert image == 'T'
    assert argv[:argv.index('--label')] == [
        'podman', 'create', '--name', 'ovs-lab-ddk', '--hostname', 'ddk', '--network', 'ovs-lab', '--ip', '10.213.47.12', '--mac-address', '02:00:0a:d5:2f:0c']
    assert '--volume=%s/volumes/47/ddk-topdir:/usr/src/redhat' % lab.CACHE in argv
    assert '--add-host=xs6:10.213.47.31' in argv and not any(word.startswith('--add-host=ddk') for word in argv)
    assert '--privileged' not in ' '.join(word for name in lab.HOSTS for word in lab.create_argv(name, 'T')[0])


def listed(lab, **states):
    """podman's records of these hosts, whole and current."""
    records = {}
    for name in lab.HOSTS:
        state = states.get(name.replace('-', '_'), 'running')
        if state != 'absent':
            labels = {'ovs-lab': str(lab.REPO), 'ovs-lab.digest': lab.container_digest(name, TAGS[lab.HOSTS[name]['image']])}
            records[name] = dict(RECORD, Names=['ovs-lab-' + name], State=state, Labels=labels)
    return records


def test_nothing_to_do(keyed):
    assert keyed.plan(listed(keyed), TAGS) == ([], [])


def test_missing_stopped_and_half_made_hosts(keyed):
    """One that was created and never started may lack its files: the run that made it was broken off."""
    assert keyed.plan(listed(keyed, ddk='absent', builder='exited', xs6='created'), TAGS) == (['ddk', 'xs6'], ['builder'])


def test_a_stale_host(keyed):
    records = listed(keyed)
    tags = dict(TAGS, **{'dom0-sysv': 'localhost/ovs-lab-dom0-sysv:2'})
    assert keyed.plan(records, tags) == (['xs6'], [])
    (keyed.CACHE / 'ssh/id_lab.pub').write_text('another key')
    assert keyed.plan(records, TAGS) == (list(keyed.HOSTS), [])


def test_hosts_on_demand_are_made_when_asked_for_and_then_kept(keyed):
    absent = {name.replace('-', '_'): 'absent' for name, host in keyed.HOSTS.items() if host.get('on_demand')}
    assert keyed.plan(listed(keyed, **absent), TAGS) == ([], [])
    assert keyed.plan(listed(keyed, **absent), TAGS, fresh=['fleet-a', 'fleet-c']) == (['fleet-a', 'fleet-c'], [])
    assert keyed.plan(listed(keyed, **dict(absent, fleet_b='exited')), TAGS) == ([], ['fleet-b'])


def test_a_coordinator_takes_its_supporters_with_it(keyed):
    records = listed(keyed)
    assert keyed.plan(records, TAGS, fresh=['xs8-a']) == (['xs8-a', 'xs8-b'], [])
    assert keyed.plan(records, TAGS, fresh=['xs8-b', 'xs6']) == (['xs8-b', 'xs6'], [])
    assert keyed.plan(records, TAGS, fresh=['controller']) == (['controller'], [])


def owned(lab, monkeypatch, labels):
    monkeypatch.setattr(lab, 'podman', lambda *args: json.dumps([dict(RECORD, Labels=labels)]))
    return lab.present_containers


def test_another_clones_lab_is_named_with_the_remedy(lab, monkeypatch, tmp_path):
    other = tmp_path / 'other'
    (other / 'molecule/lab').mkdir(parents=True)
    (other / 'molecule/lab/lab.py').touch()
    present = owned(lab, monkeypatch, {'ovs-lab': str(other)})
    with pytest.raises(lab.LabError) as error:
        present()
    assert str(error.value) == (
        'The lab of another clone is there: %s. Remove it first: %s/molecule/lab/lab.py down. '
        'Or have another beside it: set OVS_LAB to a number from 1 to 254.' % (other, other))
    shutil.rmtree(str(other))  # a clone that is gone cannot be asked
    assert list(present()) == ['xs8-a']


def test_numbers_are_free_that_are_not_of_another_clones_labs(lab, monkeypatch, tmp_path):
    """What `podman network ls --format=json` of podman 4.3 lists, the fields that lab.py looks at."""
    other = tmp_path / 'other'
    (other / 'molecule/lab').mkdir(parents=True)
    (other / 'molecule/lab/lab.py').touch()
    networks = []
    monkeypatch.setattr(lab, 'podman', lambda *dummy: json.dumps(networks) if networks else '')
    assert lab.free_numbers()[0] == 47
    networks.append({'subnets': [{'subnet': '10.213.47.0/24'}], 'labels': {'ovs-lab': str(lab.REPO)}})
    assert lab.free_numbers()[0] == 47
    networks[0]['labels']['ovs-lab'] = str(other)
    assert lab.free_numbers()[:2] == [48, 49]
    networks.append({'subnets': [{'subnet': '10.213.48.0/24'}], 'labels': {'ovs-lab': str(other)}})
    assert lab.free_numbers()[0] == 49
    shutil.rmtree(str(other))
    assert lab.free_numbers()[0] == 47


def test_another_lab_begins_with_what_this_one_has_built(lab):
    for name, text in (('47', 'new'), ('48', 'old')):
        (lab.CACHE / 'volumes' / name / 'ddk-topdir').mkdir(parents=True)
        (lab.CACHE / 'volumes' / name / 'ddk-topdir' / text).write_text(text)
    lab.copy_volumes(47, 48)
    assert [path.name for path in (lab.CACHE / 'volumes/48/ddk-topdir').iterdir()] == ['new']
    lab.copy_volumes(49, 48)
    assert list((lab.CACHE / 'volumes/48').iterdir()) == []


@pytest.mark.parametrize('labels', [None, {}, {'other': 'x'}])
def test_a_container_that_only_has_a_name_of_the_lab_is_left_alone(lab, monkeypatch, labels):
    with pytest.raises(lab.LabError) as error:
        owned(lab, monkeypatch, labels)()
    assert 'Container ovs-lab-xs8-a has a name of the lab but was not made by it' in str(error.value)


def test_another_number_is_another_lab_beside_the_first(load, monkeypatch):
    monkeypatch.setenv('OVS_LAB', '48')
    other = load('lab.py', 'lab')
    assert other.HOSTS['xs6']['address'] == '10.213.48.31' and other.SUBNET == '10.213.48.0/24' and other.GATEWAY == '10.213.48.1'
    argv, dummy = other.create_argv('ddk', 'image:1')
    assert argv[argv.index('--name') + 1] == 'ovs-lab48-ddk' and argv[argv.index('--network') + 1] == 'ovs-lab48'
    assert other.image_tags()['base'].startswith('localhost/ovs-lab-base:')


@pytest.mark.parametrize('others, expected', [('', [('rmi', '--force', 'i')]), ('c0ffee\n', [])])
def test_images_stay_as_long_as_another_lab_uses_them(lab, monkeypatch, others, expected):
    calls = []
    monkeypatch.setattr(lab, 'command_down', lambda dummy: None)
    monkeypatch.setattr(lab, 'present_images', lambda: {'i'})
    monkeypatch.setattr(lab, 'podman', lambda *args: others if args[0] == 'ps' else calls.append(args))
    lab.command_clean(None)
    assert calls == expected and not lab.CACHE.exists()


def test_an_empty_machine(lab, monkeypatch):
    monkeypatch.setattr(lab, 'podman', lambda *args: '')
    assert lab.present_containers() == {}
    assert lab.present_images() == set()


def test_status(keyed, monkeypatch, capsys):
    records = listed(keyed, ddk='absent', builder='exited')
    records['xs6']['Labels']['ovs-lab.digest'] = 'old'
    monkeypatch.setattr(keyed, 'image_tags', lambda: TAGS)
    monkeypatch.setattr(keyed, 'present_containers', lambda: records)
    keyed.command_status(None)
    assert [line.split(None, 3)[0::3] for line in capsys.readouterr().out.splitlines()] == [
        ['controller', 'running'], ['builder', 'exited'], ['ddk', 'absent'], ['xs8-a', 'running'], ['xs8-b', 'running'],
        ['xs6', 'running (stale: lab.py up makes it anew)'], ['fleet-a', 'running'], ['fleet-b', 'running'], ['fleet-c', 'running']]


def test_status_without_the_keys_that_the_hosts_were_given(keyed, monkeypatch, capsys):
    records = listed(keyed)
    shutil.rmtree(str(keyed.CACHE / 'ssh'))
    monkeypatch.setattr(keyed, 'image_tags', lambda: TAGS)
    monkeypatch.setattr(keyed, 'present_containers', lambda: records)
    keyed.command_status(None)
    assert capsys.readouterr().out.count('stale') == len(keyed.HOSTS)


def test_a_host_is_made_of_its_files_before_it_boots(keyed, monkeypatch):
    calls = []
    monkeypatch.setattr(keyed, 'podman', lambda *args, **kwargs: calls.append((args, kwargs)))
    monkeypatch.setattr(keyed, 'run', lambda argv: calls.append((tuple(argv[1:]), {})))
    monkeypatch.setattr(keyed, 'boot', lambda name: calls.append((('boot', name), {})))
    keyed.make_container('ddk', TAGS['ddk'])
    assert [args[0] for args, dummy in calls] == ['rm', 'create', 'cp', 'boot']
    assert calls[0][0] == ('rm', '--force', '--ignore', '--time=0', 'ovs-lab-ddk')
    assert calls[1][0][-3:] == ('--label', 'ovs-lab.digest=' + keyed.container_digest('ddk', TAGS['ddk']), TAGS['ddk'])
    with tarfile.open(fileobj=io.BytesIO(calls[2][1]['input'])) as tar:
        assert set(tar.getnames()) == set(keyed.host_files('ddk'))
    assert (keyed.CACHE / 'volumes/47/ddk-topdir').is_dir()


def test_a_host_that_never_answers(lab, monkeypatch):
    monkeypatch.setattr(lab, 'BOOT_LIMIT', 0.3)
    monkeypatch.setattr(lab, 'HOSTS', {'ddk': {'address': '127.0.0.1'}})

    def refuse(*dummy, **dummies):
        raise ConnectionRefusedError(111, 'Connection refused')
    monkeypatch.setattr(lab.socket, 'create_connection', refuse)
    with pytest.raises(lab.LabError) as error:
        lab.wait_for_ssh('ddk')
    assert 'Host ddk did not answer on its ssh port' in str(error.value)
    assert 'Connection refused' in str(error.value) and str(error.value).endswith('See: podman logs ovs-lab-ddk')


def test_down_touches_the_labs_own_alone(lab, monkeypatch):
    calls = []

    def podman(*args):
        calls.append(args)
        return {'ps': json.dumps([dict(RECORD, Labels={'ovs-lab': str(lab.REPO)})]), 'network': 'podman\novs-lab\n'}.get(args[0], '')
    monkeypatch.setattr(lab, 'podman', podman)
    lab.command_down(None)
    assert [args for args in calls if args[0] not in ('ps',) and args[1] != 'ls'] == [
        ('rm', '--force', '--time=0', 'ovs-lab-xs8-a'), ('network', 'rm', 'ovs-lab')]
