# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import copy

import pytest

from ansible_collections.xenserver.openvswitch.plugins.filter.boot_steps import STEPS, FilterModule

boot_steps = FilterModule().filters()['boot_steps']

UUID = '2a3f9a5c-5a4e-4f4a-9a44-0d9a6e0f7d11'
TARGET = 'ssl:192.0.2.10:6632'
DAEMON = dict(running=True, responding=True, pid=811, started=1010.5, version='3.1.0', replaced=False)
XENBR0 = dict(name='xenbr0', datapath_type='', external_ids={'xs-network-uuids': UUID, 'bridge-id': UUID})
SWITCH = dict(
    installed=True, kernel_module=dict(loaded=True, file='/lib/modules/4.19.0+1/kernel/net/openvswitch/openvswitch.ko'),
    daemons=dict(ovsdb_server=DAEMON, ovs_vswitchd=DAEMON, ovs_xapi_sync=DAEMON), boot=dict(time=1000.2, mark=1011.0), database=dict(reachable=True),
    bridges=[XENBR0, dict(XENBR0, name='br-int', external_ids={})],
    tables=dict(Port=[dict(name='xapi1', fake_bridge=True), dict(name='eth0', fake_bridge=None)]),
    managers=[dict(target='ptcp:6640', is_connected=False), dict(target=TARGET, is_connected=True)])
HOST = dict(is_xenserver=True, xenserver=dict(
    generation='systemd', network_backend='openvswitch', plugin='openvswitch-config-update', xapi_started=1040.0, plugged_bridges=['xapi1', 'xenbr0'],
    xapi=dict(reachable=True, error=None), verdict='agrees', verdict_reason='Both have it.', manager=dict(target=TARGET)))


def changed(whole, changes):
    """A copy with values by path: ``{'daemons.ovsdb_server.running': False}``."""
    result = copy.deepcopy(whole)
    for path, value in changes.items():
        *folders, name = path.split('.')
        place = result
        for folder in folders:
            place = place[folder]
        place[name] = value
    return result


def judged(switch=(), host=()):
    """{step: (state, reason)}"""
    steps = boot_steps(changed(SWITCH, dict(switch)), changed(HOST, {'xenserver.' + path: value for path, value in dict(host).items()}))
    return {step['step']: (step['state'], step['reason']) for step in steps}


def test_a_boot_as_it_should_be():
    assert list(judged()) == [step.__name__.lstrip('_') for step in STEPS] == [
        'module', 'ovsdb_server', 'bridges_deleted', 'ovs_vswitchd', 'bridges_made', 'plugin', 'ovs_xapi_sync', 'manager']
    assert {state for state, dummy in judged().values()} == {'ok'}


@pytest.mark.parametrize('switch, host, step, words', [
    ({'kernel_module.loaded': False}, {}, 'module', 'not loaded. Run modprobe openvswitch'),
    ({'kernel_module.loaded': False, 'kernel_module.file': None}, {}, 'module', 'no module openvswitch, and these bridges need it: xenbr0, br-int. Install'),
    ({'daemons.ovsdb_server': dict(DAEMON, running=False)}, {}, 'ovsdb_server', 'ovsdb-server does not run. See its log'),
    ({'daemons.ovsdb_server': dict(DAEMON, responding=False)}, {}, 'ovsdb_server', 'ovsdb-server runs and does not answer'),
    ({'boot.mark': None}, {}, 'bridges_deleted', 'There is no /var/run/openvswitch.booted'),
    ({'boot.mark': 990.0}, {}, 'bridges_deleted', 'older than this boot'),
    ({'daemons.ovs_vswitchd': dict(DAEMON, running=False)}, {}, 'ovs_vswitchd', 'ovs-vswitchd does not run'),
    ({'bridges': []}, {}, 'bridges_made', 'Open vSwitch has none of them: xenbr0. See the log of xcp-networkd'),
    ({'bridges': []}, {'generation': 'sysv'}, 'bridges_made', 'service management-interface start'),
    ({'tables': {}}, {}, 'bridges_made', 'none of them: xapi1'),
    ({}, {'plugin': None}, 'plugin', 'There is no plugin'),
    ({}, {'xapi.reachable': False, 'xapi.error': 'Error: no'}, 'plugin', 'XAPI does not answer, so that nobody calls openvswitch-config-update: Error: no'),
    ({}, {'xapi_started': None}, 'plugin', 'XAPI has not completed its start since boot'),
    ({}, {'xapi_started': 900.0}, 'plugin', 'XAPI has not completed its start since boot'),
    ({}, {'verdict': 'ovs_lacks_manager', 'verdict_reason': 'It has none.'}, 'plugin', 'left something undone. It has none. See'),
    ({'daemons.ovs_xapi_sync': dict(DAEMON, running=False)}, {}, 'ovs_xapi_sync', 'ovs-xapi-sync does not run. See its log in /var/log/openvswitch'),
    ({'daemons.ovs_xapi_sync': dict(DAEMON, running=False)}, {}, 'ovs_xapi_sync', 'start the service openvswitch-xapi-sync.'),
    ({'daemons.ovs_xapi_sync': dict(DAEMON, running=False)}, {'generation': 'sysv'}, 'ovs_xapi_sync', 'start the service openvswitch.'),
    ({'daemons.ovs_xapi_sync': dict(DAEMON, responding=False)}, {}, 'ovs_xapi_sync', 'ovs-xapi-sync runs and does not answer'),
    ({'bridges': [dict(XENBR0, external_ids={'xs-network-uuids': UUID})]}, {}, 'ovs_xapi_sync', 'has not put XAPI\'s name to these bridges: xenbr0. See'),
    ({'managers': []}, {}, 'manager', 'has not got back its manager ' + TARGET),
    ({'managers': [dict(target=TARGET, is_connected=False)]}, {}, 'manager', 'is not connected'),
    ({'managers': [dict(target='pssl:6640', is_connected=False)]}, {'manager.target': 'pssl:6640'}, 'manager', 'No manager has connected to pssl:6640. Does'),
])
def test_each_step_that_fails_is_told_alone(switch, host, step, words):
    found = judged(switch, host)
    assert found[step][0] == 'failed' and words in found[step][1]
    assert [name for name, (state, dummy) in found.items() if state == 'failed'] == [step]


