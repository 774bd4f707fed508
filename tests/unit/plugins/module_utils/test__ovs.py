# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function
__metaclass__ = type

import json
import os
import socket
import threading

import pytest

from ansible.module_utils.common.text.converters import to_text

from ansible_collections.xenserver.openvswitch.plugins.module_utils import _cli, _ovs

ALARM = _cli.Result(['ovs-vsctl'], -14, '', '2026-11-23T13:45:35Z|00002|fatal_signal|WARN|terminating with signal 14 (Alarm clock)\n')
NO_SOCKET = _cli.Result(['ovs-vsctl'], 1, '', 'ovs-vsctl: unix:/var/run/openvswitch/db.sock: database connection failed (No such file or directory)\n')
REFUSED = _cli.Result(['ovs-vsctl'], 1, '', 'ovs-vsctl: transaction error: {"details":"...","error":"constraint violation"}\n')


@pytest.fixture
def runs(monkeypatch):
    """The vectors that were run; ``runs.answer`` is the text, or the result of a failure, that they get."""
    class Runs(list):
        answer = ''

        def __call__(self, argv, time_limit):
            self.append((argv, time_limit))
            if isinstance(self.answer, _cli.Result):
                raise _cli.CliError('failed', self.answer)
            return _cli.Result(argv, 0, self.answer, '')

    recorded = Runs()
    monkeypatch.setattr(_cli, 'run', recorded)
    return recorded


def test_a_read_is_one_process_that_cannot_write(runs, captured):
    runs.answer = captured('ovs-3.1.0-two-managers.json')
    tables = _ovs.Vsctl(9, path='/bin/ovs-vsctl').read('Open_vSwitch', 'Manager', 'SSL')
    assert [len(rows) for rows in tables] == [1, 2, 1]
    assert runs == [(['/bin/ovs-vsctl', '--timeout=9', '--no-wait', '--dry-run', '--format=json',
                      '--', 'list', 'Open_vSwitch', '--', 'list', 'Manager', '--', 'list', 'SSL'], 9 + _ovs.MARGIN)]


@pytest.mark.parametrize('wait, options', [(True, []), (False, ['--no-wait'])])
def test_all_changes_are_one_process(runs, wait, options):
    runs.answer = 'uuid-1\nuuid-2\n\n'
    made = _ovs.Vsctl(9, 'unix:/a b --log-file=/x', '/bin/ovs-vsctl').write([['create', 'Manager'], ['set', 'SSL', '.']], wait)
    assert made == ['uuid-1', 'uuid-2']
    assert runs[0][0] == ['/bin/ovs-vsctl', '--timeout=9', '--db=unix:/a b --log-file=/x'] + options + ['--', 'create', 'Manager', '--', 'set', 'SSL', '.']


def test_waiting_is_one_process_too(runs):
    runs.answer = '{"headings":["_uuid"],"data":[[["uuid","u"]]]}'
    assert _ovs.Vsctl(9, path='v').await_rows([['Manager', 'u', 'is_connected=true']], 'Manager') == [{'_uuid': ['uuid', 'u']}]
    assert runs[0][0][-6:] == ['wait-until', 'Manager', 'u', 'is_connected=true', '--', 'list', 'Manager'][-6:]


@pytest.mark.parametrize('answer, said', [(ALARM, 'within 9 seconds'), (NO_SOCKET, 'Start ovsdb-server')])
def test_no_answer_has_its_own_error_with_the_remedy(runs, answer, said):
    runs.answer = answer
    with pytest.raises(_ovs.NotReached) as caught:
        _ovs.Vsctl(9, path='v').read('Manager')
    assert said in str(caught.value) and caught.value.details()['rc'] == answer.rc


def test_a_refusal_is_another_error(runs):
    runs.answer = REFUSED
    with pytest.raises(_cli.CliError) as caught:
        _ovs.Vsctl(9, path='v').read('Manager')
    assert not isinstance(caught.value, _ovs.NotReached)


def test_an_answer_that_is_no_table_is_told(runs):
    runs.answer = 'surprise'
    with pytest.raises(_cli.CliError, match='no JSON table'):
        _ovs.Vsctl(9, path='v').read('Manager')


@pytest.mark.parametrize('text, good', [
    ('unix:/x', True), ('tcp:192.0.2.1:6640', True), ('ssl:192.0.2.1', False), ('ptcp:1', False), ('punix:/x', False), ('--log-file=/x', False),
])
def test_a_database_is_an_active_connection(text, good):
    if good:
        _ovs.check_database(text)
    else:
        with pytest.raises(ValueError):
            _ovs.check_database(text)


def test_a_database_over_tls_is_refused_with_the_reason():
    with pytest.raises(ValueError, match='no key and no certificate.* unix:FILE .* tcp:HOST:PORT'):
        _ovs.check_database('ssl:192.0.2.1:6640')


