# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function
__metaclass__ = type

import pytest

from ansible_collections.xenserver.openvswitch.plugins.module_utils import _ovs_json, _ovs_manager

NOTHING = dict((name, None) for name in _ovs_manager.OPTIONAL)
COMMON = dict(NOTHING, other_config=None, external_ids=None)
PTCP, TCP = 'ptcp:0:127.0.0.1', 'tcp:127.0.0.1:6641'


@pytest.fixture
def two(captured):
    return _ovs_manager.have(*_ovs_json.tables(captured('ovs-3.1.0-two-managers.json')))


@pytest.fixture
def none(captured):
    return _ovs_manager.have(*_ovs_json.tables(captured('ovs-3.1.0-no-managers.json')))


def plan(have, state, targets=(), managers=(), ssl=None, **common):
    wanted = _ovs_manager.wanted_managers(targets, managers, dict(COMMON, **common))
    after = _ovs_manager.desired(have, wanted, state, ssl)
    return after, _ovs_manager.commands(have, after)


def targets(state):
    return [row['target'] for row in state['managers']]


def uuid(have, target):
    return dict((row['target'], row['uuid']) for row in have['managers'])[target]


def test_have_reads_a_real_switch(two):
    assert targets(two) == [PTCP, TCP]
    first, second = two['managers']
    assert (first['inactivity_probe'], first['max_backoff'], first['connection_mode']) == (30000, 8000, 'out-of-band')
    assert first['other_config'] == {'a b': u'x, "y" = \xe9\n'} and first['external_ids'] == {'owner': 'lab'}
    assert second['inactivity_probe'] is None and second['other_config'] == {} and second['is_connected'] is False
    assert dict(two['ssl'], uuid=None) == dict(
        uuid=None, private_key='/etc/openvswitch/key.pem', certificate='/etc/openvswitch/cert.pem', ca_certificate='/etc/openvswitch/ca.pem', bootstrap=False)


def test_have_of_a_switch_without_managers(none):
    assert none['managers'] == [] and none['ssl'] is None and none['next_cfg'] == none['cur_cfg']


def test_have_of_a_database_that_nobody_has_used(captured):
    have = _ovs_manager.have(*_ovs_json.tables(captured('ovs-3.1.0-empty-database.json')))
    assert have == dict(managers=[], ssl=None, next_cfg=0, cur_cfg=0, ovs_version=None)


def test_have_of_a_database_without_its_first_row():
    assert _ovs_manager.have([], [], []) == dict(managers=[], ssl=None, next_cfg=0, cur_cfg=0, ovs_version=None)


def test_have_tells_stored_from_applied(captured):
    have = _ovs_manager.have(*_ovs_json.tables(captured('ovs-3.1.0-not-applied.json')))
    assert have['next_cfg'] == have['cur_cfg'] + 1


@pytest.mark.parametrize('state', ['exact', 'present'])
def test_converged_is_no_command(two, state):
    assert plan(two, state, [TCP, PTCP])[1] == []


def test_settings_that_nobody_named_survive(two):
    after, commands = plan(two, 'exact', [PTCP])
    assert after['managers'] == [two['managers'][0]]
    assert commands == [['remove', 'Open_vSwitch', '.', 'manager_options', uuid(two, TCP)]]


def test_exact_keeps_the_row_that_stays_and_replaces_the_other(two):
    after, commands = plan(two, 'exact', [PTCP, 'ssl:192.0.2.10:6640'])
    assert targets(after) == [PTCP, 'ssl:192.0.2.10:6640'] and after['managers'][0]['uuid'] == uuid(two, PTCP)
    assert commands == [
        ['remove', 'Open_vSwitch', '.', 'manager_options', uuid(two, TCP)],
        ['--id=@manager0', 'create', 'Manager', 'target="ssl:192.0.2.10:6640"'],
        ['add', 'Open_vSwitch', '.', 'manager_options', '@manager0'],
    ]


def test_exact_of_nothing_removes_all(two):
    after, commands = plan(two, 'exact')
    assert targets(after) == [] and commands == [['remove', 'Open_vSwitch', '.', 'manager_options'] + [row['uuid'] for row in two['managers']]]


