# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""This host: its identity files, its network backend, its plugins, its reboot."""

from __future__ import absolute_import, division, print_function
__metaclass__ = type

import json
import logging
import os
import re
import socket
import subprocess
import threading
import time
import xml.parsers.expat
import xmlrpc.client

from .errors import ApiError

REBOOT_DELAY = 10
MEMORY = 16 << 30
LOG = logging.getLogger('xapi')
# What each generation of XAPI calls for the switch, and whether it knows SDN_controller.
PLUGINS = {'systemd': 'openvswitch-config-update', 'sysv': 'openvswitch-cfg-update'}
API_VERSIONS = {'systemd': ('2', '21'), 'sysv': ('1', '3')}
CERTIFICATE_NAME = re.compile(r'[A-Za-z0-9_][A-Za-z0-9_.-]*\Z')


class Host:
    """Paths below ``root`` are those of a real dom0."""

    def __init__(self, root='/'):
        self.root = root
        self.leaving = lambda: None  # called before this host goes down
        self._backend = None

    def path(self, name):
        return os.path.join(self.root, name.lstrip('/'))

    def read(self, name):
        with open(self.path(name), encoding='utf-8') as stream:
            return stream.read()

    def ready(self):
        """Whether the lab has given this host an identity yet."""
        return all(os.path.exists(self.path(name)) for name in ('etc/xensource-inventory', 'etc/xensource/pool.conf', 'opt/lab-xapi/host.json'))

    @property
    def generation(self):
        return self.read('opt/lab-xapi/generation').strip()

    @property
    def has_sdn(self):
        return self.generation == 'systemd'

    @property
    def plugin(self):
        return PLUGINS[self.generation]

    @property
    def coordinator(self):
        """The coordinator's address; None on the coordinator itself."""
        return coordinator_of(self.read('etc/xensource/pool.conf'))

    @property
    def uuid(self):
        return inventory(self.read('etc/xensource-inventory'))['INSTALLATION_UUID']

    @property
    def backend(self):
        """The backend that was configured when this process started, as a host only changes it by a restart."""
        if self._backend is None:
            try:
                self._backend = backend_of(self.read('etc/xensource/network.conf'))
            except FileNotFoundError:
                self._backend = backend_of('')
        return self._backend

    def facts(self):
        """What the host tells its coordinator when it starts; see :meth:`state.Database.join`."""
        known = inventory(self.read('etc/xensource-inventory'))
        own = json.loads(self.read('opt/lab-xapi/host.json'))
        return dict(
            uuid=known['INSTALLATION_UUID'], name_label=own['name_label'], address=own['address'], hostname=socket.gethostname(),
            control_domain=known['CONTROL_DOMAIN_UUID'], memory=str(own.get('memory', MEMORY)), boot_time=boot_time(), agent_start_time=int(time.time()),
            api_version=list(API_VERSIONS[self.generation]),
            software_version=dict(
                product_brand=known['PRODUCT_BRAND'], product_version=known['PRODUCT_VERSION'], build_number=known['BUILD_NUMBER'],
                hostname='localhost', linux=os.uname().release, network_backend=self.backend))

    # -- plugins ------------------------------------------------------------------------------------------------

    def call_plugin(self, session, name, function, args):
        """Run a plugin of this host: one argument, an XML-RPC call; the answer is all that it may print."""
        folder = self.path('etc/xapi.d/plugins')
        if name not in (os.listdir(folder) if os.path.isdir(folder) else []):
            raise ApiError('XENAPI_MISSING_PLUGIN', name)
        call = xmlrpc.client.dumps((session, args), function)
        try:
            done = subprocess.run([os.path.join(folder, name), call], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
        except OSError as error:
            raise ApiError('XENAPI_PLUGIN_FAILURE', 'non-zero exit', '', str(error))
        if done.returncode:
            status = 'signal: %d' % -done.returncode if done.returncode < 0 else 'non-zero exit'
            raise ApiError('XENAPI_PLUGIN_FAILURE', status, done.stdout, done.stderr)
        return answer(done.stdout)

    # -- the machine --------------------------------------------------------------------------------------------

    def reboot(self):
        """Return at once; the machine goes down :data:`REBOOT_DELAY` seconds later."""
        timer = threading.Timer(REBOOT_DELAY, self._reboot)
        timer.daemon = True
        timer.start()

    def _reboot(self):
        LOG.info('rebooting')
        self.leaving()
        argv = ['/sbin/shutdown', '-r', 'now'] if os.path.exists('/sbin/shutdown') else ['systemctl', 'reboot']
        subprocess.run(argv, check=False)

    def install_certificate(self, name, text):
        path = self._certificate(name)
        if os.path.exists(path):
            raise ApiError('CERTIFICATE_ALREADY_EXISTS', name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, 'w', encoding='utf-8') as stream:
            stream.write(text)
        os.chmod(path, 0o644)

    def uninstall_certificate(self, name):
        try:
            os.unlink(self._certificate(name))
        except FileNotFoundError:
            raise ApiError('CERTIFICATE_DOES_NOT_EXIST', name)

    def _certificate(self, name):
        if not CERTIFICATE_NAME.match(name):
            raise ApiError('CERTIFICATE_NAME_INVALID', name)
        return self.path(os.path.join('etc/stunnel/certs', name))

    @property
    def certificate(self):
        return self.path('etc/xensource/xapi-ssl.pem')

    def make_key(self):
        """The host's own key and certificate in one file, as XAPI makes it when it first starts."""
        path = self.certificate
        if os.path.exists(path):
            return
        argv = ['openssl', 'req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '3650', '-subj', '/CN=' + self.facts()['address'],
                '-keyout', path + '.key', '-out', path + '.crt']
        try:
            subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, check=True)
        except (OSError, subprocess.CalledProcessError) as error:
            LOG.warning('no %s: %s', path, error)
            return
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), 'w', encoding='utf-8') as whole:
            for suffix in ('.key', '.crt'):
                with open(path + suffix, encoding='utf-8') as part:
                    whole.write(part.read())
                os.unlink(path + suffix)

    def password_fits(self, user, password):
        """Whether ``user`` may log in from afar, by the host's own shadow file."""
        import crypt  # only the dom0's Python 3.9 is asked; later Pythons no longer have these
        import hmac
        import spwd
        try:
            kept = spwd.getspnam(user).sp_pwdp
        except (KeyError, PermissionError):
            return False
        made = crypt.crypt(password, kept) if kept.startswith('$') else None
        return user == 'root' and made is not None and hmac.compare_digest(made, kept)


