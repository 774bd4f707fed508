# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts and pools under maintenance, and back as they were found.

What was found is kept in XAPI's own database, in ``other_config`` of the host or the pool, before anything is changed. So a run
that was killed is taken up by the next from whatever controller, and no file can say otherwise.

A host is ``dict(uuid, name, enabled, live, agent_start_time, boot_time, mark, others, vms)``: ``others`` are the other hosts of the pool as
``dict(uuid, name, enabled, live, maintenance)``, ``vms`` the pool's virtual machines as ``dict(uuid, name, host)``, of which one that is
down has no host; a pool is ``dict(uuid, ha, auto_poweron, mark)``. A mark is None where there is no maintenance.
"""

from __future__ import absolute_import, division, print_function
__metaclass__ = type

import re

from ansible_collections.xenserver.openvswitch.plugins.module_utils._xapi import NOT_IN_DATABASE, Refused, read_map

KEY = 'xenserver-openvswitch-maintenance'
UUID = re.compile(r'[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\Z')

HOST_FIELDS = 'uuid,name-label,enabled,host-metrics-live,other-config'
POOL_FIELDS = 'uuid,ha-enabled,ha-statefiles,ha-configuration,ha-host-failures-to-tolerate,other-config'


# --- hosts ------------------------------------------------------------------------------------------------------------

def read_host(xe, uuid):
    """The host, and the other hosts and the virtual machines of its pool; two calls.

    :raises Refused: the pool has no such host.
    """
    hosts = dict((record['uuid'], record) for record in xe.records('host-list', [('params', HOST_FIELDS)]))
    if uuid not in hosts:
        raise Refused('The pool has no host %s. It has %s.' % (uuid, ', '.join(sorted(hosts))))
    config = read_map(hosts[uuid]['other-config'])
    others = [_other(record) for other, record in sorted(hosts.items()) if other != uuid]
    # In whatever power state: a paused one is on its host too, and would be lost with it.
    machines = xe.records('vm-list', [('is-control-domain', 'false'), ('params', 'uuid,name-label,resident-on')])
    return dict(
        _health(hosts[uuid]), agent_start_time=_time(config.get('agent_start_time')), boot_time=_time(config.get('boot_time')),
        mark=read_host_mark(config.get(KEY)), others=others,
        vms=[dict(uuid=vm['uuid'], name=vm['name-label'], host=vm['resident-on']) for vm in machines])


def _health(record):
    return dict(uuid=record['uuid'], name=record['name-label'], enabled=record['enabled'] == 'true', live=record['host-metrics-live'] == 'true')


def _other(record):
    return dict(_health(record), maintenance=read_host_mark(read_map(record['other-config']).get(KEY)) is not None)


def _time(text):
    """Seconds since the epoch, which OCaml prints as ``1700000000.``; None where XAPI does not say."""
    return float(text) if re.match(r'\d+\.?\d*\Z', text or '') else None


def read_host_mark(text):
    """``enabled UUID UUID`` or ``disabled`` -> ``dict(enabled, vms)``."""
    words = (text or '').split()
    if not words:
        return None
    return dict(enabled=words[0] == 'enabled', vms=[word for word in words[1:] if UUID.match(word)])


def host_mark(host):
    """The text that keeps what was found."""
    return ' '.join(['enabled' if host['enabled'] else 'disabled'] + [vm['uuid'] for vm in resident(host)])


def resident(host):
    return [vm for vm in host['vms'] if vm['host'] == host['uuid']]


def plan_host(host, state, evacuate=True):
    """The calls, as (command, parameters), that lead to ``state``: enabled, disabled, maintenance or restored."""
    one = [('uuid', host['uuid'])]
    enable, disable = [('host-enable', one)] * (not host['enabled']), [('host-disable', one)] * host['enabled']
    if state == 'enabled':
        return enable
    if state == 'disabled':
        return disable
    if state == 'maintenance':
        keep = [('host-param-set', one + [('other-config:' + KEY, host_mark(host))])] * (host['mark'] is None)
        return keep + disable + [('host-evacuate', one)] * bool(evacuate and resident(host))
    if host['mark'] is None:
        return []
    # XAPI enables a host when it starts, whatever it was before the reboot.
    found = enable if host['mark']['enabled'] else disable
    back = [('vm-migrate', [('uuid', vm['uuid']), ('host-uuid', host['uuid']), ('live', 'true')]) for vm in astray(host)]
    back += [('vm-start', [('uuid', uuid), ('on', host['uuid'])]) for uuid in fallen(host)]
    return found + back * host['mark']['enabled'] + forget('host', host['uuid'])


def astray(host):
    """The virtual machines that were here when the maintenance began and are elsewhere now."""
    was_here = host['mark']['vms'] if host['mark'] else []
    return [vm for vm in host['vms'] if vm['uuid'] in was_here and vm['host'] not in (host['uuid'], NOT_IN_DATABASE)]


def fallen(host):
    """The UUIDs of the virtual machines that went down with the only host of a pool. Elsewhere one that is down was shut down by somebody."""
    was_here = host['mark']['vms'] if host['mark'] and not host['others'] else []
    return [vm['uuid'] for vm in host['vms'] if vm['uuid'] in was_here and vm['host'] == NOT_IN_DATABASE]


def forget(kind, uuid):
    return [(kind + '-param-remove', [('uuid', uuid), ('param-name', 'other-config'), ('param-key', KEY)])]


def host_after(host, state):
    """What the host looks like with ``state`` reached, for the diff: ``dict(enabled, maintenance)``."""
    enabled = {'enabled': True, 'disabled': False, 'maintenance': False}.get(state)
    if state == 'restored':
        enabled = host['mark']['enabled'] if host['mark'] else host['enabled']
    maintenance = {'maintenance': True, 'restored': False}.get(state, host['mark'] is not None)
    return dict(enabled=host['enabled'] if enabled is None else enabled, maintenance=maintenance)


def hindrances(xe, host):
    """The virtual machines that cannot leave the host, with XAPI's reason: a list of dict(uuid, name, reason)."""
    if not resident(host):
        return []
    found = xe.records('host-get-vms-which-prevent-evacuation', [('uuid', host['uuid'])])
    return [dict(uuid=vm['uuid'], name=vm['name-label'], reason=vm['reason']) for vm in found]


