# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import absolute_import, division, print_function
__metaclass__ = type

import pytest

from labpool import A, B
from labxapi.errors import ApiError


def refused(call, *arguments):
    with pytest.raises(ApiError) as error:
        call(*arguments)
    return error.value.description


def test_every_class_has_the_usual_getters(pool):
    (reference,) = pool.call('pool.get_all')
    record = pool.call('pool.get_record', reference)
    assert pool.call('pool.get_all_records') == {reference: record}
    assert pool.call('pool.get_all_records_where', 'true') == {reference: record}
    assert pool.call('pool.get_by_uuid', record['uuid']) == reference
    assert pool.call('pool.get_vswitch_controller', reference) == ''
    assert pool.call('SR.get_all_records') == {}
    assert pool.call('host.get_by_name_label', 'xs-b') == ['OpaqueRef:' + B]


def test_records_hold_no_inner_field(pool):
    assert 'auto_enable' not in pool.call('host.get_record', 'OpaqueRef:' + A)
    assert refused(pool.call, 'host.get_auto_enable', 'OpaqueRef:' + A) == ['MESSAGE_METHOD_UNKNOWN', 'host.get_auto_enable']


def test_a_record_is_a_copy(pool):
    pool.call('host.get_record', 'OpaqueRef:' + A)['other_config']['k'] = 'v'
    assert 'k' not in pool.call('host.get_other_config', 'OpaqueRef:' + A)


@pytest.mark.parametrize('method', ['nothing', 'pool.nothing', 'planet.get_all', 'host.set_enabled', 'pool.add_to_tags', 'pool.call'])
def test_unknown_methods(pool, method):
    assert refused(pool.call, method, 'x') == ['MESSAGE_METHOD_UNKNOWN', method]


def test_the_session_counts_as_a_parameter(pool):
    assert refused(pool.call, 'pool.get_record') == ['MESSAGE_PARAMETER_COUNT_MISMATCH', 'pool.get_record', '2', '1']


def test_optional_parameters(pool):
    assert pool.call('host.disable', 'OpaqueRef:' + A) == ''
    assert pool.call('host.disable', 'OpaqueRef:' + A, False) == ''


def test_sessions_end(pool):
    pool.call('session.logout')
    assert refused(pool.call, 'pool.get_all') == ['SESSION_INVALID', pool.session]


def test_a_local_session_is_none_of_the_pool(pool):
    pool.session = pool.api.call('session.slave_local_login', ['secret'], trusted=True)
    assert refused(pool.call, 'pool.get_all')[0] == 'SESSION_INVALID'
    assert pool.call('session.local_logout') == ''


def test_a_password_from_afar(pool):
    assert refused(pool.api.call, 'session.login_with_password', ['root', 'x']) == ['SESSION_AUTHENTICATION_FAILED', 'root']
    assert pool.api.call('session.login_with_password', ['root', 'secret', '1.0', 'me']).startswith('OpaqueRef:')


def test_maps(pool):
    (reference,) = pool.call('network.get_all')
    pool.call('network.add_to_other_config', reference, 'k', 'v')
    assert refused(pool.call, 'network.add_to_other_config', reference, 'k', 'v')[0] == 'MAP_DUPLICATE_KEY'
    assert pool.call('network.get_other_config', reference) == {'k': 'v'}
    pool.call('network.remove_from_other_config', reference, 'k')
    pool.call('network.set_other_config', reference, {'l': 'w'})
    assert pool.call('network.get_other_config', reference) == {'l': 'w'}


def test_a_supporter_that_is_off(pool):
    def off(*arguments):
        raise OSError('no route')
    pool.api._remote = off
    assert refused(pool.call, 'host.call_plugin', 'OpaqueRef:' + B, 'p', 'f', {}) == ['HOST_OFFLINE', 'OpaqueRef:' + B]
    assert pool.xe('sdn-controller-introduce', 'address=192.0.2.10')[2] == 0


def test_this_host(pool):
    assert pool.call('session.get_this_host', pool.session) == 'OpaqueRef:' + A
