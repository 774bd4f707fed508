# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A made-up fleet of any size, in the form in which the role hands hosts to a report, always the same."""

from __future__ import annotations

from ansible_collections.xenserver.openvswitch.plugins.plugin_utils import _report

DAY = 86400
NOW = 1763992800
MANAGERS = ('ssl:192.0.2.10:6632', 'ssl:192.0.2.11:6632', 'pssl:6640')
PENDING = ['openvswitch-3.1.0-1.systemd.x86_64 was installed after all that runs was started']


def facts(number, of_pool=5, package='3.1.0-1.systemd', running='3.1.0', connected=True, pending=(), **others):
    """What one host tells; ``others`` replace facts by name, and None takes one out."""
    pool, place = divmod(number, of_pool)
    manager = MANAGERS[pool % 20 // 9]
    found = dict(
        product='XCP-ng 8.3.0' if pool % 4 else 'XenServer 8.4.0', role='supporter' if place else 'coordinator', backend='openvswitch', kernel='4.19.0+1',
        package=package, running=running, module='loaded', pending=list(pending), boot=dict(module='ok', ovsdb_server='ok', manager='ok'),
        booted=_report.stamp(NOW - 40 * DAY), pool=dict(uuid='%08x-0000-4000-8000-000000000000' % (pool + 1), name='rack%02d' % (pool + 1)),
        manager=manager, connections={manager: connected}, bridges=['xenbr0', 'xenbr1'], agreement='agrees')
    found.update(others)
    return dict((name, value) for name, value in found.items() if value is not None)


def name(number, of_pool=5):
    return 'xs%d.rack%02d.example.com' % (number % of_pool + 1, number // of_pool + 1)


def host(number, failed=(), done=(), error=None, **changes):
    return dict(name=name(number), facts=None if error else facts(number, **changes), error=error, failed=list(failed), done=list(done))


def before(count):
    """Two days ago: all of them well, on the release before."""
    return _report.merge(None, [host(number, package='3.0.5-1.systemd', running='3.0.5') for number in range(count)],
                         [name(number) for number in range(count)], _report.stamp(NOW - 2 * DAY))


def now(count):
    """Today, in the middle of an upgrade: most have the new release, some wait for a reboot, some are lost, some have drifted, some were not asked."""
    hosts = []
    for number in range(count):
        pool = number // 5
        if number % 67 == 66:
            hosts.append(host(number, error='Failed to connect to the host via ssh: ssh: connect to host %s port 22: Connection timed out' % name(number)))
        elif pool >= 34:
            continue
        elif pool in (12, 13):
            hosts.append(host(number, package='3.1.0-1.systemd', running='3.0.5', pending=PENDING, done=['installed openvswitch-3.1.0-1.systemd.x86_64'],
                              failed=['A reboot is due (%s). Run the role xenserver.openvswitch.xenserver_reboot.' % PENDING[0]]))
        elif number % 71 == 70:
            manager = facts(number)['manager']
            hosts.append(host(number, connected=False, failed=['The manager %s is not connected. Is it up, reachable and trusted?' % manager]))
        elif number % 83 == 82:
            manager = facts(number)['manager']
            hosts.append(host(number, connections={}, agreement='ovs_lacks_manager', failed=[
                'Open vSwitch has not got back its manager %s. Run the role xenserver.openvswitch.ovs_manager.' % manager]))
        else:
            hosts.append(host(number, booted=_report.stamp(NOW - 3600), done=['upgraded']))
    return _report.merge(before(count), hosts, [name(number) for number in range(count)], _report.stamp(NOW))
