# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import absolute_import, division, print_function
__metaclass__ = type

import json

import pytest

from labpool import A, B, facts
from labxapi import state
from labxapi.errors import ApiError

OVS = 'openvswitch'


@pytest.fixture
def database():
    return state.Database()


def refused(call, *arguments):
    with pytest.raises(ApiError) as error:
        call(*arguments)
    return error.value.description


def controllers(database):
    return [(one['protocol'], one['address'], one['port']) for one in database.table('SDN_controller').values()]


def test_at_most_one_controller(database):
    """D20: 'introduce: at most one record', ocaml/xapi/xapi_sdn_controller.ml: db_introduce."""
    database.introduce(OVS, 'ssl', '192.0.2.10', 6632)
    assert refused(database.introduce, OVS, 'ssl', '192.0.2.10', 6632) == [
        'OPERATION_NOT_ALLOWED', 'SDN controller has been configured. Please forget it first.']


def test_port_0_of_ssl_is_6632(database):
    """D21: 'ssl needs IPv4, port 0 becomes 6632; pssl demands empty address and port 0 (stored 0)', ocaml/xapi/xapi_sdn_controller.ml: db_introduce."""
    database.introduce(OVS, 'ssl', '192.0.2.10', 0)
    assert controllers(database) == [('ssl', '192.0.2.10', '6632')]


def test_pssl_stores_port_0(database):
    """D21: 'ssl needs IPv4, port 0 becomes 6632; pssl demands empty address and port 0 (stored 0)', ocaml/xapi/xapi_sdn_controller.ml: db_introduce."""
    database.introduce(OVS, 'pssl', '', 0)
    assert controllers(database) == [('pssl', '', '0')]


@pytest.mark.parametrize('protocol, address, port, expected', [
    ('pssl', '192.0.2.10', 0, ['INVALID_VALUE', 'address', '192.0.2.10']),
    ('pssl', '', 6640, ['INVALID_VALUE', 'port', '6640']),
    ('ssl', '', 0, ['INVALID_VALUE', 'address', '']),
    ('ssl', 'controller.example', 0, ['INVALID_IP_ADDRESS_SPECIFIED', 'address']),
    ('ssl', '2001:db8::1', 0, ['INVALID_IP_ADDRESS_SPECIFIED', 'address']),
    ('ssl', '192.0.2.10', 65536, ['VALUE_NOT_SUPPORTED', 'port', '65536', 'Port out of range']),
    ('ssl', '192.0.2.10', -1, ['VALUE_NOT_SUPPORTED', 'port', '-1', 'Port out of range']),
])
def test_what_no_controller_can_be(database, protocol, address, port, expected):
    """D21: 'ssl needs IPv4, port 0 becomes 6632; pssl demands empty address and port 0 (stored 0)', ocaml/xapi/xapi_sdn_controller.ml: db_introduce."""
    assert refused(database.introduce, OVS, protocol, address, port) == expected
    assert controllers(database) == []


def test_neither_call_touches_the_pool_field(database):
    """D19: 'introduce/forget never update pool.vswitch_controller: after sdn-controller-forget, setting the same address again does nothing',
    ocaml/xapi/xapi_sdn_controller.ml: forget."""
    database.set_vswitch_controller(OVS, '192.0.2.10')
    reference = database.introduce(OVS, 'ssl', '192.0.2.11', 0)
    assert database.pool['vswitch_controller'] == '192.0.2.10'
    database.forget(reference)
    assert database.pool['vswitch_controller'] == '192.0.2.10'


def test_an_equal_address_is_no_change(database):
    """D15: 'set_vswitch_controller: no-op if the stored string is equal', ocaml/xapi/xapi_pool.ml: set_vswitch_controller."""
    assert database.set_vswitch_controller(OVS, '192.0.2.10') is True
    assert database.set_vswitch_controller(OVS, '192.0.2.10') is False


def test_an_empty_address_clears(database):
    """D16: 'IPv4 only; "" clears', ocaml/xapi/xapi_pool.ml: set_vswitch_controller."""
    database.set_vswitch_controller(OVS, '192.0.2.10')
    assert database.set_vswitch_controller(OVS, '') is True
    assert database.pool['vswitch_controller'] == ''


def test_an_address_must_be_ipv4(database):
    """D16: 'IPv4 only; "" clears', ocaml/xapi/xapi_pool.ml: set_vswitch_controller."""
    assert refused(database.set_vswitch_controller, OVS, '2001:db8::1') == ['INVALID_IP_ADDRESS_SPECIFIED', 'address']
    assert database.pool['vswitch_controller'] == ''


def test_the_bridge_backend_has_no_controller(database):
    """D17: 'needs openvswitch backend, else OPERATION_NOT_ALLOWED', ocaml/xapi/xapi_pool.ml: set_vswitch_controller."""
    expected = ['OPERATION_NOT_ALLOWED', 'host not configured for vswitch operation']
    assert refused(database.set_vswitch_controller, 'bridge', '192.0.2.10') == expected
    assert refused(database.introduce, 'bridge', 'ssl', '192.0.2.10', 0) == expected


