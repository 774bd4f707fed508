# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Virtual machines: where they run, what moves them, what keeps them from moving; high availability. Rules over the database, pure.

A machine takes its memory-static-max of its host and nothing else: there is no ballooning, no overhead, no processor and no card.
"""

from __future__ import absolute_import, division, print_function
__metaclass__ = type

import uuid

from .errors import ApiError
from .records import NULL_REF

MIB = 1 << 20
GIB = 1 << 30
CONTROL_DOMAIN_MEMORY = 1 * GIB
AUTO_POWERON = 'auto_poweron'
STATE_FILE = 'ha_statefile'


def new_machine(name_label, name_description='', identity=None, memory=256 * MIB):
    return dict(
        uuid=identity or str(uuid.uuid4()), name_label=name_label, name_description=name_description, power_state='Halted', resident_on=NULL_REF,
        affinity=NULL_REF, is_a_template=False, is_a_snapshot=False, is_control_domain=False, memory_static_max=str(memory), VBDs=[], VIFs=[],
        other_config={}, blocked_operations={}, ha_restart_priority='', tags=[])


def new_control_domain(identity, host):
    """Dom0, which is one of its host's resident machines."""
    machine = new_machine('Control domain on host: ' + host, identity=identity, memory=CONTROL_DOMAIN_MEMORY)
    return dict(machine, is_control_domain=True, power_state='Running')


# -- where machines run -------------------------------------------------------------------------------------------

def place(database, machine, host):
    """Let a machine run on a host; on none where ``host`` is NULL_REF, which halts it."""
    record = database.record('VM', machine)
    record.update(resident_on=host, power_state='Running' if host != NULL_REF else 'Halted')
    account(database)


def account(database):
    """Bring resident_VMs and the free memory of every host up to date."""
    for reference, host in database.table('host').items():
        host['resident_VMs'] = [one for one, record in database.table('VM').items() if record['resident_on'] == reference]
        metrics = database.record('host_metrics', host['metrics'])
        used = sum(int(database.record('VM', one)['memory_static_max']) for one in host['resident_VMs'])
        metrics['memory_free'] = str(max(0, int(metrics['memory_total']) - used))


def guests(database, host):
    """The machines on a host without its control domain."""
    return [one for one in database.record('host', host)['resident_VMs'] if not database.record('VM', one)['is_control_domain']]


def free_memory(database, host):
    return int(database.attribute(database.record('host', host)['metrics'], 'memory_free', '0'))


def is_live(database, host):
    return database.attribute(database.record('host', host)['metrics'], 'live', False)


# -- whether a machine may run somewhere --------------------------------------------------------------------------

def require_place(database, machine, host):
    """What a host must offer a machine, memory aside.

    :raises ApiError: what is missing first.
    """
    if not is_live(database, host):
        raise ApiError('HOST_NOT_LIVE')
    if not database.record('host', host)['enabled']:
        raise ApiError('HOST_DISABLED', host)
    for storage in needed_storage(database, machine):
        if not is_attached(database, storage, host):
            raise ApiError('VM_REQUIRES_SR', machine, storage)


def require_memory(database, machine, host):
    needed, available = int(database.record('VM', machine)['memory_static_max']), free_memory(database, host)
    if needed > available:
        raise ApiError('HOST_NOT_ENOUGH_FREE_MEMORY', needed, available)


def require_allowed(database, machine, operation, expected):
    """That nobody has blocked the operation, and that the machine is in the power state for it."""
    record = database.record('VM', machine)
    if operation in record['blocked_operations']:
        raise ApiError('OPERATION_BLOCKED', machine, record['blocked_operations'][operation])
    if record['power_state'] != expected:
        raise ApiError('VM_BAD_POWER_STATE', machine, expected.lower(), record['power_state'].lower())


def require_movable(database, machine):
    require_allowed(database, machine, 'pool_migrate', 'Running')


def needed_storage(database, machine):
    disks = [database.record('VBD', one)['VDI'] for one in database.record('VM', machine)['VBDs']]
    return [database.record('VDI', disk)['SR'] for disk in disks]


def is_attached(database, storage, host):
    return any(one['SR'] == storage and one['host'] == host and one['currently_attached'] for one in database.table('PBD').values())


# -- what machines do ---------------------------------------------------------------------------------------------

def start(database, machine, host=None):
    """Start a halted machine, on the host with the most free memory that can run it unless told where."""
    require_allowed(database, machine, 'start' if host is None else 'start_on', 'Halted')
    if host is None:
        host = next((one for one in _roomiest(database, database.table('host')) if _fits(database, machine, one)), None)
        if host is None:
            raise ApiError('NO_HOSTS_AVAILABLE')
    require_place(database, machine, host)
    require_memory(database, machine, host)
    place(database, machine, host)


def _fits(database, machine, host):
    try:
        require_place(database, machine, host)
        require_memory(database, machine, host)
    except ApiError:
        return False
    return True


def _roomiest(database, hosts):
    return sorted(hosts, key=lambda host: -free_memory(database, host))


def stop(database, machine, operation):
    require_allowed(database, machine, operation, 'Running')
    place(database, machine, NULL_REF)


def pause(database, machine):
    """It stays where it is, with its memory."""
    require_allowed(database, machine, 'pause', 'Running')
    database.record('VM', machine)['power_state'] = 'Paused'


