# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The OVSDB controller over real TLS on the loopback: a host that sends what ovsdb-server 3.1.0 sent, and the real ovsdb-server where there is one."""

from __future__ import absolute_import, division, print_function
__metaclass__ = type

import asyncio
import contextlib
import json
import os
import pathlib
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time

import pytest

from ansible_collections.xenserver.openvswitch.tests.unit.plugins.modules.rpm_host import path_of, require

LIMIT = 60
# What the controller asks of a host, in this order.
LIST_DBS = {'id': 'list_dbs', 'method': 'list_dbs', 'params': []}
MONITOR = {'id': 'monitor', 'method': 'monitor', 'params': ['Open_vSwitch', None, {
    'Open_vSwitch': [{'columns': ['ovs_version', 'external_ids']}], 'Manager': [{'columns': ['target']}], 'Bridge': [{'columns': ['name']}]}]}
SUMMARY = {
    'system_uuid': '11111111-1111-4111-8111-111111111111', 'ovs_version': '3.1.0',
    'managers': ['pssl:6640', 'ssl:10.213.47.10:6632'], 'bridges': ['xenbr0']}


@pytest.fixture
def controller(load):
    return load('controller/ovsdb_controller.py', 'ovsdb_controller')


@pytest.fixture
def said(captured):
    """{name: what ovsdb-server wrote}; its answers have the ids of the controller's requests."""
    return json.loads(captured('ovsdb-server-3.1.0.json'))


# -- framing and tables -------------------------------------------------------------------------------------------

def test_messages_byte_by_byte(controller, said):
    """A read may end anywhere, within a character too."""
    stream = ''.join(said.values()).encode()
    messages, found = controller.Messages(), []
    for i in range(len(stream)):
        found += messages.feed(stream[i:i + 1])
    assert found == [json.loads(text) for text in said.values()]


def test_several_messages_in_one_read(controller, said):
    text = said['list_dbs'] + ' \n' + said['echo'] + said['monitor'][:20]
    messages = controller.Messages()
    assert messages.feed(text.encode()) == [json.loads(said['list_dbs']), json.loads(said['echo'])]
    assert messages.feed(said['monitor'][20:].encode()) == [json.loads(said['monitor'])]


@pytest.mark.parametrize('stream', [b'GET / HTTP/1.1\r\n', b'[1]', b'{}]', b'\xff\xfe'])
def test_what_is_no_json_object(controller, stream):
    with pytest.raises(ValueError):
        controller.Messages().feed(stream)


def test_a_message_without_end(controller, monkeypatch):
    monkeypatch.setattr(controller, 'LARGEST', 100)
    with pytest.raises(ValueError) as error:
        controller.Messages().feed(b'{"a": "' + b'x' * 100)
    assert 'more than 100 characters' in str(error.value)


@pytest.mark.parametrize('value, expected', [
    ('3.1.0', '3.1.0'), (['set', []], []), (['set', [['uuid', 'u'], 'x']], ['u', 'x']), (['uuid', 'u'], 'u'), (['map', [['k', 'v']]], {'k': 'v'})])
def test_values_in_the_notation_of_rfc_7047(controller, value, expected):
    assert controller.typed(value) == expected


def test_tables_follow_the_updates(controller, said):
    tables = controller.updated({}, json.loads(said['monitor'])['result'])
    assert controller.summary(tables) == SUMMARY
    for name, expected in (
            ('add-br', dict(SUMMARY, bridges=['xapi1', 'xenbr0'])), ('note', dict(SUMMARY, bridges=['xapi1', 'xenbr0'])),
            ('del-br', SUMMARY), ('del-manager', dict(SUMMARY, managers=[]))):
        controller.updated(tables, json.loads(said[name])['params'][1])
        assert controller.summary(tables) == expected, name


def test_a_database_that_nobody_has_filled(controller):
    assert controller.summary({}) == {'system_uuid': None, 'ovs_version': None, 'managers': [], 'bridges': []}
    empty = {'Open_vSwitch': {'u': {'new': {'ovs_version': ['set', []], 'external_ids': ['map', [['system-id', 'S']]]}}}}
    assert controller.summary(controller.updated({}, empty)) == {'system_uuid': 'S', 'ovs_version': None, 'managers': [], 'bridges': []}