def test_present_adds_and_absent_removes_what_is_named_only(two):
    assert targets(plan(two, 'present', ['tcp:192.0.2.1:1'])[0]) == [PTCP, TCP, 'tcp:192.0.2.1:1']
    after, commands = plan(two, 'absent', [TCP, 'tcp:192.0.2.1:1'])
    assert targets(after) == [PTCP] and commands == [['remove', 'Open_vSwitch', '.', 'manager_options', uuid(two, TCP)]]


def test_present_settings_touch_only_the_named_manager(two):
    dummy, commands = plan(two, 'present', [TCP], inactivity_probe=0)
    assert commands == [['set', 'Manager', uuid(two, TCP), 'inactivity_probe=0']]


def test_new_managers_carry_their_settings(none):
    dummy, commands = plan(none, 'exact', ['tcp:a:1'], [dict(target='tcp:b:2', max_backoff=2000)],
                           inactivity_probe=5, connection_mode='in-band', other_config={'dscp': 10, 'x': None}, external_ids={'up': True})
    assert commands == [
        ['--id=@manager0', 'create', 'Manager', 'target="tcp:a:1"', 'inactivity_probe=5', 'connection_mode="in-band"',
         'other_config:"dscp"="10"', 'external_ids:"up"="true"'],
        ['--id=@manager1', 'create', 'Manager', 'target="tcp:b:2"', 'inactivity_probe=5', 'max_backoff=2000', 'connection_mode="in-band"',
         'other_config:"dscp"="10"', 'external_ids:"up"="true"'],
        ['add', 'Open_vSwitch', '.', 'manager_options', '@manager0', '@manager1'],
    ]


def test_changed_settings_are_one_set_one_clear_one_remove(two):
    changes = dict(inactivity_probe=-1, max_backoff=1000, connection_mode='default', other_config={'a b': None, 'new': '-- x'})
    dummy, commands = plan(two, 'present', [PTCP], **changes)
    row = ['Manager', uuid(two, PTCP)]
    assert commands == [
        ['set'] + row + ['max_backoff=1000', 'other_config:"new"="-- x"'],
        ['clear'] + row + ['inactivity_probe', 'connection_mode'],
        ['remove'] + row + ['other_config', '"a b"'],
    ]


def test_another_value_of_a_key_that_is_there_is_set(two):
    assert plan(two, 'present', [PTCP], external_ids={'owner': 'other'})[1] == [['set', 'Manager', uuid(two, PTCP), 'external_ids:"owner"="other"']]


def test_a_removed_key_that_is_not_there_is_no_change(two):
    assert plan(two, 'present', [TCP], other_config={'gone': None}, inactivity_probe=-1, connection_mode='default')[1] == []


def test_a_manager_doubled_in_an_old_database_is_kept_once(two):
    double = dict(two, managers=two['managers'] + [dict(two['managers'][1], uuid='other')])
    assert plan(double, 'exact', [PTCP, TCP])[1] == [['remove', 'Open_vSwitch', '.', 'manager_options', 'other']]


SSL = dict(
    state='present', private_key='/etc/openvswitch/key.pem', certificate='/etc/openvswitch/cert.pem',
    ca_certificate='/etc/openvswitch/ca.pem', bootstrap=False)


def test_ssl_converged_changed_created_removed(two, none):
    assert plan(two, 'present', ssl=SSL)[1] == []
    assert plan(two, 'present', ssl=dict(SSL, certificate='/a b', bootstrap=True))[1] == [
        ['set', 'SSL', two['ssl']['uuid'], 'certificate="/a b"', 'bootstrap_ca_cert=true']]
    assert plan(none, 'present', ssl=SSL)[1] == [
        ['--id=@ssl', 'create', 'SSL', 'private_key="/etc/openvswitch/key.pem"', 'certificate="/etc/openvswitch/cert.pem"',
         'ca_cert="/etc/openvswitch/ca.pem"', 'bootstrap_ca_cert=false'],
        ['set', 'Open_vSwitch', '.', 'ssl=@ssl']]
    assert plan(two, 'present', ssl=dict(SSL, state='absent'))[1] == [['clear', 'Open_vSwitch', '.', 'ssl']]
    assert plan(none, 'present', ssl=dict(SSL, state='absent'))[1] == []


