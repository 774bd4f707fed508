# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two hosts' XAPI as real processes' worth of threads: unix sockets, TCP on two loopback addresses, the real `xe` client."""

from __future__ import absolute_import, division, print_function
__metaclass__ = type

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
import uuid
import xmlrpc.client

import pytest
import XenAPI

from labpool import A, B, PYTHON, XAPI
from labxapi import client, host, server

COORDINATOR, SUPPORTER = '127.0.0.1', '127.0.0.2'
PLUGIN = '''#!%s
import sys
sys.path.insert(0, %r)
import XenAPI
XenAPI.SOCKET = %r
import XenAPIPlugin
def update(session, args):
    with open(%r, 'a') as log:
        log.write('update\\n')
    found = session.xenapi.SDN_controller.get_all_records().values()
    return ' '.join([%r] + [controller['address'] for controller in found])
XenAPIPlugin.dispatch({'update': update})
'''


class Dom0(object):
    """One host below a folder, with a plugin that asks XAPI and says which host it ran on."""

    def __init__(self, root, address, port):
        self.root, self.address, self.port = root, address, port
        self.socket = os.path.join(root, 'var/lib/xcp/xapi')
        self.updates = os.path.join(root, 'updates')
        self.servers = []
        with open(os.path.join(root, 'etc/xapi.d/plugins/openvswitch-config-update'), 'w') as stream:
            stream.write(PLUGIN % (sys.executable, PYTHON, self.socket, self.updates, address))

    def start(self, tls=None):
        self.service = server.Service(host.Host(self.root), self.port)
        self.servers = server.serve(self.service, self.socket, self.address, self.port, tls)
        self.service.start_up()
        return self

    def stop(self):
        for one in self.servers:
            one.shutdown()
            one.server_close()
        self.servers = []

    def xe(self, *words):
        """(standard output, standard error, status) of the client's own process."""
        done = subprocess.run(
            [sys.executable, '-m', 'labxapi.client'] + list(words), env=dict(os.environ, PYTHONPATH=XAPI, LAB_XAPI_SOCKET=self.socket),
            capture_output=True, text=True, check=False)
        return done.stdout, done.stderr, done.returncode

    def updated(self):
        """How often the plugin ran since it was asked."""
        if not os.path.exists(self.updates):
            return 0
        with open(self.updates) as stream:
            count = len(stream.readlines())
        os.unlink(self.updates)
        return count


def run(argv):
    subprocess.run(argv, env=dict(os.environ, PYTHONPATH=XAPI), check=True, capture_output=True)


def free_port():
    with socket.socket() as one:
        one.bind((COORDINATOR, 0))
        return one.getsockname()[1]


@pytest.fixture(scope='module')
def installed(tmp_path_factory):
    """A folder of two hosts, a and b, as install.sh and configure leave them."""
    folder = str(tmp_path_factory.mktemp('installed'))
    for name, uuid, address, role in (('a', A, COORDINATOR, 'master'), ('b', B, SUPPORTER, 'slave:' + COORDINATOR)):
        root = os.path.join(folder, name)
        os.mkdir(root)
        run(['sh', os.path.join(XAPI, 'install.sh'), root, 'systemd'])
        run([sys.executable, '-m', 'labxapi.configure', '--root', root, '--uuid', uuid, '--name-label', address, '--address', address, '--role', role])
        for path, text in (('etc/xensource/network.conf', 'openvswitch\n'), ('etc/xensource/xapi-ssl.pem', 'PEM\n')):
            with open(os.path.join(root, path), 'w') as stream:
                stream.write(text)
        for path in ('var/run', 'var/log'):
            os.makedirs(os.path.join(root, path))
    return folder


def short_folder():
    """A folder without _ in its name; a socket's path must be short."""
    path = os.path.join(tempfile.gettempdir(), 'xapi' + uuid.uuid4().hex[:8])
    os.mkdir(path, 0o700)
    return path


@pytest.fixture
def hosts(installed):
    """(coordinator, supporter), both started."""
    folder, port = os.path.join(short_folder(), 'pool'), free_port()
    shutil.copytree(installed, folder, symlinks=True)
    a = Dom0(os.path.join(folder, 'a'), COORDINATOR, port)
    b = Dom0(os.path.join(folder, 'b'), SUPPORTER, port)
    try:
        yield a.start(), b.start()
    finally:
        a.stop()
        b.stop()
        shutil.rmtree(os.path.dirname(folder))


