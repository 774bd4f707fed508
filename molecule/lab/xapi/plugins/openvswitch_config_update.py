# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""XAPI's own plugin of the systemd generation: bring this host's Open vSwitch in line with the pool.

Installed as /etc/xapi.d/plugins/openvswitch-config-update. Runs on Python 2.7 and 3.
"""

from __future__ import absolute_import, division, print_function
__metaclass__ = type

import os
import re
import subprocess

import XenAPIPlugin

VSCTL = '/usr/bin/ovs-vsctl'
OFCTL = '/usr/bin/ovs-ofctl'
FIREWALL = '/etc/xapi.d/plugins/firewall-port'
KEY = '/etc/xensource/xapi-ssl.pem'
BOOTSTRAP_CA = '/etc/openvswitch/vswitchd.cacert'
PASSIVE_CA = '/etc/stunnel/certs/sdn-controller-ca.pem'
PASSIVE_PORT = '6640'
FAIL_MODE = 'vswitch-controller-fail-mode'
IN_BAND = 'vswitch-disable-in-band'


# -- what is to be done: pure ------------------------------------------------------------------------------------

def target(controller):
    """The manager that an SDN controller record asks for; '' for no record."""
    if not controller:
        return ''
    if controller['protocol'] == 'pssl':
        return 'pssl:' + PASSIVE_PORT
    return '%(protocol)s:%(address)s:%(port)s' % controller


def verdict(wanted, managers):
    """remove, set or nothing. A manager matches as a whole line, its port included; others beside it stay."""
    if not wanted:
        return 'remove' if managers else 'nothing'
    return 'nothing' if wanted in managers else 'set'


def manager_command(wanted):
    """The ovs-vsctl transaction that sets the one manager."""
    ssl = ['--', 'set-ssl', KEY, KEY, PASSIVE_CA] if wanted.startswith('pssl:') else ['--', '--bootstrap', 'set-ssl', KEY, KEY, BOOTSTRAP_CA]
    return ['--', 'del-manager', '--', 'del-ssl'] + ssl + ['--', 'set-manager', wanted]


def in_band_command(bridge, wanted, found):
    """The command that makes disable-in-band as the network has it (true, false, '' for absent); [] for none."""
    if wanted == found or wanted not in ('true', 'false', ''):
        return []
    if wanted:
        return ['--', 'set', 'Bridge', bridge, 'other_config:disable-in-band=' + wanted]
    return ['--', 'remove', 'Bridge', bridge, 'other_config', 'disable-in-band']


def fail_mode(network, pool):
    """secure or standalone: the network's other_config decides, else the pool's, else standalone."""
    wanted = network.get(FAIL_MODE)
    if wanted not in ('secure', 'standalone'):
        wanted = pool.get(FAIL_MODE)
    return 'secure' if wanted == 'secure' else 'standalone'


def management_flows(port, mac):
    """Flows that keep management traffic alive on a bridge that has just become secure."""
    common = 'idle_timeout=0,priority=0,'
    return [
        common + 'in_port=%s,arp,nw_proto=1,actions=local' % port,
        common + 'in_port=local,arp,dl_src=%s,actions=%s' % (mac, port),
        common + 'in_port=%s,dl_dst=%s,actions=local' % (port, mac),
        common + 'in_port=local,dl_src=%s,actions=%s' % (mac, port),
    ]


# -- how it is done ----------------------------------------------------------------------------------------------

def status(argv):
    with open(os.devnull, 'w') as nowhere:
        return subprocess.call(argv, stdout=nowhere, stderr=nowhere)


def query(*words):
    process = subprocess.Popen([VSCTL, '-vconsole:off'] + list(words), stdout=subprocess.PIPE, stderr=subprocess.PIPE, universal_newlines=True)
    output = process.communicate()[0]
    return '' if process.returncode else output.strip()


def modify(words):
    code = status([VSCTL, '--timeout=5', '-vconsole:off'] + words)
    if code:
        raise XenAPIPlugin.Failure('VSWITCH_CONFIG_MOD_FAILURE', [str(code), str(words)])


def emergency_reset(session, args):
    code = status([VSCTL, '--timeout=5', 'emer-reset'])
    if code:
        raise XenAPIPlugin.Failure('VSWITCH_EMER_RESET_FAILURE', [str(code)])
    return 'Successfully reset configuration'


def start_over(session):
    """Forget the CA that was trusted on first use, and what a controller may have left behind."""
    if os.path.exists(BOOTSTRAP_CA):
        os.remove(BOOTSTRAP_CA)
    try:
        emergency_reset(session, None)
    except XenAPIPlugin.Failure:
        pass  # as XAPI's plugin does


def firewall(action):
    if os.path.exists(FIREWALL):
        status([FIREWALL, action, PASSIVE_PORT])


def update_manager(session, wanted):
    """The words that the result gets, '' where nothing was to do."""
    decision = verdict(wanted, query('get-manager').splitlines())
    if decision == 'remove':
        firewall('close')
        start_over(session)
        modify(['--', 'del-manager', '--', 'del-ssl'])
        return 'Successfully removed controller config.  '
    if decision == 'set':
        start_over(session)
        firewall('open' if wanted.startswith('pssl:') else 'close')
        modify(manager_command(wanted))
        return 'Successfully set controller to %s.  ' % wanted
    return ''


def update_in_band(bridge, network):
    """(changed, words)"""
    wanted = network.get(IN_BAND, '')
    if wanted not in ('true', 'false', ''):
        return False, '"%s" is an invalid value for %s on %s  ' % (wanted, IN_BAND, bridge)
    found = query('--', '--if-exists', 'get', 'Bridge', bridge, 'other_config:disable-in-band').strip('"')
    command = in_band_command(bridge, wanted, found)
    if command:
        modify(command)
    return bool(command), ''


def update_fail_mode(bridge, wanted):
    changed = query('get', 'Bridge', bridge, 'fail_mode').strip('[]"') != wanted
    if changed:
        modify(['--', 'set', 'Bridge', bridge, 'fail_mode=' + wanted])
    return changed


def add_management_flows(session, bridge):
    """Where the bridge carries the address of a management interface."""
    found = re.search('hwaddr="([0-9a-fA-F:]+)"', query('get', 'Bridge', bridge, 'other-config'))
    cards = session.xenapi.PIF.get_all_records_where('field "management"="true"').values()
    for card in cards:
        if found and card['MAC'] == found.group(1):
            port = query('get', 'interface', card['device'], 'ofport')
            for flow in management_flows(port, card['MAC']):
                code = status([OFCTL, 'add-flow', bridge, flow])
                if code:
                    raise XenAPIPlugin.Failure('VSWITCH_ADD_FLOW_FAILURE', [str(code), bridge, flow])
            return


def the_pool(session):
    pools = session.xenapi.pool.get_all()
    if len(pools) != 1:
        raise XenAPIPlugin.Failure('NO_POOL_FOR_HOST' if not pools else 'MORE_THAN_ONE_POOL_FOR_HOST', [])
    return session.xenapi.pool.get_record(pools[0])


def update(session, args):
    pool = the_pool(session)['other_config']
    controllers = session.xenapi.SDN_controller.get_all()
    wanted = target(session.xenapi.SDN_controller.get_record(controllers[0]) if controllers else None)
    networks = dict((network['bridge'], network['other_config']) for network in session.xenapi.network.get_all_records().values())
    words = update_manager(session, wanted)
    is_new = words.startswith('Successfully set')
    in_band_changed = fail_mode_changed = False
    for name in query('list-br').split():
        if name not in networks:
            continue
        bridge = query('br-to-parent', name)
        changed, warning = update_in_band(bridge, networks[name])
        in_band_changed = changed or in_band_changed
        words += warning
        fail_mode_changed = update_fail_mode(bridge, fail_mode(networks[name], pool)) or fail_mode_changed
        if is_new and fail_mode_changed and pool.get(FAIL_MODE) == 'secure':
            add_management_flows(session, bridge)
    if in_band_changed:
        words += 'Updated in-band management.  '
    if fail_mode_changed:
        words += 'Updated fail_mode.  '
    return words or 'No change to configuration'


if __name__ == '__main__':
    XenAPIPlugin.dispatch({'update': update, 'emergency_reset': emergency_reset})
