# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function
__metaclass__ = type

import io
import os

import pytest

from ansible_collections.xenserver.openvswitch.plugins.module_utils import _cli, _ovs_apply
from ansible_collections.xenserver.openvswitch.plugins.modules import ovs_manager
from ansible_collections.xenserver.openvswitch.tests.unit.plugins.modules.utils import run_module

FIXTURES = os.path.join(os.path.dirname(os.path.dirname(__file__)), 'module_utils', 'fixtures')
PTCP, TCP = 'ptcp:0:127.0.0.1', 'tcp:127.0.0.1:6641'
ALARM = _cli.Result(['ovs-vsctl'], -14, '', 'terminating with signal 14 (Alarm clock)')


def captured(name):
    with io.open(os.path.join(FIXTURES, 'ovs-3.1.0-%s.json' % name), encoding='utf-8') as stream:
        return stream.read()


class Vsctl(object):
    """Takes the place of the runner: answers in order, a text or a failure, and notes the vectors."""

    def __init__(self, answers):
        self.answers, self.ran = list(answers), []

    def __call__(self, argv, time_limit):
        self.ran.append(argv)
        answer = self.answers.pop(0)
        if isinstance(answer, _cli.Result):
            raise _cli.CliError('failed', answer)
        return _cli.Result(argv, 0, answer, '')


@pytest.fixture
def vsctl(monkeypatch):
    def make(*answers):
        fake = Vsctl(answers)
        monkeypatch.setattr(_cli, 'run', fake)
        return fake
    monkeypatch.setattr(_cli, 'find', lambda name: '/usr/bin/' + name)
    return make


def run(check_mode=False, **args):
    return run_module(ovs_manager.main, args, check_mode=check_mode, diff=True)


def test_converged_is_one_process(vsctl):
    fake = vsctl(captured('two-managers'))
    result, failed = run(target=[PTCP, TCP])
    assert not failed and not result['changed'] and result['commands'] == [] and result['applied'] and result['stored']
    assert len(fake.ran) == 1 and result['diff'] == dict(before={}, after={})


def test_changed_is_two_processes_with_diff_and_uuids(vsctl):
    fake = vsctl(captured('no-managers'), '0b9f0d0a-56ad-4b3b-9f1e-2f1c1d6f2b11\n\n')
    result, failed = run(target=['tcp:192.0.2.1:6640'], inactivity_probe=0)
    assert not failed and result['changed'] and result['applied'] and len(fake.ran) == 2
    assert result['managers'][0]['uuid'] == '0b9f0d0a-56ad-4b3b-9f1e-2f1c1d6f2b11' and result['commands'] == [fake.ran[1]]
    assert list(result['diff']['after']['managers']) == ['tcp:192.0.2.1:6640'] and result['diff']['before']['managers'] == {}


def test_check_mode_reads_and_predicts(vsctl):
    fake = vsctl(captured('two-managers'))
    result, failed = run(check_mode=True, target=[], wait_for_connection=True)
    assert not failed and result['changed'] and result['managers'] == [] and result['stored'] is False and result['applied'] is None
    assert len(fake.ran) == 1 and '--dry-run' in fake.ran[0] and result['commands'][0][0] == '/usr/bin/ovs-vsctl'


@pytest.mark.parametrize('args, said', [
    (dict(target=['bogus:xx']), 'has no known form'),
    (dict(target=['ssl:192.0.2.1 -- del-br br0']), 'the target "ssl:192.0.2.1 -- del-br br0"'),
    (dict(target=[TCP], max_backoff=5), 'max_backoff is 5'),
    (dict(target=[TCP], managers=[dict(target=TCP, max_backoff=1000)]), 'asked for twice'),
    (dict(target=[TCP], database='ptcp:1'), 'database must be'),
    (dict(target=[TCP], time_limit=0), 'time_limit is 0; it is a number of seconds from 1 on. Nothing was changed.'),
    (dict(target=[TCP], wait_for_connection=True, connection_time_limit=-1), 'connection_time_limit is -1'),
    (dict(state='present'), 'missing: target, managers'),
    (dict(target=[], ssl=dict(private_key='/k')), 'certificate'),
    (dict(state='emer_reset', target=[]), 'does not go with target.'),
    (dict(state='emer_reset', inactivity_probe=0, wait_for_connection=True), 'does not go with inactivity_probe, wait_for_connection.'),
])
def test_bad_options_start_no_process(vsctl, args, said):
    fake = vsctl()
    result, failed = run(**args)
    assert failed and said.lower() in result['msg'].lower() and fake.ran == []


def test_a_name_is_refused_where_the_switch_cannot_resolve_it(vsctl):
    fake = vsctl(captured('two-managers').replace('"ovs_version"', '"x"').replace('"dpdk_version"', '"ovs_version"').replace('"none"', '"2.5.3"'))
    result, failed = run(target=['tcp:controller:6640'])
    assert failed and 'this is 2.5.3' in result['msg'] and len(fake.ran) == 1


