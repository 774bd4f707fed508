# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ovs_manager on the real ovsdb-server and ovs-vswitchd."""

from __future__ import absolute_import, division, print_function
__metaclass__ = type

import pytest

from ansible_collections.xenserver.openvswitch.plugins.modules import ovs_manager
from ansible_collections.xenserver.openvswitch.tests.unit.plugins.modules.ovs_host import listener
from ansible_collections.xenserver.openvswitch.tests.unit.plugins.modules.utils import run_module

PTCP, TCP, TLS = 'ptcp:0:127.0.0.1', 'tcp:127.0.0.1:1', 'ssl:127.0.0.1:1'
NOTHING = dict(managers={}, ssl=None, bridges={}, ports={}, interfaces={})


def run(check_mode=False, **args):
    return run_module(ovs_manager.main, dict(dict(time_limit=60), **args), check_mode=check_mode, diff=True)


def done(**args):
    result, failed = run(**args)
    assert not failed, result['msg']
    return result


def tls(switch):
    names = ('private_key', 'certificate', 'ca_certificate')
    paths = dict((name, '%s/%s' % (switch.home, name)) for name in names)
    for path in paths.values():
        open(path, 'w').close()
    return paths


TASKS = [
    dict(target=[PTCP]),
    dict(target=[PTCP, TCP], inactivity_probe=0, max_backoff=2000, connection_mode='in-band', other_config={'dscp': 10}, external_ids={'a b': 'c, d'}),
    dict(target=[PTCP], state='present', inactivity_probe=-1, connection_mode='default', other_config={'dscp': None}),
    dict(managers=[dict(target=TLS, max_backoff=3000)], ssl=True),
    dict(target=[TLS], state='absent'),
    dict(target=[], ssl=dict(state='absent')),
]


def test_each_task_is_two_processes_and_then_one_and_check_mode_foretells_it(switch):
    for task in TASKS:
        task = dict(task, ssl=tls(switch)) if task.get('ssl') is True else task
        before, files = switch.content(), switch.files()
        foretold = run(check_mode=True, **task)[0]
        assert switch.calls == ['ovs-vsctl'] and (switch.content(), switch.files()) == (before, files)
        switch.forget_calls()
        changed = done(**task)
        assert switch.calls == ['ovs-vsctl'] * 2 and changed['changed'] and changed['stored'] and changed['applied']
        assert (foretold['changed'], foretold['diff'], foretold['commands']) == (True, changed['diff'], changed['commands'])
        switch.forget_calls()
        for check_mode in (False, True):
            again = done(check_mode=check_mode, **task)
            assert not again['changed'] and again['commands'] == [] and again['diff'] == dict(before={}, after={})
            assert [row['uuid'] for row in again['managers']] == [row['uuid'] for row in changed['managers']]
        assert switch.calls == ['ovs-vsctl'] * 2
        switch.forget_calls()


@pytest.mark.parametrize('target', ['bogus:xx', 'ssl::6632', 'tcp:[::1]'])
def test_what_ovs_vsctl_let_in_can_be_taken_out(switch, target):
    switch.vsctl('--no-wait', 'set-manager', target, TCP)
    assert [row['target'] for row in done(target=[target], state='absent')['managers']] == [TCP]
    assert not done(target=[target], state='absent')['changed']


def test_the_first_task_on_a_database_that_nobody_has_used(bare_switch):
    bare_switch.start_server()
    assert done(target=[TCP], wait=False)['changed'] and not done(target=[TCP], wait=False)['changed']


def test_a_manager_that_answers_is_waited_for(switch):
    with listener() as target:
        result = done(target=[target], wait_for_connection=True, inactivity_probe=0)  # it answers no probe
        assert result['changed'] and [row['is_connected'] for row in result['managers']] == [True]
        switch.forget_calls()
        assert not done(target=[target], wait_for_connection=True)['changed'] and switch.calls == ['ovs-vsctl']


