#!/usr/bin/python
# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function
__metaclass__ = type

DOCUMENTATION = r'''
module: ovs_manager
version_added: 0.1.0
short_description: Set the OVSDB managers of an Open vSwitch
description:
  - Keeps the list of managers that an Open vSwitch connects to or listens for, their settings, and the TLS material of the connections.
  - Reads the database with one C(ovs-vsctl) and writes all differences with another, in one transaction.
  - A manager that stays keeps its row, so that its UUID and the settings that the task does not name survive.
  - On XenServer and XCP-ng, XAPI owns the managers and removes those that it does not know when it starts.
    There, set the manager in XAPI with M(xenserver.openvswitch.xapi_sdn_controller).
extends_documentation_fragment:
  - xenserver.openvswitch.attributes
  - xenserver.openvswitch.attributes.time_limit
  - xenserver.openvswitch.ovs
options:
  target:
    description:
      - The targets, each V(ssl:HOST[:PORT]), V(tcp:HOST[:PORT]), V(pssl:[PORT[:HOST]]), V(ptcp:[PORT[:HOST]]), V(unix:FILE) or V(punix:FILE).
      - HOST is an IPv4 address, an IPv6 address in brackets, or a name. Open vSwitch resolves names from 2.10 on, where it was built to.
      - PORT is a number from 1 to 65535. For V(pssl) and V(ptcp), V(0) lets the kernel choose. An IPv6 address needs its port.
      - An empty list with O(state=exact) removes every manager.
    type: list
    elements: str
  managers:
    description: Targets with settings of their own, in place of O(target) or beside it. A setting left out is taken from the option of the same name.
    type: list
    elements: dict
    suboptions:
      target:
        description: As in O(target).
        type: str
        required: true
      inactivity_probe:
        description: As O(inactivity_probe).
        type: int
      max_backoff:
        description: As O(max_backoff).
        type: int
      connection_mode:
        description: As O(connection_mode).
        type: str
        choices: [in-band, out-of-band, default]
      other_config:
        description: As O(other_config), whose keys it adds to or overrides.
        type: dict
      external_ids:
        description: As O(external_ids), whose keys it adds to or overrides.
        type: dict
  state:
    description:
      - V(exact) makes the managers those of O(target) and O(managers), and no others.
      - V(present) adds them to what is there, V(absent) removes them.
      - V(emer_reset) runs C(ovs-vsctl emer-reset), which undoes what managers and controllers have set. Beside all managers and the TLS material it
        removes each bridge's controllers, fail mode, mirrors, NetFlow, sFlow, IPFIX, C(flood_vlans) and C(other_config) but for C(hwaddr),
        each port's C(other_config), which holds the settings of bonds and LACP, and each interface's ingress policing.
        Bridges, ports, tunnels and all C(external_ids) stay. It changes nothing where none of that is there, and needs O(emer_reset_consent)
        where some is. It goes with O(wait), O(time_limit) and O(database) only.
      - V(connected) changes nothing. It waits until the managers of O(target) are connected, and fails where one is not there, or not connected within
        O(connection_time_limit), with the reason as far as it can be told.
      - Open vSwitch counts as connected what may be refused a moment later, such as a manager that has not judged the switch's certificate yet (TLS 1.3),
        and with V(pssl) whoever has opened a connection. So O(state=connected) and O(wait_for_connection) ask for a connection of at least two seconds.
        Where Open vSwitch does not tell how long it has been there, as with V(pssl), they look twice, some seconds apart (three, six before Open vSwitch
        2.6). A client that opens a connection to V(pssl) and says nothing still counts.
      - On XenServer and XCP-ng, XAPI does an emer-reset by itself whenever the manager of its pool is set, changed or removed.
    type: str
    choices: [exact, present, absent, connected, emer_reset]
    default: exact
  emer_reset_consent:
    description:
      - Whether all that RV(lost) names may be lost with O(state=emer_reset). Without it the task fails, in check mode too, and names it.
    type: bool
    default: false
  inactivity_probe:
    description:
      - Milliseconds without traffic after which a probe is sent. V(0) sends none, V(-1) restores the default of Open vSwitch.
      - Left as it is when not given.
    type: int
  max_backoff:
    description: The longest wait between attempts to connect, in milliseconds, at least V(1000). V(-1) restores the default. Left as it is when not given.
    type: int
  connection_mode:
    description: Whether the traffic to the manager goes over a bridge of this switch. V(default) leaves it to Open vSwitch. Left as it is when not given.
    type: str
    choices: [in-band, out-of-band, default]
  other_config:
    description:
      - Further settings, by key, such as C(dscp). Keys not named are left as they are; a key that is C(null) is removed.
      - A value is stored as it stands, whatever characters it holds. A number or boolean is stored as text, a list or dictionary as its JSON.
    type: dict
  external_ids:
    description: Notes for other programs, by key. Treated as O(other_config).
    type: dict
  ssl:
    description: The TLS material of V(ssl) and V(pssl) targets. Left as it is when not given.
    type: dict
    suboptions:
      state:
        description: Whether there is any.
        type: str
        choices: [present, absent]
        default: present
      private_key:
        description:
          - The file of the switch's private key, an absolute path on the host. Required when O(ssl.state=present).
          - As all paths here it is taken as it stands, C($) and C(~) included.
        type: str
      certificate:
        description: The file of the switch's certificate, an absolute path on the host. Required when O(ssl.state=present).
        type: str
      ca_certificate:
        description:
          - The file of the certificate that the manager's certificate is checked with, an absolute path on the host.
          - Required when O(ssl.state=present).
        type: str
      bootstrap:
        description: Whether the first manager that answers is trusted, and its CA certificate written to O(ssl.ca_certificate) when that file is not there.
        type: bool
        default: false
  wait:
    description:
      - Whether to wait until C(ovs-vswitchd) has taken the change up, and to fail when it does not.
      - Set it to V(false) to write to the database while C(ovs-vswitchd) is down.
    type: bool
    default: true
  wait_for_connection:
    description: Whether to wait until every manager that the task names is connected, and to fail when one is not.
    type: bool
    default: false
  connection_time_limit:
    description: The longest wait for the connections, in seconds.
    type: int
    default: 60
seealso:
  - module: xenserver.openvswitch.xapi_sdn_controller
  - module: xenserver.openvswitch.ovs_info
author:
  - The xenserver.openvswitch project (@xenserver-openvswitch)
'''