def test_the_state_file_is_written_when_something_changed(controller, tmp_path):
    path = tmp_path / 'state.json'
    state = controller.State(str(path), ('127.0.0.1', 6632))
    assert json.loads(path.read_text()) == {'listening': ['127.0.0.1', 6632], 'peers': {}}
    state.note('xs8-a', bridges=['b'])
    expected = {'bridges': ['b'], 'connected': False, 'connections': 0, 'problem': None}
    assert json.loads(path.read_text())['peers'] == {'xs8-a': expected}
    path.unlink()
    state.note('xs8-a', bridges=['b'])
    assert not path.exists()
    assert [one.name for one in tmp_path.iterdir()] == []


# -- over TLS -----------------------------------------------------------------------------------------------------

def openssl(folder, *words):
    subprocess.run(['openssl', *words], cwd=str(folder), check=True, capture_output=True)


@pytest.fixture(scope='module')
def tls(tmp_path_factory):
    """A folder: ca.pem; server.pem and host.pem (key, certificate, authority) signed by it; stranger.pem, which signed itself."""
    require('openssl')
    folder = tmp_path_factory.mktemp('tls')
    key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes']
    for name in ('ca', 'stranger'):
        openssl(folder, 'req', '-x509', *key, '-days', '2', '-subj', '/O=test/CN=' + name, '-addext', 'keyUsage=critical,keyCertSign',
                '-keyout', name + '.key', '-out', name + '.pem')
    (folder / 'extensions').write_text('authorityKeyIdentifier=keyid\n')  # Python 3.13 insists on both
    for name in ('server', 'host'):
        openssl(folder, 'req', *key, '-subj', '/O=test/CN=' + name, '-keyout', name + '.key', '-out', name + '.csr')
        openssl(folder, 'x509', '-req', '-days', '2', '-in', name + '.csr', '-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial',
                '-extfile', 'extensions', '-out', name + '.crt')
        (folder / (name + '.pem')).write_bytes(b''.join((folder / part).read_bytes() for part in (name + '.key', name + '.crt', 'ca.pem')))
    (folder / 'stranger.pem').write_bytes((folder / 'stranger.key').read_bytes() + (folder / 'stranger.pem').read_bytes())
    return folder


class Host(object):
    """The side of ovsdb-server."""

    def __init__(self, reader, writer):
        self.reader, self.writer, self.text = reader, writer, ''

    async def next(self):
        """The next request of the controller."""
        while True:
            with contextlib.suppress(ValueError):
                message, end = json.JSONDecoder().raw_decode(self.text)
                self.text = self.text[end:]
                return message
            chunk = await self.reader.read(4096)
            if not chunk:
                raise EOFError()
            self.text += chunk.decode()

    def say(self, text):
        self.writer.write(text.encode())

    async def greet(self, said):
        """Until the controller knows the database."""
        assert await self.next() == LIST_DBS
        self.say(said['list_dbs'])
        assert await self.next() == MONITOR
        self.say(said['monitor'])

    async def is_left(self):
        """Until the controller closes."""
        with contextlib.suppress(ConnectionError, ssl.SSLError):
            while await self.reader.read(4096):
                pass

    def close(self):
        self.writer.close()


class Lab(object):
    """A controller that listens at two ports, its state, and hosts that connect to it, or listen for it at ``host_port``."""

    def __init__(self, tls, state):
        self.tls, self.path, self.hosts = tls, state, []
        self.port, self.other_port, self.host_port = free_port(), free_port(), free_port()

    async def connect(self, certificate='host'):
        context = ssl.create_default_context(cafile=str(self.tls / 'ca.pem'))
        context.check_hostname = False
        if certificate:
            context.load_cert_chain(str(self.tls / (certificate + '.pem')))
        self.hosts.append(Host(*await asyncio.open_connection('127.0.0.1', self.port, ssl=context)))
        return self.hosts[-1]

    async def listen(self, certificate='host'):
        """A host that waits for the controller: a queue of those that it accepted."""
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(self.tls / 'ca.pem'))
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_cert_chain(str(self.tls / (certificate + '.pem')))
        accepted = asyncio.Queue()

        def accept(reader, writer):
            self.hosts.append(Host(reader, writer))
            accepted.put_nowait(self.hosts[-1])
        self.server = await asyncio.start_server(accept, '127.0.0.1', self.host_port, ssl=context)
        return accepted

    def state(self):
        return json.loads(self.path.read_text())

    async def until(self, condition, name='host'):
        """What the state says of a host, once the condition holds for it."""
        while True:
            peer = self.state()['peers'].get(name, {})
            if peer and condition(peer):
                return peer
            await asyncio.sleep(0.01)


