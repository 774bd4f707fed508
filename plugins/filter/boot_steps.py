# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r'''
name: boot_steps
short_description: Judge the boot of a host's Open vSwitch, step by step
version_added: 0.1.0
author: The xenserver.openvswitch project (@xenserver-openvswitch)
description:
  - Takes what a host has left of its boot, as M(xenserver.openvswitch.ovs_info) and M(xenserver.openvswitch.xenserver_info) tell it, and judges each step of
    the boot sequence in Open vSwitch's installation document for XenServer.
  - The steps are V(module), the kernel module is loaded; V(ovsdb_server), it runs; V(bridges_deleted), the first start since boot has deleted the bridges of
    before; V(ovs_vswitchd), it runs; V(bridges_made), the bridges that XAPI has plugged are there again; V(plugin), XAPI has started and called its plugin,
    which did its work; V(ovs_xapi_sync), the daemon that brings XAPI's names into the database runs and has put them to the bridges; V(manager), the pool's
    manager is back and connected.
options:
  _input:
    description:
      - What M(xenserver.openvswitch.ovs_info) returned with C(Port) among its O(xenserver.openvswitch.ovs_info#module:tables), so that bridges of VLANs
        are seen.
    type: dict
    required: true
  host:
    description:
      - What M(xenserver.openvswitch.xenserver_info) returned with O(xenserver.openvswitch.xenserver_info#module:bridges).
    type: dict
    required: true
'''

EXAMPLES = r'''
- name: Look at Open vSwitch
  xenserver.openvswitch.ovs_info:
    tables: [Port]
  register: switch

- name: Look at the host
  xenserver.openvswitch.xenserver_info:
    bridges: true
  register: host

- name: Say which steps of the boot have failed
  ansible.builtin.debug:
    msg: "{{ switch | xenserver.openvswitch.boot_steps(host) | selectattr('state', 'equalto', 'failed') | map(attribute='reason') }}"
'''

RETURN = r'''
_value:
  description:
    - The steps in their order, each a dictionary with its C(step), its C(state), which is V(ok), V(failed) or V(not applicable), and as C(reason) a sentence,
      for a step that failed with the remedy. What an earlier failure hides is V(not applicable).
    - Empty on a host that does not use Open vSwitch.
  type: list
  elements: dict
  sample:
    - {step: module, state: ok, reason: The kernel module openvswitch is loaded.}
'''

# Seconds by which times of the kernel and of files may differ: the kernel tells the time of boot in whole ones.
SLACK = 2
LOG = '/var/log/openvswitch'


def _module(switch, host):
    if switch['kernel_module']['loaded']:
        return 'ok', 'The kernel module openvswitch is loaded.'
    if switch['kernel_module']['file']:
        return 'failed', 'The kernel module openvswitch is not loaded. Run modprobe openvswitch, and see dmesg for why %s was not taken.' % (
            switch['kernel_module']['file'])
    users = [bridge['name'] for bridge in switch['bridges'] if bridge['datapath_type'] != 'netdev']
    if users:
        return 'failed', 'The running kernel has no module openvswitch, and these bridges need it: %s. Install the module for this kernel.' % ', '.join(users)
    return 'not applicable', 'The running kernel has no module openvswitch, and no bridge needs it.'


def _daemon(switch, name, service='openvswitch'):
    daemon = switch['daemons'][name.replace('-', '_')]
    if not daemon['running']:
        return 'failed', '%s does not run. See its log in %s, and start the service %s.' % (name, LOG, service)
    if not daemon['responding']:
        return 'failed', '%s runs and does not answer. See its log in %s, and restart the service %s.' % (name, LOG, service)
    return 'ok', '%s runs.' % name


def _ovsdb_server(switch, host):
    return _daemon(switch, 'ovsdb-server')


def _bridges_deleted(switch, host):
    booted, mark = switch['boot']['time'], switch['boot']['mark']
    if mark is None:
        return 'failed', (
            'There is no /var/run/openvswitch.booted: the service openvswitch was not started since boot, or the file was removed. '
            'Its next start deletes all bridges of the host. Start it when that does no harm, or reboot.')
    if mark < booted - SLACK:
        return 'failed', (
            '/var/run/openvswitch.booted is older than this boot, so that the bridges of before were kept, which have no device any more. '
            'Remove it and reboot; something keeps /var/run from being emptied at boot.')
    started = switch['daemons']['ovsdb_server']['started']
    again = started is not None and started > mark + SLACK
    return 'ok', 'The first start since boot has deleted the bridges of before%s.' % (', and a later one has kept those of now' if again else '')


def _ovs_vswitchd(switch, host):
    return _daemon(switch, 'ovs-vswitchd')


def _bridges_made(switch, host):
    if host['plugged_bridges'] is None:
        return 'not applicable', 'This cannot be seen: XAPI was not asked which bridges it has plugged, or did not tell.'
    names = [bridge['name'] for bridge in switch['bridges']]
    names += [port['name'] for port in switch['tables'].get('Port', []) if port.get('fake_bridge')]
    absent = sorted(set(host['plugged_bridges']) - set(names))
    if absent:
        return 'failed', 'XAPI has plugged these bridges, and Open vSwitch has none of them: %s. %s' % (
            ', '.join(absent), _reconfigure(host['generation']))
    return 'ok', 'The bridges that XAPI has plugged are there: %s.' % (', '.join(host['plugged_bridges']) or 'none')


def _reconfigure(generation):
    if generation == 'systemd':
        return 'See the log of xcp-networkd, and have it make them again with xe-toolstack-restart.'
    return 'See /var/log/messages for interface-reconfigure, and have it make them again with service management-interface start.'


def _plugin(switch, host):
    plugin = host['plugin']
    if plugin is None:
        return 'failed', 'There is no plugin in /etc/xapi.d/plugins for XAPI to call. Install the package openvswitch again.'
    if not host['xapi']['reachable']:
        return 'failed', 'XAPI does not answer, so that nobody calls %s: %s. See /var/log/xensource.log, and start it with xe-toolstack-restart.' % (
            plugin, host['xapi']['error'])
    if host['xapi_started'] is None or host['xapi_started'] < switch['boot']['time'] - SLACK:
        return 'failed', (
            'XAPI has not completed its start since boot, so that it has not called %s. See /var/log/xensource.log, and start it with '
            'xe-toolstack-restart.' % plugin)
    if host['verdict'] not in ('agrees', 'unset'):
        return 'failed', '%s was called when XAPI started, and left something undone. %s See /var/log/xensource.log, and run the role %s.' % (
            plugin, host['verdict_reason'], 'xenserver.openvswitch.ovs_manager')
    return 'ok', 'XAPI has started since boot, called %s, and Open vSwitch is as it leaves it.' % plugin


def _ovs_xapi_sync(switch, host):
    daemon = switch['daemons']['ovs_xapi_sync']
    if daemon is None:
        return 'not applicable', 'This Open vSwitch has come without ovs-xapi-sync.'
    if daemon['running'] and host['xapi_started'] is None:
        return 'not applicable', 'ovs-xapi-sync runs, and works once XAPI has started.'
    service = 'openvswitch-xapi-sync' if host['generation'] == 'systemd' else 'openvswitch'
    state, reason = _daemon(switch, 'ovs-xapi-sync', service)
    nameless = _nameless(switch['bridges'], host['plugged_bridges'] or [])
    if state == 'ok' and nameless:
        return 'failed', 'ovs-xapi-sync runs and has not put XAPI\'s name to these bridges: %s. See its log in %s, and restart the service %s.' % (
            ', '.join(nameless), LOG, service)
    return state, reason


def _nameless(bridges, plugged):
    """The bridges of XAPI without bridge-id; where one serves several networks, it may be that none of them is its own."""
    ids = dict((bridge['name'], bridge['external_ids']) for bridge in bridges if bridge['name'] in plugged)
    return sorted(name for name in ids if not ids[name].get('bridge-id') and ';' not in ids[name].get('xs-network-uuids', ';'))


def _manager(switch, host):
    target = host['manager']['target']
    if target is None:
        return 'not applicable', 'XAPI holds no manager.'
    found = [manager for manager in switch['managers'] if manager['target'] == target]
    if not found:
        return 'failed', 'Open vSwitch has not got back its manager %s. Run the role xenserver.openvswitch.ovs_manager.' % target
    if not found[0]['is_connected'] and target.startswith('pssl:'):
        return 'failed', (
            'No manager has connected to %s. Does it know this host, and is its authority in /etc/stunnel/certs/sdn-controller-ca.pem?' % target)
    if not found[0]['is_connected']:
        return 'failed', 'The manager %s is not connected. Is it up, reachable and trusted?' % target
    return 'ok', 'The manager %s is connected.' % target


STEPS = (_module, _ovsdb_server, _bridges_deleted, _ovs_vswitchd, _bridges_made, _plugin, _ovs_xapi_sync, _manager)
# What cannot be judged without the database, and without XAPI.
BY_DATABASE = (_bridges_made, _plugin, _ovs_xapi_sync, _manager)
BY_XAPI = (_bridges_made, _manager)


def _judge(step, switch, host):
    if step in BY_DATABASE and not switch['database']['reachable']:
        return 'not applicable', 'This cannot be seen while ovsdb-server does not answer.'
    if step in BY_XAPI and not host['xapi']['reachable']:
        return 'not applicable', 'This cannot be seen while XAPI does not answer.'
    return step(switch, host)


def boot_steps(switch, host):
    """What ovs_info and xenserver_info returned -> ``[dict(step, state, reason)]``."""
    if not host['is_xenserver'] or not switch['installed'] or host['xenserver']['network_backend'] != 'openvswitch':
        return []
    judged = [(step.__name__.lstrip('_'), _judge(step, switch, host['xenserver'])) for step in STEPS]
    return [dict(step=name, state=state, reason=reason) for name, (state, reason) in judged]


class FilterModule:
    """The collection's filters."""

    def filters(self):
        return {'boot_steps': boot_steps}