EXAMPLES = r'''
- name: Have the switch managed by one controller, over TLS
  xenserver.openvswitch.ovs_manager:
    target:
      - ssl:192.0.2.10:6640
    ssl:
      private_key: /etc/openvswitch/sc-privkey.pem
      certificate: /etc/openvswitch/sc-cert.pem
      ca_certificate: /etc/openvswitch/vswitchd.cacert
      bootstrap: true
    wait_for_connection: true

- name: Listen for a local tool beside the managers that are there
  xenserver.openvswitch.ovs_manager:
    state: present
    target:
      - ptcp:6641:127.0.0.1
    inactivity_probe: 0

- name: Have two managers with settings of their own
  xenserver.openvswitch.ovs_manager:
    managers:
      - target: tcp:192.0.2.10:6640
        inactivity_probe: 30000
      - target: tcp:[2001:db8::10]:6640
        max_backoff: 8000

- name: See that the manager that XAPI has set is connected
  xenserver.openvswitch.ovs_manager:
    state: connected
    target:
      - ssl:192.0.2.10:6632

- name: Have no manager and no TLS material
  xenserver.openvswitch.ovs_manager:
    target: []
    ssl:
      state: absent

- name: Undo all that controllers have set, the settings of bonds and the limits of interfaces included
  xenserver.openvswitch.ovs_manager:
    state: emer_reset
    emer_reset_consent: true
'''

RETURN = r'''
managers:
  description: The managers after the task, sorted by target. In check mode those that would be.
  returned: success, and where one is not connected in time, or with O(state=connected) is not there
  type: list
  elements: dict
  sample:
    - target: ssl:192.0.2.10:6640
      uuid: 9ab4a3c4-5ab8-4a0c-8ea3-c6e4c11b45d4
      is_connected: true
      status: {sec_since_connect: '12', state: ACTIVE}
      inactivity_probe: 30000
      max_backoff: null
      connection_mode: null
      other_config: {}
      external_ids: {}
ssl:
  description: The TLS material after the task, or null.
  returned: success
  type: dict
  sample:
    private_key: /etc/openvswitch/sc-privkey.pem
    certificate: /etc/openvswitch/sc-cert.pem
    ca_certificate: /etc/openvswitch/vswitchd.cacert
    bootstrap: true
lost:
  description:
    - What O(state=emer_reset) has taken away, would take away in check mode, or asks consent for. What is empty is left out.
    - Managers by target, bridges, ports and interfaces by name.
  returned: with O(state=emer_reset), on success and without consent
  type: dict
  sample:
    managers: {}
    ssl: null
    bridges:
      xenbr0: {controller: ['ssl:192.0.2.10:6633'], fail_mode: secure}
    ports:
      bond0: {bond-detect-mode: carrier, lacp-time: slow}
    interfaces:
      vif1.0: {ingress_policing_burst: 100, ingress_policing_rate: 1000}
stored:
  description: Whether the database holds what was asked for.
  returned: when Open vSwitch could be asked, on success and failure
  type: bool
  sample: true
applied:
  description:
    - Whether C(ovs-vswitchd) has taken up what the database holds.
    - Null where nobody waited for it, with O(wait=false) or in check mode before a change.
  returned: when Open vSwitch could be asked, on success and failure
  type: bool
  sample: true
commands:
  description: The commands that changed something, or would in check mode.
  returned: success
  type: list
  elements: list
  sample:
    - - /usr/bin/ovs-vsctl
      - --timeout=60
      - --
      - --id=@manager0
      - create
      - Manager
      - target="ptcp:6640"
      - --
      - add
      - Open_vSwitch
      - .
      - manager_options
      - '@manager0'
'''