def test_a_manager_that_does_not_answer_is_named(switch):
    result, failed = run(target=[TCP], wait_for_connection=True, connection_time_limit=1)
    assert failed and 'not connected within the time limit: %s (' % TCP in result['msg'] and result['changed'] and result['stored']


# --- emer-reset

def marked(switch):
    """A switch with all that emer-reset takes, and with what it keeps."""
    done(target=[PTCP, TCP], inactivity_probe=0, ssl=tls(switch))
    switch.vsctl(
        'add-br', 'br0', '--', 'add-br', 'br1', '--', 'add-bond', 'br0', 'bond0', 'eth0', 'eth1', '--', 'add-port', 'br0', 'vif1.0',
        '--', 'add-port', 'br0', 'gre0', '--', 'set', 'Interface', 'gre0', 'type=gre', 'options:remote_ip=192.0.2.9')
    switch.vsctl(
        'set-controller', 'br0', 'tcp:192.0.2.1:1', 'tcp:192.0.2.2:1', '--', 'set-fail-mode', 'br0', 'secure',
        '--', 'set', 'Bridge', 'br0', 'flood_vlans=7,3', 'other_config:hwaddr=02:00:00:00:00:01', 'other_config:disable-in-band=true', 'external_ids:k=v',
        '--', 'set', 'Bridge', 'br1', 'other_config:hwaddr=02:00:00:00:00:02',
        '--', 'set', 'Port', 'bond0', 'other_config:lacp-time=slow', 'bond_mode=active-backup', 'external_ids:k=v', 'tag=5',
        '--', 'set', 'Interface', 'vif1.0', 'ingress_policing_rate=1000', 'ingress_policing_burst=100', 'external_ids:k=v',
        '--', '--id=@m', 'create', 'Mirror', 'name=m0', '--', 'set', 'Bridge', 'br0', 'mirrors=@m',
        '--', '--id=@n', 'create', 'NetFlow', r'targets="192.0.2.3:1"', '--', 'set', 'Bridge', 'br0', 'netflow=@n',
        '--', '--id=@s', 'create', 'sFlow', r'targets=["192.0.2.4:1","192.0.2.5:1"]', '--', 'set', 'Bridge', 'br0', 'sflow=@s',
        '--', '--id=@i', 'create', 'IPFIX', r'targets="192.0.2.6:1"', '--', 'set', 'Bridge', 'br0', 'ipfix=@i',
        '--', '--id=@b', 'get', 'Bridge', 'br1', '--', 'create', 'Flow_Sample_Collector_Set', 'id=9', 'bridge=@b')
    switch.forget_calls()
    return switch


LOST = dict(
    bridges=dict(br0=dict(
        controller=['tcp:192.0.2.1:1', 'tcp:192.0.2.2:1'], fail_mode='secure', flood_vlans=[3, 7], other_config={'disable-in-band': 'true'},
        mirrors=['m0'], netflow=['192.0.2.3:1'], sflow=['192.0.2.4:1', '192.0.2.5:1'], ipfix=['192.0.2.6:1'])),
    ports=dict(bond0={'lacp-time': 'slow'}), interfaces={'vif1.0': dict(ingress_policing_rate=1000, ingress_policing_burst=100)})


def emptied(content):
    """What the content should be after an emer-reset, by the documentation of ovs-vsctl, as far as a person has set it."""
    empty = dict((table, {}) for table in ('Manager', 'SSL', 'Controller', 'Mirror', 'NetFlow', 'sFlow', 'IPFIX'))
    none = dict((name, ['set', []]) for name in ('controller', 'fail_mode', 'flood_vlans', 'mirrors', 'netflow', 'sflow', 'ipfix'))
    changes = dict(
        Open_vSwitch=lambda row: dict(manager_options=['set', []], ssl=['set', []]),
        Bridge=lambda row: dict(none, other_config=['map', [pair for pair in row['other_config'][1] if pair[0] == 'hwaddr']]),
        Port=lambda row: dict(other_config=['map', []]),
        Interface=lambda row: dict(ingress_policing_rate=0, ingress_policing_burst=0))
    kept = dict((table, dict((uuid, dict(row, **changes[table](row))) for uuid, row in content[table].items())) for table in changes)
    return dict(dict(content, **kept), **empty)


