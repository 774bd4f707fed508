# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function
__metaclass__ = type

import pytest

MODE, IN_BAND = 'vswitch-controller-fail-mode', 'vswitch-disable-in-band'


def network(uuid='net-1', **other_config):
    return {'uuid': uuid, 'bridge': 'xenbr0', 'other_config': dict((key.replace('_', '-'), value) for key, value in other_config.items())}


@pytest.mark.parametrize('record, uuids, expected', [
    (None, None, None),
    (None, 'net-1', 'net-1'),
    (None, 'net-1;net-2', None),
    (network('net-2'), 'net-1;net-2', 'net-2'),
    (network('net-3'), 'net-1;net-2', None),
    (network('net-2', nicira_bridge_id='chosen'), 'net-1', 'chosen'),
    (network('net-2'), None, None),
])
def test_bridge_id(xapi_sync, record, uuids, expected):
    assert xapi_sync.wanted_bridge_id(record, uuids) == expected


def row(fail_mode=(), external_ids=None, **other_config):
    return {'fail_mode': list(fail_mode), 'external_ids': external_ids or {}, 'other_config': other_config}


def test_bridge_modes(xapi_sync):
    secure = {'uuid': 'net-1', 'other_config': {MODE: 'secure', IN_BAND: 'true'}}
    assert xapi_sync.plan_bridge(row(external_ids={'xs-network-uuids': 'net-1'}), secure, {}) == {
        'bridge-id': 'net-1', 'fail_mode': ['secure'], 'disable-in-band': 'true'}
    assert xapi_sync.plan_bridge(row(), network(), {MODE: 'secure'})['fail_mode'] == ['secure']
    assert xapi_sync.plan_bridge(row(), network(), {})['fail_mode'] == ['standalone']


def test_bridge_modes_stay_without_a_network(xapi_sync):
    plan = xapi_sync.plan_bridge(row(['secure'], **{'disable-in-band': 'true'}), None, {MODE: 'standalone'})
    assert (plan['fail_mode'], plan['disable-in-band']) == (['secure'], 'true')


def test_an_invalid_in_band_value_changes_nothing(xapi_sync):
    assert xapi_sync.wanted_in_band({IN_BAND: 'maybe'}, 'true') == 'true'
    assert xapi_sync.wanted_in_band({}, 'true') is None


def plan(xapi_sync, interfaces):
    return xapi_sync.plan_interfaces(interfaces, 'iface-{0}'.format, 'vm-{0}'.format)


def test_a_lone_vif_is_active(xapi_sync):
    assert plan(xapi_sync, {'vif1.0': {'xs-vif-uuid': 'v', 'xs-vm-uuid': 'm'}}) == {
        'vif1.0': {'iface-id': 'iface-v', 'vm-id': 'vm-m', 'iface-status': 'active'}}


def test_a_tap_has_what_its_vif_has_and_is_the_active_one(xapi_sync):
    ids = {'xs-vif-uuid': 'v', 'xs-vm-uuid': 'm', 'attached-mac': '02:00:00:00:00:01', 'xs-network-uuid': 'n'}
    result = plan(xapi_sync, {'vif1.0': ids, 'tap1.0': {}})
    assert result['vif1.0'] == {'iface-id': 'iface-v', 'vm-id': 'vm-m', 'iface-status': 'inactive'}
    assert result['tap1.0'] == dict(ids, **{'iface-id': 'iface-v', 'vm-id': 'vm-m', 'iface-status': 'active'})


def test_a_lone_tap_has_no_status(xapi_sync):
    assert plan(xapi_sync, {'tap1.0': {}}) == {'tap1.0': {'iface-id': None, 'vm-id': None, 'iface-status': None}}


def test_a_device_of_the_host_keeps_its_uuids_and_xapi_is_not_asked(xapi_sync):
    assert plan(xapi_sync, {'eth0': {'xs-vif-uuid': 'v'}, 'xenbr0': {}}) == {
        'eth0': {'iface-id': 'v', 'vm-id': None, 'iface-status': None},
        'xenbr0': {'iface-id': None, 'vm-id': None, 'iface-status': None}}


def test_merged(xapi_sync):
    old = {'a': '1', 'b': '2'}
    assert xapi_sync.merged(old, {'a': None, 'b': '3', 'c': '4', 'd': None}) == {'b': '3', 'c': '4'}
    assert old == {'a': '1', 'b': '2'}


class Row(object):
    def __init__(self, name, external_ids=None, other_config=None, fail_mode=()):
        self.name = name
        self.external_ids = external_ids or {}
        self.other_config = other_config or {}
        self.fail_mode = list(fail_mode)

    def verify(self, column):
        assert hasattr(self, column)


class Table(object):
    def __init__(self, rows):
        self.rows = rows


def database(bridges, interfaces=()):
    class Idl(object):
        tables = {'Bridge': Table(dict(enumerate(bridges))), 'Interface': Table(dict(enumerate(interfaces)))}
    return Idl


class Answers(object):
    """The session of an XAPI that answers from a dict: method -> value, exception or function."""

    def __init__(self, answers):
        self.answers = answers
        self.calls = []
        self.xenapi = self

    def __getattr__(self, method):
        def call(*args):
            self.calls.append(method)
            answer = self.answers[method]
            if isinstance(answer, Exception):
                raise answer
            return answer(*args) if callable(answer) else answer
        return call


@pytest.fixture
def xapi(xapi_sync):
    answers = {'login_with_password': None,
               'pool.get_all_records': {'ref': {'other_config': {MODE: 'secure'}}},
               'network.get_all_records': {'ref': {'uuid': 'net-1', 'bridge': 'xenbr0', 'other_config': {}}},
               'VIF.get_by_uuid': 'vif-ref', 'VIF.get_other_config': {'nicira-iface-id': 'chosen'},
               'VM.get_by_uuid': 'vm-ref', 'VM.get_other_config': {}}
    session = Answers(answers)
    xapi_sync.XenAPI.xapi_local = lambda: session
    made = xapi_sync.Xapi()
    made.fake = session
    return made