def test_tls_that_lacks_is_noticed(two, none):
    assert _ovs_manager.lacks_tls(plan(none, 'exact', ['pssl:'])[0])
    assert not _ovs_manager.lacks_tls(plan(two, 'exact', ['pssl:'])[0]) and not _ovs_manager.lacks_tls(plan(none, 'exact', ['ptcp:'])[0])


def test_what_was_planned_is_what_a_second_plan_finds(two, none):
    for have in (two, none):
        after, commands = plan(have, 'exact', ['tcp:a:1'], ssl=SSL, inactivity_probe=7, other_config={'k': 'v'})
        assert commands and plan(dict(have, **after), 'exact', ['tcp:a:1'], ssl=SSL, inactivity_probe=7, other_config={'k': 'v'})[0] == after


def test_own_settings_go_before_common_ones():
    wanted = _ovs_manager.wanted_managers(['tcp:a:1'], [dict(target='tcp:b:1', inactivity_probe=0, other_config={'k': 'own'})],
                                          dict(COMMON, inactivity_probe=9, other_config={'k': 'common', 'j': 'common'}))
    assert [(one['inactivity_probe'], one['other_config']) for one in wanted] == [(9, {'k': 'common', 'j': 'common'}), (0, {'k': 'own', 'j': 'common'})]


def test_values_become_the_text_that_yaml_had():
    wanted = _ovs_manager.wanted_managers(['tcp:a:1'], [], dict(COMMON, other_config={1: 5, 'b': False, 'n': None, 'd': {'k': 'v'}, 'f': 1.5}))
    assert wanted[0]['other_config'] == {'1': '5', 'b': 'false', 'n': None, 'd': '{"k": "v"}', 'f': '1.5'}


def test_one_target_twice_is_taken_once_or_refused():
    assert len(_ovs_manager.wanted_managers(['tcp:a:1', 'tcp:a:1'], [dict(target='tcp:a:1')], COMMON)) == 1
    with pytest.raises(ValueError, match='asked for twice'):
        _ovs_manager.wanted_managers(['tcp:a:1'], [dict(target='tcp:a:1', max_backoff=1000)], COMMON)


@pytest.mark.parametrize('settings, good', [
    (dict(inactivity_probe=-1, max_backoff=-1), True), (dict(inactivity_probe=0, max_backoff=1000), True),
    (dict(inactivity_probe=2 ** 31 - 1), True), (dict(inactivity_probe=2 ** 31), False), (dict(inactivity_probe=-2), False),
    (dict(max_backoff=999), False), (dict(max_backoff=0), False),
    (dict(other_config={'dscp': 63}), True), (dict(other_config={'dscp': None}), True),
    (dict(other_config={'dscp': 64}), False), (dict(other_config={'dscp': 'x'}), False),
])
def test_numbers_that_the_switch_would_not_take_are_refused(settings, good):
    wanted = _ovs_manager.wanted_managers(['tcp:a:1'], [], dict(COMMON, **settings))
    if good:
        _ovs_manager.check_settings(wanted)
    else:
        with pytest.raises(ValueError, match='tcp:a:1'):
            _ovs_manager.check_settings(wanted)


def test_new_rows_get_the_uuids_that_create_printed_in_order(two):
    after = plan(two, 'exact', [PTCP, 'tcp:a:1', 'tcp:b:1'])[0]
    assert [row['uuid'] for row in _ovs_manager.with_uuids(after, ['n1', 'n2'])] == [uuid(two, PTCP), 'n1', 'n2']


def test_the_view_has_no_uuid_and_no_connection(two):
    view = _ovs_manager.view(two)
    assert sorted(view['managers']) == [PTCP, TCP]
    assert sorted(view['managers'][TCP]) == ['connection_mode', 'external_ids', 'inactivity_probe', 'max_backoff', 'other_config']
    assert 'uuid' not in view['ssl']
