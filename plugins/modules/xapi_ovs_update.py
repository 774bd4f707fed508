#!/usr/bin/python
# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function
__metaclass__ = type

DOCUMENTATION = r'''
module: xapi_ovs_update
version_added: 0.1.0
short_description: See that the Open vSwitch of a XenServer or XCP-ng host follows XAPI, and let XAPI's plugin repair it
description:
  - Compares the managers, fail modes and in-band control in the host's own database with what XAPI holds for the pool.
    Where they differ, it calls the plugin on this host that XAPI itself calls when it starts and when the manager is set, and whose failures XAPI swallows.
  - Never writes a manager by itself, since XAPI would take it off again. One that was set by hand without TLS material, which the plugin would take for
    its own, it takes off before it calls the plugin. With O(protocol=pssl), where the plugin finds its manager and leaves the port closed, it opens that
    as the plugin does.
  - Run it on every host of the pool, after M(xenserver.openvswitch.xapi_sdn_controller) and with the same options.
    In check mode it foresees what that module brings to this host, and what the host loses by it.
author: "The xenserver.openvswitch project (@xenserver-openvswitch)"
extends_documentation_fragment:
  - xenserver.openvswitch.attributes
  - xenserver.openvswitch.attributes.time_limit
  - xenserver.openvswitch.xapi
options:
  emer_reset_consent:
    description:
      - Whether all that RV(lost) names may be lost. Without it the task fails, in check mode too, and names it.
      - Whenever it sets or removes the manager of a host, XAPI's plugin undoes what managers and controllers have set, with C(ovs-vsctl emer-reset).
    type: bool
    default: false
  secure_consent:
    description: Whether the bridges that RV(cut_off) names may be cut off. Without it the task fails, in check mode too, and names them.
    type: bool
    default: false
  before:
    description:
      - RV(switch) of an earlier run of this module, such as one in check mode before XAPI was changed.
      - XAPI lets its plugin run by itself, so that there is often nothing left to repair. What has changed since then is shown, and counts as a change.
    type: dict
notes:
  - A host whose network backend is C(bridge) has nothing to follow, and is left alone.
  - In check mode a host whose Open vSwitch cannot be read is no failure, since an earlier task may have been about to install or start it. RV(unread) says why.
seealso:
  - module: xenserver.openvswitch.xapi_sdn_controller
  - module: xenserver.openvswitch.xenserver_info
'''

EXAMPLES = r'''
- name: Tell what setting the manager would take from the host
  xenserver.openvswitch.xapi_ovs_update:
    address: 192.0.2.10
    emer_reset_consent: true
  check_mode: true
  register: foreseen

- name: Set the manager in XAPI
  xenserver.openvswitch.xapi_sdn_controller:
    address: 192.0.2.10
  run_once: true

- name: See the host follow
  xenserver.openvswitch.xapi_ovs_update:
    address: 192.0.2.10
    before: "{{ foreseen.switch }}"
'''

RETURN = r'''
api:
  description: What this XAPI keeps a manager in, V(SDN_controller) or V(pool.vswitch_controller).
  returned: always, where XAPI could be asked
  type: str
  sample: SDN_controller
host_uuid:
  description: The host in XAPI.
  returned: always, where XAPI could be asked
  type: str
  sample: 5a1c3a0e-4d6c-4b43-8f0e-3f0f2ad5a3d1
pool:
  description:
    - The pool, with its C(hosts) where its manager is to be changed in XAPI, so that the plugin may reset Open vSwitch on each of them.
    - Its hosts are in C(secured) where a change in XAPI may cut off bridges of any of them. A bridge is to become V(secure), or the manager is to be changed
      while one is V(secure).
  returned: always, where XAPI could be asked
  type: dict
  sample:
    uuid: 0d5c3a0e-4d6c-4b43-8f0e-3f0f2ad5a3d1
    hosts:
      - {uuid: 5a1c3a0e-4d6c-4b43-8f0e-3f0f2ad5a3d1, name: xs8-a}
    secured: []
manager:
  description: The manager that is asked for, as Open vSwitch names it. Null where none is.
  returned: always, where XAPI could be asked
  type: str
  sample: ssl:192.0.2.10:6632
targets:
  description: The managers of this host that XAPI's plugin takes for the one of the pool, after the task. Empty where XAPI holds none.
  returned: success
  type: list
  elements: str
  sample: ['ssl:192.0.2.10:6632']
switch:
  description:
    - What of this host's Open vSwitch is XAPI's to say, as the task has found it, and in its C(lost) what the plugin would take away or has taken.
    - With O(protocol=pssl) its C(port_open) says whether the firewall lets the manager in, where there is one.
    - Null where it could not be read in check mode, and where the network backend is C(bridge).
  returned: success
  type: dict
  sample:
    managers: []
    ssl: null
    bridges:
      xenbr0: {fail_mode: standalone, disable_in_band: null}
    lost: {bridges: {}, ports: {}, interfaces: {}}
resets:
  description: Whether the plugin does an emer-reset on this host.
  returned: always, where XAPI and Open vSwitch could be asked
  type: bool
lost:
  description: What the plugin takes from this host that XAPI does not set again, by the name of bridge, port and interface. What is empty is left out.
  returned: always, where XAPI and Open vSwitch could be asked
  type: dict
  sample:
    bridges:
      xenbr0: {controller: ['ssl:192.0.2.10:6633'], mirrors: [span]}
    ports:
      bond0: {bond-detect-mode: carrier, lacp-time: slow}
    interfaces:
      vif1.0: {ingress_policing_burst: 100, ingress_policing_rate: 1000}
lost_words:
  description: The same as one line, empty where nothing is lost.
  returned: always, where XAPI and Open vSwitch could be asked
  type: str
  sample: 'bridge xenbr0: controller, mirrors; port bond0: bond-detect-mode, lacp-time'
cut_off:
  description: >-
    The bridges that become V(secure) without a connected OpenFlow controller, or lose theirs while they are V(secure), and pass nothing until one comes.
  returned: always, where XAPI and Open vSwitch could be asked
  type: list
  elements: str
  sample: [xenbr0]
plugin:
  description: What XAPI's plugin did on this host when the task called it, null where it was not called.
  returned: success, and where the plugin failed
  type: dict
  sample: {plugin_ok: true, changed: true, result: 'Successfully set controller to ssl:192.0.2.10:6632.', error: null}
unread:
  description: Why Open vSwitch could not be read, null where it could.
  returned: always, where XAPI could be asked
  type: str
commands:
  description: The commands that changed something, or would in check mode.
  returned: success
  type: list
  elements: list
  sample: [[/opt/xensource/bin/xe, host-call-plugin, host-uuid=5a1c3a0e-4d6c-4b43-8f0e-3f0f2ad5a3d1, plugin=openvswitch-config-update, fn=update]]
'''

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.xenserver.openvswitch.plugins.module_utils import (
    _cli, _ovs, _ovs_reset, _xapi_follow, _xapi_host, _xapi_manager, _xapi_pool, _xapi_settings)