def free_port():
    with socket.socket() as one:
        one.bind(('127.0.0.1', 0))
        return one.getsockname()[1]


@pytest.fixture
def drive(controller, tls, tmp_path, monkeypatch):
    """``drive(scenario)``: run the coroutine function with a :class:`Lab` whose controller is up."""
    monkeypatch.setattr(controller, 'RETRY', 0.05)

    async def run(scenario):
        lab = Lab(tls, tmp_path / 'state.json')
        monkeypatch.setattr(sys, 'argv', [
            'ovsdb_controller.py', '--address', '127.0.0.1', '--port', str(lab.port), str(lab.other_port),
            '--chain', str(tls / 'server.pem'), '--ca', str(tls / 'ca.pem'),
            '--state', str(lab.path), '--seek', '127.0.0.1', '--seek-port', str(lab.host_port)])
        server = asyncio.ensure_future(controller.main())
        try:
            while not (listens(lab.port) and listens(lab.other_port)):
                assert not server.done(), server.exception()
                await asyncio.sleep(0.01)
            await asyncio.wait_for(scenario(lab), LIMIT)
        finally:
            for host in lab.hosts:
                host.close()
            server.cancel()
            await asyncio.wait([server], timeout=LIMIT)
    return lambda scenario: asyncio.run(run(scenario))


def listens(port):
    with socket.socket() as one:
        return one.connect_ex(('127.0.0.1', port)) == 0


def test_a_host_connects_changes_and_goes(drive, said):
    async def scenario(lab):
        assert lab.state() == {'listening': ['127.0.0.1', lab.port, lab.other_port], 'peers': {}}
        host = await lab.connect()
        await host.greet(said)
        peer = await lab.until(lambda peer: peer['connected'])
        assert {name: peer[name] for name in SUMMARY} == SUMMARY
        assert (peer['connections'], peer['databases'], peer['subject'], peer['address'], peer['problem']) == (
            1, ['Open_vSwitch', '_Server'], 'organizationName=test, commonName=host', '127.0.0.1', None)
        host.say(said['add-br'])
        await lab.until(lambda peer: peer['bridges'] == ['xapi1', 'xenbr0'])
        host.say(said['del-manager'])
        await lab.until(lambda peer: peer['managers'] == [])
        host.close()
        peer = await lab.until(lambda peer: not peer['connected'])
        assert (peer['problem'], peer['bridges']) == (None, ['xapi1', 'xenbr0'])
    drive(scenario)


def test_a_new_certificate_is_shown_after_a_hangup(drive, tls, said):
    renewed = (tls / 'host.pem').read_bytes()
    kept = (tls / 'server.pem').read_bytes()

    async def scenario(lab):
        first = await lab.connect()
        await first.greet(said)
        (tls / 'server.pem').write_bytes(renewed)
        os.kill(os.getpid(), signal.SIGHUP)
        await asyncio.sleep(0.1)
        second = await lab.connect()
        shown = [dict(sum(host.writer.get_extra_info('peercert')['subject'], ()))['commonName'] for host in (first, second)]
        assert shown == ['server', 'host']
        first.say('{"id":"echo","method":"echo","params":[]}')
        assert (await first.next())['id'] == 'echo'
    try:
        drive(scenario)
    finally:
        (tls / 'server.pem').write_bytes(kept)


def test_a_host_that_has_gone_before_a_word_was_said(controller, tmp_path):
    class Writer(object):
        closed = False

        def get_extra_info(self, name):
            assert name == 'peername'

        def close(self):
            self.closed = True

    writer, state = Writer(), controller.State(str(tmp_path / 'state.json'), ())
    asyncio.run(controller.Controller(state).serve(None, writer))
    assert writer.closed and state.known['peers'] == {}


