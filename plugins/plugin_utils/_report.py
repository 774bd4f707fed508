# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a report on a fleet holds: pure functions from what hosts have told, now and before, to plain data. docs/report.md has its shape.

A fact of a host is one thing that was seen, with the time when (``seen``) and since when it is what it is (``since``). What could not be
seen this time stays as it was last seen, with its age.
"""

from __future__ import annotations

import datetime

FORMAT = 1
TIME = '%Y-%m-%dT%H:%M:%SZ'
# The start of process 1 is counted from the kernel's, which moves with the clock; a second boot takes longer than this.
SLACK = 60
# The facts whose changes are told, by the words for them. The others are judged, and what they say is among the failures.
TOLD = dict(
    product='product', role='role', pool='pool', backend='network backend', kernel='kernel', package='package', running='running version',
    module='kernel module', manager='manager in XAPI', connections='managers', booted='last boot')


class ReportError(Exception):
    """A report that cannot be built on: what, why and the remedy."""


def stamp(seconds):
    """Seconds since 1970 -> the report's way to write a time."""
    return datetime.datetime.fromtimestamp(int(seconds), datetime.timezone.utc).strftime(TIME)


def seconds(text):
    """The other way round."""
    return int(datetime.datetime.strptime(text, TIME).replace(tzinfo=datetime.timezone.utc).timestamp())


def facts(switch, host, boot=()):
    """What :mod:`ovs_info`, :mod:`xenserver_info` and the filter ``boot_steps`` returned -> ``{fact: value}``, without what could not be seen."""
    xen = host['xenserver']
    found = dict(
        product='%s %s' % (xen['brand'], xen['version']), role=xen['role'], backend=xen['network_backend'], kernel=xen['kernel'],
        running=switch['versions']['ovs_vswitchd'] or 'none', module=_module(switch['kernel_module']),
        pending=host['pending_reboot'] + switch['pending_reboot'] + switch['pending_restart'],
        boot=dict((step['step'], step['state']) for step in boot), booted=stamp(switch['boot']['time']))
    if switch['rpms'] is not None:
        found['package'] = next(('%(version)s-%(release)s' % rpm for rpm in switch['rpms'] if rpm['name'] == 'openvswitch'), 'none')
    if xen['xapi']['reachable']:
        found.update(pool=dict(uuid=xen['pool']['uuid'], name=xen['pool']['name']), manager=xen['manager']['target'] or 'none')
    if switch['database']['reachable']:
        found.update(connections=dict((manager['target'], bool(manager['is_connected'])) for manager in switch['managers']),
                     bridges=[bridge['name'] for bridge in switch['bridges']])
    if xen['verdict'] != 'unknown':
        found['agreement'] = xen['verdict']
    return found


def _module(module):
    if not module['loaded']:
        return 'not loaded'
    return 'loaded, %s' % module['version'] if module['version'] else 'loaded'


def check(report, where):
    """Refuse to build on what is no report, or one of a later release.

    :raises ReportError: which the caller must show before anything is written.
    """
    remedy = 'It was left as it is. Move it away, or give another folder.'
    if not isinstance(report, dict) or not isinstance(report.get('hosts'), dict) or 'format' not in report:
        raise ReportError('%s is no report of this collection. %s' % (where, remedy))
    if report['format'] != FORMAT:
        raise ReportError('%s has the format %s, and this release writes %d. %s' % (where, report['format'], FORMAT, remedy))


def merge(before, hosts, inventory, now):
    """The report of now.

    :arg before: the report of before, or None.
    :arg hosts: what was asked now, ``[dict(name, facts or None, error or None, failed, done)]``.
    :arg inventory: the names of all hosts that there are; a host that is not among them has left and is forgotten.
    :arg now: the time, as :func:`stamp` writes it.
    """
    known, asked = (before or {}).get('hosts', {}), dict((host['name'], host) for host in hosts)
    names = sorted((set(known) & set(inventory)) | set(asked))
    return dict(format=FORMAT, written=now, hosts=dict(
        (name, _host(known.get(name), asked[name], now) if name in asked else known[name]) for name in names))


def _host(before, host, now):
    before = before or dict(seen=None, error=None, failed=[], facts={}, changed=None)
    entry = dict(before, asked=now, error=_lasting([before['error']] if before['error'] else [], [host['error']] if host['error'] else [], now))
    entry['error'] = entry['error'][0] if entry['error'] else None
    if host['facts'] is not None:
        entry.update(seen=now, facts=_facts(before['facts'], host['facts'], now), failed=_lasting(before['failed'], host['failed'], now))
    differences = _differences(before['facts'], entry['facts'])
    told = (before['changed'] or {}).get('done', [])
    if differences or host['done'] and host['done'] != told:
        entry['changed'] = dict(at=now, done=host['done'], differences=differences)
    return entry


def _lasting(before, texts, now):
    """Texts that hold, each since when it does."""
    since = dict((one['text'], one['since']) for one in before)
    return [dict(text=text, since=since.get(text, now)) for text in texts]


def _facts(before, found, now):
    facts = dict(before)
    for name, value in found.items():
        old = before.get(name)
        same = old is not None and (old['value'] == value or name == 'booted' and abs(seconds(old['value']) - seconds(value)) <= SLACK)
        facts[name] = dict(value=old['value'] if same else value, seen=now, since=old['since'] if same else now)
    return facts


def _differences(before, after):
    return [dict(what=words, before=told(name, before[name]['value']), after=told(name, after[name]['value']))
            for name, words in TOLD.items() if name in before and before[name]['value'] != after[name]['value']]


def told(name, value):
    """A fact's value in words."""
    if name == 'pool':
        return pool_label(value)
    if name == 'connections':
        return ', '.join('%s %s' % (target, 'connected' if connected else 'not connected') for target, connected in sorted(value.items())) or 'none'
    return 'unknown' if value is None else value


def pool_label(pool):
    """A pool's name is often empty, and so its UUID has to do."""
    return pool['name'] or 'pool %s' % pool['uuid'][:8]


def timeless(report):
    """What a report says apart from the times at which it was seen: equal where nothing has changed."""
    return dict((name, _timeless(host)) for name, host in report['hosts'].items())


def _timeless(host):
    return dict(
        error=host['error'] and host['error']['text'], failed=[one['text'] for one in host['failed']],
        facts=dict((name, fact['value']) for name, fact in host['facts'].items()),
        changed=host['changed'] and dict((name, value) for name, value in host['changed'].items() if name != 'at'))
