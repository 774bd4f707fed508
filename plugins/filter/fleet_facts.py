# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r'''
name: fleet_facts
short_description: Take from what a host has told what a report on the fleet keeps of it
version_added: 0.1.0
author: The xenserver.openvswitch project (@xenserver-openvswitch)
description:
  - Takes what M(xenserver.openvswitch.ovs_info) and M(xenserver.openvswitch.xenserver_info) returned, and what P(xenserver.openvswitch.boot_steps#filter)
    made of it, for M(xenserver.openvswitch.fleet_report).
options:
  _input:
    description: What M(xenserver.openvswitch.ovs_info) returned.
    type: dict
    required: true
  host:
    description: What M(xenserver.openvswitch.xenserver_info) returned of a XenServer.
    type: dict
    required: true
  boot:
    description: What P(xenserver.openvswitch.boot_steps#filter) returned.
    type: list
    elements: dict
    default: []
'''

EXAMPLES = r'''
- name: Look at the host
  xenserver.openvswitch.xenserver_info:
  register: host

- name: Look at Open vSwitch
  xenserver.openvswitch.ovs_info:
  register: switch

- name: Print what a report would keep
  ansible.builtin.debug:
    msg: "{{ switch | xenserver.openvswitch.fleet_facts(host) }}"
'''

RETURN = r'''
_value:
  description: The facts, by name. What could not be seen is left out, so that a report keeps what was seen before.
  type: dict
  sample:
    product: XCP-ng 8.3.0
    package: 3.1.0-1.systemd
    running: 3.1.0
    connections: {'ssl:192.0.2.10:6632': true}
'''

from ansible_collections.xenserver.openvswitch.plugins.plugin_utils import _report


class FilterModule:
    """The collection's filters."""

    def filters(self):
        return {'fleet_facts': _report.facts}