def test_versions(captured):
    assert _ovs.version_in(captured('ovs-vsctl-3.1.0-version.txt')) == '3.1.0'
    assert _ovs.version_in('ovsdb-server (Open vSwitch) 2.17.7\n') == '2.17.7'
    assert _ovs.version_in('') is None and _ovs.version_in(None) is None


@pytest.fixture
def control(tmp_path):
    """A control socket whose daemon answers with the given pieces."""
    path = str(tmp_path / 'd.ctl')
    server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    server.bind(path)
    server.listen(1)
    asked = []

    def serve(pieces):
        def answer():
            peer = server.accept()[0]
            asked.append(json.loads(peer.recv(4096).decode()))
            for piece in pieces:
                peer.sendall(piece)
            peer.close()
        threading.Thread(target=answer).start()
        return path, asked
    yield serve
    server.close()


def test_a_daemon_is_asked_over_its_socket_and_may_answer_in_pieces(control):
    path, asked = control([b'{"id":0,"result":"ovs-vswitchd (Open', b' vSwitch) 3.1.0\\n","error":null}'])
    assert _ovs.ask(path, 'version', 5) == 'ovs-vswitchd (Open vSwitch) 3.1.0\n'
    assert asked == [dict(id=0, method='version', params=[])]


def test_a_daemon_that_hangs_up_or_is_not_there_is_no_answer(control, tmp_path):
    assert _ovs.ask(control([b'{"id":'])[0], 'version', 5) is None
    assert _ovs.ask(str(tmp_path / 'none.ctl'), 'version', 5) is None


def test_a_daemon_that_does_not_answer_in_time_is_no_answer(tmp_path):
    path = str(tmp_path / 'd.ctl')
    server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    server.bind(path)
    server.listen(1)
    assert _ovs.ask(path, 'version', 0.1) is None
    server.close()


@pytest.fixture
def host(tmp_path):
    """A run folder and a /proc with one daemon; ``host(comm, exe)`` sets what /proc says."""
    def make(pidfile='811\n', comm='ovs-vswitchd\n', exe='/usr/sbin/ovs-vswitchd'):
        (tmp_path / 'ovs-vswitchd.pid').write_text(to_text(pidfile))
        folder = tmp_path / 'proc' / '811'
        folder.mkdir(parents=True)
        if comm is not None:
            (folder / 'comm').write_text(to_text(comm))
        if exe is not None:
            os.symlink(exe, str(folder / 'exe'))
        return _ovs.process('ovs-vswitchd', str(tmp_path), str(tmp_path / 'proc'))
    return make


def test_a_running_daemon(host, tmp_path):
    assert host() == dict(pid=811, control=str(tmp_path / 'ovs-vswitchd.811.ctl'), replaced=False)


def test_a_daemon_whose_file_was_replaced(host):
    assert host(exe='/usr/sbin/ovs-vswitchd (deleted)')['replaced'] is True


def test_a_daemon_of_another_user_is_not_called_replaced(host):
    assert host(exe=None)['replaced'] is False


@pytest.mark.parametrize('change', [dict(pidfile=''), dict(pidfile='x'), dict(comm=None), dict(comm='bash\n')])
def test_a_pidfile_that_is_stale_is_no_daemon(host, change):
    assert host(**change) is None


def test_no_pidfile_is_no_daemon(tmp_path):
    assert _ovs.process('ovs-vswitchd', str(tmp_path)) is None
    assert _ovs.process('ovs-vswitchd', str(tmp_path / 'none')) is None


@pytest.mark.parametrize('cmdline, runs', [
    ('/usr/bin/python3\0-E\0/usr/share/openvswitch/scripts/ovs-xapi-sync\0unix:/db.sock\0', True),
    ('/usr/bin/python3\0/usr/bin/other\0unix:/db.sock\0--log\0ovs-xapi-sync\0', False), (None, False)])
def test_a_script_without_a_pidfile_is_found_by_its_control_socket(tmp_path, cmdline, runs):
    """As XCP-ng's unit starts ovs-xapi-sync; /usr/bin/env leaves the process the name of the interpreter."""
    for name in ('ovs-xapi-sync.811.ctl', 'ovs-xapi-sync.812.ctl.kept', 'ovs-vswitchd.813.ctl'):
        (tmp_path / name).write_text(u'')
    folder = tmp_path / 'proc' / '811'
    folder.mkdir(parents=True)
    (folder / 'comm').write_text(u'python3\n')
    if cmdline is not None:
        (folder / 'cmdline').write_text(to_text(cmdline))
    os.symlink('/usr/bin/python3', str(folder / 'exe'))
    found = _ovs.process('ovs-xapi-sync', str(tmp_path), str(tmp_path / 'proc'))
    assert found == (dict(pid=811, control=str(tmp_path / 'ovs-xapi-sync.811.ctl'), replaced=False) if runs else None)