def test_emer_reset_takes_what_it_has_named_and_keeps_the_rest(switch):
    before = marked(switch).content()
    foretold = done(check_mode=True, state='emer_reset', emer_reset_consent=True)
    assert foretold['changed'] and not foretold['stored'] and switch.calls == ['ovs-vsctl'] and switch.content() == before
    assert dict((name, foretold['lost'][name]) for name in LOST) == LOST
    assert sorted(foretold['lost']['managers']) == [PTCP, TCP] and foretold['lost']['ssl']['private_key'] == switch.home + '/private_key'
    assert foretold['diff'] == dict(before=foretold['lost'], after=NOTHING)
    switch.forget_calls()
    reset = done(state='emer_reset', emer_reset_consent=True)
    assert reset['changed'] and reset['stored'] and reset['applied'] and reset['lost'] == foretold['lost'] and reset['diff'] == foretold['diff']
    assert reset['commands'] == foretold['commands'] and reset['commands'][0][-1] == 'emer-reset' and switch.calls == ['ovs-vsctl'] * 2
    assert switch.content() == emptied(before)


def test_emer_reset_of_a_switch_with_nothing_to_lose_is_no_change_and_needs_no_consent(switch):
    switch.vsctl('add-br', 'br0', '--', 'set', 'Bridge', 'br0', 'other_config:hwaddr=02:00:00:00:00:01', 'external_ids:k=v')
    for check_mode in (False, True):
        switch.forget_calls()
        result = done(check_mode=check_mode, state='emer_reset')
        assert not result['changed'] and result['lost'] == NOTHING and result['stored'] and result['applied']
        assert result['commands'] == [] and switch.calls == ['ovs-vsctl']


@pytest.mark.parametrize('check_mode', [False, True])
def test_emer_reset_without_consent_names_what_it_would_take(switch, check_mode):
    before = marked(switch).content()
    result, failed = run(check_mode=check_mode, state='emer_reset')
    assert failed and 'emer_reset_consent' in result['msg'] and 'Nothing was changed.' in result['msg']
    assert 'TLS material: there is some; managers: %s, %s; bridges: br0; ports: bond0; interfaces: vif1.0.' % (PTCP, TCP) in result['msg']
    assert result['lost']['ports'] == LOST['ports'] and switch.content() == before and switch.calls == ['ovs-vsctl']


@pytest.mark.parametrize('words, part', [
    (['set-manager', PTCP], 'managers'), (['set-ssl', '/k', '/c', '/a'], 'ssl'), (['set-fail-mode', 'br0', 'secure'], 'bridges'),
    (['set', 'Port', 'br0', 'other_config:a=b'], 'ports'), (['set', 'Interface', 'br0', 'ingress_policing_burst=1'], 'interfaces')])
def test_emer_reset_sees_each_part_alone(switch, words, part):
    switch.vsctl('add-br', 'br0')
    switch.vsctl(*words)
    lost = done(state='emer_reset', emer_reset_consent=True)['lost']
    assert [name for name in lost if lost[name] != NOTHING[name]] == [part]
    assert not done(state='emer_reset')['changed']


def test_emer_reset_that_nobody_took_up_is_stored_and_not_applied(switch):
    switch.vsctl('set-manager', PTCP)
    switch.freeze('ovs-vswitchd')
    for changed in (True, False):
        result, failed = run(state='emer_reset', emer_reset_consent=True, time_limit=3)
        assert failed and 'Stored, not applied' in result['msg'] and (result['stored'], result['applied'], result['changed']) == (True, False, changed)
    assert not done(state='emer_reset', wait=False)['changed']
    switch.thaw('ovs-vswitchd')
    assert done(state='emer_reset')['applied']