def test_two_ports(drive, said):
    async def scenario(lab):
        assert lab.state()['listening'] == ['127.0.0.1', lab.port, lab.other_port]
        lab.port = lab.other_port
        await (await lab.connect()).greet(said)
        await lab.until(lambda peer: peer['connected'])
    drive(scenario)


def test_connected_means_that_the_monitor_was_answered(drive, said):
    async def scenario(lab):
        host = await lab.connect()
        assert await host.next() == LIST_DBS
        host.say(said['list_dbs'])
        assert await host.next() == MONITOR
        assert not (await lab.until(lambda peer: 'databases' in peer))['connected']
    drive(scenario)


def test_the_hosts_own_echo_is_answered(drive, said):
    """What keeps a Manager with an inactivity_probe connected."""
    async def scenario(lab):
        host = await lab.connect()
        await host.greet(said)
        host.say('{"id":"echo","method":"echo","params":[1]}')
        assert await host.next() == {'id': 'echo', 'result': [1], 'error': None}
    drive(scenario)


def test_a_silent_host_is_probed_then_dropped(drive, said, controller, monkeypatch):
    monkeypatch.setattr(controller, 'PROBE', 0.2)

    async def scenario(lab):
        host = await lab.connect()
        await host.greet(said)
        for dummy in range(2):
            assert await host.next() == {'id': 'echo', 'method': 'echo', 'params': []}
            host.say(said['echo'])
        assert (await lab.until(lambda peer: True))['connected']
        assert (await host.next())['method'] == 'echo'
        await host.is_left()
        peer = await lab.until(lambda peer: not peer['connected'])
        assert peer['problem'].startswith('ConnectionError: no answer to an echo request')
    drive(scenario)


def test_a_host_that_comes_again_is_counted(drive, said):
    async def scenario(lab):
        first = await lab.connect()
        await first.greet(said)
        await lab.until(lambda peer: peer['connected'])
        second = await lab.connect()
        await second.greet(said)
        await lab.until(lambda peer: peer['connections'] == 2)
        first.close()  # of two connections the later one counts
        await asyncio.sleep(0.1)
        assert (await lab.until(lambda peer: True))['connected']
    drive(scenario)


def test_the_time_that_a_host_was_away(drive, said):
    async def scenario(lab):
        first = await lab.connect()
        await first.greet(said)
        peer = await lab.until(lambda peer: peer['connected'])
        assert peer['away'] is None and 0 <= time.time() - peer['since'] < LIMIT
        second = await lab.connect()  # before the first has gone
        await second.greet(said)
        assert (await lab.until(lambda peer: peer['connections'] == 2))['away'] == 0
        first.close()
        second.close()
        await lab.until(lambda peer: not peer['connected'])
        await asyncio.sleep(0.3)
        await (await lab.connect()).greet(said)
        assert 0.3 <= (await lab.until(lambda peer: peer['connections'] == 3))['away'] < LIMIT
    drive(scenario)


def test_a_host_that_listens_is_connected_to_again_and_again(drive, said):
    async def scenario(lab):
        await asyncio.sleep(0.2)  # nobody listens yet
        accepted = await lab.listen()
        for count in (1, 2):
            host = await accepted.get()
            await host.greet(said)
            peer = await lab.until(lambda peer: peer.get('connections') == count and peer['connected'])
            assert (peer['bridges'], peer['address'], peer['subject']) == (['xenbr0'], '127.0.0.1', 'organizationName=test, commonName=host')
            host.close()
            await lab.until(lambda peer: not peer['connected'])
    drive(scenario)


def test_a_host_that_listens_without_a_certificate_of_the_authority_gets_no_word(drive, caplog):
    caplog.set_level('INFO')

    async def scenario(lab):
        accepted = await lab.listen('stranger')
        while 'certificate verify failed' not in caplog.text:
            await asyncio.sleep(0.01)
        assert lab.state()['peers'] == {} and accepted.empty()
    drive(scenario)


@pytest.mark.parametrize('answer, problem', [
    ('error', 'ValueError: monitor: {'), ('HTTP/1.1 400 Bad Request\r\n', 'ValueError: no JSON object'), ('{"id":"list_dbs"}', 'KeyError: ')])
def test_a_host_that_speaks_otherwise(drive, said, answer, problem):
    async def scenario(lab):
        host = await lab.connect()
        host.say(said.get(answer, answer))
        await host.is_left()
        peer = await lab.until(lambda peer: peer['problem'])
        assert peer['problem'].startswith(problem)
        assert not peer['connected']
    drive(scenario)


