# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Virtual machines of the stand-in, through `xe` as a person would."""

from __future__ import absolute_import, division, print_function
__metaclass__ = type

import pytest

from labpool import A, B, facts

SR = '99999999-9999-4999-8999-999999999999'


@pytest.fixture
def xe(pool):
    """``xe(*words)``: what it printed, where it succeeded."""
    def function(*words):
        out, err, status = pool.xe(*words)
        assert (err, status) == ('', 0), words
        return out.strip()
    return function


@pytest.fixture
def machine(xe):
    """``machine(name, host, memory)``: a new machine that runs there."""
    def function(name, host=A, memory='1GiB'):
        uuid = xe('vm-create', 'name-label=' + name)
        xe('vm-param-set', 'uuid=' + uuid, 'memory-static-max=' + memory)
        xe('vm-start', 'uuid=' + uuid, 'on=' + {A: 'xs-a', B: 'xs-b'}[host])
        return uuid
    return function


def where(xe, uuid):
    return xe('vm-param-get', 'uuid=' + uuid, 'param-name=resident-on')


def state(xe, uuid):
    return xe('vm-param-get', 'uuid=' + uuid, 'param-name=power-state')


def shared(xe, *hosts):
    """An SR that these hosts have plugged."""
    xe('sr-introduce', 'uuid=' + SR, 'name-label=shared', 'type=nfs', 'shared=true')
    for host in hosts:
        xe('pbd-plug', 'uuid=' + xe('pbd-create', 'host-uuid=' + host, 'sr-uuid=' + SR))


def disk(xe, machine):
    """Give a machine a disk on that SR."""
    xe('vbd-create', 'vm-uuid=' + machine, 'device=0', 'vdi-uuid=' + xe('vdi-create', 'sr-uuid=' + SR, 'name-label=disk', 'virtual-size=1GiB'))


# -- running ------------------------------------------------------------------------------------------------------

def test_the_life_of_a_machine(xe, machine):
    uuid = machine('web')
    assert (where(xe, uuid), state(xe, uuid)) == (A, 'running')
    assert xe('host-param-get', 'uuid=' + A, 'param-name=resident-vms').split('; ')[1:] == [uuid]
    xe('vm-migrate', 'uuid=' + uuid, 'host-uuid=' + B, 'live=true')
    assert where(xe, uuid) == B
    xe('vm-shutdown', 'vm=web')
    assert (where(xe, uuid), state(xe, uuid)) == ('<not in database>', 'halted')
    xe('vm-destroy', 'uuid=' + uuid)
    assert xe('vm-list', 'is-control-domain=false') == ''


def test_what_vm_list_shows(xe, machine):
    """M10: 'vm-list leaves templates out and shows the control domain of each host', ocaml/xapi-cli-server/cli_operations.ml: gen_cmds."""
    uuid = xe('vm-create', 'name-label=base')
    xe('vm-param-set', 'uuid=' + uuid, 'is-a-template=true')
    assert xe('vm-list', 'params=name-label', '--minimal') == 'Control domain on host: xs-a,Control domain on host: xs-b'
    machine('web')
    assert xe('vm-list', 'is-control-domain=false', 'power-state=running', 'params=name-label,resident-on') == (
        'name-label ( RW)     : web\n    resident-on ( RO): ' + A)


def test_memory_of_a_host(xe, machine):
    def free():
        return int(xe('host-param-get', 'uuid=' + A, 'param-name=memory-free'))
    before = free()
    assert before == int(xe('host-param-get', 'uuid=' + A, 'param-name=memory-total')) - (1 << 30)  # dom0's own
    uuid = machine('web', memory='2GiB')
    assert free() == before - (2 << 30)
    xe('vm-shutdown', 'uuid=' + uuid, '--force')
    assert free() == before


def test_power_states(pool, machine):
    """M8: 'starting what runs, or moving what does not, is VM_BAD_POWER_STATE with the expected and the actual state', ocaml/xapi/xapi_vm_lifecycle.ml:
    report_power_state_error."""
    uuid = machine('web')
    assert pool.xe('vm-start', 'uuid=' + uuid)[1].splitlines()[1:] == ['vm: %s (web)' % uuid, 'expected: halted', 'actual: running']
    pool.xe('vm-shutdown', 'uuid=' + uuid)
    assert pool.xe('vm-migrate', 'uuid=' + uuid, 'host=xs-b')[1].splitlines()[1:] == ['vm: %s (web)' % uuid, 'expected: running', 'actual: halted']