def test_sync_writes_and_then_asks_no_more(xapi_sync, xapi):
    bridge = Row('xenbr0', {'xs-network-uuids': 'net-1'})
    vif = Row('vif1.0', {'xs-vif-uuid': 'v', 'xs-vm-uuid': 'm'})
    idl = database([bridge], [vif])
    seen = xapi_sync.sync(idl, xapi, set())
    assert seen == set([0])
    assert bridge.external_ids['bridge-id'] == 'net-1'
    assert bridge.fail_mode == ['secure']
    assert vif.external_ids == {'xs-vif-uuid': 'v', 'xs-vm-uuid': 'm', 'iface-id': 'chosen', 'vm-id': 'm', 'iface-status': 'active'}
    asked = len(xapi.fake.calls)
    assert xapi_sync.sync(idl, xapi, seen) == seen
    assert len(xapi.fake.calls) == asked


def test_modes_belong_to_the_controller_once_they_were_set(xapi_sync, xapi):
    bridge = Row('xenbr0', fail_mode=['standalone'], other_config={'disable-in-band': 'true'})
    xapi_sync.sync(database([bridge]), xapi, set([0]))
    assert bridge.fail_mode == ['standalone']
    assert bridge.other_config == {'disable-in-band': 'true'}


def test_nothing_is_written_while_xapi_is_down(xapi_sync, xapi):
    xapi.fake.answers['network.get_all_records'] = OSError('connection refused')
    bridge = Row('xenbr0', {'xs-network-uuids': 'net-1'})
    made = xapi_sync.ovs.db.idl.Transaction.made
    with pytest.raises(xapi_sync.XapiDown):
        xapi_sync.sync(database([bridge]), xapi, set())
    assert bridge.external_ids == {'xs-network-uuids': 'net-1'}
    assert xapi_sync.ovs.db.idl.Transaction.made == made


def test_a_refused_transaction_is_tried_again(xapi_sync, xapi):
    xapi_sync.ovs.db.idl.Transaction.outcome = 'try again'
    assert xapi_sync.sync(database([Row('xenbr0')]), xapi, set()) is None
    assert xapi_sync.vlog.warnings


def test_a_lost_session_logs_in_again(xapi_sync, xapi, failure):
    xapi.call('pool.get_all_records')
    xapi.fake.answers['network.get_all_records'] = failure(['SESSION_INVALID', 'OpaqueRef:1'])
    with pytest.raises(xapi_sync.XapiDown):
        xapi.call('network.get_all_records')
    xapi.call('pool.get_all_records')
    assert xapi.fake.calls.count('login_with_password') == 2


def test_a_vif_unknown_to_xapi_keeps_its_uuid(xapi_sync, xapi, failure):
    xapi.fake.answers['VIF.get_by_uuid'] = failure(['UUID_INVALID', 'VIF', 'v'])
    assert xapi.iface_id('v') == 'v'
    assert xapi.iface_id('v') == 'v'
    assert xapi.fake.calls.count('VIF.get_by_uuid') == 1


def test_flush_asks_again(xapi_sync, xapi):
    assert xapi.iface_id('v') == 'chosen'
    xapi.fake.answers['VIF.get_other_config'] = {'nicira-iface-id': 'other'}
    assert xapi.iface_id('v') == 'chosen'
    xapi.flush()
    assert xapi.iface_id('v') == 'other'


def test_a_device_that_was_gone_is_asked_for_again(xapi_sync, xapi):
    """As an ID that is set while the VM is halted, or of a VIF that XAPI did not know yet."""
    def synced(*interfaces):
        return xapi_sync.sync(database([], interfaces), xapi, set())

    def vif():
        return Row('vif1.0', {'xs-vif-uuid': 'v', 'xs-vm-uuid': 'm'})
    stays = Row('vif2.0', {'xs-vif-uuid': 'w', 'xs-vm-uuid': 'n'})
    synced(vif(), stays)
    xapi.fake.answers['VIF.get_other_config'] = {'nicira-iface-id': 'other'}
    xapi.fake.answers['VM.get_other_config'] = {'nicira-vm-id': 'mine'}
    synced(stays)
    again = vif()
    asked = len(xapi.fake.calls)
    synced(again, stays)
    assert (again.external_ids['iface-id'], again.external_ids['vm-id']) == ('other', 'mine')
    assert (stays.external_ids['iface-id'], stays.external_ids['vm-id']) == ('chosen', 'n')
    assert len(xapi.fake.calls) == asked + 4, 'what stays is not asked for again'


def test_a_refused_transaction_forgets_nothing(xapi_sync, xapi):
    xapi_sync.sync(database([], [Row('vif1.0', {'xs-vif-uuid': 'v'})]), xapi, set())
    xapi_sync.ovs.db.idl.Transaction.outcome = 'try again'
    xapi_sync.sync(database([]), xapi, set())
    assert xapi.overrides == {'v': 'chosen'}


def test_requests_are_served(xapi_sync):
    replies = []
    conn = type('Connection', (), {'reply': lambda self, body: replies.append(body)})()
    requests = xapi_sync.Requests()
    assert (requests.exit, requests.flush) == (False, False)
    xapi_sync.ovs.unixctl.commands['flush-cache'](conn)
    assert (requests.exit, requests.flush) == (False, True)
    xapi_sync.ovs.unixctl.commands['exit'](conn)
    assert (requests.exit, requests.flush) == (True, True)
    assert replies == [None, None]