def test_no_module_where_none_is_needed():
    found = judged({'kernel_module': dict(loaded=False, file=None), 'bridges': [dict(XENBR0, datapath_type='netdev')]})
    assert found['module'] == ('not applicable', 'The running kernel has no module openvswitch, and no bridge needs it.')


def test_no_manager():
    assert judged({}, {'manager.target': None, 'verdict': 'unset'})['manager'] == ('not applicable', 'XAPI holds no manager.')


@pytest.mark.parametrize('switch, host, reason', [
    ({'daemons.ovs_xapi_sync': None}, {}, 'This Open vSwitch has come without ovs-xapi-sync.'),
    ({'daemons.ovs_xapi_sync': dict(DAEMON, responding=False)}, {'xapi_started': None}, 'ovs-xapi-sync runs, and works once XAPI has started.')])
def test_ovs_xapi_sync_where_there_is_none_or_nothing_to_do(switch, host, reason):
    assert judged(switch, host)['ovs_xapi_sync'] == ('not applicable', reason)


def test_a_bridge_of_several_networks_may_have_no_name():
    bridge = dict(XENBR0, external_ids={'xs-network-uuids': UUID + ';' + UUID})
    assert judged({'bridges': [bridge]})['ovs_xapi_sync'] == ('ok', 'ovs-xapi-sync runs.')


def test_a_restart_of_the_daemons_since():
    later = dict(DAEMON, started=5000.0)
    assert judged({'daemons.ovsdb_server': later, 'daemons.ovs_vswitchd': later})['bridges_deleted'] == (
        'ok', 'The first start since boot has deleted the bridges of before, and a later one has kept those of now.')


def test_what_an_earlier_failure_hides():
    found = judged({'daemons.ovsdb_server': dict(DAEMON, running=False), 'database.reachable': False, 'bridges': [], 'managers': []}, {'verdict': 'unknown'})
    hidden = ('not applicable', 'This cannot be seen while ovsdb-server does not answer.')
    assert [found[step] for step in ('bridges_made', 'plugin', 'ovs_xapi_sync', 'manager')] == [hidden] * 4
    found = judged({}, {'xapi.reachable': False, 'plugged_bridges': None, 'manager.target': None})
    assert found['bridges_made'] == found['manager'] == ('not applicable', 'This cannot be seen while XAPI does not answer.')


def test_bridges_that_were_not_asked_for_or_that_xapi_did_not_tell():
    found = judged({}, {'plugged_bridges': None})
    assert found['bridges_made'] == ('not applicable', 'This cannot be seen: XAPI was not asked which bridges it has plugged, or did not tell.')
    assert {state for step, (state, dummy) in found.items() if step != 'bridges_made'} == {'ok'}


@pytest.mark.parametrize('switch, host', [
    ({'installed': False}, {}), ({}, {'xenserver.network_backend': 'bridge'}), ({}, {'is_xenserver': False, 'xenserver': None})])
def test_a_host_that_does_not_use_open_vswitch(switch, host):
    assert boot_steps(changed(SWITCH, switch), changed(HOST, host)) == []
