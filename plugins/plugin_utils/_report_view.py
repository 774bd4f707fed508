# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the page shows of a report: pure functions from the report to what its template only has to write down."""

from __future__ import annotations

import re

from ansible_collections.xenserver.openvswitch.plugins.plugin_utils import _report

# Up to so many hosts each is named in the topology. Beyond that the marks would drown in names, and only those that need a look have theirs.
NAMED = 60
STATES = dict(
    connected='connected', apart='not connected', lacking='set in XAPI, missing in Open vSwitch', foreign='in Open vSwitch, not in XAPI',
    none='no manager', unknown='not known')


def view(report):
    """The whole page."""
    hosts = [_host(number, name, host) for number, (name, host) in enumerate(sorted(report['hosts'].items(), key=lambda item: natural(item[0])))]
    label_pools(hosts)
    shorten(hosts)
    hosts.sort(key=lambda host: natural(host['pool']))
    for host in hosts:
        host['shows'] = shows(host, report['written'])
    return dict(
        written=report['written'], hosts=hosts, older=older(hosts, report['written']), tiles=tiles(hosts), findings=findings(hosts), changes=changes(hosts),
        versions=versions(hosts), builds=builds(hosts), managers=managers(hosts), named=len(hosts) <= NAMED)


def natural(text):
    """A key by which xs10 comes after xs9."""
    return [(0, int(part), '') if part.isdigit() else (1, 0, part.lower()) for part in re.split(r'([0-9]+)', str(text)) if part]


def _host(number, name, host):
    facts, dates = (dict((fact, one[part]) for fact, one in host['facts'].items()) for part in ('value', 'seen'))
    package, running = facts.get('package'), facts.get('running')
    return dict(
        id='host-%d' % number, name=name, seen=host['seen'], asked=host['asked'], error=host['error'], failed=host['failed'], changed=host['changed'],
        pool_uuid=(facts.get('pool') or {}).get('uuid'), pool=_report.pool_label(facts['pool']) if facts.get('pool') else 'pool not known',
        facts=facts, dates=dates,
        # The version alone, to compare with what runs and to count over builds.
        version=package and package.partition('-')[0], differs=bool(package and running and package.partition('-')[0] != running),
        state='unreached' if host['error'] else 'action' if host['failed'] else 'ok', manager=_manager(facts),
        link='unknown' if host['error'] or dates.get('connections') != host['seen'] else link(facts))


def label_pools(hosts):
    """A pool without a name goes by its coordinator, as XenCenter has it; pools of the same name are told apart by their UUID."""
    coordinators = dict((host['pool_uuid'], host['name']) for host in hosts if host['facts'].get('role') == 'coordinator')
    uuids = {}
    for host in hosts:
        pool = host['facts'].get('pool')
        if pool and not pool['name'] and pool['uuid'] in coordinators:
            host['pool'] = 'pool of %s' % coordinators[pool['uuid']]
        uuids.setdefault(host['pool'], set()).add(host['pool_uuid'])
    for host in hosts:
        if len(uuids[host['pool']]) > 1:
            host['pool'] = '%s (%s)' % (host['pool'], host['pool_uuid'][:8] if host['pool_uuid'] else 'not known')


def shorten(hosts):
    """The domain that all hosts have in common says nothing about one of them. Addresses have none."""
    parts = [host['name'].split('.')[1:] for host in hosts]
    common = 0
    addresses = any(part and part[-1].isdigit() for part in parts)
    while parts and not addresses and all(len(part) > common for part in parts) and len(set(part[-1 - common] for part in parts)) == 1:
        common += 1
    for host in hosts:
        host['short'] = '.'.join(host['name'].split('.')[:-common]) if common else host['name']


def _manager(facts):
    """The manager that XAPI holds, else one that Open vSwitch has on its own, else none; None where neither is known."""
    asked, connections = facts.get('manager'), facts.get('connections')
    if asked not in (None, 'none'):
        return asked
    return min(connections) if connections else asked


def link(facts):
    """How a host stands to its manager, one of ``STATES``. What a host had that could not tell it any more is no state of now."""
    asked, connections = facts.get('manager'), facts.get('connections')
    if connections is None or asked is None:
        return 'unknown'
    if asked == 'none':
        return 'foreign' if connections else 'none'
    if asked not in connections:
        return 'lacking'
    return 'connected' if connections[asked] else 'apart'


def older(hosts, written):
    """How many hosts this run did not ask, and since when the oldest of them has not been seen."""
    kept = [host for host in hosts if host['asked'] != written]
    return dict(count=len(kept), seen=min((host['seen'] or host['asked'] for host in kept), default=None))


