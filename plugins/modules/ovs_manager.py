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
    type: str
    choices: [exact, present, absent]
    default: exact
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
        description: The file of the switch's private key, an absolute path on the host. Required when O(ssl.state=present).
        type: path
      certificate:
        description: The file of the switch's certificate, an absolute path on the host. Required when O(ssl.state=present).
        type: path
      ca_certificate:
        description:
          - The file of the certificate that the manager's certificate is checked with, an absolute path on the host.
          - Required when O(ssl.state=present).
        type: path
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
  database:
    description: The database, as V(unix:FILE), V(tcp:HOST:PORT) or V(ssl:HOST:PORT). The host's own when not given.
    type: str
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

- name: Have no manager and no TLS material
  xenserver.openvswitch.ovs_manager:
    target: []
    ssl:
      state: absent
'''

RETURN = r'''
managers:
  description: The managers after the task, sorted by target. In check mode those that would be.
  returned: success
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

from ansible_collections.xenserver.openvswitch.plugins.module_utils import _ovs, _ovs_apply, _ovs_manager, _ovs_targets
from ansible_collections.xenserver.openvswitch.plugins.module_utils._change import Change, exit_with, guarded

SETTINGS = dict(
    inactivity_probe=dict(type='int'),
    max_backoff=dict(type='int'),
    connection_mode=dict(type='str', choices=['in-band', 'out-of-band', 'default']),
    other_config=dict(type='dict'),
    external_ids=dict(type='dict'),
)
SSL = dict(
    state=dict(type='str', choices=['present', 'absent'], default='present'),
    private_key=dict(type='path', no_log=False),
    certificate=dict(type='path'),
    ca_certificate=dict(type='path'),
    bootstrap=dict(type='bool', default=False),
)
ARGUMENTS = dict(
    SETTINGS,
    target=dict(type='list', elements='str'),
    managers=dict(type='list', elements='dict', options=dict(SETTINGS, target=dict(type='str', required=True))),
    state=dict(type='str', choices=['exact', 'present', 'absent'], default='exact'),
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
        wanted = _ovs_manager.wanted_managers(params['target'], params['managers'], params)
        _ovs_targets.check(one['target'] for one in wanted)
        _ovs_manager.check_settings(wanted)
    except ValueError as error:
        module.fail_json(msg='%s Nothing was changed.' % error)
    return wanted


def check_files(module, ssl):
    """Files that Open vSwitch could not read end the module; in check mode an earlier task may yet make them."""
    needed = ['private_key', 'certificate'] + ([] if ssl['bootstrap'] else ['ca_certificate'])
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
    _ovs_targets.check([one['target'] for one in wanted], have['ovs_version'])
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


@guarded
def run(module):
    params, wanted = module.params, want(module)
    if params['ssl'] and params['ssl']['state'] == 'present':
        check_files(module, params['ssl'])
    vsctl = _ovs.Vsctl(params['time_limit'], params['database'])
    before = _ovs_apply.read(vsctl)
    try:
        after, plan = plan_for(params, wanted, before)
    except ValueError as error:
        module.fail_json(msg='%s Nothing was changed.' % error)
    change = record(vsctl, before, after, plan, params['wait'])
    if _ovs_manager.lacks_tls(after):
        module.warn('An ssl or pssl manager has no TLS material and cannot connect. Give it with ssl.')
    pending = bool(plan) and module.check_mode
    applied = True if params['wait'] and not pending else None
    if not pending:
        after['managers'] = _ovs_apply.apply(vsctl, before, after, plan, params['wait'], lambda have: plan_for(params, wanted, have)[1])
    if params['wait_for_connection'] and params['state'] != 'absent' and not module.check_mode:
        clock = _ovs.Vsctl(params['connection_time_limit'], params['database'])
        named = [one['target'] for one in wanted]
        after['managers'] = _ovs_apply.connect(clock, after['managers'], named, changed=change.changed, applied=applied)
    exit_with(module, change, managers=after['managers'], ssl=_ovs_manager.public_ssl(after['ssl']),
              stored=not pending, applied=applied)


def main():
    run(AnsibleModule(argument_spec=ARGUMENTS, required_one_of=[('target', 'managers')], supports_check_mode=True))


if __name__ == '__main__':
    main()