import os

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.xenserver.openvswitch.plugins.module_utils import _ovs, _ovs_apply, _ovs_manager, _ovs_reset, _ovs_targets
from ansible_collections.xenserver.openvswitch.plugins.module_utils._change import Change, exit_with, guarded
from ansible_collections.xenserver.openvswitch.plugins.module_utils._cli import check_path

SETTINGS = dict(
    inactivity_probe=dict(type='int'),
    max_backoff=dict(type='int'),
    connection_mode=dict(type='str', choices=['in-band', 'out-of-band', 'default']),
    other_config=dict(type='dict'),
    external_ids=dict(type='dict'),
)
SSL = dict(
    state=dict(type='str', choices=['present', 'absent'], default='present'),
    private_key=dict(type='str', no_log=False),
    certificate=dict(type='str'),
    ca_certificate=dict(type='str'),
    bootstrap=dict(type='bool', default=False),
)
ARGUMENTS = dict(
    SETTINGS,
    target=dict(type='list', elements='str'),
    managers=dict(type='list', elements='dict', options=dict(SETTINGS, target=dict(type='str', required=True))),
    state=dict(type='str', choices=['exact', 'present', 'absent', 'connected', 'emer_reset'], default='exact'),
    emer_reset_consent=dict(type='bool', default=False),
    ssl=dict(type='dict', options=SSL, required_if=[('state', 'present', ('private_key', 'certificate', 'ca_certificate'))]),
    wait=dict(type='bool', default=True),
    wait_for_connection=dict(type='bool', default=False),
    connection_time_limit=dict(type='int', default=60),
    database=dict(type='str'),
    time_limit=dict(type='int', default=60),
)


def want(module):
    """The managers asked for; ends the module where one is wrong."""
    params = module.params
    try:
        if params['database']:
            _ovs.check_database(params['database'])
        check_limits(params)
        wanted = _ovs_manager.wanted_managers(params['target'], params['managers'], params)
        check_targets(params, wanted)
        _ovs_manager.check_settings(wanted)
    except ValueError as error:
        module.fail_json(msg='%s Nothing was changed.' % error)
    return wanted


def check_limits(params):
    """:raises ValueError: a limit that ovs-vsctl does not take; that of the connections it would refuse after the change."""
    for name in ('time_limit', 'connection_time_limit'):
        if params[name] < 1:
            raise ValueError('%s is %d; it is a number of seconds from 1 on.' % (name, params[name]))


def check_targets(params, wanted, ovs_version=None):
    """:raises ValueError: what the switch could not use. What it shall no longer have may be anything, as ovs-vsctl let it in."""
    if params['state'] != 'absent':
        _ovs_targets.check([one['target'] for one in wanted], ovs_version)


def check_files(module, ssl):
    """Files that Open vSwitch could not read end the module; in check mode an earlier task may yet make them."""
    needed = ['private_key', 'certificate'] + ([] if ssl['bootstrap'] else ['ca_certificate'])
    for name in needed + ['ca_certificate']:
        check_path('ssl.%s' % name, ssl[name])
    lacking = ['%s (ssl.%s)' % (ssl[name], name) for name in needed if not os.path.isfile(ssl[name])]
    relative = [ssl[name] for name in needed + ['ca_certificate'] if not os.path.isabs(ssl[name])]
    if relative:
        module.fail_json(msg='No absolute path: %s. ovsdb-server would look for it in its own folder. Nothing was changed.' % ', '.join(relative))
    if lacking:
        report = module.warn if module.check_mode else lambda message: module.fail_json(msg=message)
        report('Not on this host: %s. Put the files there first. Nothing was changed.' % ', '.join(lacking))


def plan_for(params, wanted, have):
    """The desired rows and the commands that lead there.

    :raises ValueError: a name that this version cannot resolve, or a text that OVSDB cannot hold.
    """
    check_targets(params, wanted, have['ovs_version'])
    after = _ovs_manager.desired(have, wanted, params['state'], params['ssl'])
    return after, _ovs_manager.commands(have, after)


def record(vsctl, before, after, plan, wait):
    """The change record of a plan."""
    change = Change()
    old, new = _ovs_manager.view(before), _ovs_manager.view(after)
    for name in ('managers', 'ssl'):
        change.note(name, old[name], new[name])
    if plan:
        change.add_command(vsctl.argv(plan, [] if wait else ['--no-wait']))
    return change


