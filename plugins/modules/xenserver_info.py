#!/usr/bin/python
# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function
__metaclass__ = type

DOCUMENTATION = r'''
module: xenserver_info
short_description: Tell what a XenServer or XCP-ng host is, and whether XAPI and Open vSwitch agree on the manager
version_added: 0.1.0
description:
  - Reads a dom0's own files, asks XAPI for the pool and its manager, and Open vSwitch for its managers.
  - Judges what XAPI would do to the managers of Open vSwitch the next time that it starts.
  - On a host that is no XenServer it says so and does not fail.
author: "The xenserver.openvswitch project (@xenserver-openvswitch)"
extends_documentation_fragment:
  - xenserver.openvswitch.attributes.info
  - xenserver.openvswitch.attributes.time_limit
options:
  bridges:
    description: Whether to ask XAPI for RV(xenserver.plugged_bridges) too, which takes one more call.
    type: bool
    default: false
seealso:
  - module: xenserver.openvswitch.ovs_info
  - module: xenserver.openvswitch.xapi_sdn_controller
'''

EXAMPLES = r'''
- name: Look at the host
  xenserver.openvswitch.xenserver_info:
  register: host

- name: Fail where the next start of XAPI would take a manager away
  ansible.builtin.assert:
    that: host.xenserver.verdict not in ['xapi_would_wipe_ovs', 'different']
    fail_msg: "{{ host.xenserver.verdict_reason }}"
  when: host.is_xenserver
'''

RETURN = r'''
is_xenserver:
  description: Whether this is a XenServer or XCP-ng dom0, which is to say whether it has C(/etc/xensource-inventory).
  returned: always
  type: bool
pending_reboot:
  description: Why the host should be rebooted, as sentences. Empty where it need not be, as far as its network backend is concerned.
  returned: always
  type: list
  elements: str
  sample: [the network backend was set to openvswitch after the host had started]
xenserver:
  description: The host. Null where it is no XenServer.
  returned: always
  type: dict
  contains:
    brand:
      description: The product.
      type: str
      sample: XCP-ng
    version:
      description: The product's version.
      type: str
      sample: 8.3.0
    build:
      description: The product's build.
      type: str
      sample: release/yangtze/master/58
    host_uuid:
      description: The host's UUID in XAPI.
      type: str
      sample: 5a1c3a0e-4d6c-4b43-8f0e-3f0f2ad5a3d1
    generation:
      description: V(systemd) where systemd is the init that runs (7.0 and later), else V(sysv).
      type: str
      sample: systemd
    role:
      description: V(coordinator) or V(supporter) of its pool. Null where C(/etc/xensource/pool.conf) says neither.
      type: str
      sample: supporter
    coordinator_address:
      description: The coordinator's address as a supporter knows it, null on the coordinator.
      type: str
      sample: 192.0.2.21
    network_backend:
      description:
        - V(bridge) or V(openvswitch), as C(/etc/xensource/network.conf) has it for the next boot.
        - V(vswitch) there is the same as V(openvswitch), and so is no file and any other word.
      type: str
      sample: openvswitch
    kernel:
      description: The release of the running kernel.
      type: str
      sample: 4.19.0+1
    machine:
      description: The machine's architecture.
      type: str
      sample: x86_64
    plugin:
      description: The plugin on this host that XAPI calls to make Open vSwitch follow. Null where there is none.
      type: str
      sample: openvswitch-config-update
    xapi_started:
      description:
        - When XAPI's start-up was complete, in seconds since 1970. Calling the plugin of Open vSwitch is part of it.
        - Null where it is not, since XAPI is down or has yet to get there.
      type: float
      sample: 1760000044.5
    plugged_bridges:
      description: The bridges that XAPI has made on this host, sorted. Null without O(bridges) and where XAPI does not answer.
      type: list
      elements: str
      sample: [xapi0, xenbr0]
    xapi:
      description: Whether XAPI answers.
      type: dict
      contains:
        reachable:
          description: Whether it does.
          type: bool
        error:
          description: What was said instead, null where it does.
          type: str
          sample: 'Error: Connection refused (calling connect )'
    pool:
      description: The pool. Its values are null where XAPI does not answer.
      type: dict
      contains:
        uuid:
          description: Its UUID.
          type: str
        name:
          description: Its name label, which is often empty.
          type: str
        coordinator:
          description: The UUID of its coordinator.
          type: str
    manager:
      description: The manager that XAPI holds for the pool. Its values are null where XAPI holds none or does not answer.
      type: dict
      contains:
        api:
          description: What XAPI keeps it in, V(SDN_controller) or V(pool.vswitch_controller).
          type: str
        protocol:
          description: V(ssl) or V(pssl).
          type: str
        address:
          description: The controller's address, empty with V(pssl).
          type: str
        port:
          description: The controller's port as XAPI stores it, with V(pssl) 0. V(pool.vswitch_controller) has none, and this is the plugin's.
          type: int
        target:
          description: The manager as Open vSwitch names it.
          type: str
          sample: ssl:192.0.2.10:6632
    ovs_managers:
      description: The managers in this host's Open vSwitch. Null where they could not be read.
      type: list
      elements: str
      sample: ['ssl:192.0.2.10:6632']
    fail_mode:
      description: The fail mode that XAPI holds for the pool, null where it holds none or does not answer.
      type: str
      sample: standalone
    networks:
      description: The settings that XAPI holds for each network, by its bridge. Null where XAPI does not answer.
      type: dict
      sample:
        xenbr0: {fail_mode: null, disable_in_band: null}
    emer_reset_would_lose:
      description:
        - What C(ovs-vsctl emer-reset), which XAPI's plugin does whenever it sets or removes a manager, would take from this host beside the managers.
          By the name of bridge, port and interface; what is empty is left out.
        - Fail modes and C(disable-in-band) are not lost where XAPI knows the bridge. It sets them again.
        - Null where Open vSwitch could not be read.
      type: dict
      sample:
        bridges:
          xenbr0: {controller: ['ssl:192.0.2.10:6633'], mirrors: [span]}
        ports:
          bond0: {bond-detect-mode: carrier, lacp-time: slow}
        interfaces:
          vif1.0: {ingress_policing_burst: 100, ingress_policing_rate: 1000}
    verdict:
      description:
        - V(agrees) means that Open vSwitch has XAPI's manager, as XAPI's plugin compares them. Further managers do not count.
        - V(unset) means that neither has one.
        - V(ovs_lacks_manager) means that XAPI has one and Open vSwitch none, so that the plugin failed or did not run.
        - V(different) means that XAPI's plugin would replace what Open vSwitch has.
        - V(xapi_would_wipe_ovs) means that XAPI has none, so that its plugin would remove what Open vSwitch has.
        - V(plugin_failed) means that both agree on the manager, and the rest is not as the plugin leaves it, which is fail mode and in-band control of
          bridges, the TLS material, and with V(pssl) the port in the firewall. It failed halfway, has not run since that was set, or the manager was set
          by hand.
        - V(unknown) means that one of both could not be read.
      type: str
      sample: agrees
    verdict_reason:
      description: The verdict as a sentence, with what it means.
      type: str
'''

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.xenserver.openvswitch.plugins.module_utils import (
    _ovs, _ovs_reset, _xapi_follow, _xapi_host, _xapi_manager, _xapi_network, _xapi_settings)