def test_a_paused_machine(pool, xe, machine):
    """M19: 'a paused machine stays on its host and cannot leave it: VM_BAD_POWER_STATE, before any other reason but NO_HOSTS_AVAILABLE',
    ocaml/xapi/xapi_vm_lifecycle.ml: allowed_power_states."""
    uuid = machine('web')
    xe('vm-pause', 'uuid=' + uuid)
    assert (where(xe, uuid), state(xe, uuid)) == (A, 'paused')
    assert pool.xe('vm-pause', 'uuid=' + uuid)[1].splitlines()[1:] == ['vm: %s (web)' % uuid, 'expected: running', 'actual: paused']
    assert xe('host-get-vms-which-prevent-evacuation', 'uuid=' + A, '--minimal').startswith(uuid)
    shared(xe, A, B)
    xe('pool-ha-enable', 'heartbeat-sr-uuids=' + SR)
    assert 'VM_BAD_POWER_STATE,' in xe('host-get-vms-which-prevent-evacuation', 'uuid=' + A)
    xe('vm-unpause', 'uuid=' + uuid)
    assert state(xe, uuid) == 'running'


def test_where_a_machine_may_start(pool, xe, machine):
    """M9: 'a machine starts on enabled, live hosts only: HOST_DISABLED, HOST_NOT_LIVE, HOST_NOT_ENOUGH_FREE_MEMORY with needed and available',
    ocaml/xapi/xapi_vm_helpers.ml: assert_can_boot_here."""
    uuid = xe('vm-create', 'name-label=web')
    xe('host-disable', 'uuid=' + A)
    assert pool.xe('vm-start', 'uuid=' + uuid, 'on=xs-a')[1].splitlines()[1:] == ['host: %s (xs-a)' % A]
    xe('vm-start', 'uuid=' + uuid)
    assert where(xe, uuid) == B
    pool.api.leave(B)
    assert pool.xe('vm-start', 'uuid=' + uuid, 'on=xs-b') == ('', 'The host is not live.\n', 1)
    assert pool.xe('vm-start', 'uuid=' + uuid) == ('', 'No host can do this.\n', 1)
    xe('host-enable', 'uuid=' + A)
    xe('vm-param-set', 'uuid=' + uuid, 'memory-static-max=20GiB')
    assert pool.xe('vm-start', 'uuid=' + uuid, 'on=xs-a')[1].splitlines()[1:] == ['needed: %d' % (20 << 30), 'available: %d' % (15 << 30)]


def test_no_destination(pool, machine):
    machine('web')
    assert pool.xe('vm-migrate', 'vm=web') == ('', 'Error: No destination host specified\n', 1)
    assert pool.xe('vm-migrate', 'vm=web', 'host=x') == ('', 'Error: Host x not found\n', 1)
    assert pool.xe('vm-migrate', 'vm=y', 'host=xs-b') == ('', 'Error: No matching VMs found\n', 1)


# -- evacuation ---------------------------------------------------------------------------------------------------

def test_an_evacuation_moves_the_records(xe, machine):
    one, two, other = machine('one', A, '3GiB'), machine('two', A), machine('other', B)
    xe('host-disable', 'uuid=' + A)
    xe('host-evacuate', 'uuid=' + A)
    assert [where(xe, uuid) for uuid in (one, two, other)] == [B, B, B]
    assert xe('host-get-vms-which-prevent-evacuation', 'uuid=' + A) == ''


def test_an_evacuation_moves_all_or_none(pool, xe, machine):
    """M1: 'host.evacuate fails with what keeps the first machine that cannot leave, and moves none', ocaml/xapi/xapi_host.ml: evacuate."""
    good, bad = machine('good'), machine('bad')
    xe('vm-param-set', 'uuid=' + bad, 'blocked-operations:pool_migrate=it has a card of its own')
    assert pool.xe('host-evacuate', 'uuid=' + A)[1].splitlines()[1:] == ['ref: %s (bad)' % bad, 'code: it has a card of its own']
    assert [where(xe, uuid) for uuid in (good, bad)] == [A, A]


def test_a_blocked_operation(pool, xe, machine):
    """M7: 'blocked_operations: OPERATION_BLOCKED with the machine and the reason that was given', ocaml/xapi/xapi_vm_lifecycle.ml:
    check_operation_error."""
    uuid = machine('web')
    xe('vm-param-set', 'uuid=' + uuid, 'blocked-operations:clean_shutdown=never')
    assert pool.xe('vm-shutdown', 'uuid=' + uuid)[1].splitlines()[1:] == ['ref: %s (web)' % uuid, 'code: never']
    assert pool.xe('vm-shutdown', 'uuid=' + uuid, '--force') == ('', '', 0)


def test_only_enabled_hosts_take_machines(pool, xe, machine):
    """M2: 'machines go to other enabled hosts only; without one each is NO_HOSTS_AVAILABLE, and a host without guests evacuates', ocaml/xapi/xapi_host.ml:
    compute_evacuation_plan_no_wlb."""
    xe('host-disable', 'uuid=' + B)
    assert xe('host-evacuate', 'uuid=' + A) == ''
    uuid = machine('web')
    assert pool.xe('host-evacuate', 'uuid=' + A) == ('', 'No host can do this.\n<extra>: %s (web)\n' % uuid, 1)


