#!/usr/bin/python
# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function
__metaclass__ = type

DOCUMENTATION = r'''
module: xapi_sdn_controller
short_description: Set the Open vSwitch manager of a XenServer or XCP-ng pool in XAPI
version_added: 0.1.0
description:
  - Sets the manager of all Open vSwitch hosts of a pool where it lasts, which is in XAPI.
    A manager that is only written to a host's own database is removed at the next start of XAPI, together with the bond and QoS settings.
  - Keeps it as an SDN controller where XAPI has them (XenServer 7.2 and later, XCP-ng), else as the vSwitch controller of the pool.
    Which of both is found out by asking XAPI, not by a version.
  - Sets fail mode and in-band control of the pool's bridges as well, which XAPI's plugin takes from there.
  - Runs C(xe) on any host of the pool. On a supporter C(xe) speaks to the coordinator by itself. Once per pool is enough.
author: "The xenserver.openvswitch project (@xenserver-openvswitch)"
extends_documentation_fragment:
  - xenserver.openvswitch.attributes
  - xenserver.openvswitch.attributes.time_limit
  - xenserver.openvswitch.xapi
options:
  update_hosts:
    description:
      - Call XAPI's plugin on every host of the pool, and report for each whether it did its work.
      - XAPI calls it by itself when the manager changes, but swallows its failures. With this option a failure on any host fails the task,
        and a host that missed the change is repaired.
      - Costs a process for each host. In check mode no plugin is called.
    type: bool
    default: false
notes:
  - Every change makes the plugin clear the managers of the hosts, and with them controllers, mirrors and the settings of bonds and QoS.
    So an SDN controller, which XAPI cannot alter, is forgotten and introduced again only where it really differs.
  - A run that was ended between the two is completed by the next.
  - The pool must run the network backend openvswitch. In check mode another backend is a warning, since an earlier task may have been about to select it.
  - O(fail_mode) and O(networks) alone let no plugin run. They reach the hosts with O(update_hosts=true), with
    M(xenserver.openvswitch.xapi_ovs_update), or at the next start of XAPI.
  - XAPI answers after the plugin has run on all hosts. Give large pools a longer O(time_limit).
seealso:
  - module: xenserver.openvswitch.xapi_ovs_update
  - module: xenserver.openvswitch.xenserver_info
  - module: xenserver.openvswitch.ovs_manager
'''

EXAMPLES = r'''
- name: Let the hosts of the pool connect to a controller
  xenserver.openvswitch.xapi_sdn_controller:
    address: 192.0.2.10
  run_once: true

- name: The same at another port, and see to it that every host follows
  xenserver.openvswitch.xapi_sdn_controller:
    address: 192.0.2.10
    port: 6653
    update_hosts: true
  run_once: true

- name: Let the hosts listen for their controller
  xenserver.openvswitch.xapi_sdn_controller:
    protocol: pssl
  run_once: true

- name: Let the bridges of one network pass nothing without their OpenFlow controller
  xenserver.openvswitch.xapi_sdn_controller:
    address: 192.0.2.10
    networks:
      - network: xenbr1
        fail_mode: secure
    update_hosts: true
  run_once: true

- name: Have no manager
  xenserver.openvswitch.xapi_sdn_controller:
    state: absent
  run_once: true
'''

