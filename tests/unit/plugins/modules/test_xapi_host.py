# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function
__metaclass__ = type

import pytest

from ansible_collections.xenserver.openvswitch.plugins.module_utils import _cli, _xapi_host
from ansible_collections.xenserver.openvswitch.plugins.modules import xapi_host
from ansible_collections.xenserver.openvswitch.tests.unit.plugins.module_utils.xe import A, B
from ansible_collections.xenserver.openvswitch.tests.unit.plugins.module_utils.xe_fleet import DNS, KEY, WEB, Fleet
from ansible_collections.xenserver.openvswitch.tests.unit.plugins.modules.utils import run_module

NO_ROOM = 'HOST_NOT_ENOUGH_FREE_MEMORY,OpaqueRef:1'


@pytest.fixture
def run(monkeypatch):
    monkeypatch.setattr(_xapi_host, 'facts', lambda: dict(host_uuid=A))

    def function(fleet, state=None, check_mode=False, **options):
        fleet.install(monkeypatch)
        del fleet.calls[:]
        options.update(dict(state=state) if state else {})
        return run_module(xapi_host.main, options, check_mode=check_mode, diff=True)
    return function


def test_a_host_is_reported_without_a_state(run):
    fleet = Fleet()
    result, failed = run(fleet)
    assert not failed and not result['changed'] and result['commands'] == []
    assert result['host'] == dict(uuid=A, name='xs-a', enabled=True, live=True, maintenance=False, agent_start_time=1700000100.0, boot_time=1700000000.0)
    assert result['vms'] == [dict(uuid=WEB, name='web')]
    assert result['others'] == [dict(uuid=B, name='xs-b', enabled=True, live=True, maintenance=False)]
    assert run(fleet, host=B)[0]['vms'] == [dict(uuid=DNS, name='dns: the old; one')]


def test_into_maintenance_and_back_as_found(run):
    fleet = Fleet()
    result, failed = run(fleet, 'maintenance')
    assert not failed and result['changed'] and result['immovable'] == []
    assert result['diff'] == dict(before=dict(host=dict(enabled=True, maintenance=False)), after=dict(host=dict(enabled=False, maintenance=True)))
    assert fleet.enabled == {A: False, B: True} and fleet.where == {WEB: B, DNS: B}
    assert not run(fleet, 'maintenance')[0]['changed']
    result, failed = run(fleet, 'restored')
    assert not failed and result['changed'] and result['stranded'] == []
    assert fleet.enabled == {A: True, B: True} and fleet.where == {WEB: A, DNS: B} and KEY not in fleet.config[A]
    assert not run(fleet, 'restored')[0]['changed']


def test_the_only_host_of_a_pool_keeps_its_machines(run):
    fleet = Fleet()
    assert not run(fleet, 'maintenance', evacuate=False)[1]
    assert fleet.enabled[A] is False and fleet.where == {WEB: A, DNS: B} and fleet.config[A][KEY] == 'enabled ' + WEB
    assert fleet.commands == ['host-list', 'vm-list', 'host-param-set', 'host-disable']
    assert run(fleet, host=B)[0]['others'] == [dict(uuid=A, name='xs-a', enabled=False, live=True, maintenance=True)]
    del fleet.where[WEB]  # another one would be there to start it
    run(fleet, 'restored')
    assert fleet.enabled[A] is True and KEY not in fleet.config[A] and fleet.where == {DNS: B}


def test_what_went_down_with_the_only_host_of_a_pool_is_started_again(run):
    fleet = Fleet()
    del fleet.enabled[B], fleet.where[DNS]
    run(fleet, 'maintenance', evacuate=False)
    del fleet.where[WEB]
    result, failed = run(fleet, 'restored')
    assert not failed and fleet.where == {WEB: A} and result['stranded'] == [] and fleet.commands[-3:] == ['host-enable', 'vm-start', 'host-param-remove']
    run(fleet, 'maintenance', evacuate=False)
    del fleet.where[WEB]
    fleet.fails['vm-start'] = 'No hosts were available'
    result, failed = run(fleet, 'restored')
    assert not failed and result['stranded'] == [dict(uuid=WEB, name='web', reason='No hosts were available')] and KEY not in fleet.config[A]


def test_what_was_destroyed_meanwhile_is_not_started(run):
    fleet = Fleet()
    del fleet.enabled[B], fleet.where[DNS]
    run(fleet, 'maintenance', evacuate=False)
    del fleet.where[WEB], fleet.names[WEB]
    result, failed = run(fleet, 'restored')
    assert not failed and result['stranded'] == [] and 'vm-start' not in fleet.commands


def test_a_converged_host_is_two_processes(run):
    fleet = Fleet()
    run(fleet, 'maintenance')
    run(fleet, 'maintenance')
    assert fleet.commands == ['host-list', 'vm-list']