def test_storage_that_a_target_lacks(pool, xe, machine):
    """M3: 'a guest must be able to run on every target: VM_REQUIRES_SR where one of them lacks its storage', ocaml/xapi/xapi_vm_helpers.ml:
    assert_can_see_SRs."""
    uuid = xe('vm-create', 'name-label=web')
    shared(xe, A)
    disk(xe, uuid)
    xe('vm-start', 'uuid=' + uuid, 'on=xs-a')
    assert pool.xe('host-evacuate', 'uuid=' + A)[1].splitlines()[1:] == ['vm: %s (web)' % uuid, 'sr: %s (shared)' % SR]
    assert pool.xe('vm-migrate', 'uuid=' + uuid, 'host=xs-b')[2] == 1
    xe('pbd-plug', 'uuid=' + xe('pbd-create', 'host-uuid=' + B, 'sr-uuid=' + SR))
    assert pool.xe('host-evacuate', 'uuid=' + A) == ('', '', 0)


def test_no_room(pool, xe, machine):
    """M4: 'a machine that finds no room is HOST_NOT_ENOUGH_FREE_MEMORY with the machine alone', ocaml/xapi/xapi_host.ml: compute_evacuation_plan_no_wlb."""
    machine('large', B, '14GiB')
    small, large = machine('small', A), machine('too-large', A, '2GiB')
    err = pool.xe('host-evacuate', 'uuid=' + A)[1]
    assert err.splitlines()[1:] == ['needed: %s (too-large)' % large, 'available: <unknown>']
    found = pool.call('host.get_vms_which_prevent_evacuation', 'OpaqueRef:' + A)
    assert found == {'OpaqueRef:' + large: ['HOST_NOT_ENOUGH_FREE_MEMORY', 'OpaqueRef:' + large]} and small


def test_who_prevents_an_evacuation(xe, machine):
    """M6: 'host-get-vms-which-prevent-evacuation shows uuid, name-label and reason, which is code and parameters joined by commas',
    ocaml/xapi-cli-server/cli_operations.ml: host_get_vms_which_prevent_evacuation."""
    uuid = machine('web')
    xe('host-disable', 'uuid=' + B)
    assert xe('host-get-vms-which-prevent-evacuation', 'uuid=' + A) == (
        'uuid ( RO)          : %(uuid)s\n    name-label ( RW): web\n        reason ( RO): NO_HOSTS_AVAILABLE,OpaqueRef:%(uuid)s' % dict(uuid=uuid))
    assert xe('host-get-vms-which-prevent-evacuation', 'uuid=' + A, 'params=reason', '--minimal') == 'NO_HOSTS_AVAILABLE\\,OpaqueRef:' + uuid


def test_the_last_print_comes_first_with_minimal(xe, machine):
    """F8: '--minimal joins what was printed in one command, the last print first', ocaml/xapi-cli-server/cli_printer.ml: multi_line_xapi_minimal."""
    first, second = machine('first'), machine('second')
    xe('host-disable', 'uuid=' + B)
    assert xe('host-get-vms-which-prevent-evacuation', 'uuid=' + A, '--minimal') == second + ',' + first


# -- a host goes down, and comes back -----------------------------------------------------------------------------

def live(xe, host):
    return xe('host-param-get', 'uuid=' + host, 'param-name=host-metrics-live')


def test_a_host_that_goes_down_is_not_live(pool, xe):
    """M16: 'a host that goes down cleanly is no longer live, and is again when its XAPI has started', ocaml/xapi/xapi_host_helpers.ml:
    mark_host_as_dead."""
    assert live(xe, B) == 'true'
    pool.api.leave(B)
    assert live(xe, B) == 'false'
    pool.api.join(facts(B, 'xs-b', '192.0.2.2'))
    assert live(xe, B) == 'true'


def test_machines_of_a_host_that_goes_down(pool, xe, machine):
    """M17: 'before a host goes down the machines that cannot leave are shut down, then it is evacuated', ocaml/xapi/vm_evacuation.ml: ensure_no_vms."""
    good, bad = machine('good', B), machine('bad', B)
    xe('vm-param-set', 'uuid=' + bad, 'blocked-operations:pool_migrate=no')
    pool.api.leave(B)
    assert (where(xe, good), state(xe, bad)) == (A, 'halted')


def test_machines_that_were_running_when_a_host_died(pool, xe, machine):
    uuid = machine('web', B)
    pool.api.join(facts(B, 'xs-b', '192.0.2.2'))
    assert state(xe, uuid) == 'running'  # a start of the toolstack
    pool.api.join(dict(facts(B, 'xs-b', '192.0.2.2'), boot_time=1700001000))
    assert state(xe, uuid) == 'halted'  # a boot