def set_managers(module, vsctl, wanted):
    """Have the managers and the TLS material that were asked for."""
    params, before = module.params, _ovs_apply.read(vsctl)
    try:
        after, plan = plan_for(params, wanted, before)
    except ValueError as error:
        module.fail_json(msg='%s Nothing was changed.' % error)
    change = record(vsctl, before, after, plan, params['wait'])
    if _ovs_manager.lacks_tls(after):
        module.warn('An ssl or pssl manager has no TLS material and cannot connect. Give it with ssl.')
    told = store(module, vsctl, before, after, plan, lambda: plan_for(params, wanted, _ovs_apply.read(vsctl))[1])
    if params['wait_for_connection'] and params['state'] != 'absent' and not module.check_mode:
        clock = _ovs.Vsctl(params['connection_time_limit'], params['database'])
        named = [one['target'] for one in wanted]
        after['managers'] = _ovs_apply.connect(clock, dict(before, managers=after['managers']), named, changed=change.changed, applied=told['applied'])
    exit_with(module, change, managers=after['managers'], ssl=_ovs_manager.public_ssl(after['ssl']), **told)


def store(module, vsctl, before, after, plan, missing):
    """Carry ``plan`` out, unless in check mode; ``dict(stored, applied)``."""
    wait, pending = module.params['wait'], bool(plan) and module.check_mode
    if not pending:
        after['managers'] = _ovs_apply.apply(vsctl, before, after, plan, wait, missing)
    return dict(stored=not pending, applied=True if wait and not pending else None)


def reset(module, vsctl):
    """Undo what managers and controllers have set; ends the module where that needs a consent that was not given."""
    rows = _ovs_reset.read(vsctl)
    lost, empty = _ovs_reset.lost(rows), _ovs_reset.nothing()
    plan = [_ovs_reset.COMMAND] if lost != empty else []
    if plan and not module.params['emer_reset_consent']:
        module.fail_json(lost=lost, msg='emer-reset would take from this switch: %s. See lost for all of it, and set emer_reset_consent '
                                        'to true where that may go. Nothing was changed.' % _ovs_reset.described(lost))
    change = Change()
    for name in sorted(lost):
        change.note(name, lost[name], empty[name])
    if plan:
        change.add_command(vsctl.argv(plan, [] if module.params['wait'] else ['--no-wait']))
    before = _ovs_manager.have(rows['Open_vSwitch'], rows['Manager'], rows['SSL'])
    told = store(module, vsctl, before, dict(managers=[]), plan, lambda: _ovs_reset.lost(_ovs_reset.read(vsctl)) != empty)
    exit_with(module, change, managers=[], ssl=None, lost=lost, **told)


def see_connected(module, vsctl, wanted):
    """Wait for the connections of managers that somebody else has set."""
    have, named = _ovs_apply.read(vsctl), [one['target'] for one in wanted]
    missing = sorted(set(named) - set(row['target'] for row in have['managers']))
    if missing:
        module.fail_json(msg='Open vSwitch does not have the manager %s, so that it cannot be connected. Set it first.' % ', '.join(missing),
                         stored=False, applied=None, managers=have['managers'])
    clock = _ovs.Vsctl(module.params['connection_time_limit'], module.params['database'])
    managers = _ovs_apply.connect(clock, have, named, changed=False, applied=None)
    exit_with(module, Change(), managers=managers, ssl=_ovs_manager.public_ssl(have['ssl']), stored=True, applied=None)


def check_alone(module):
    """An emer-reset goes with nothing that says what the switch should have instead."""
    names = sorted(set(SETTINGS) | set(['target', 'managers', 'ssl', 'wait_for_connection']))
    beside = [name for name in names if module.params[name] is not None and module.params[name] is not False]
    if beside:
        module.fail_json(msg='state=emer_reset does not go with %s. Set managers in a task of its own after it. Nothing was changed.' % ', '.join(beside))


@guarded
def run(module):
    params, wanted = module.params, want(module)
    if params['state'] == 'emer_reset':
        check_alone(module)
    if params['ssl'] and params['ssl']['state'] == 'present':
        check_files(module, params['ssl'])
    vsctl = _ovs.Vsctl(params['time_limit'], params['database'])
    if params['state'] == 'emer_reset':
        reset(module, vsctl)
    if params['state'] == 'connected':
        see_connected(module, vsctl, wanted)
    set_managers(module, vsctl, wanted)


def main():
    managed = [('state', state, ('target', 'managers'), True) for state in ('exact', 'present', 'absent', 'connected')]
    run(AnsibleModule(argument_spec=ARGUMENTS, required_if=managed, supports_check_mode=True))


if __name__ == '__main__':
    main()
