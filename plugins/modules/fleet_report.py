#!/usr/bin/python
# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The documentation of the action plugin of this name; nothing of it runs on a host."""

from __future__ import absolute_import, division, print_function
__metaclass__ = type

DOCUMENTATION = r'''
module: fleet_report
short_description: Write what is known of a fleet's Open vSwitch as data and as a page
version_added: 0.1.0
description:
  - Writes C(report.json) and C(report.html) into a folder of the controller, from what hosts have told. The role C(ovs_verify) uses it.
  - A host that was not asked, or could not be, keeps what it told before, each thing with the time when it was seen. The report of before is read for that.
  - The page is one file that needs no network and no script to be read. Every value in it is escaped.
  - Is changed where anything but the times differs from the report of before.
author: "The xenserver.openvswitch project (@xenserver-openvswitch)"
extends_documentation_fragment:
  - xenserver.openvswitch.attributes
attributes:
  action:
    description: It is an action, for which no host is asked.
    support: full
options:
  folder:
    description: The folder on the controller, made where it is missing. Each inventory needs one of its own.
    type: path
    required: true
  template:
    description:
      - The Jinja2 template of the page on the controller, with what it includes beside it. Values are escaped as in HTML.
      - The one of this collection is C(templates/report.html.j2) of the role P(xenserver.openvswitch.ovs_verify#role).
      - A relative path is below the folder that Ansible was started in, not beside the playbook or the role.
    type: path
    required: true
  hosts:
    description: The hosts that were asked.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: The host's name in the inventory.
        type: str
        required: true
      facts:
        description: What the filter P(xenserver.openvswitch.fleet_facts#filter) made of the host. Without it the host keeps what it told before.
        type: dict
      error:
        description: Why the host could not be looked at.
        type: str
      failed:
        description: What does not hold on the host, a text each with the remedy.
        type: list
        elements: str
        default: []
      done:
        description: What the run has done to the host, a text each.
        type: list
        elements: str
        default: []
  left:
    description: Hosts that failed earlier in the run and were therefore not asked.
    type: list
    elements: str
    default: []
  inventory:
    description: All hosts that there are. A host of the report of before that is not among them is forgotten.
    type: list
    elements: str
    required: true
seealso:
  - module: xenserver.openvswitch.ovs_info
  - module: xenserver.openvswitch.xenserver_info
'''

EXAMPLES = r'''
- name: Write the report
  xenserver.openvswitch.fleet_report:
    folder: /srv/www/openvswitch
    template: /usr/share/ansible/collections/ansible_collections/xenserver/openvswitch/roles/ovs_verify/templates/report.html.j2
    inventory: "{{ groups['all'] }}"
    hosts:
      - name: xs1.example.com
        facts: "{{ switch | xenserver.openvswitch.fleet_facts(host) }}"
      - name: xs2.example.com
        error: 'Failed to connect to the host via ssh: Connection timed out'
  run_once: true
'''

RETURN = r'''
data:
  description: The file with the report as data.
  returned: success
  type: str
  sample: /srv/www/openvswitch/report.json
page:
  description: The file with the page.
  returned: success
  type: str
  sample: /srv/www/openvswitch/report.html
hosts:
  description: How many hosts the report knows.
  returned: success
  type: int
  sample: 200
need_action:
  description: The names of the hosts on which something does not hold, or that could not be looked at.
  returned: success
  type: list
  elements: str
  sample: [xs2.example.com]
'''
