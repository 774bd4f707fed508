# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function
__metaclass__ = type

import pytest

from ansible_collections.xenserver.openvswitch.plugins.module_utils import _xapi_maintenance as maintenance
from ansible_collections.xenserver.openvswitch.tests.unit.plugins.module_utils.xe import A, B
from ansible_collections.xenserver.openvswitch.tests.unit.plugins.module_utils.xe_fleet import DNS, SR, WEB


def host(enabled=True, mark=None, **where):
    vms = [dict(uuid=dict(web=WEB, dns=DNS)[name], name=name, host=at) for name, at in sorted(where.items())]
    return dict(uuid=A, name='xs-a', enabled=enabled, mark=mark, vms=vms, others=[dict(uuid=B)])


def commands(steps):
    return [command for command, dummy in steps]


@pytest.mark.parametrize('found, state, expected', [
    (host(), 'enabled', []),
    (host(enabled=False), 'enabled', ['host-enable']),
    (host(), 'disabled', ['host-disable']),
    (host(enabled=False), 'disabled', []),
    (host(web=A, dns=B), 'maintenance', ['host-param-set', 'host-disable', 'host-evacuate']),
    (host(dns=B), 'maintenance', ['host-param-set', 'host-disable']),
    (host(enabled=False), 'maintenance', ['host-param-set']),
    (host(enabled=False, mark=dict(enabled=True, vms=[WEB]), web=A), 'maintenance', ['host-evacuate']),
    (host(enabled=True, mark=dict(enabled=True, vms=[WEB]), web=B), 'maintenance', ['host-disable']),
    (host(enabled=False, mark=dict(enabled=True, vms=[WEB]), web=B), 'maintenance', []),
    (host(enabled=False), 'restored', []),
    (host(enabled=False, mark=dict(enabled=False, vms=[WEB]), web=B), 'restored', ['host-param-remove']),
    (host(enabled=True, mark=dict(enabled=False, vms=[])), 'restored', ['host-disable', 'host-param-remove']),
    (host(enabled=False, mark=dict(enabled=True, vms=[WEB]), web=B), 'restored', ['host-enable', 'vm-migrate', 'host-param-remove']),
    (host(enabled=True, mark=dict(enabled=True, vms=[WEB]), web=A), 'restored', ['host-param-remove']),
    (host(enabled=True, mark=dict(enabled=True, vms=[WEB]), web='<not in database>'), 'restored', ['host-param-remove']),
    (host(enabled=True, mark=dict(enabled=True, vms=[WEB])), 'restored', ['host-param-remove']),
])
def test_the_way_of_a_host(found, state, expected):
    assert commands(maintenance.plan_host(found, state)) == expected


def test_what_was_found_is_kept_before_anything_is_changed_and_read_back():
    steps = maintenance.plan_host(host(web=A, dns=B), 'maintenance')
    assert steps[0] == ('host-param-set', [('uuid', A), ('other-config:xenserver-openvswitch-maintenance', 'enabled ' + WEB)])
    assert maintenance.read_host_mark('enabled ' + WEB) == dict(enabled=True, vms=[WEB])
    assert maintenance.read_host_mark(maintenance.host_mark(host(enabled=False))) == dict(enabled=False, vms=[])


@pytest.mark.parametrize('text', ['enabled --force', 'enabled x=y', 'enabled ' + WEB + '\nhost-uuid=1'])
def test_only_uuids_of_a_mark_become_words_of_a_call(text):
    assert maintenance.read_host_mark(text)['vms'] in ([], [WEB])


@pytest.mark.parametrize('found, state, expected', [
    (host(), 'maintenance', dict(enabled=False, maintenance=True)),
    (host(enabled=False, mark=dict(enabled=True, vms=[])), 'restored', dict(enabled=True, maintenance=False)),
    (host(enabled=False, mark=dict(enabled=False, vms=[])), 'restored', dict(enabled=False, maintenance=False)),
    (host(enabled=False, mark=dict(enabled=True, vms=[])), 'enabled', dict(enabled=True, maintenance=True)),
    (host(), 'disabled', dict(enabled=False, maintenance=False)),
])
def test_a_host_afterwards(found, state, expected):
    assert maintenance.host_after(found, state) == expected


HA = dict(srs=[SR], configuration=dict(timeout='60'), failures='1')


def pool(ha=None, auto_poweron=None, mark=None):
    return dict(uuid='p', ha=ha, auto_poweron=auto_poweron, mark=mark)


@pytest.mark.parametrize('found, text', [
    (pool(), 'nothing'),
    (pool(auto_poweron='false'), 'nothing'),
    (pool(auto_poweron='true'), 'auto_poweron=true'),
    (pool(ha=HA), 'ha=%s failures=1 timeout=60' % SR),
    (pool(ha=HA, auto_poweron='true'), 'auto_poweron=true ha=%s failures=1 timeout=60' % SR),
])
def test_what_was_on_in_a_pool_is_kept_and_read_back(found, text):
    assert maintenance.pool_mark(found) == text
    assert maintenance.read_pool_mark(text) == dict(auto_poweron='true' if found['auto_poweron'] == 'true' else None, ha=found['ha'])


@pytest.mark.parametrize('found, state, expected', [
    (pool(), 'present', ['pool-param-set']),
    (pool(ha=HA, auto_poweron='true'), 'present', ['pool-param-set', 'pool-param-set', 'pool-ha-disable']),
    (pool(ha=HA, mark=dict(ha=HA, auto_poweron=None)), 'present', ['pool-ha-disable']),
    (pool(mark=dict(ha=HA, auto_poweron=None)), 'present', []),
    (pool(), 'absent', []),
    (pool(ha=HA), 'absent', []),
    (pool(mark=dict(ha=None, auto_poweron=None)), 'absent', ['pool-param-remove']),
    (pool(auto_poweron='false', mark=dict(ha=HA, auto_poweron='true')), 'absent',
     ['pool-param-set', 'pool-ha-enable', 'pool-param-set', 'pool-param-remove']),
    (pool(ha=HA, mark=dict(ha=HA, auto_poweron=None)), 'absent', ['pool-param-remove']),
    (pool(ha=dict(HA, failures='0'), mark=dict(ha=HA, auto_poweron=None)), 'absent', ['pool-param-set', 'pool-param-remove']),
])
def test_the_way_of_a_pool(found, state, expected):
    assert commands(maintenance.plan_pool(found, state)) == expected


def test_high_availability_comes_back_with_its_settings():
    steps = maintenance.plan_pool(pool(mark=dict(ha=HA, auto_poweron=None)), 'absent')
    assert steps[:2] == [('pool-ha-enable', [('heartbeat-sr-uuids', SR), ('ha-config:timeout', '60')]),
                         ('pool-param-set', [('uuid', 'p'), ('ha-host-failures-to-tolerate', '1')])]