def unpause(database, machine):
    require_allowed(database, machine, 'unpause', 'Paused')
    database.record('VM', machine)['power_state'] = 'Running'


def migrate(database, machine, host):
    require_movable(database, machine)
    if database.record('VM', machine)['resident_on'] != host:
        require_place(database, machine, host)
        require_memory(database, machine, host)
        place(database, machine, host)


def destroy(database, machine):
    if database.record('VM', machine)['is_control_domain']:
        raise ApiError('OPERATION_NOT_ALLOWED', 'You cannot destroy a control domain via the CLI')
    require_allowed(database, machine, 'destroy', 'Halted')
    for disk in database.table('VM').pop(machine)['VBDs']:
        database.table('VBD').pop(disk)


# -- evacuation ---------------------------------------------------------------------------------------------------

def plan(database, host):
    """{machine: the host that it moves to, or the ApiError that keeps it} for each guest of a host."""
    found = guests(database, host)
    targets = [one for one, record in database.table('host').items() if one != host and record['enabled']]
    if not targets:
        return {machine: ApiError('NO_HOSTS_AVAILABLE', machine) for machine in found}
    plans = {machine: _hindrance(database, machine, targets) for machine in found}
    room = {one: free_memory(database, one) for one in targets}
    # The largest first, each to where there is the most room: the order in which most of them find a place.
    for machine in sorted(found, key=lambda one: -int(database.record('VM', one)['memory_static_max'])):
        if plans[machine] is None:
            target, needed = max(targets, key=room.get), int(database.record('VM', machine)['memory_static_max'])
            plans[machine] = target if needed <= room[target] else ApiError('HOST_NOT_ENOUGH_FREE_MEMORY', machine)
            room[target] -= needed if plans[machine] == target else 0
    return plans


def _hindrance(database, machine, targets):
    try:
        require_movable(database, machine)
        if database.pool['ha_enabled'] and database.record('VM', machine)['ha_restart_priority'] != 'restart':
            return ApiError('HOST_EVACUATE_VM_NOT_HA_PROTECTED', machine)
        for target in targets:  # all of them, and not only the one that it would move to
            require_place(database, machine, target)
    except ApiError as error:
        return error
    return None


def hindrances(database, host):
    """{machine: [code, parameter, ...]} for the guests that cannot leave."""
    return {machine: found.description for machine, found in plan(database, host).items() if isinstance(found, ApiError)}


def evacuate(database, host):
    """Move every guest, or none of them.

    :raises ApiError: what keeps the first that cannot leave.
    """
    plans = plan(database, host)
    for found in plans.values():
        if isinstance(found, ApiError):
            raise found
    for machine, target in plans.items():
        place(database, machine, target)


# -- a host goes down, and comes back -----------------------------------------------------------------------------

def leave(database, host):
    """A host goes down: guests that cannot leave it are halted, the others move, and it is no longer live."""
    for machine in hindrances(database, host):
        place(database, machine, NULL_REF)
    evacuate(database, host)
    database.record('host_metrics', database.record('host', host)['metrics'])['live'] = False


def arrive(database, host):
    """A host has booted: nothing runs on it but its control domain, and what shall start by itself starts."""
    for machine in guests(database, host):
        place(database, machine, NULL_REF)
    if database.pool['other_config'].get(AUTO_POWERON) != 'true':
        return
    for machine, record in database.table('VM').items():
        if record['other_config'].get(AUTO_POWERON) == 'true' and record['power_state'] == 'Halted' and not record['is_a_template']:
            try:
                start(database, machine)
            except ApiError:
                pass  # as xapi-autostart-vms has it


# -- high availability --------------------------------------------------------------------------------------------

def enable_availability(database, storage, configuration):
    """Turn it on, with a state file in the first of ``storage``, or of what all hosts share where none is named."""
    if database.pool['ha_enabled']:
        raise ApiError('HA_IS_ENABLED')
    for host in database.table('host'):
        if not is_live(database, host):
            raise ApiError('HOST_OFFLINE', host)
    possible = storage or [one for one in database.table('SR') if _takes_state_file(database, one)]
    if not possible or not _takes_state_file(database, possible[0]):
        raise ApiError('CANNOT_CREATE_STATE_FILE')
    disks = [one for one, record in database.table('VDI').items() if record['SR'] == possible[0] and record['type'] == STATE_FILE]
    disk = disks[0] if disks else database.add('VDI', new_disk(possible[0], 'Statefile for HA', 4 * MIB, STATE_FILE, sharable=True))
    database.pool.update(ha_enabled=True, ha_statefiles=[disk], ha_configuration=configuration)


def _takes_state_file(database, storage):
    return database.record('SR', storage)['shared'] and all(is_attached(database, storage, host) for host in database.table('host'))


def disable_availability(database):
    """Turn it off. The state file and its configuration stay in the record, as XAPI leaves them."""
    if not database.pool['ha_enabled']:
        raise ApiError('HA_NOT_ENABLED')
    database.pool['ha_enabled'] = False


def new_disk(storage, name_label, size, kind='user', name_description='', sharable=False):
    return dict(
        uuid=str(uuid.uuid4()), name_label=name_label, name_description=name_description, SR=storage, virtual_size=str(size), type=kind, VBDs=[],
        sharable=sharable, read_only=False, other_config={})