@pytest.mark.parametrize('value, expected', [('true', 'running'), ('false', 'halted')])
def test_machines_that_start_by_themselves(pool, xe, machine, value, expected):
    """M18: 'after a boot machines with other_config:auto_poweron start, if the pool has auto_poweron=true', scripts/xapi-autostart-vms."""
    auto, other = machine('auto', B), machine('other', B)
    xe('pool-param-set', 'uuid=' + pool.uuid, 'other-config:auto_poweron=' + value)
    xe('vm-param-set', 'uuid=' + auto, 'other-config:auto_poweron=true')
    pool.api.join(dict(facts(B, 'xs-b', '192.0.2.2'), boot_time=1700001000))
    assert (state(xe, auto), state(xe, other)) == (expected, 'halted')


# -- high availability --------------------------------------------------------------------------------------------

def test_high_availability_goes_on(pool, xe):
    """M11: 'pool-ha-enable: HA_IS_ENABLED, HOST_OFFLINE for a host that is not live, CANNOT_CREATE_STATE_FILE without storage that all hosts share',
    ocaml/xapi/xapi_ha.ml: enable."""
    assert pool.xe('pool-ha-enable') == ('', 'No storage can take the state file of high availability.\n', 1)
    shared(xe, A, B)
    pool.api.leave(B)
    assert pool.xe('pool-ha-enable')[1].splitlines()[1:] == ['host: %s (xs-b)' % B]
    pool.api.join(facts(B, 'xs-b', '192.0.2.2'))
    assert xe('pool-ha-enable', 'heartbeat-sr-uuids=' + SR, 'ha-config:timeout=60') == ''
    assert xe('pool-param-get', 'uuid=' + pool.uuid, 'param-name=ha-enabled') == 'true'
    assert xe('pool-param-get', 'uuid=' + pool.uuid, 'param-name=ha-configuration') == 'timeout: 60'
    assert pool.xe('pool-ha-enable') == ('', 'High availability is on.\n', 1)


def test_high_availability_goes_off(pool, xe):
    """M12: 'pool-ha-disable: HA_NOT_ENABLED', ocaml/xapi/xapi_ha.ml: disable."""
    assert pool.xe('pool-ha-disable') == ('', 'High availability is off.\n', 1)
    shared(xe, A, B)
    xe('pool-ha-enable')
    assert xe('pool-ha-disable') == ''
    assert xe('pool-param-get', 'uuid=' + pool.uuid, 'param-name=ha-enabled') == 'false'


def test_the_state_file_is_used_again(pool, xe):
    """M13: 'a state file that is there is used again; ha-statefiles and ha-configuration outlive disabling', ocaml/xapi/xha_statefile.ml:
    find_or_create."""
    shared(xe, A, B)
    xe('pool-ha-enable', 'ha-config:timeout=60')
    (first,) = xe('pool-param-get', 'uuid=' + pool.uuid, 'param-name=ha-statefiles').split('; ')
    assert xe('vdi-param-get', 'uuid=' + first, 'param-name=sr-uuid') == SR
    assert xe('vdi-param-get', 'uuid=' + first, 'param-name=type') == 'HA statefile'
    xe('pool-ha-disable')
    xe('pool-ha-enable')
    assert xe('pool-param-get', 'uuid=' + pool.uuid, 'param-name=ha-statefiles') == first


def test_what_high_availability_does_not_protect_stays(pool, xe, machine):
    """M5: 'with high availability on, a machine that it does not protect is HOST_EVACUATE_VM_NOT_HA_PROTECTED', ocaml/xapi/xapi_host.ml:
    compute_evacuation_plan_no_wlb."""
    shared(xe, A, B)
    xe('pool-ha-enable')
    uuid = machine('web')
    assert pool.xe('host-evacuate', 'uuid=' + A)[1].splitlines()[1:] == ['vm: %s (web)' % uuid]
    xe('vm-param-set', 'uuid=' + uuid, 'ha-restart-priority=restart')
    assert pool.xe('host-evacuate', 'uuid=' + A) == ('', '', 0)


def test_failures_to_tolerate(pool, xe):
    xe('pool-param-set', 'uuid=' + pool.uuid, 'ha-host-failures-to-tolerate=1')
    assert xe('pool-param-get', 'uuid=' + pool.uuid, 'param-name=ha-host-failures-to-tolerate') == '1'
    assert pool.xe('pool-param-set', 'uuid=' + pool.uuid, 'ha-host-failures-to-tolerate=-1')[1].splitlines()[1:] == [
        'field: ha_host_failures_to_tolerate', 'value: -1']
