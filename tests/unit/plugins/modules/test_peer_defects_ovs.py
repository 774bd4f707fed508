# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Defects that were measured in other tools, each held against ovs_manager and ovs_info on the real daemons; docs/peer-defects.md lists them."""

from __future__ import absolute_import, division, print_function
__metaclass__ = type

import os
import time

import pytest

from ansible_collections.xenserver.openvswitch.plugins.module_utils import _ovs_info
from ansible_collections.xenserver.openvswitch.plugins.modules import ovs_info, ovs_manager
from ansible_collections.xenserver.openvswitch.tests.unit.plugins.modules.ovs_host import listener
from ansible_collections.xenserver.openvswitch.tests.unit.plugins.modules.utils import run_module

PTCP, TCP, OTHER = 'ptcp:0:127.0.0.1', 'tcp:127.0.0.1:1', 'tcp:127.0.0.1:2'


def run(check_mode=False, **args):
    return run_module(ovs_manager.main, dict(dict(time_limit=60), **args), check_mode=check_mode, diff=True)


def changed(**args):
    result, failed = run(**args)
    assert not failed, result['msg']
    return result['changed']


def refused(**args):
    result, failed = run(**args)
    assert failed, result
    return result['msg']


def info(switch, **args):
    result, failed = run_module(ovs_info.main, dict(args, rundir=switch.rundir))
    assert not failed, result['msg']
    return result


def manager(switch, target=TCP):
    """The row of a manager, read beside every tool."""
    return dict((row['target'], dict(row, uuid=uuid)) for uuid, row in switch.content()['Manager'].items())[target]


def stored(switch, column, target=TCP):
    return dict(manager(switch, target)[column][1])


def test_d01_managers_are_set_changed_and_removed_and_a_second_run_finds_them(switch):
    assert changed(target=[PTCP]) and not changed(target=[PTCP])
    uuid = manager(switch, PTCP)['uuid']
    assert changed(target=[PTCP], inactivity_probe=5000) and not changed(target=[PTCP], inactivity_probe=5000)
    assert manager(switch, PTCP)['uuid'] == uuid and list(switch.content()['Manager']) == [uuid]
    assert changed(target=[TCP]) and not changed(target=[TCP]) and list(switch.content()['Manager'].values())[0]['target'] == TCP
    assert changed(target=[TCP], state='absent') and not changed(target=[TCP], state='absent') and switch.content()['Manager'] == {}


@pytest.mark.parametrize('task', [
    dict(target=[OTHER]), dict(target=[TCP], inactivity_probe=7), dict(target=[]), dict(target=[TCP], external_ids=dict(k=None)),
    dict(target=[TCP], state='absent'), dict(target=[TCP], ssl=dict(state='absent'))])
def test_d02_check_mode_foretells_each_kind_of_change_and_makes_none(switch, task):
    switch.vsctl('set-manager', TCP, '--', 'set-ssl', '/k', '/c', '/a', '--', 'set', 'Manager', TCP, 'external_ids:k=v')
    before = switch.content()
    foretold, failed = run(check_mode=True, **task)
    assert not failed and foretold['changed'] and foretold['diff']['before'] != foretold['diff']['after'] and switch.content() == before
    made = run(**task)[0]
    assert made['diff'] == foretold['diff'] and not run(check_mode=True, **task)[0]['changed']


HARD = ['two words', "it's", '{"k": "v"}', 'a, b', 'a,b', 'a=b', 'a:b', '"quoted"', 'new\nline', u'gr\xfc\xdfe', '']


def test_d03_values_with_spaces_quotes_and_commas_arrive_as_they_are(switch):
    for value in HARD:
        task = dict(target=[TCP], external_ids=dict(k=value), other_config={value: 'v'})
        assert changed(**task) and not changed(**task)
        assert stored(switch, 'external_ids') == dict(k=value) and stored(switch, 'other_config')[value] == 'v'


def test_d04_variables_and_backslashes_stay_as_they_are(switch):
    values = dict(a='a$SECRET', b='back\\slash', c='${SECRET}', d='~', e='%s \\n')
    assert os.environ['SECRET'] and changed(target=[TCP], external_ids=values) and not changed(target=[TCP], external_ids=values)
    assert stored(switch, 'external_ids') == values