@pytest.fixture
def xenapi():
    """``xenapi(dom0)``: a session of the PyPI client, unchanged, over the dom0's local socket, logged in."""
    def function(dom0):
        # The client spells a path with _ for /; no folder of these has one in its name.
        session = XenAPI.Session('http://%s/' % dom0.socket.replace('/', '_'), transport=XenAPI.UDSTransport())
        session.xenapi.login_with_password('root', '', '1.0', 'test')
        return session
    return function


def tcp(dom0, method, *params):
    proxy = xmlrpc.client.ServerProxy('http://%s:%d/' % (dom0.address, dom0.port))
    return getattr(proxy, method)(*params)


# -- the pool -----------------------------------------------------------------------------------------------------

def test_both_hosts_are_in_the_pool(hosts):
    for dom0 in hosts:
        assert sorted(dom0.xe('host-list', '--minimal')[0].strip().split(',')) == [A, B]
        assert dom0.xe('pool-list', 'params=master', '--minimal') == (A + '\n', '', 0)


def test_start_up(hosts):
    """D1: 'XAPI triggers: every xapi start (own host)', ocaml/xapi/xapi.ml: update_vswitch_controller."""
    for dom0 in hosts:
        assert dom0.updated() == 1
        assert os.path.exists(os.path.join(dom0.root, 'var/run/xapi_init_complete.cookie'))


def test_a_supporter_forwards(hosts):
    """D23: 'local xe on a supporter forwards itself', ocaml/xapi-cli-server/xapi_cli.ml: forward."""
    a, b = hosts
    assert (a.updated(), b.updated()) == (1, 1)
    identity, err, status = b.xe('sdn-controller-introduce', 'address=192.0.2.10')
    assert (err, status, a.updated(), b.updated()) == ('', 0, 1, 1)
    assert a.xe('sdn-controller-list', '--minimal') == (identity, '', 0)


def test_plugins_run_on_the_host_that_is_named(hosts):
    a, b = hosts
    a.xe('sdn-controller-introduce', 'address=192.0.2.10')
    for dom0 in hosts:
        words = ['plugin=openvswitch-config-update', 'fn=update']
        assert dom0.xe('host-call-plugin', 'host-uuid=' + A, *words) == (COORDINATOR + ' 192.0.2.10\n', '', 0)
        assert dom0.xe('host-call-plugin', 'host-uuid=' + B, *words) == (SUPPORTER + ' 192.0.2.10\n', '', 0)


def test_a_supporter_refuses_regular_calls_over_tcp(hosts):
    """D25: 'a supporter refuses regular calls over TCP with HOST_IS_SLAVE and the coordinator's address', ocaml/xapi/api_server.ml."""
    assert tcp(hosts[1], 'session.login_with_password', 'root', 'x') == dict(Status='Failure', ErrorDescription=['HOST_IS_SLAVE', COORDINATOR])


def test_certificates_reach_both(hosts):
    a, b = hosts
    path = os.path.join(a.root, 'sdn-controller-ca.pem')
    with open(path, 'w') as stream:
        stream.write('PEM')
    assert b.xe('pool-install-ca-certificate', 'filename=' + path) == ('', '', 0)
    for dom0 in hosts:
        with open(os.path.join(dom0.root, 'etc/stunnel/certs/sdn-controller-ca.pem')) as stream:
            assert stream.read() == 'PEM'
    assert b.xe('pool-install-ca-certificate', 'filename=' + path)[1].splitlines()[1:] == ['name: sdn-controller-ca.pem']


def test_a_coordinator_that_is_down(hosts):
    a, b = hosts
    a.stop()
    assert b.xe('pool-list') == ('', 'Cannot perform operation as the host is running in emergency mode.\n', 1)


def test_a_supporter_that_is_down(hosts):
    """D3: 'Exceptions are logged and swallowed: xe returns 0 even if a host's plugin failed', ocaml/xapi/helpers.ml: update_vswitch_controller."""
    a, b = hosts
    b.stop()
    assert a.xe('sdn-controller-introduce', 'address=192.0.2.10')[1:] == ('', 0)
    with open(os.path.join(a.root, 'var/lib/lab-xapi/state.json')) as stream:
        assert len(json.load(stream)['SDN_controller']) == 1
    out, err, status = a.xe('host-call-plugin', 'host-uuid=' + B, 'plugin=p', 'fn=f')
    assert err.splitlines()[1:] == ['host: %s (%s)' % (B, SUPPORTER)] and status == 1