from ansible_collections.xenserver.openvswitch.plugins.module_utils._change import Change, exit_with, guarded
from ansible_collections.xenserver.openvswitch.plugins.module_utils._xapi import Refused, Xe

# What XAPI's plugin opens the port with.
FIREWALL = '/etc/xapi.d/plugins/firewall-port'


def identify():
    """The facts of this host.

    :raises Refused: it is no XenServer.
    """
    facts = _xapi_host.facts()
    if facts is None:
        raise Refused('This host has no XAPI: without /etc/xensource-inventory it is neither XenServer nor XCP-ng. Write the manager into its own '
                      'database with xenserver.openvswitch.ovs_manager; for the role of that name, set ovs_manager_through_xapi to false '
                      'and ovs_manager_targets to the managers.')
    return facts


def reach(xe, found):
    """The hosts of the pool where a change of XAPI may reset Open vSwitch, and those where it may cut off bridges: none, or all of them."""
    resets = bool(_xapi_manager.plan(found['held'], found['want']))
    before, after = (_secure(found[name]) for name in ('before', 'after'))
    # A reset takes the controllers of bridges that are secure already.
    secures = bool(after if resets else after - before)
    hosts = [dict(uuid=one['uuid'], name=one['name-label']) for one in xe.hosts()] if resets or secures else []
    return dict(hosts=hosts if resets else [], secured=hosts if secures else [])


def _secure(settings):
    return set(name for name, bridge in _xapi_settings.bridges(settings).items() if bridge['fail_mode'] == 'secure')


def look(module, facts):
    """The rows of the host's database, and why there are none."""
    if facts['network_backend'] != 'openvswitch':
        return None, ('The network backend of this host is %s, which has no manager. Select openvswitch with '
                      'xenserver.openvswitch.network_backend and reboot the host.' % facts['network_backend'])
    try:
        return _ovs_reset.read(_ovs.Vsctl(module.params['time_limit'])), None
    except _cli.CliError as error:
        if not module.check_mode:
            raise
        return None, str(error)


def foresee(found, rows, is_open):
    """What XAPI makes of the switch: the values of the module, and the switch before and after."""
    names = [row['name'] for row in rows['Bridge']]
    before, bridges = _ovs_reset.lost(rows), _xapi_settings.bridges(found['after'])
    start = dict(before, managers={}) if _xapi_follow.bare(before, found['want'], found['api']) else before
    way = _xapi_follow.stations(found['have'], found['want'], found['api'])
    after = _xapi_follow.followed(start, names, way, found['api'], bridges)
    lost = _xapi_follow.lost(before, after)
    values = dict(
        resets=_xapi_follow.resets(sorted(start['managers']), way, found['api']), lost=lost,
        lost_words=_xapi_follow.described(lost), cut_off=_xapi_follow.cut_off(before, after, rows))
    switches = dict(_xapi_follow.owned(before, names), lost=lost), _xapi_follow.owned(after, names)
    if is_open is not None:
        for switch, state in zip(switches, (is_open, True)):
            switch['port_open'] = state
    return (values,) + switches


