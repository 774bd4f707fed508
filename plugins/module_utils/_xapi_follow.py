# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What XAPI's plugins make of the Open vSwitch of a host, foreseen.

A switch is what :func:`_ovs_reset.lost` tells of it: managers, ssl, bridges, ports and interfaces, without what is empty.
"""

from __future__ import absolute_import, division, print_function
__metaclass__ = type

from ansible_collections.xenserver.openvswitch.plugins.module_utils import _cli, _iptables, _ovs_json, _ovs_manager, _ovs_reset
from ansible_collections.xenserver.openvswitch.plugins.module_utils._xapi_manager import FIELD, OBJECT, PLUGINS, PSSL_PORT, target

# Key and certificate are in one file; an authority is trusted on first use with ssl, and the pool's with pssl.
KEY = '/etc/xensource/xapi-ssl.pem'
TRUSTED = dict(ssl='/etc/openvswitch/vswitchd.cacert', pssl='/etc/stunnel/certs/sdn-controller-ca.pem')
IN_BAND = 'disable-in-band'


def action(controller, managers, api):
    """What a plugin does about the manager of a host: remove, set or None. Both begin with an emer-reset.

    :arg managers: the targets in the host's Open vSwitch.
    """
    if controller is None:
        return 'remove' if managers else None
    return None if matching(controller, managers, api) else 'set'


def matching(controller, managers, api):
    """The targets that a plugin takes for the controller: the whole target, or in old releases any ssl target of its address."""
    if api == OBJECT:
        return [one for one in managers if one == target(controller)]
    return [one for one in managers if one.startswith('ssl:') and one.split(':')[1] == controller['address']]


def stations(have, want, api):
    """The controllers that XAPI holds one after the other on its way; at each of them its plugin runs on every host.

    An object cannot be altered: between the old and the new one there is none.
    """
    if api == FIELD or None in (have, want) or target(have) == target(want):
        return [want]
    return [None, want]


def resets(managers, controllers, api):
    """Whether the plugin does an emer-reset when it runs for each of ``controllers``."""
    return any(action(one, managers, api) for one in controllers)


def followed(switch, names, controllers, api, bridges):
    """The switch after the plugin has run for each of ``controllers``.

    :arg names: all bridges of the switch. :arg bridges: what XAPI gives to each that it knows, see :func:`_xapi_settings.bridges`.
    """
    for controller in controllers:
        if action(controller, sorted(switch['managers']), api):
            switch = _reset(controller)
        switch = settled(switch, names, bridges)
    return switch


def settled(switch, names, bridges):
    """The switch with its bridges as XAPI wants them, and its managers as they are."""
    known = dict((name, _bridge(switch['bridges'].get(name, {}), bridges.get(name))) for name in names)
    return dict(switch, bridges=dict((name, parts) for name, parts in known.items() if parts))


def unsettled(switch, names, controller, api, bridges, is_open=None):
    """What is not as XAPI's plugin leaves it beside the managers, as texts.

    :arg is_open: what :func:`is_port_open` found.
    """
    have, want = (owned(one, names)['bridges'] for one in (switch, settled(switch, names, bridges)))
    found = ['fail mode or disable-in-band of %s' % name for name in sorted(names) if have[name] != want[name]]
    found += ['there is no TLS material'] if bare(switch, controller, api) else []
    return found + (['the firewall keeps the manager from port %d' % PSSL_PORT] if is_open is False else [])


def bare(switch, controller, api):
    """Whether the manager was set by hand, without the TLS material that it needs: a plugin takes it for its own and leaves it so."""
    return controller is not None and switch['ssl'] is None and bool(matching(controller, sorted(switch['managers']), api))


def is_port_open(controller, time_limit):
    """Whether the firewall lets in a manager that connects by itself; None for any other, and where there is no firewall.

    A plugin opens the port when it sets the manager, and not for one that is there.
    """
    if controller is None or controller['protocol'] != 'pssl':
        return None
    try:
        return lets_in(_cli.run([_cli.find('iptables-save'), '-t', 'filter'], time_limit).out)
    except _cli.CliError:
        return None


def lets_in(text):
    """Whether rules let the manager connect to a host that listens for it.

    :arg text: the table filter as iptables-save prints it.
    """
    met, decided = _iptables.meet(_iptables.parse(text), ('tcp', '6'), PSSL_PORT)
    opened = any(rule['target'] == 'ACCEPT' and (rule['dport'] or rule['dports']) for rule in met)
    return opened or (met[-1]['target'] if decided else _iptables.policy(text)) == 'ACCEPT'


def _reset(controller):
    if controller is None:
        return _ovs_reset.nothing()
    fresh = dict((name, None) for name in _ovs_manager.OPTIONAL)
    fresh.update((name, {}) for name in _ovs_manager.MAPS)
    protocol = controller['protocol']
    ssl = dict(private_key=KEY, certificate=KEY, ca_certificate=TRUSTED[protocol], bootstrap=protocol == 'ssl')
    return dict(_ovs_reset.nothing(), managers={target(controller): fresh}, ssl=ssl)


def _bridge(parts, wanted):
    """A bridge's parts with what XAPI gives it; untouched where XAPI does not know it."""
    if wanted is None:
        return parts
    config = dict(parts.get('other_config', {}))
    if wanted['disable_in_band'] is not None:
        config.pop(IN_BAND, None)
        config.update({IN_BAND: wanted['disable_in_band']} if wanted['disable_in_band'] else {})
    parts = dict(parts, fail_mode=wanted['fail_mode'], other_config=config)
    return dict((name, value) for name, value in parts.items() if value)