def boot_time():
    """When this host was booted, in seconds since 1970: a container's boot is the start of its process 1."""
    with open('/proc/stat', encoding='ascii') as kernel, open('/proc/1/stat', encoding='utf-8') as process:
        since = int(re.search(r'^btime (\d+)$', kernel.read(), re.MULTILINE).group(1))
        return since + int(process.read().rpartition(')')[2].split()[19]) // os.sysconf('SC_CLK_TCK')


def inventory(text):
    """KEY='value' lines -> dict."""
    return dict(re.findall(r"^([A-Z_]+)='([^']*)'", text, re.MULTILINE))


def coordinator_of(text):
    """pool.conf: ``master`` -> None, ``slave:ADDRESS`` -> ADDRESS."""
    role, dummy, address = text.strip().partition(':')
    if role == 'slave' and address:
        return address
    if role == 'master':
        return None
    raise ValueError('pool.conf holds neither master nor slave:ADDRESS, but: %r' % text)


def backend_of(text):
    """network.conf: only ``bridge`` is the bridge; missing or unknown words mean openvswitch."""
    return 'bridge' if text.strip() == 'bridge' else 'openvswitch'


def answer(output):
    """A plugin's standard output -> its result string.

    :raises ApiError: the plugin's own failure, or XENAPI_PLUGIN_FAILURE for anything that is no answer.
    """
    try:
        (value,), dummy = xmlrpc.client.loads(output)
    except xmlrpc.client.Fault as fault:
        raise ApiError('XENAPI_PLUGIN_FAILURE', 'fault', fault.faultCode, fault.faultString)
    except (xml.parsers.expat.ExpatError, xmlrpc.client.ResponseError, ValueError) as error:
        raise ApiError('XENAPI_PLUGIN_FAILURE', 'failed to parse plugin output', output, str(error))
    if isinstance(value, dict) and value.get('Status') == 'Success' and isinstance(value.get('Value'), str):
        return value['Value']
    if isinstance(value, dict) and value.get('Status') == 'Failure' and value.get('ErrorDescription'):
        raise ApiError(*value['ErrorDescription'])
    raise ApiError('XENAPI_PLUGIN_FAILURE', 'unexpected XMLRPC result', output)
