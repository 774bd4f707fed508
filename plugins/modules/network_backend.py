#!/usr/bin/python
# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function
__metaclass__ = type

DOCUMENTATION = r'''
module: network_backend
short_description: Select the network backend of a XenServer host
version_added: 0.1.0
description:
  - Selects the Linux bridge or Open vSwitch as the network backend of a dom0, with C(xe-switch-network-backend).
  - The choice takes effect with the next boot of the host. This module does not reboot it.
author:
  - The xenserver.openvswitch project (@xenserver-openvswitch)
extends_documentation_fragment:
  - xenserver.openvswitch.attributes
  - xenserver.openvswitch.attributes.time_limit
options:
  backend:
    description:
      - The backend to select.
      - A host whose C(network.conf) says V(vswitch), the older spelling, counts as V(openvswitch).
    type: str
    choices: [bridge, openvswitch]
    required: true
seealso:
  - module: xenserver.openvswitch.xenserver_info
notes:
  - Tested on a stand-in for C(xe-switch-network-backend), not yet on real XenServer.
'''

EXAMPLES = r'''
- name: Select Open vSwitch
  xenserver.openvswitch.network_backend:
    backend: openvswitch
  register: selected

- name: Make the choice take effect
  ansible.builtin.reboot:
  when: selected is changed
'''

RETURN = r'''
backend:
  description: The backend that is selected now, or in check mode would be.
  returned: success
  type: str
  sample: openvswitch
commands:
  description: The commands that changed something, or in check mode would.
  returned: success
  type: list
  elements: list
  sample: [[/opt/xensource/bin/xe-switch-network-backend, openvswitch]]
'''

import os

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.xenserver.openvswitch.plugins.module_utils._backend import CONF, SWITCH, backend_of, read_conf, switch_plan
from ansible_collections.xenserver.openvswitch.plugins.module_utils._change import Change, exit_with, guarded
from ansible_collections.xenserver.openvswitch.plugins.module_utils._cli import CliError, run


def converge(module):
    text, wanted = read_conf(), module.params['backend']
    change = Change()
    change.note('backend', backend_of(text), wanted)
    plan = switch_plan(text, wanted)
    if plan and not os.path.exists(SWITCH):
        raise CliError('This host has no %s, so it is no XenServer or XCP-ng dom0 and its network backend cannot be selected.' % SWITCH)
    for argument in plan:
        change.add_command([SWITCH, argument])
        if not module.check_mode:
            run([SWITCH, argument], module.params['time_limit'])
    if plan and not module.check_mode:
        verify(wanted)
    exit_with(module, change, backend=wanted)


def verify(wanted):
    """The script's exit status alone does not tell: see switch_plan."""
    if backend_of(read_conf()) != wanted:
        raise CliError('%s ended well, but %s says "%s", where %s was asked for.' % (SWITCH, CONF, read_conf(), wanted))


def main():
    module = AnsibleModule(
        argument_spec=dict(
            backend=dict(type='str', required=True, choices=['bridge', 'openvswitch']),
            time_limit=dict(type='int', default=60),
        ),
        supports_check_mode=True,
    )
    guarded(converge)(module)


if __name__ == '__main__':
    main()