def test_a_value_that_cannot_be_stored_is_refused_before_a_change(vsctl):
    fake = vsctl(captured('two-managers'))
    result, failed = run(target=[PTCP], other_config={'k': 'a\0b'})
    assert failed and 'NUL' in result['msg'] and len(fake.ran) == 1


def ssl(tmp_path, make=True, **changes):
    paths = dict((name, str(tmp_path / name)) for name in ('private_key', 'certificate', 'ca_certificate'))
    if make:
        for path in paths.values():
            open(path, 'w').close()
    return dict(paths, **changes)


def test_tls_material_is_set_and_told(vsctl, tmp_path):
    vsctl(captured('no-managers'), 'm\ns\n\n')
    result, failed = run(target=['ssl:192.0.2.1:6640'], ssl=ssl(tmp_path))
    assert not failed and result['ssl'] == dict(ssl(tmp_path), bootstrap=False) and 'warnings' not in result
    assert '--id=@ssl' in result['commands'][0] and 'ssl=@ssl' in result['commands'][0]


def test_tls_files_that_are_not_there_end_the_task_but_not_a_check(vsctl, tmp_path):
    fake = vsctl(captured('no-managers'))
    result, failed = run(target=[], ssl=ssl(tmp_path, make=False))
    assert failed and '(ssl.private_key)' in result['msg'] and '(ssl.ca_certificate)' in result['msg'] and fake.ran == []
    result, failed = run(check_mode=True, target=[], ssl=ssl(tmp_path, make=False))
    assert not failed and result['changed'] and '(ssl.private_key)' in result['warnings'][0]


def test_a_ca_certificate_to_be_fetched_need_not_be_there(vsctl, tmp_path):
    vsctl(captured('no-managers'), '\n')
    options = ssl(tmp_path)
    os.unlink(options['ca_certificate'])
    assert not run(target=[], ssl=dict(options, bootstrap=True))[1]


def test_a_relative_path_is_refused(vsctl, tmp_path):
    result, failed = run(target=[], ssl=ssl(tmp_path, private_key='key.pem'))
    assert failed and 'No absolute path: key.pem' in result['msg']


def test_a_manager_without_tls_material_is_warned_of(vsctl):
    vsctl(captured('no-managers'), 'm\n')
    result, failed = run(target=['ssl:192.0.2.1:6640'])
    assert not failed and 'no TLS material' in result['warnings'][0]


def test_a_daemon_that_hangs_is_told_apart_and_so_is_the_second_run(vsctl):
    vsctl(captured('two-managers'), ALARM, captured('no-managers'))
    result, failed = run(target=[])
    assert failed and (result['stored'], result['applied'], result['changed']) == (True, False, True)
    vsctl(captured('not-applied'), ALARM)
    result, failed = run(target=[PTCP])
    assert failed and (result['stored'], result['applied'], result['changed']) == (True, False, False) and 'Stored, not applied' in result['msg']


def test_a_daemon_that_is_down_is_done_without_on_request(vsctl):
    fake = vsctl(captured('not-applied'), 'm\n')
    result, failed = run(target=[TCP], wait=False)
    assert not failed and result['changed'] and result['applied'] is None and '--no-wait' in fake.ran[1]


def test_waiting_for_the_connection_is_a_third_process_and_a_look_for_one_that_does_not_tell_since_when(vsctl, monkeypatch):
    pauses = []
    monkeypatch.setattr(_ovs_apply.time, 'sleep', pauses.append)
    up = captured('two-managers').replace('false', 'true')
    fake = vsctl(captured('two-managers'), up.splitlines()[1], up)
    result, failed = run(target=[PTCP, TCP], wait_for_connection=True, connection_time_limit=7)
    assert not failed and not result['changed'] and [row['is_connected'] for row in result['managers']] == [True, True]
    assert '--timeout=7' in fake.ran[1] and fake.ran[1].count('wait-until') == 2
    assert pauses == [_ovs_apply.LOOK] and len(fake.ran) == 3


def test_absent_does_not_wait_for_what_it_removes(vsctl):
    fake = vsctl(captured('two-managers'), '\n')
    result, failed = run(target=[TCP], state='absent', wait_for_connection=True)
    assert not failed and [row['target'] for row in result['managers']] == [PTCP] and len(fake.ran) == 2


def test_no_connection_fails_and_keeps_the_change_told(vsctl):
    vsctl(captured('no-managers'), 'm\n', ALARM, captured('two-managers'))
    result, failed = run(target=[TCP], wait_for_connection=True)
    assert failed and 'not connected' in result['msg'] and result['changed'] and result['stored'] and result['applied']


def test_no_database_is_a_clear_failure(vsctl):
    vsctl(_cli.Result(['v'], 1, '', 'ovs-vsctl: unix:/x: database connection failed (No such file or directory)\n'))
    result, failed = run(target=[TCP])
    assert failed and 'Start ovsdb-server' in result['msg'] and result['rc'] == 1