@pytest.mark.parametrize('after_the_boot', [True, False])
def test_a_host_that_was_disabled_is_so_again_whatever_xapi_makes_of_it_when_it_starts(run, after_the_boot):
    fleet = Fleet()
    fleet.enabled[A] = False
    run(fleet, 'maintenance')
    fleet.enabled[A] = after_the_boot
    run(fleet, 'restored')
    assert fleet.enabled[A] is False and KEY not in fleet.config[A]


def test_what_xapi_has_enabled_by_itself_after_the_boot_stays_enabled(run):
    fleet = Fleet()
    run(fleet, 'maintenance')
    fleet.enabled[A] = True
    assert run(fleet, 'restored')[0]['commands'][0][1] == 'vm-migrate'


@pytest.mark.parametrize('after', [1, 2, 3])
def test_a_run_that_was_killed_is_taken_up_by_the_next(run, after):
    """After each of the three calls of the way into maintenance."""
    fleet = Fleet()
    for words in run(fleet, 'maintenance', check_mode=True)[0]['commands'][:after]:
        fleet.run(words, 60)
    run(fleet, 'maintenance')
    assert fleet.enabled[A] is False and fleet.where[WEB] == B
    run(fleet, 'restored')
    assert fleet.enabled[A] is True and fleet.where[WEB] == A


def test_check_mode_foretells_the_calls_and_makes_none(run):
    fleet = Fleet()
    foretold = run(fleet, 'maintenance', check_mode=True)[0]
    assert foretold['changed'] and fleet.commands == ['host-list', 'vm-list', 'host-get-vms-which-prevent-evacuation']
    assert fleet.enabled[A] and fleet.where[WEB] == A
    done = run(fleet, 'maintenance')[0]
    assert done['commands'] == foretold['commands'] and done['diff'] == foretold['diff']


def test_machines_that_cannot_leave_are_listed_before_anything_is_changed(run):
    fleet = Fleet()
    fleet.stuck = {WEB: NO_ROOM}
    for check_mode in (True, False):
        result, failed = run(fleet, 'maintenance', check_mode=check_mode)
        assert failed and result['immovable'] == [dict(uuid=WEB, name='web', reason=NO_ROOM)]
        assert 'nothing was changed' in result['msg'] and NO_ROOM in result['msg']
    assert fleet.enabled[A] and KEY not in fleet.config[A]


def test_an_evacuation_that_fails_is_undone(run):
    fleet = Fleet()
    fleet.fails['host-evacuate'] = 'You attempted an operation that was not allowed.\nreason: no\n'
    result, failed = run(fleet, 'maintenance')
    assert failed and 'reason: no' in result['msg']
    assert fleet.enabled[A] and KEY not in fleet.config[A]


def test_an_evacuation_that_fails_and_cannot_be_undone_is_told_with_both_reasons(run):
    fleet = Fleet()
    fleet.fails.update({'host-evacuate': 'reason: no\n', 'host-enable': 'reason: nor that\n'})
    result, failed = run(fleet, 'maintenance')
    assert failed and 'host-evacuate' in result['msg'] and 'reason: no\n' in result['msg'] and 'reason: nor that' in result['msg']
    assert fleet.config[A][KEY] == 'enabled ' + WEB, 'the next run takes it up'


def test_an_evacuation_that_fails_in_a_second_run_leaves_what_the_first_has_kept(run):
    fleet = Fleet()
    run(fleet, 'maintenance')
    fleet.where[WEB] = A
    fleet.fails['host-evacuate'] = 'reason: no\n'
    assert run(fleet, 'maintenance')[1]
    assert fleet.config[A][KEY] == 'enabled ' + WEB and fleet.enabled[A] is False


def test_a_machine_that_cannot_come_back_is_stranded_and_the_rest_goes_on(run):
    fleet = Fleet()
    run(fleet, 'maintenance')
    fleet.fails['vm-migrate'] = 'Not enough memory is available\n'
    result, failed = run(fleet, 'restored')
    assert not failed and result['stranded'] == [dict(uuid=WEB, name='web', reason='Not enough memory is available')]
    assert 'web stays where it runs' in result['warnings'][0]
    assert fleet.enabled[A] and KEY not in fleet.config[A]


def test_a_machine_that_takes_too_long_to_come_back_is_stranded_too(run):
    fleet = Fleet()
    run(fleet, 'maintenance')

    def slow(dummy):
        raise _cli.Ended('vm-migrate did not finish within 3600 seconds and was ended.', _cli.Result(['xe'], -15, '', ''))
    fleet.do_vm_migrate = slow
    result, failed = run(fleet, 'restored')
    assert not failed and 'did not finish' in result['stranded'][0]['reason'] and fleet.enabled[A] and KEY not in fleet.config[A]


def test_a_host_that_is_not_there(run, monkeypatch):
    result, failed = run(Fleet(), 'disabled', host='99999999-0000-4000-8000-000000000009')
    assert failed and 'The pool has no host 99999999' in result['msg']
    monkeypatch.setattr(_xapi_host, 'facts', lambda: None)
    result, failed = run(Fleet(), 'disabled')
    assert failed and 'no XenServer' in result['msg']