# --- pools ------------------------------------------------------------------------------------------------------------

def read_pool(xe):
    """The pool; with high availability on also the storage repositories of its heartbeat.

    ``ha`` is None where it is off, else ``dict(srs, configuration, failures)``.
    """
    record = xe.records('pool-list', [('params', POOL_FIELDS)])[0]
    config, ha = read_map(record['other-config']), None
    if record['ha-enabled'] == 'true':
        files = [word for word in re.split(r'[;,]\s*', record['ha-statefiles']) if word]
        srs = sorted(set(xe.call('vdi-param-get', [('uuid', vdi), ('param-name', 'sr-uuid')]).strip() for vdi in files))
        ha = dict(srs=srs, configuration=read_map(record['ha-configuration']), failures=record['ha-host-failures-to-tolerate'])
    return dict(uuid=record['uuid'], ha=ha, auto_poweron=config.get('auto_poweron'), mark=read_pool_mark(config.get(KEY)))


def pool_mark(pool):
    """``auto_poweron=true ha=SR,SR failures=1 timeout=60``: what was on, one word each; ``nothing`` where nothing was."""
    words = ['auto_poweron=true'] * (pool['auto_poweron'] == 'true')
    if pool['ha']:
        words += ['ha=' + ','.join(pool['ha']['srs']), 'failures=' + pool['ha']['failures']]
        words += ['%s=%s' % pair for pair in sorted(pool['ha']['configuration'].items()) if re.match(r'\S+\Z', pair[1])]
    return ' '.join(words) or 'nothing'


def read_pool_mark(text):
    """What :func:`pool_mark` wrote -> ``dict(auto_poweron, ha)`` as the pool had them."""
    if not text:
        return None
    words = dict(word.split('=', 1) for word in text.split() if '=' in word)
    auto_poweron, srs, failures = words.pop('auto_poweron', None), words.pop('ha', None), words.pop('failures', '0')
    return dict(auto_poweron=auto_poweron, ha=None if srs is None else dict(srs=srs.split(','), configuration=words, failures=failures))


def plan_pool(pool, state):
    """The calls that begin (``present``) or end (``absent``) the maintenance of a pool."""
    one, mark = [('uuid', pool['uuid'])], pool['mark']
    if state == 'present':
        keep = [('pool-param-set', one + [('other-config:' + KEY, pool_mark(pool))])] * (mark is None)
        quiet = [('pool-param-set', one + [('other-config:auto_poweron', 'false')])] * (pool['auto_poweron'] == 'true')
        return keep + quiet + [('pool-ha-disable', [])] * (pool['ha'] is not None)
    if mark is None:
        return []
    on = [('pool-param-set', one + [('other-config:auto_poweron', 'true')])] * (mark['auto_poweron'] == 'true' and pool['auto_poweron'] != 'true')
    return on + (_ha_on(one, mark['ha'], pool['ha']) if mark['ha'] else []) + forget('pool', pool['uuid'])


def _ha_on(one, ha, have):
    """A run may have been killed between both calls."""
    configuration = [('ha-config:' + name, value) for name, value in sorted(ha['configuration'].items())]
    enable = [('pool-ha-enable', [('heartbeat-sr-uuids', ','.join(ha['srs']))] + configuration)]
    tolerate = [('pool-param-set', one + [('ha-host-failures-to-tolerate', ha['failures'])])]
    return enable * (have is None) + tolerate * (have is None or have['failures'] != ha['failures'])


def pool_view(pool):
    """What of a pool a diff shows."""
    return dict(maintenance=pool['mark'] is not None, high_availability=pool['ha'] is not None, auto_poweron=pool['auto_poweron'] == 'true')


def pool_after(pool, state):
    if state == 'present':
        return dict(maintenance=True, high_availability=False, auto_poweron=False)
    mark = pool['mark'] or dict(ha=None, auto_poweron=None)
    return dict(maintenance=False, high_availability=bool(pool['ha'] or mark['ha']), auto_poweron='true' in (pool['auto_poweron'], mark['auto_poweron']))
