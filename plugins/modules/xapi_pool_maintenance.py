#!/usr/bin/python
# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function
__metaclass__ = type

DOCUMENTATION = r'''
module: xapi_pool_maintenance
short_description: Switch high availability and auto_poweron of a pool off for a maintenance, and back as they were
version_added: 0.1.0
description:
  - With high availability on, a host that is rebooted can be fenced and its virtual machines restarted elsewhere. With C(auto_poweron)
    on, virtual machines start by themselves while the pool is worked on. So both are off while hosts of a pool are rebooted in turn.
  - What was found is kept in XAPI, in C(other_config) of the pool, before anything is changed. So a run that was killed or failed
    does not lose it, and the next run, or this module with O(state=absent), puts it back.
  - Runs C(xe) on any host of the pool. Once per pool is enough.
author: "The xenserver.openvswitch project (@xenserver-openvswitch)"
extends_documentation_fragment:
  - xenserver.openvswitch.attributes
attributes:
  platform:
    platforms: XenServer, XCP-ng
options:
  state:
    description:
      - V(present) begins the maintenance. V(absent) ends it and puts back what V(present) has found.
      - V(absent) does nothing where no maintenance was begun.
    type: str
    choices: [present, absent]
    default: present
  time_limit:
    description: The longest that one call may take, in seconds. XAPI switches high availability on only when every host has joined.
    type: int
    default: 600
seealso:
  - module: xenserver.openvswitch.xapi_host
'''

EXAMPLES = r'''
- name: Nothing restarts or starts virtual machines while hosts are rebooted
  xenserver.openvswitch.xapi_pool_maintenance:
  run_once: true

- name: High availability and auto_poweron are as they were found
  xenserver.openvswitch.xapi_pool_maintenance:
    state: absent
  run_once: true
'''

RETURN = r'''
pool:
  description: The pool after the task, or as it would be in check mode.
  returned: success
  type: dict
  contains:
    uuid:
      description: Its UUID.
      type: str
      sample: 0a2c5f2e-8a58-4b0c-9c61-6d4a9c6f1f10
    maintenance:
      description: Whether it is under a maintenance that this module began.
      type: bool
    high_availability:
      description: Whether high availability is on.
      type: bool
    auto_poweron:
      description: Whether virtual machines may start with their host.
      type: bool
commands:
  description: The calls that changed something, or would have in check mode.
  returned: success
  type: list
  elements: list
  sample: [[/opt/xensource/bin/xe, pool-ha-disable]]
'''

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.xenserver.openvswitch.plugins.module_utils import _xapi_maintenance
from ansible_collections.xenserver.openvswitch.plugins.module_utils._change import Change, exit_with, guarded
from ansible_collections.xenserver.openvswitch.plugins.module_utils._xapi import Xe


def set_state(module):
    xe = Xe(module.params['time_limit'])
    pool = _xapi_maintenance.read_pool(xe)
    steps = _xapi_maintenance.plan_pool(pool, module.params['state'])
    before, change = _xapi_maintenance.pool_view(pool), Change()
    after = _xapi_maintenance.pool_after(pool, module.params['state']) if steps else before
    change.note('pool', before, after)
    if steps:
        change.touch()
    for command, words in steps:
        change.add_command(xe.argv(command, words))
        if not module.check_mode:
            xe.call(command, words)
    exit_with(module, change, pool=dict(after, uuid=pool['uuid']))


def main():
    module = AnsibleModule(
        argument_spec=dict(
            state=dict(type='str', choices=['present', 'absent'], default='present'),
            time_limit=dict(type='int', default=600),
        ),
        supports_check_mode=True,
    )
    guarded(set_state)(module)


if __name__ == '__main__':
    main()