RETURN = r'''
api:
  description: What this XAPI keeps a manager in, V(SDN_controller) or V(pool.vswitch_controller).
  returned: success
  type: str
  sample: SDN_controller
sdn_controller:
  description: The manager that XAPI holds after the task, or would hold after it in check mode. Null where it holds none.
  returned: success
  type: dict
  contains:
    protocol:
      description: V(ssl) or V(pssl).
      type: str
      sample: ssl
    address:
      description: The controller's address, empty with V(pssl).
      type: str
      sample: 192.0.2.10
    port:
      description: The controller's port, with V(pssl) 0, as XAPI stores it.
      type: int
      sample: 6632
target:
  description: The manager as Open vSwitch on the hosts names it. Null where there is none.
  returned: success
  type: str
  sample: ssl:192.0.2.10:6632
settings:
  description: The settings of bridges that XAPI holds after the task, by the bridge of each network. Null is what it does not hold.
  returned: with O(fail_mode) or O(networks), on success
  type: dict
  sample:
    fail_mode: null
    networks:
      xenbr0: {fail_mode: null, disable_in_band: null}
      xenbr1: {fail_mode: secure, disable_in_band: null}
hosts:
  description: What the plugin did on each host.
  returned: O(update_hosts=true), also where it failed, and not in check mode
  type: list
  elements: dict
  contains:
    uuid:
      description: The host.
      type: str
      sample: 5a1c3a0e-4d6c-4b43-8f0e-3f0f2ad5a3d1
    name:
      description: Its name label.
      type: str
      sample: xs8-a
    plugin_ok:
      description: Whether the plugin did its work.
      type: bool
    changed:
      description: Whether it changed anything on the host.
      type: bool
    result:
      description: What it answered, null where it failed.
      type: str
      sample: Successfully set controller to ssl:192.0.2.10:6632.
    error:
      description: What it failed with, null where it did not.
      type: str
commands:
  description: The calls that changed XAPI, or would have in check mode.
  returned: success, and where the plugin failed on a host
  type: list
  elements: list
  sample: [[/opt/xensource/bin/xe, sdn-controller-introduce, protocol=ssl, address=192.0.2.10, tcp-port=6632]]
'''

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.xenserver.openvswitch.plugins.module_utils import _xapi_manager, _xapi_pool, _xapi_settings
from ansible_collections.xenserver.openvswitch.plugins.module_utils._change import Change, exit_with, guarded
from ansible_collections.xenserver.openvswitch.plugins.module_utils._xapi import Refused, Xe


def set_manager(module):
    params = module.params
    controller = _xapi_pool.asked(params)
    xe = Xe(params['time_limit'])
    found = _xapi_pool.survey(xe, params, controller, with_settings=bool(params['fail_mode'] or params['networks']))
    require_backend(module, xe, found['steps'])
    change, values = record(xe, found)
    if not module.check_mode:
        _xapi_manager.apply(xe, found['held'], found['want'], found['steps'])
        if params['update_hosts']:
            values['hosts'] = update_hosts(module, xe, found['api'], change, values)
    exit_with(module, change, **values)


def record(xe, found):
    """The change record, and what the module returns beside it."""
    change, want = Change(), found['want']
    values = dict(api=found['api'], sdn_controller=want, target=_xapi_manager.target(want))
    if _xapi_manager.target(found['have']) != values['target']:
        change.note('sdn_controller', found['have'], want)
    if found['after']:
        values['settings'] = _xapi_settings.view(found['after'])
        change.note('settings', _xapi_settings.view(found['before']), values['settings'])
    for command, words in found['steps']:
        change.add_command(xe.argv(command, words))
    return change, values


def require_backend(module, xe, steps):
    """In check mode an earlier task may have been about to select the backend, so there it is but a warning."""
    try:
        _xapi_manager.require_backend(xe, steps)
    except Refused as refused:
        if not module.check_mode:
            raise
        module.warn(str(refused))


def update_hosts(module, xe, api, change, values):
    plugin = _xapi_manager.PLUGINS[api]
    hosts = _xapi_manager.update_hosts(xe, plugin)
    if any(host['changed'] for host in hosts):
        change.touch()
    failed = ['%s: %s' % (host['name'], host['error']) for host in hosts if not host['plugin_ok']]
    if failed:
        module.fail_json(
            msg='XAPI holds the manager, but its plugin %s failed on %d of %d hosts, so that Open vSwitch there need not follow. '
                'Correct what it says (its log is /var/log/xensource.log of that host) and run again.\n%s'
                % (plugin, len(failed), len(hosts), '\n'.join(failed)),
            **change.result(diff=module._diff, hosts=hosts, **values))
    return hosts


def main():
    module = AnsibleModule(
        argument_spec=dict(
            _xapi_pool.ARGUMENTS,
            update_hosts=dict(type='bool', default=False),
            time_limit=dict(type='int', default=60),
        ),
        supports_check_mode=True,
    )
    guarded(set_manager)(module)


if __name__ == '__main__':
    main()
