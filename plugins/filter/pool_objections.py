# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r'''
name: pool_objections
short_description: Tell why the manager of a pool must not be changed, from what that would do to its hosts
version_added: 0.1.0
author: The xenserver.openvswitch project (@xenserver-openvswitch)
description:
  - XAPI calls its plugin on all hosts of a pool, whichever of them is asked. So what one host would not stand is an objection for all, as is a
    manager that is not the same for all.
  - Takes what M(xenserver.openvswitch.xapi_ovs_update) foresaw for each of them in check mode.
options:
  _input:
    description: For each host of the pool that the play knows, by its name in the inventory, what M(xenserver.openvswitch.xapi_ovs_update) returned.
    type: dict
    required: true
  emer_reset_consent:
    description: Whether settings may go that the plugin's C(emer-reset) takes and XAPI does not set again.
    type: bool
    default: false
  secure_consent:
    description: Whether bridges may become secure without a connected OpenFlow controller.
    type: bool
    default: false
  unread_consent:
    description: Whether hosts may be in the pool whose Open vSwitch cannot be read, as in check mode.
    type: bool
    default: false
'''

EXAMPLES = r'''
- name: Refuse what a host of the pool would not stand
  vars:
    pool: [xs1, xs2]
    objections: "{{ dict(pool | zip(pool | map('extract', hostvars, 'foreseen'))) | xenserver.openvswitch.pool_objections }}"
  ansible.builtin.fail:
    msg: "{{ objections | join(' ') }}"
  when: objections | length > 0
'''

RETURN = r'''
_value:
  description: The objections, each with the hosts, the reason and the remedy. Without any the list is empty.
  type: list
  elements: str
  sample:
    - "XAPI's plugin would reset Open vSwitch and take settings that XAPI does not set again. Set ovs_manager_emer_reset_consent to true where they may
      go; xs1: port bond0: bond-detect-mode."
'''


def pool_objections(foreseen, emer_reset_consent=False, secure_consent=False, unread_consent=False):
    """``{name: result of xapi_ovs_update}`` -> ``[text]``."""
    found = list(_contradictions(foreseen))
    if not unread_consent:
        found += ['%s: %s' % (name, one['unread']) for name, one in foreseen.items() if one['unread']]
    if not emer_reset_consent:
        found += _losses(foreseen)
    cut_off = ['%s: %s' % (name, ', '.join(one['cut_off'])) for name, one in foreseen.items() if one.get('cut_off')]
    if cut_off and not secure_consent:
        found.append('%s; these bridges would become secure without a connected OpenFlow controller and pass nothing, the host\'s management included. '
                     'Connect a controller first, have them standalone with ovs_manager_fail_mode, or set ovs_manager_secure_consent to true.'
                     % '; '.join(cut_off))
    strangers = _strangers(foreseen, 'secured')
    if strangers and not secure_consent:
        found.append('Bridges may become secure, or lose their OpenFlow controller, on hosts of the pool that this play does not know, so that whether they '
                     'would be cut off cannot be told: %s. Let the play have all hosts of the pool, or set ovs_manager_secure_consent to true.'
                     % ', '.join(strangers))
    return found


def _contradictions(foreseen):
    asked = {name: one['manager'] or 'none' for name, one in foreseen.items()}
    if len(set(asked.values())) > 1:
        yield ('XAPI holds one manager for all hosts of a pool, and these are asked for different ones: %s. '
               'Give all of them the same address, port and protocol.' % '; '.join('%s: %s' % pair for pair in asked.items()))


def _losses(foreseen):
    losers = ['%s: %s' % (name, one['lost_words']) for name, one in foreseen.items() if one.get('lost_words')]
    if losers:
        yield ('XAPI\'s plugin would reset Open vSwitch and take settings that XAPI does not set again. Set ovs_manager_emer_reset_consent to true '
               'where they may go; %s.' % '; '.join(losers))
    strangers = _strangers(foreseen, 'hosts')
    if strangers:
        yield ('XAPI\'s plugin would reset Open vSwitch on hosts of the pool that this play does not know, so that what they would lose cannot be told: %s. '
               'Let the play have all hosts of the pool, or set ovs_manager_emer_reset_consent to true.' % ', '.join(strangers))


def _strangers(foreseen, key):
    """The names of those hosts under a key of the pool that are not among those that were looked at."""
    known = {one['host_uuid'] for one in foreseen.values()}
    found = {host['uuid']: host['name'] for one in foreseen.values() for host in one['pool'].get(key, ()) if host['uuid'] not in known}
    return list(found.values())


class FilterModule:
    """The collection's filters."""

    def filters(self):
        return {'pool_objections': pool_objections}