def test_d04_paths_of_tls_material_are_not_expanded(switch):
    paths = dict((name, '%s/$SECRET ~ %s' % (switch.home, name)) for name in ('private_key', 'certificate', 'ca_certificate'))
    for path in paths.values():
        open(path, 'w').close()
    assert changed(target=[], ssl=paths) and not changed(target=[], ssl=paths)
    row = list(switch.content()['SSL'].values())[0]
    assert (row['private_key'], row['certificate'], row['ca_cert']) == (paths['private_key'], paths['certificate'], paths['ca_certificate'])


def test_d05_what_the_task_leaves_out_stays(switch):
    switch.vsctl('add-br', 'brt', '--', 'set-fail-mode', 'brt', 'secure', '--', 'set-ssl', '/k', '/c', '/a', '--', 'set-manager', TCP, '--', 'set', 'Manager',
                 TCP, 'max_backoff=4000', 'inactivity_probe=5', 'connection_mode=in-band', 'external_ids:k=v', 'other_config:dscp=3')
    before = switch.content()
    for state in ('exact', 'present'):
        assert not changed(target=[TCP], state=state)
    assert switch.content() == before and info(switch)['bridges'][0]['fail_mode'] == 'secure'


def test_d06_another_key_with_a_comma_is_no_hindrance(switch):
    switch.vsctl('set-manager', TCP, '--', 'set', 'Manager', TCP, 'external_ids:other="x, y"', '--', 'set', 'Open_vSwitch', '.', 'external_ids:o="x, y"')
    assert changed(target=[TCP], external_ids=dict(k='v')) and not changed(target=[TCP], external_ids=dict(k='v'))
    assert stored(switch, 'external_ids') == dict(k='v', other='x, y')
    assert info(switch)['system']['external_ids']['o'] == 'x, y' and info(switch)['managers'][0]['external_ids'] == dict(k='v', other='x, y')


def test_d07_sets_numbers_and_keys_that_look_like_numbers_are_compared_by_their_type(switch):
    task = dict(target=[PTCP, TCP], external_ids={'10': 'v', 'n': 10, 'version': '1.10'}, other_config={'dscp': 10}, max_backoff=2000)
    assert changed(**task) and not changed(**task)
    for same in (dict(target=[TCP, PTCP]), dict(external_ids={'10': 'v', 'n': '10', 'version': '1.10'})):
        task.update(same)
        assert not changed(**task)
    assert stored(switch, 'external_ids') == {'10': 'v', 'n': '10', 'version': '1.10'}


def test_d07_sets_of_any_size_are_read_as_lists(switch):
    switch.vsctl('add-br', 'br0')
    for protocols, trunks in (([], []), (['OpenFlow13'], [1]), (['OpenFlow10', 'OpenFlow13'], [1, 2])):
        switch.vsctl('set', 'Bridge', 'br0', 'protocols=[%s]' % ','.join(protocols), '--', 'set', 'Port', 'br0', 'trunks=%s' % trunks)
        found = info(switch, tables=['Port'])
        assert found['bridges'][0]['protocols'] == protocols
        assert found['tables']['Port'][0]['trunks'] == trunks and found['tables']['Port'][0]['tag'] is None


def hang(switch):
    switch.freeze('ovs-vswitchd')


def crash(switch):
    switch.kill('ovs-vswitchd')


@pytest.mark.parametrize('fall', [hang, crash])
def test_d08_a_daemon_that_does_not_answer_fails_each_run_until_it_has_taken_the_change_up(switch, fall, monkeypatch):
    monkeypatch.setattr(_ovs_info, 'REPLY', 1)
    fall(switch)
    for first in (True, False):
        result, failed = run(target=[TCP], time_limit=3)
        assert failed and 'Stored, not applied' in result['msg'] and (result['stored'], result['applied'], result['changed']) == (True, False, first)
    assert info(switch)['database']['applied'] is False
    if fall is hang:
        switch.thaw('ovs-vswitchd')
    else:
        switch.start_switch()
    result, failed = run(target=[TCP])
    assert not failed and result['applied'] and not result['changed'] and info(switch)['database']['applied'] is True


def test_d08_a_database_that_hangs_is_named_and_nothing_is_said_to_be_stored(switch):
    switch.freeze('ovsdb-server')
    result, failed = run(target=[TCP], time_limit=1)
    assert failed and 'did not answer within 1 seconds' in result['msg'] and not result.get('changed') and not result.get('stored')