def test_the_state_outlives_xapi(hosts):
    """F55: 'does not restart OVS but triggers the plugin', ocaml/xapi/xapi.ml: update_vswitch_controller."""
    a, b = hosts
    identity = a.xe('sdn-controller-introduce', 'address=192.0.2.10')[0]
    a.updated()
    a.stop()
    a.start()
    assert a.updated() == 1
    assert b.xe('sdn-controller-list', '--minimal')[0] == identity


def test_xapi_down(hosts):
    """F42: 'xapi down: "Error: Connection refused (calling connect )"', ocaml/xe-cli/newcli.ml: main."""
    a, dummy = hosts
    a.stop()
    assert a.xe('pool-list', '-p', str(free_port())) == ('', 'Error: Connection refused (calling connect )\n', 1)


def test_bare_xe(hosts):
    """F3: 'bare `xe` prints usage, exit 0', ocaml/xe-cli/newcli.ml: main."""
    out, err, status = hosts[0].xe()
    assert (out, err.startswith('Usage: '), status) == ('', True, 0)


def test_calls_are_recorded(hosts):
    a, b = hosts
    started = time.time()
    b.xe('sdn-controller-introduce', 'address=192.0.2.10')
    with open(os.path.join(a.root, 'var/log/lab-xapi-calls.jsonl')) as stream:
        calls = [call for call in map(json.loads, stream) if call['time'] >= started]
    assert [call['method'] for call in calls][:3] == ['xe', 'session.login_with_password', 'SDN_controller.introduce']
    assert [call['params'] for call in calls][2] == ['ssl', '192.0.2.10', '0']
    assert sorted(call['time'] for call in calls) == [call['time'] for call in calls]


# -- the real client ----------------------------------------------------------------------------------------------

def test_the_client_of_pypi(hosts, xenapi):
    """'the XenAPI client from PyPI talks to the stand-in unchanged'"""
    for dom0 in hosts:
        session = xenapi(dom0)
        (pool,) = session.xenapi.pool.get_all()
        assert session.xenapi.pool.get_record(pool)['vswitch_controller'] == ''
        assert session.xenapi.host.get_software_version(session.xenapi.pool.get_master(pool))['network_backend'] == 'openvswitch'
        assert session.xenapi.host.get_enabled(session.xenapi.host.get_by_uuid(B)) is True
        assert [vm['is_control_domain'] for vm in session.xenapi.VM.get_all_records().values()] == [True, True]
        assert session.API_version == '2.21'
        session.xenapi.session.logout()


def test_the_client_of_pypi_over_tcp(hosts, monkeypatch):
    """'the XenAPI client from PyPI talks to the stand-in unchanged', with root's password, to the coordinator alone"""
    for dom0 in hosts:
        monkeypatch.setattr(dom0.service.host, 'password_fits', lambda user, password: (user, password) == ('root', 'secret'))
    a, b = [XenAPI.Session('http://%s:%d' % (dom0.address, dom0.port)) for dom0 in hosts]
    with pytest.raises(XenAPI.Failure) as error:
        a.xenapi.login_with_password('root', 'guessed', '2.21', 'test')
    assert error.value.details == ['SESSION_AUTHENTICATION_FAILED', 'root']
    a.xenapi.login_with_password('root', 'secret', '2.21', 'test')
    assert sorted(host['hostname'] for host in a.xenapi.host.get_all_records().values()) == [socket.gethostname()] * 2
    a.xenapi.session.logout()
    with pytest.raises(XenAPI.Failure) as error:
        b.xenapi.login_with_password('root', 'secret', '2.21', 'test')
    assert error.value.details == ['HOST_IS_SLAVE', COORDINATOR]


def test_the_client_evacuates(hosts, xenapi):
    session = xenapi(hosts[0])
    one, two = (session.xenapi.host.get_by_uuid(identity) for identity in (A, B))
    machine = session.xenapi.VM.create(dict(name_label='web', memory_static_max=str(1 << 30), other_config={'auto_poweron': 'true'}))
    session.xenapi.VM.start_on(machine, one, False, False)
    session.xenapi.host.disable(one)
    assert session.xenapi.host.get_vms_which_prevent_evacuation(one) == {}
    session.xenapi.host.evacuate(one)
    assert session.xenapi.VM.get_record(machine)['resident_on'] == two
    session.xenapi.host.disable(two)
    assert session.xenapi.host.get_vms_which_prevent_evacuation(two) == {machine: ['NO_HOSTS_AVAILABLE', machine]}
    assert session.xenapi.host_metrics.get_live(session.xenapi.host.get_metrics(two)) is True