def require_consent(module, values):
    """End the module where something would go that may not."""
    asked = []
    if values['lost_words'] and not module.params['emer_reset_consent']:
        asked.append('XAPI\'s plugin would reset Open vSwitch on this host and take from it: %s. See lost for all of it, and set emer_reset_consent '
                     'to true where that may go.' % values['lost_words'])
    if values['cut_off'] and not module.params['secure_consent']:
        asked.append('%s would become secure without a connected OpenFlow controller, and pass nothing, the host\'s management included. '
                     'Connect a controller first, have them standalone, or set secure_consent to true.' % ', '.join(values['cut_off']))
    if asked:
        module.fail_json(msg=' '.join(asked + ['Nothing was changed.']), **values)


def calls_for(module, xe, found, host, rows, is_open):
    """The vectors that repair the host; the plugin is the last of them."""
    by_hand = _xapi_follow.bare(_ovs_reset.lost(rows), found['want'], found['api'])
    before = [_ovs.Vsctl(module.params['time_limit']).argv([['del-manager']], ['--no-wait'])] if by_hand else []
    if is_open is False:
        before.append([FIREWALL, 'open', '%d' % _xapi_manager.PSSL_PORT])
    return before + [xe.argv(*_xapi_manager.update_call(_xapi_manager.PLUGINS[found['api']], host))]


def repair(module, xe, found, calls, base, values):
    """Call the plugin, and see that it did its work; what of the switch is XAPI's to say then."""
    plugin, limit = _xapi_manager.PLUGINS[found['api']], module.params['time_limit']
    for argv in calls[:-1]:
        _cli.run(argv, limit + _ovs.MARGIN)
    values['plugin'] = _xapi_manager.update_host(xe, plugin, values['host_uuid'])
    told, now, wanted = foresee(found, _ovs_reset.read(_ovs.Vsctl(limit)), _xapi_follow.is_port_open(found['want'], limit))
    undone = sorted(name for name in wanted if wanted[name] != now[name])
    if undone or not values['plugin']['plugin_ok']:
        said = values['plugin']['error'] or 'it said "%s"' % values['plugin']['result']
        module.fail_json(
            msg='XAPI\'s plugin %s did not do its work on this host, so that Open vSwitch does not follow XAPI (%s): %s\n'
                'Correct what it says and run again; its log is /var/log/xensource.log.' % (plugin, ', '.join(undone) or 'the rest is done', said),
            **record(base, dict(now, lost=told['lost']), calls).result(diff=module._diff, switch=now, **values))
    return wanted


def record(base, now, calls):
    change = Change()
    for argv in calls:
        change.add_command(argv)
    for name in sorted(now):
        change.note(name, base.get(name), now[name])
    return change


def follow(module):
    controller, facts = _xapi_pool.asked(module.params), identify()
    xe = Xe(module.params['time_limit'])
    found = _xapi_pool.survey(xe, module.params, controller, with_settings=True)
    values = dict(
        api=found['api'], host_uuid=facts['host_uuid'], pool=dict(reach(xe, found), uuid=xe.pool()['uuid']),
        manager=_xapi_manager.target(found['want']), plugin=None)
    if found['steps'] and not module.check_mode:
        raise Refused('XAPI does not hold yet what is asked for: set it first with xenserver.openvswitch.xapi_sdn_controller and the same options.')
    rows, values['unread'] = look(module, facts)
    if rows is None:
        pass_by(module, found, values)
    is_open = _xapi_follow.is_port_open(found['want'], module.params['time_limit'])
    told, switch, wanted = foresee(found, rows, is_open)
    values.update(told)
    require_consent(module, values)
    base, calls = module.params['before'] or switch, []
    if dict(wanted, lost=switch['lost']) != switch and not found['steps']:
        calls = calls_for(module, xe, found, facts['host_uuid'], rows, is_open)
        if not module.check_mode:
            wanted = repair(module, xe, found, calls, base, values)
    change = record(base, dict(wanted, lost=_xapi_follow.nothing_lost()), calls)
    targets = _xapi_follow.matching(found['want'], wanted['managers'], found['api']) if found['want'] else []
    exit_with(module, change, switch=switch, targets=targets, **values)


def pass_by(module, found, values):
    """End the module on a host that cannot be read; in check mode a change of XAPI will reach it."""
    change = Change()
    if module.check_mode:
        module.warn('%s Foreseen as if it had no manager.' % values['unread'])
        change.note('managers', [], [values['manager']] if values['manager'] else [])
    exit_with(module, change, switch=None, targets=[], **values)


def main():
    module = AnsibleModule(
        argument_spec=dict(
            _xapi_pool.ARGUMENTS,
            emer_reset_consent=dict(type='bool', default=False),
            secure_consent=dict(type='bool', default=False),
            before=dict(type='dict'),
            time_limit=dict(type='int', default=60),
        ),
        supports_check_mode=True,
    )
    guarded(follow)(module)


if __name__ == '__main__':
    main()