def tiles(hosts):
    """The figures at the top: number, words, and the filter of the table that shows those hosts."""
    pools = len(set((host['pool_uuid'], host['pool']) for host in hosts))
    running = set(host['facts'].get('running') for host in hosts) - set([None, 'none'])
    shown = dict((name, sum(name in host['shows'] for host in hosts)) for name in ('all', 'action', 'unreached', 'pending', 'changed'))
    return [
        dict(number=shown['all'], words='%s in %d %s' % (_many(shown['all'], 'host', 'hosts'), pools, _many(pools, 'pool', 'pools')), filter='all'),
        dict(number=shown['action'], words=_many(shown['action'], 'needs action', 'need action'), filter='action'),
        dict(number=shown['unreached'], words='not reached', filter='unreached'),
        dict(number=shown['pending'], words=_many(shown['pending'], 'reboot due', 'reboots due'), filter='pending'),
        dict(number=shown['changed'], words='changed this run', filter='changed'),
        dict(number=len(running), words=_many(len(running), 'version runs', 'versions run'), filter=None)]


def _many(number, one, many):
    return one if number == 1 else many


def shows(host, written):
    """The filters of the table that show a host."""
    return ['all'] + [name for name, holds in (
        ('action', host['state'] != 'ok'), ('unreached', host['state'] == 'unreached'), ('pending', host['facts'].get('pending')),
        ('changed', host['changed'] and host['changed']['at'] == written)) if holds]


def findings(hosts):
    """What needs action: hosts that could not be asked first, then each reason with its hosts, the most frequent first."""
    groups = {}
    for host in hosts:
        for one in host['failed']:
            groups.setdefault(one['text'], []).append(dict(host=host, since=one['since'], text=None))
    found = [dict(kind='action', text=text, hosts=members) for text, members in groups.items()]
    found.sort(key=lambda group: (-len(group['hosts']), group['text']))
    lost = [dict(host=host, since=host['error']['since'], text=host['error']['text']) for host in hosts if host['error']]
    return ([dict(kind='unreached', text='Could not be looked at, so what is shown is what was last seen.', hosts=lost)] if lost else []) + found


def changes(hosts):
    """What has changed, the latest first: for each time the lines that tell it, those of most hosts first."""
    times = {}
    for host in hosts:
        change = host['changed']
        if change:
            lines = times.setdefault(change['at'], {})
            for line in [(text, None, None) for text in change['done']] + [(one['what'], one['before'], one['after']) for one in change['differences']]:
                lines.setdefault(line, []).append(host)
    return [dict(at=at, hosts=len(set(host['id'] for members in lines.values() for host in members)), lines=[
        dict(what=what, before=before, after=after, hosts=members)
        for (what, before, after), members in sorted(_without_times(lines).items(), key=lambda item: (-len(item[1]), str(item[0])))])
        for at, lines in sorted(times.items(), reverse=True)]


def _without_times(lines):
    """Hosts boot at different times, and each of them only says that it has."""
    merged = {}
    for (what, before, after), members in lines.items():
        merged.setdefault(('rebooted', None, None) if what == _report.TOLD['booted'] else (what, before, after), []).extend(members)
    return merged


def versions(hosts):
    """The graph of versions, the newest first: for package and running version the pools' shares in per cent of all hosts, side by side."""
    names = sorted((set(host['version'] for host in hosts) | set(host['facts'].get('running') for host in hosts)) - set([None]),
                   key=lambda name: (name != 'none', natural(name)), reverse=True)
    return [dict(name=name, bars=[
        _bar('package', [host for host in hosts if host['version'] == name], len(hosts)),
        _bar('running', [host for host in hosts if host['facts'].get('running') == name], len(hosts))]) for name in names]


def _bar(kind, members, total):
    pools = {}
    for host in members:
        pools[host['pool']] = pools.get(host['pool'], 0) + 1
    shares, start = [], 0
    for pool, count in pools.items():
        shares.append(dict(pool=pool, count=count, start=round(start * 100 / total, 3), width=round(count * 100 / total, 3)))
        start += count
    return dict(kind=kind, count=len(members), shares=shares)


def builds(hosts):
    """The same as a table: a line for each pool and each pair of build and running version that it has."""
    lines = {}
    for host in hosts:
        key = (host['pool'], host['facts'].get('package', 'not known'), host['facts'].get('running', 'not known'), host['facts'].get('module', 'not known'))
        lines[key] = lines.get(key, 0) + 1
    return [dict(pool=pool, package=package, running=running, module=module, count=count) for (pool, package, running, module), count in lines.items()]


def managers(hosts):
    """The topology: managers, their pools, and how each host stands. Managers with most hosts come first, then what has none."""
    tree = {}
    for host in hosts:
        tree.setdefault(host['manager'], {}).setdefault(host['pool'], []).append(host)
    order = sorted(tree.items(), key=lambda item: (item[0] in (None, 'none'), -sum(map(len, item[1].values())), str(item[0])))
    return [dict(target=target, count=sum(map(len, pools.values())), connected=sum(host['link'] == 'connected' for pool in pools.values() for host in pool),
                 pools=[dict(name=name, hosts=members, connected=sum(host['link'] == 'connected' for host in members)) for name, members in pools.items()])
            for target, pools in order]