def owned(switch, names):
    """The part of a switch that is XAPI's to say: ``dict(managers, ssl, bridges)``."""
    bridges = dict((name, switch['bridges'].get(name, {})) for name in names)
    return dict(managers=sorted(switch['managers']), ssl=switch['ssl'], bridges=dict(
        (name, dict(fail_mode=parts.get('fail_mode'), disable_in_band=parts.get('other_config', {}).get(IN_BAND))) for name, parts in bridges.items()))


def nothing_lost():
    return dict(bridges={}, ports={}, interfaces={})


def lost(before, after):
    """What a switch loses that XAPI does not set: ``dict(bridges, ports, interfaces)`` by name, without what is empty."""
    gone = dict((kind, dict((name, _gone(parts, after[kind].get(name, {}))) for name, parts in before[kind].items()))
                for kind in ('bridges', 'ports', 'interfaces'))
    return dict((kind, dict((name, parts) for name, parts in found.items() if parts)) for kind, found in gone.items())


def _gone(before, after):
    """The entries that are not there any more, those of a dict within too. What XAPI has put in their place is not lost."""
    result = {}
    for name, value in before.items():
        if isinstance(value, dict):
            value = _gone(value, after.get(name, {}))
        elif name in after or name == IN_BAND:
            value = None
        if value:
            result[name] = value
    return result


def described(values):
    """What :func:`lost` found, in one line for a person who has to consent."""
    return u'; '.join(
        u'%s %s: %s' % (kind[:-1], name, u', '.join(sorted(parts)))
        for kind in ('bridges', 'ports', 'interfaces') for name, parts in sorted(values[kind].items()))


def cut_off(before, after, rows):
    """The bridges that become secure, or lose their OpenFlow controller while they are, and have no connected one then, so that they pass nothing.

    :arg rows: what :func:`_ovs_reset.read` returned.
    """
    def is_left(name, parts):
        was = before['bridges'].get(name, {})
        return was.get('fail_mode') != 'secure' or 'controller' in was and 'controller' not in parts

    served = set(name for name in _served(rows) if 'controller' in after['bridges'].get(name, {}))
    return sorted(name for name, parts in after['bridges'].items() if parts.get('fail_mode') == 'secure' and is_left(name, parts) and name not in served)


def _served(rows):
    connected = set(_ovs_json.decode(row['_uuid']) for row in rows['Controller'] if row['is_connected'])
    return [row['name'] for row in rows['Bridge'] if connected & set(_ovs_json.set_of(row['controller']))]


def verdict(controller, managers, api, unsettled=()):
    """What XAPI's plugin would do to a host the next time that it runs: (word, sentence).

    :arg managers: the targets in the host's Open vSwitch, or None where they could not be read.
    :arg unsettled: what :func:`unsettled` found.
    """
    want = target(controller)
    if managers is None:
        return 'unknown', 'The managers of Open vSwitch could not be read on this host.'
    have = ', '.join(managers)
    if want is None and managers:
        return 'xapi_would_wipe_ovs', (
            'XAPI holds no manager and Open vSwitch has %s: the next start of XAPI removes it, with bond, QoS, controller and mirror settings. '
            'Set it in XAPI instead.' % have)
    if want and not managers:
        return 'ovs_lacks_manager', (
            'XAPI holds %s and Open vSwitch has no manager: the plugin %s failed on this host, or has not run yet.' % (want, PLUGINS[api]))
    if want and not matching(controller, managers, api):
        return 'different', (
            'XAPI holds %s and Open vSwitch has %s: the next start of XAPI replaces it, and drops bond, QoS, controller and mirror settings.' % (want, have))
    if unsettled:
        return 'plugin_failed', (
            'Open vSwitch is not as XAPI\'s plugin %s leaves it (%s): it failed on this host halfway, or has not run since that was set.'
            % (PLUGINS[api], ', '.join(unsettled)))
    if want is None:
        return 'unset', 'Neither XAPI nor Open vSwitch has a manager.'
    return 'agrees', 'XAPI holds %s and Open vSwitch has %s.' % (want, have)
