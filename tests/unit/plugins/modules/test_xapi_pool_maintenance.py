# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function
__metaclass__ = type

import pytest

from ansible_collections.xenserver.openvswitch.plugins.modules import xapi_pool_maintenance
from ansible_collections.xenserver.openvswitch.tests.unit.plugins.module_utils.xe import POOL
from ansible_collections.xenserver.openvswitch.tests.unit.plugins.module_utils.xe_fleet import KEY, Fleet
from ansible_collections.xenserver.openvswitch.tests.unit.plugins.modules.utils import run_module


@pytest.fixture
def run(monkeypatch):
    def function(fleet, state, check_mode=False):
        fleet.install(monkeypatch)
        del fleet.calls[:]
        return run_module(xapi_pool_maintenance.main, dict(state=state), check_mode=check_mode, diff=True)
    return function


@pytest.fixture
def fleet():
    fleet = Fleet()
    fleet.ha = dict(configuration=dict(timeout='60'), failures='1')
    fleet.config[POOL]['auto_poweron'] = 'true'
    return fleet


def test_off_and_back_as_found(run, fleet):
    result, failed = run(fleet, 'present')
    assert not failed and result['changed'] and fleet.ha is None and fleet.config[POOL]['auto_poweron'] == 'false'
    assert result['pool'] == dict(uuid=POOL, maintenance=True, high_availability=False, auto_poweron=False)
    assert result['diff']['before']['pool'] == dict(maintenance=False, high_availability=True, auto_poweron=True)
    assert not run(fleet, 'present')[0]['changed'] and fleet.commands == ['pool-list']
    result, failed = run(fleet, 'absent')
    assert not failed and fleet.ha == dict(configuration=dict(timeout='60'), failures='1') and fleet.config[POOL] == dict(auto_poweron='true')
    assert result['pool'] == dict(uuid=POOL, maintenance=False, high_availability=True, auto_poweron=True)
    assert not run(fleet, 'absent')[0]['changed']


def test_a_pool_that_has_neither_gets_neither(run):
    fleet = Fleet()
    run(fleet, 'present')
    assert fleet.config[POOL] == {KEY: 'nothing'}
    result = run(fleet, 'absent')[0]
    assert result['changed'] and fleet.config[POOL] == {} and fleet.ha is None


@pytest.mark.parametrize('state, made', [(state, made) for state in ('present', 'absent') for made in range(5)])
def test_a_run_that_was_killed_after_any_call_is_taken_up_by_the_next(run, fleet, state, made):
    if state == 'absent':
        run(fleet, 'present')
    calls = run(fleet, state, check_mode=True)[0]['commands']
    assert len(calls) == dict(present=3, absent=4)[state]
    for words in calls[:made]:
        fleet.run(words, 60)
    assert run(fleet, state)[0]['changed'] == (made < len(calls))
    run(fleet, 'absent')
    assert fleet.ha == dict(configuration=dict(timeout='60'), failures='1') and fleet.config[POOL] == dict(auto_poweron='true')


def test_a_failure_keeps_what_was_found(run, fleet):
    fleet.fails['pool-ha-disable'] = 'HA cannot be disabled now.\n'
    result, failed = run(fleet, 'present')
    assert failed and 'HA cannot be disabled now' in result['msg']
    fleet.fails.clear()
    run(fleet, 'absent')
    assert fleet.ha == dict(configuration=dict(timeout='60'), failures='1') and fleet.config[POOL] == dict(auto_poweron='true')