@pytest.mark.parametrize('certificate', [None, 'stranger'])
def test_a_host_without_a_certificate_of_the_authority_gets_no_word(drive, said, certificate):
    async def scenario(lab):
        with contextlib.suppress(ConnectionError, ssl.SSLError):
            await (await lab.connect(certificate)).is_left()
        assert lab.hosts == [] or lab.hosts[0].text == ''
        host = await lab.connect()
        await host.greet(said)
        await lab.until(lambda peer: peer['connected'])
        assert set(lab.state()['peers']) == {'host'}
    drive(scenario)


# -- the real ovsdb-server ----------------------------------------------------------------------------------------

class Switch(object):
    """A database of Open vSwitch and its server, which connects to what ``set-manager`` says."""

    def __init__(self, tls, folder):
        self.socket = str(folder / 'db.sock')
        tools = os.path.dirname(os.path.dirname(os.path.realpath(path_of('ovs-vsctl'))))
        database, certificates = str(folder / 'conf.db'), ['--%s=%s' % (option, tls / name) for option, name in (
            ('private-key', 'host.key'), ('certificate', 'host.crt'), ('ca-cert', 'ca.pem'))]
        self.run('ovsdb-tool', 'create', database, os.path.join(tools, 'share/openvswitch/vswitch.ovsschema'))
        self.process = subprocess.Popen([
            path_of('ovsdb-server'), database, '--remote=punix:' + self.socket, '--remote=db:Open_vSwitch,Open_vSwitch,manager_options',
            '--unixctl=%s' % (folder / 'ctl'), '-vconsole:off', *certificates], stdin=subprocess.DEVNULL)
        while not os.path.exists(self.socket):
            assert self.process.poll() is None
            time.sleep(0.01)
        self.vsctl('init')

    @staticmethod
    def run(tool, *words):
        return subprocess.run([path_of(tool), *words], check=True, capture_output=True, timeout=LIMIT, text=True).stdout

    def vsctl(self, *words):
        return self.run('ovs-vsctl', '--timeout=%d' % LIMIT, '--no-wait', '--db=unix:' + self.socket, *words)

    def close(self):
        self.process.kill()
        self.process.wait()


def test_the_real_ovsdb_server(drive, tls):
    require('ovsdb-server', 'ovsdb-tool', 'ovs-vsctl')
    folder = pathlib.Path(tempfile.mkdtemp(prefix='ovs-'))  # short: a socket's path has room for 107 characters
    switch = Switch(tls, folder)

    async def scenario(lab):
        target = 'ssl:127.0.0.1:%d' % lab.port
        switch.vsctl('set-manager', target, '--', 'set', 'Manager', target, 'inactivity_probe=2000', '--', 'add-br', 'xenbr0')
        peer = await lab.until(lambda peer: peer['connected'])
        assert (peer['managers'], peer['bridges'], peer['ovs_version'], 'Open_vSwitch' in peer['databases']) == ([target], ['xenbr0'], None, True)
        switch.vsctl('add-br', 'xapi1', '--', 'set', 'Open_vSwitch', '.', 'external_ids:xs-system-uuid=U', 'ovs_version=Zürich')
        peer = await lab.until(lambda peer: len(peer['bridges']) == 2)
        assert (peer['bridges'], peer['system_uuid'], peer['ovs_version']) == (['xapi1', 'xenbr0'], 'U', 'Zürich')
        await asyncio.sleep(4.5)  # the server probes after two seconds of silence, and would come again if nobody answered in two more
        assert (peer['connections'], switch.vsctl('get', 'Manager', target, 'is_connected')) == (lab.state()['peers']['host']['connections'], 'true\n')
        switch.vsctl('del-manager')
        assert (await lab.until(lambda peer: not peer['connected']))['problem'] is None
        switch.vsctl('set-manager', 'pssl:%d:127.0.0.1' % lab.host_port)
        assert (await lab.until(lambda peer: peer['connected']))['managers'] == ['pssl:%d:127.0.0.1' % lab.host_port]
    try:
        drive(scenario)
    finally:
        switch.close()
        shutil.rmtree(str(folder))
