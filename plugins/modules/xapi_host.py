#!/usr/bin/python
# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function
__metaclass__ = type

DOCUMENTATION = r'''
module: xapi_host
short_description: Disable, evacuate and enable a host of a XenServer or XCP-ng pool, and leave it as it was found
version_added: 0.1.0
description:
  - Takes a host out of service before its Open vSwitch is changed, and back into it afterwards.
  - What was found is kept in XAPI, in C(other_config) of the host, before anything is changed. So a run that was killed
    is taken up by the next, and a host that was disabled before the maintenance stays disabled after it.
  - Runs C(xe) on any host of the pool.
author: "The xenserver.openvswitch project (@xenserver-openvswitch)"
extends_documentation_fragment:
  - xenserver.openvswitch.attributes
  - xenserver.openvswitch.attributes.time_limit
attributes:
  platform:
    platforms: XenServer, XCP-ng
options:
  state:
    description:
      - V(maintenance) disables the host and moves its running virtual machines to other hosts of the pool.
        It is refused, before anything is changed, where one of them cannot leave.
      - V(restored) ends that. The host is enabled or disabled as it was, and those of its virtual machines that run elsewhere come back.
        Those of the only host of a pool, which went down with it, are started again.
      - V(enabled) and V(disabled) do just that. A disabled host takes no new virtual machines, and those that it has stay.
      - Without it nothing is changed and the host is reported.
    type: str
    choices: [enabled, disabled, maintenance, restored]
  evacuate:
    description:
      - Whether O(state=maintenance) moves virtual machines. Without it they stay, and go down with the host where it is rebooted.
      - For the only host of a pool, which no virtual machine can leave.
    type: bool
    default: true
  host:
    description: The UUID of the host in XAPI. Without it this host, by C(INSTALLATION_UUID) of C(/etc/xensource-inventory).
    type: str
  migration_time_limit:
    description: The longest that evacuating a host, or bringing one virtual machine back, may take, in seconds.
    type: int
    default: 3600
notes:
  - XAPI enables a host again by itself when it starts after a reboot.
  - An evacuation that fails is undone as far as the host was enabled before. One that does not end in time goes on in XAPI, and the next run takes it up.
  - A virtual machine that cannot be brought back stays where it runs or stays down, with a warning, and is reported in RV(stranded).
seealso:
  - module: xenserver.openvswitch.xapi_pool_maintenance
'''

EXAMPLES = r'''
- name: Empty the host before it is rebooted
  xenserver.openvswitch.xapi_host:
    state: maintenance

- name: Wait until XAPI has enabled it again
  xenserver.openvswitch.xapi_host:
  register: found
  until: found is success and found.host.enabled
  retries: 60
  delay: 5

- name: Leave it as it was found
  xenserver.openvswitch.xapi_host:
    state: restored
'''

RETURN = r'''
host:
  description: The host as it was found; with a change as it is after it, or would be in check mode.
  returned: success
  type: dict
  contains:
    uuid:
      description: Its UUID.
      type: str
      sample: 5a1c3a0e-4d6c-4b43-8f0e-3f0f2ad5a3d1
    name:
      description: Its name label.
      type: str
      sample: xs8-a
    enabled:
      description: Whether it takes virtual machines.
      type: bool
    live:
      description: Whether the coordinator hears from it.
      type: bool
    maintenance:
      description: Whether it is under a maintenance that O(state=maintenance) began.
      type: bool
    agent_start_time:
      description: When its XAPI has started, in seconds since the epoch. Null where it does not say.
      type: float
      sample: 1795532400.0
    boot_time:
      description: When it has booted, likewise.
      type: float
      sample: 1795532340.0
others:
  description: >-
    The other hosts of the pool, with RV(ignore:uuid), RV(ignore:name), RV(ignore:enabled), RV(ignore:live) and RV(ignore:maintenance)
    as in RV(host).
  returned: success
  type: list
  elements: dict
  sample: [{uuid: 6b2d4b1f-5e7d-4c54-9f1f-4f1f3bd6b4e2, name: xs8-b, enabled: true, live: true, maintenance: false}]
vms:
  description: The virtual machines that it had when it was looked at, running or paused, without its control domain.
  returned: success
  type: list
  elements: dict
  sample: [{uuid: 0fb5d9f1-7a39-4ab8-b0ab-2f5e1d3b7c11, name: web1}]
immovable:
  description: The virtual machines that cannot leave the host, with RV(ignore:uuid), RV(ignore:name) and XAPI's RV(ignore:reason).
  returned: with O(state=maintenance), also where it is refused
  type: list
  elements: dict
  sample: [{uuid: 0fb5d9f1-7a39-4ab8-b0ab-2f5e1d3b7c11, name: web1, reason: 'VM_REQUIRES_SR,OpaqueRef:1,OpaqueRef:2'}]
stranded:
  description: The virtual machines that could not be brought back, with RV(ignore:uuid), RV(ignore:name) and the RV(ignore:reason).
  returned: with O(state=restored), not in check mode
  type: list
  elements: dict
  sample: []
commands:
  description: The calls that changed something, or would have in check mode.
  returned: success
  type: list
  elements: list
  sample: [[/opt/xensource/bin/xe, host-disable, uuid=5a1c3a0e-4d6c-4b43-8f0e-3f0f2ad5a3d1]]
'''

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.xenserver.openvswitch.plugins.module_utils import _xapi_host, _xapi_maintenance
from ansible_collections.xenserver.openvswitch.plugins.module_utils._change import Change, exit_with, guarded
from ansible_collections.xenserver.openvswitch.plugins.module_utils._cli import CliError
from ansible_collections.xenserver.openvswitch.plugins.module_utils._xapi import Refused, Xe, XeError