def test_forget_what_is_not_there(database):
    assert refused(database.forget, 'OpaqueRef:x') == ['HANDLE_INVALID', 'SDN_controller', 'OpaqueRef:x']


def test_a_uuid_that_is_not_there(database):
    """F29: 'UUID_INVALID: "The uuid you supplied was invalid." / "type: SDN_controller" / "uuid: X"', ocaml/idl/datamodel_errors.ml: uuid_invalid."""
    assert refused(database.by_uuid, 'SDN_controller', 'X') == ['UUID_INVALID', 'SDN_controller', 'X']


def test_joining_twice_is_joining_once(database):
    for dummy in range(2):
        database.join(facts(A, 'xs-a', '192.0.2.1'), coordinator=True)
        database.join(facts(B, 'xs-b', '192.0.2.2'))
    assert len(database.table('host')) == len(database.table('PIF')) == 2
    assert database.pool['master'] == state.ref(A)
    (network,) = database.table('network').values()
    assert sorted(network['PIFs']) == sorted(database.table('PIF'))


def test_a_host_that_comes_back_is_enabled(database):
    """F52: 'after reboot xapi re-enables the host itself unless host-disable auto-enable=false (newest xapi only)', ocaml/xapi/xapi_host_helpers.ml:
    consider_enabling_host_nolock."""
    host = database.join(facts(A, 'xs-a', '192.0.2.1'))
    database.disable(host)
    assert database.record('host', host)['enabled'] is False
    database.join(facts(A, 'xs-a', '192.0.2.1', backend='bridge'))
    assert database.record('host', host)['enabled'] is True
    assert database.record('host', host)['software_version']['network_backend'] == 'bridge'


def test_a_host_that_shall_stay_disabled(database):
    """F52: 'after reboot xapi re-enables the host itself unless host-disable auto-enable=false (newest xapi only)', ocaml/xapi/xapi_host_helpers.ml:
    consider_enabling_host_nolock."""
    host = database.join(facts(A, 'xs-a', '192.0.2.1'))
    database.disable(host, auto_enable=False)
    database.join(facts(A, 'xs-a', '192.0.2.1'))
    assert database.record('host', host)['enabled'] is False
    database.enable(host)
    database.join(facts(A, 'xs-a', '192.0.2.1'))
    assert database.record('host', host)['enabled'] is True


def test_disabling_twice(database):
    """M14: 'disabling a disabled host changes nothing, auto-enable included', ocaml/xapi/xapi_host.ml: disable."""
    host = database.join(facts(A, 'xs-a', '192.0.2.1'))
    database.disable(host)
    database.disable(host, auto_enable=False)
    database.join(facts(A, 'xs-a', '192.0.2.1'))
    assert database.record('host', host)['enabled'] is True


def test_times_are_told_as_xapi_writes_them(database):
    """M15: 'other_config holds boot_time and agent_start_time as OCaml prints a number: 1700000000.', ocaml/xapi/dbsync_slave.ml:
    refresh_localhost_info."""
    host = database.join(dict(facts(A, 'xs-a', '192.0.2.1'), boot_time=1700000000, agent_start_time=1700000060))
    assert database.record('host', host)['other_config'] == dict(boot_time='1700000000.', agent_start_time='1700000060.')


def test_only_a_disabled_host_reboots(database):
    """F49: 'fails with HOST_NOT_DISABLED unless disabled first', ocaml/xapi/xapi_host_helpers.ml: assert_host_disabled."""
    host = database.join(facts(A, 'xs-a', '192.0.2.1'))
    assert refused(database.require_disabled, host) == ['HOST_NOT_DISABLED']
    database.disable(host)
    database.require_disabled(host)


def test_a_key_that_is_there_already(database):
    (pool,) = database.table('pool')
    database.add_to('pool', pool, 'other_config', 'k', 'v')
    assert refused(database.add_to, 'pool', pool, 'other_config', 'k', 'w')[0] == 'MAP_DUPLICATE_KEY'
    database.remove_from('pool', pool, 'other_config', 'k')
    assert database.pool['other_config'] == {}


def test_queries(database):
    database.join(facts(A, 'xs-a', '192.0.2.1'))
    assert [one['host'] for one in database.where('PIF', 'field "management"="true"').values()] == [state.ref(A)]
    assert len(database.where('host', 'field "name__label"="xs-a" and field "enabled"="true"')) == 1
    assert database.where('host', 'field "name__label"="xs-b"') == {}
    assert refused(database.where, 'host', 'nonsense')[0] == 'INTERNAL_ERROR'


def test_the_database_outlives_its_process(tmp_path):
    path = tmp_path / 'deep' / 'state.json'
    with state.Store(str(path)) as database:
        database.introduce(OVS, 'ssl', '192.0.2.10', 0)
    with state.Store(str(path)) as database:
        assert controllers(database) == [('ssl', '192.0.2.10', '6632')]
    assert list(json.loads(path.read_text())['pool'])