def test_d09_removal_asks_for_no_value_and_is_done_once(switch):
    assert changed(target=[TCP], external_ids=dict(a='1', b='2'), inactivity_probe=5)
    assert changed(target=[TCP], external_ids=dict(a=None)) and not changed(target=[TCP], external_ids=dict(a=None))
    assert stored(switch, 'external_ids') == dict(b='2')
    task = dict(target=[TCP], state='absent', inactivity_probe=9, external_ids=dict(b='other'))
    assert changed(**task) and not changed(**task) and switch.content()['Manager'] == {}


def test_d10_quoted_values_and_keys_with_dashes_are_read_whole(switch):
    values = {'a-b': 'v', 'q': '"x"', 'c=d': 'e, f'}
    changed(target=[TCP], external_ids=values)
    result = run(target=[TCP])[0]
    assert not result['changed'] and result['managers'][0]['external_ids'] == values and info(switch)['managers'][0]['external_ids'] == values


def test_d11_wrong_names_and_absent_sockets_are_told_clearly(switch):
    result, failed = run_module(ovs_info.main, dict(tables=['Bridges'], rundir=switch.rundir))
    assert failed and 'The database has no table Bridges. Its tables are AutoAttach, Bridge, ' in result['msg']
    assert 'dscp is x; it is from 0 to 63' in refused(target=[TCP], other_config=dict(dscp='x'))
    assert 'Start ovsdb-server, or name its socket with database.' in refused(target=[TCP], database='unix:%s/none' % switch.home)


INJECTIONS = ['1 -- add-br brv', '-- del-br brt', '--', '-- --id=@m create Manager target="ptcp:1"', '[a,b]', '{a=b}', '@m', 'v -- emer-reset']


def test_d12_no_value_is_a_second_command(switch):
    switch.vsctl('add-br', 'brt')
    before = switch.content()
    for text in INJECTIONS:
        file = 'unix:%s/%s' % (switch.home, text)
        task = dict(managers=[dict(target=name, external_ids={text: text}, other_config={text: text}) for name in (TCP, file)])
        assert changed(**task) and not changed(**task)
        after = switch.content()
        assert sorted(row['target'] for row in after['Manager'].values()) == [TCP, file]
        assert all(dict(row[name][1])[text] == text for row in after['Manager'].values() for name in ('external_ids', 'other_config'))
        assert dict(after, Manager=None, Open_vSwitch=None) == dict(before, Manager=None, Open_vSwitch=None)


@pytest.mark.parametrize('check_mode', [True, False])
def test_d13_no_target_or_database_is_a_second_command_in_check_mode_or_out_of_it(switch, check_mode):
    switch.vsctl('add-br', 'brt')
    before = switch.content()
    for text in INJECTIONS:
        refused(check_mode=check_mode, target=['tcp:127.0.0.1:1 ' + text])
        refused(check_mode=check_mode, target=[text])
        refused(check_mode=check_mode, target=[], database=text)
        refused(check_mode=check_mode, target=[], database='%s %s' % (switch.database, text))
    assert switch.content() == before


def test_d14_no_socket_is_an_option_and_no_file_is_written(switch):
    files = switch.files()
    for option in ('--log-file=%s/log' % switch.home, '--detach', '--pidfile=%s/pid' % switch.home):
        refused(target=[TCP], database='%s %s' % (switch.database, option), time_limit=2)
        refused(target=[TCP], database=option)
        result, failed = run_module(ovs_info.main, dict(database='%s %s' % (switch.database, option), time_limit=2, rundir=switch.rundir))
        assert not failed and result['database']['reachable'] is False
    assert switch.files() == files and switch.content()['Manager'] == {}


def test_d16_several_keys_on_a_manager_that_has_none_numbers_and_equals_signs_are_one_transaction(switch):
    changed(target=[TCP])
    switch.forget_calls()
    task = dict(target=[TCP], external_ids=dict(a='1', b=2, c='k=a=b'))
    assert changed(**task) and switch.calls == ['ovs-vsctl'] * 2 and not changed(**task)
    assert stored(switch, 'external_ids') == dict(a='1', b='2', c='k=a=b')
    assert changed(target=[TCP], external_ids=dict(c='x=y=z')) and stored(switch, 'external_ids') == dict(a='1', b='2', c='x=y=z')


def test_d17_ids_like_addresses_and_lists_are_found_again_and_a_setting_left_out_is_no_none(switch):
    task = dict(target=[TCP], external_ids=dict(address='1.2.3.4', list='a,b'), inactivity_probe=5)
    assert changed(**task) and not changed(**task) and not changed(target=[TCP])
    assert manager(switch)['inactivity_probe'] == 5