BACK = ('vm-migrate', 'vm-start')
SLOW = ('host-evacuate',) + BACK


def this_host():
    facts = _xapi_host.facts()
    if facts is None or not facts['host_uuid']:
        raise Refused('This host has no INSTALLATION_UUID in /etc/xensource-inventory, so it is no XenServer or XCP-ng dom0. Name the host with host.')
    return facts['host_uuid']


def set_state(module):
    params = module.params
    xe, patient = Xe(params['time_limit']), Xe(params['migration_time_limit'])
    host = _xapi_maintenance.read_host(xe, params['host'] or this_host())
    values = dict(others=host['others'], vms=[dict(uuid=vm['uuid'], name=vm['name']) for vm in _xapi_maintenance.resident(host)])
    steps = _xapi_maintenance.plan_host(host, params['state'], params['evacuate']) if params['state'] else []
    if params['state'] == 'maintenance':
        values['immovable'] = require_way_out(module, xe, host, steps)
    change, before = Change(), dict(enabled=host['enabled'], maintenance=host['mark'] is not None)
    after = _xapi_maintenance.host_after(host, params['state']) if steps else before
    change.note('host', before, after)
    if steps:
        change.touch()
    for command, words in steps:
        change.add_command(xe.argv(command, words))
    if not module.check_mode:
        stranded = apply(module, xe, patient, host, steps)
        values.update(dict(stranded=stranded) if params['state'] == 'restored' else {})
    told = dict((name, host[name]) for name in ('uuid', 'name', 'live', 'agent_start_time', 'boot_time'))
    exit_with(module, change, host=dict(told, **after), **values)


def require_way_out(module, xe, host, steps):
    """Refuse an evacuation that XAPI would give up halfway."""
    if not any(command == 'host-evacuate' for command, dummy in steps):
        return []
    immovable = _xapi_maintenance.hindrances(xe, host)
    if immovable:
        module.fail_json(immovable=immovable, msg=(
            'Host %s cannot be evacuated, and nothing was changed. These virtual machines cannot leave it: %s. '
            'Make room, migrate or shut them down, and run again.' % (
                host['name'], '; '.join('%s (%s): %s' % (vm['name'], vm['uuid'], vm['reason']) for vm in immovable))))
    return immovable


def apply(module, xe, patient, host, steps):
    """Make the calls; the virtual machines that could not be brought back."""
    stranded = []
    for command, words in steps:
        try:
            (patient if command in SLOW else xe).call(command, words)
        except CliError as error:
            if command in BACK:
                stranded.append(strand(module, host, command, dict(words)['uuid'], error))
                continue
            if command == 'host-evacuate':
                undo(xe, host, error)
            raise
    return stranded


def strand(module, host, command, uuid, error):
    """Say which virtual machine was not brought back, and why; that it took too long is no failure of the host either."""
    name = next(vm['name'] for vm in host['vms'] if vm['uuid'] == uuid)
    reason = error.said if isinstance(error, XeError) else str(error)
    module.warn('%s %s: %s' % (name, 'stays where it runs' if command == 'vm-migrate' else 'stays down', reason))
    return dict(uuid=uuid, name=name, reason=reason)


def undo(xe, host, failure):
    """After a failed evacuation: the host as it was found, unless an earlier run had begun.

    :raises CliError: that failed too, so that the host is still under maintenance.
    """
    try:
        if host['mark'] is None:
            for command, words in [('host-enable', [('uuid', host['uuid'])])] * host['enabled'] + _xapi_maintenance.forget('host', host['uuid']):
                xe.call(command, words)
    except CliError as error:
        raise CliError('%s\nThe host could not be put back as it was found either: %s' % (failure, error), failure.result)


def main():
    module = AnsibleModule(
        argument_spec=dict(
            state=dict(type='str', choices=['enabled', 'disabled', 'maintenance', 'restored']),
            evacuate=dict(type='bool', default=True),
            host=dict(type='str'),
            migration_time_limit=dict(type='int', default=3600),
            time_limit=dict(type='int', default=60),
        ),
        supports_check_mode=True,
    )
    guarded(set_state)(module)


if __name__ == '__main__':
    main()
