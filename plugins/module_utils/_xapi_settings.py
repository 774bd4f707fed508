# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What XAPI says about bridges beside their manager: fail mode and in-band control, keys of other_config that its plugins read.

Settings are ``dict(pool, networks)``: a dict of uuid and fail_mode, and a list of dicts of uuid, name, bridge, fail_mode and
disable_in_band. None is a key that is not there.
"""

from __future__ import absolute_import, division, print_function
__metaclass__ = type

from ansible.module_utils.common.text.converters import to_native, to_text

from ansible_collections.xenserver.openvswitch.plugins.module_utils._xapi import Refused, read_map

KEYS = dict(fail_mode='vswitch-controller-fail-mode', disable_in_band='vswitch-disable-in-band')
FAIL_MODES = ('secure', 'standalone')
# What a user gives to take a key out.
DEFAULT = 'default'


def read(xe):
    """The settings of the pool and of its networks, in two processes, of which one serves other questions too."""
    pool = xe.pool()
    networks = xe.records('network-list', [('params', 'uuid,name-label,bridge,other-config')])
    return dict(pool=_object(pool, ('fail_mode',)), networks=[
        dict(_object(one, KEYS), name=one['name-label'], bridge=one['bridge']) for one in networks])


def _object(record, names):
    values = read_map(record['other-config'])
    return dict(((name, values.get(KEYS[name])) for name in names), uuid=record['uuid'])


def desired(have, fail_mode, networks):
    """``have`` with what was asked for.

    :arg fail_mode: that of the pool; None leaves it. :arg networks: dicts of network, fail_mode and disable_in_band.
    :raises Refused: a network that the pool does not have, or has twice, or that is named twice.
    """
    asked = {}
    for one in networks or ():
        found = _network(have['networks'], one['network'])
        if found['uuid'] in asked:
            raise Refused('The network "%s" (bridge %s) is named twice in networks. Keep one of them.' % (to_text(one['network']), found['bridge']))
        asked[found['uuid']] = one
    return dict(
        pool=_with(have['pool'], dict(fail_mode=fail_mode)),
        networks=[_with(one, asked.get(one['uuid'], {})) for one in have['networks']])


def _network(known, text):
    """The one network that a text means: a UUID or a bridge, which are unique, before a name, which need not be."""
    text = to_text(text)
    found = [one for one in known if text in (one['uuid'], one['bridge'])] or [one for one in known if one['name'] == text]
    if len(found) == 1:
        return found[0]
    if found:
        raise Refused('%d networks of the pool have the name "%s": give the UUID or the bridge of the one that is meant, which are %s.'
                      % (len(found), text, ' and '.join('%(uuid)s (%(bridge)s)' % one for one in found)))
    raise Refused('The pool has no network "%s". Its bridges are %s; a network is also named by its UUID or name.'
                  % (text, ', '.join(sorted(one['bridge'] for one in known))))


def _with(have, asked):
    changes = dict((name, None if asked[name] == DEFAULT else to_native(asked[name])) for name in KEYS if asked.get(name) is not None)
    return dict(have, **changes)


def plan(before, after):
    """The calls, as (command, parameters), that lead from settings to settings."""
    steps = _steps('pool', before['pool'], after['pool'])
    for old, new in zip(before['networks'], after['networks']):
        steps += _steps('network', old, new)
    return steps


def _steps(kind, old, new):
    steps = []
    for name in sorted(KEYS):
        key, value = KEYS[name], new.get(name)
        if old.get(name) == value:
            continue
        if value is None:
            steps.append(('%s-param-remove' % kind, [('uuid', new['uuid']), ('param-name', 'other-config'), ('param-key', key)]))
        else:
            steps.append(('%s-param-set' % kind, [('uuid', new['uuid']), ('other-config:' + key, value)]))
    return steps


def view(settings):
    """What a person compares: the pool's fail mode, and the settings of each network by its bridge."""
    return dict(fail_mode=settings['pool']['fail_mode'], networks=dict(
        (one['bridge'], dict((name, one[name]) for name in KEYS)) for one in settings['networks']))


def bridges(settings):
    """What XAPI's plugin gives each bridge, by name: ``dict(fail_mode, disable_in_band)``.

    A network's own fail mode goes before the pool's, and anything but "secure" means standalone. disable_in_band is a text,
    '' for none; None stands for a text that the plugin does not know and leaves alone.
    """
    return dict((one['bridge'], dict(fail_mode=_fail_mode(one, settings['pool']), disable_in_band=_in_band(one))) for one in settings['networks'])


def _fail_mode(network, pool):
    mode = network['fail_mode'] if network['fail_mode'] in FAIL_MODES else pool['fail_mode']
    return 'secure' if mode == 'secure' else 'standalone'


def _in_band(network):
    value = network['disable_in_band'] or ''
    return value if value in ('true', 'false', '') else None