from ansible_collections.xenserver.openvswitch.plugins.module_utils._change import guarded
from ansible_collections.xenserver.openvswitch.plugins.module_utils._cli import CliError
from ansible_collections.xenserver.openvswitch.plugins.module_utils._xapi import Xe

# Seconds for a question to ovsdb-server, which answers at once or not at all.
OVS_LIMIT = 10


def ask_xapi(time_limit):
    """The pool, its manager as _xapi_manager.read() gives it, and the settings of its bridges.

    :raises CliError: XAPI does not answer.
    """
    xe = Xe(time_limit)
    held = _xapi_manager.read(xe, _xapi_manager.plugin_port(_xapi_host.field_plugin()))
    pool = xe.pool()
    return dict(uuid=pool['uuid'], name=pool['name-label'], coordinator=pool['master']), held, _xapi_settings.read(xe)


def ask_openvswitch(time_limit):
    """The rows of the host's database, or None."""
    try:
        return _ovs_reset.read(_ovs.Vsctl(min(time_limit, OVS_LIMIT)))
    except CliError:
        return None


def ask_bridges(host, settings, time_limit):
    try:
        return _xapi_network.plugged_bridges(Xe(time_limit), host['host_uuid'], settings['networks'])
    except CliError:
        return None


def manager_of(held):
    controller = held['controller'] or dict(protocol=None, address=None, port=None)
    return dict(controller, api=held['api'], target=_xapi_manager.target(held['controller']))


def judge(held, settings, rows, is_open):
    """What XAPI and Open vSwitch make of each other; ``held`` and ``settings`` are None where XAPI does not answer, ``rows`` where Open vSwitch does not."""
    told = dict(ovs_managers=None, emer_reset_would_lose=None)
    unsettled = []
    if rows:
        names, switch = [row['name'] for row in rows['Bridge']], _ovs_reset.lost(rows)
        bridges = _xapi_settings.bridges(settings) if settings else {}
        reset = _xapi_follow.settled(_ovs_reset.nothing(), names, bridges)
        told = dict(ovs_managers=sorted(switch['managers']), emer_reset_would_lose=_xapi_follow.lost(switch, reset))
        unsettled = _xapi_follow.unsettled(switch, names, held['controller'], held['api'], bridges, is_open) if held else []
    if held is None:
        return dict(told, verdict='unknown', verdict_reason='XAPI could not be asked for its manager.')
    word, reason = _xapi_follow.verdict(held['controller'], told['ovs_managers'], held['api'], unsettled)
    return dict(told, verdict=word, verdict_reason=reason)


def look(module):
    host = _xapi_host.facts()
    if host is None:
        module.exit_json(changed=False, is_xenserver=False, xenserver=None, pending_reboot=[])
    rows = ask_openvswitch(module.params['time_limit'])
    try:
        pool, held, settings = ask_xapi(module.params['time_limit'])
        error = None
    except CliError as caught:
        pool, held, settings = dict(uuid=None, name=None, coordinator=None), None, None
        error = getattr(caught, 'said', str(caught))
    is_open = _xapi_follow.is_port_open(held['controller'], module.params['time_limit']) if held else None
    host.update(
        judge(held, settings, rows, is_open), xapi=dict(reachable=error is None, error=error), pool=pool,
        fail_mode=settings and settings['pool']['fail_mode'], networks=settings and _xapi_settings.view(settings)['networks'],
        manager=manager_of(held or dict(api=None, controller=None)))
    host['plugged_bridges'] = ask_bridges(host, settings, module.params['time_limit']) if module.params['bridges'] and settings else None
    module.exit_json(changed=False, is_xenserver=True, xenserver=host, pending_reboot=_xapi_host.pending_reboot())


def main():
    arguments = dict(bridges=dict(type='bool', default=False), time_limit=dict(type='int', default=60))
    module = AnsibleModule(argument_spec=arguments, supports_check_mode=True)
    guarded(look)(module)


if __name__ == '__main__':
    main()