def test_d18_what_drifted_is_seen_and_put_right(switch):
    task = dict(target=[TCP], inactivity_probe=5000, connection_mode='out-of-band', external_ids=dict(k='v'))
    changed(**task)
    for drift in (['inactivity_probe=1'], ['connection_mode=in-band'], ['external_ids:k=w'], ['external_ids={}'], ['inactivity_probe=[]']):
        switch.vsctl('set', 'Manager', TCP, *drift)
        assert run(check_mode=True, **task)[0]['changed'] and changed(**task) and not changed(**task)
    switch.vsctl('set-manager', TCP, OTHER)
    assert changed(**task) and [row['target'] for row in switch.content()['Manager'].values()] == [TCP]


def test_d19_every_documented_example_does_what_it_says(switch):
    yaml = pytest.importorskip('yaml')
    wanted = [['ssl:192.0.2.10:6640'], ['ptcp:6641:127.0.0.1', 'ssl:192.0.2.10:6640'], ['tcp:192.0.2.10:6640', 'tcp:[2001:db8::10]:6640'], [], []]
    paths = dict((name, '%s/%s' % (switch.home, name)) for name in ('private_key', 'certificate', 'ca_certificate'))
    for path in paths.values():
        open(path, 'w').close()
    tasks = [task['xenserver.openvswitch.ovs_manager'] for task in yaml.safe_load(ovs_manager.EXAMPLES)]
    waiting = [task for task in tasks if task.get('state') == 'connected']
    tasks = [task for task in tasks if task not in waiting]
    assert len(waiting) == 1
    with listener() as target:  # one that answers, in the place of an address of a documentation
        switch.vsctl('set-manager', target)
        result, failed = run(**dict(waiting[0], target=[target]))
        assert not failed and not result['changed'] and [row['is_connected'] for row in result['managers']] == [True]
    switch.vsctl('del-manager')
    for task, targets in zip(tasks, wanted):
        task.pop('wait_for_connection', None)  # nobody answers at the addresses of a documentation
        task['ssl'] = dict(task['ssl'], **paths) if 'private_key' in task.get('ssl', {}) else task.get('ssl')
        if task.get('state') == 'emer_reset':
            switch.vsctl('set-manager', TCP)
        assert changed(**task) and not changed(**task)
        assert sorted(row['target'] for row in switch.content()['Manager'].values()) == targets
    assert len(tasks) == len(wanted)
    for task in yaml.safe_load(ovs_info.EXAMPLES):
        if 'xenserver.openvswitch.ovs_info' in task:
            info(switch, **(task['xenserver.openvswitch.ovs_info'] or {}))


def test_e08_the_row_of_a_manager_that_stays_keeps_its_uuid_and_settings(switch):
    changed(target=[TCP], inactivity_probe=30000)
    uuid = manager(switch)['uuid']
    assert not changed(target=[TCP]) and changed(target=[TCP, OTHER]) and changed(target=[TCP])
    assert (manager(switch)['uuid'], manager(switch)['inactivity_probe']) == (uuid, 30000)


@pytest.mark.parametrize('target', ['bogus:xx', 'tcp:', 'tcp:1.2.3.4:99999', 'ssl:[::1]', 'ptcp::127.0.0.1', 'pssl:6640:', 'tcp:::1:6640', ''])
def test_e09_a_target_that_no_switch_could_use_is_refused(switch, target):
    message = refused(target=[PTCP, target])
    assert '"%s"' % target in message and 'Nothing was changed.' in message and switch.calls == [] and switch.content()['Manager'] == {}


def test_e10_a_dead_daemon_is_waited_for_no_longer_than_the_time_limit_and_not_at_all_on_request(switch):
    switch.kill('ovs-vswitchd')
    start = time.time()
    assert 'ovs-vswitchd has not taken it up within the time limit' in refused(target=[TCP], time_limit=3)
    assert time.time() - start < 30
    assert changed(target=[OTHER], wait=False) and not changed(target=[OTHER], wait=False)
    assert [row['target'] for row in switch.content()['Manager'].values()] == [OTHER]


def test_e11_emer_reset_needs_consent_and_tells_what_went(switch):
    switch.vsctl('set-manager', TCP)
    assert 'managers: %s' % TCP in refused(state='emer_reset') and manager(switch)
    result, failed = run(state='emer_reset', emer_reset_consent=True)
    assert not failed and result['changed'] and list(result['diff']['before']['managers']) == [TCP] and switch.content()['Manager'] == {}
    assert not changed(state='emer_reset', emer_reset_consent=True)