def test_a_supporter_that_goes_down_says_so(hosts, xenapi, monkeypatch):
    """Its coordinator hears of it before init does."""
    monkeypatch.setattr(host.subprocess, 'run', lambda argv, **dummy: None)
    hosts[1].service.host._reboot()
    session = xenapi(hosts[0])
    live = {record['uuid']: session.xenapi.host_metrics.get_live(record['metrics']) for record in session.xenapi.host.get_all_records().values()}
    assert live == {A: True, B: False}


def test_the_client_sets_a_manager(hosts, xenapi):
    session = xenapi(hosts[1])
    reference = session.xenapi.SDN_controller.introduce('ssl', '192.0.2.10', 6632)
    assert session.xenapi.SDN_controller.get_record(reference)['port'] == '6632'
    session.xenapi.SDN_controller.forget(reference)
    assert session.xenapi.SDN_controller.get_all() == []


def test_the_client_is_refused_as_by_xapi(hosts, xenapi):
    session = xenapi(hosts[0])
    for call, expected in (
            (lambda: session.xenapi.host.reboot(session.xenapi.host.get_by_uuid(A)), ['HOST_NOT_DISABLED']),
            (lambda: session.xenapi.SDN_controller.get_by_uuid('X'), ['UUID_INVALID', 'SDN_controller', 'X']),
            (session.xenapi.planet.get_all, ['MESSAGE_METHOD_UNKNOWN', 'planet.get_all'])):
        with pytest.raises(XenAPI.Failure) as error:
            call()
        assert error.value.details == expected


def test_the_client_logs_in_again(hosts, xenapi):
    """A restart of XAPI ends all sessions; SESSION_INVALID makes the client log in anew."""
    session = xenapi(hosts[0])
    hosts[0].stop()
    hosts[0].start()
    assert len(session.xenapi.host.get_all()) == 2


def test_the_client_over_tls_with_the_hosts_own_certificate(hosts):
    """Whoever connects and says nothing keeps none waiting, and without TLS there is no answer."""
    dom0, port = hosts[0], free_port()
    dom0.stop()
    os.unlink(dom0.service.host.certificate)
    dom0.service.host.make_key()
    assert os.stat(dom0.service.host.certificate).st_mode & 0o777 == 0o600
    dom0.start(port)
    dom0.service.host.password_fits = lambda user, password: (user, password) == ('root', 'secret')
    with socket.create_connection((COORDINATOR, port), 10):
        session = XenAPI.Session('https://%s:%d/' % (COORDINATOR, port), ignore_ssl=True)
        session.xenapi.login_with_password('root', 'secret', '1.0', 'test')
        assert len(session.xenapi.host.get_all()) == 2
    with pytest.raises(OSError):
        server.post(COORDINATOR, port, '/', b'')


def test_a_local_login_on_a_supporter(hosts, xenapi):
    session = xenapi(hosts[1])
    session.slave_local_login_with_password('root', '')
    session.xenapi.session.local_logout()


# -- pieces -------------------------------------------------------------------------------------------------------

def test_the_clients_own_options():
    options, rest = client.split(['-s', 'h', '-u', 'root', 'password=x', '--nossl', 'pool-list', 'uuid=u', '--minimal'])
    assert options == dict(server='h', username='root', password='x')
    assert rest == ['pool-list', 'uuid=u', '--minimal']


@pytest.mark.parametrize('answer', [b'', b'HTTP/1.0 404 no\r\n\r\n', b'SSH-2.0\r\n\r\n'])
def test_what_answers_no_http_is_out_of_reach(answer):
    with socket.socket() as one:
        one.bind((COORDINATOR, 0))
        one.listen(1)

        def serve():
            connection = one.accept()[0]
            connection.recv(4096)
            connection.sendall(answer)
            connection.close()
        thread = threading.Thread(target=serve)
        thread.start()
        with pytest.raises(OSError):
            server.post(COORDINATOR, one.getsockname()[1], '/', b'')
        thread.join()
