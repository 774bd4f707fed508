# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.xenserver.openvswitch.plugins.plugin_utils import _report, _report_page, _report_view
from ansible_collections.xenserver.openvswitch.tests.unit.page import fleet

NOW = _report.stamp(fleet.NOW)
TARGET = fleet.MANAGERS[0]


def viewed(*hosts, before=None):
    return _report_view.view(_report.merge(before, list(hosts), [host['name'] for host in hosts], NOW))


def one(**changes):
    return viewed(fleet.host(0, **changes))['hosts'][0]


@pytest.mark.parametrize('changes, state', [
    ({}, 'connected'), (dict(connected=False), 'apart'), (dict(connections={'ptcp:6640': True}), 'lacking'), (dict(manager='none'), 'foreign'),
    (dict(manager='none', connections={}), 'none'), (dict(connections=None), 'unknown'), (dict(manager=None), 'unknown')])
def test_how_a_host_stands_to_its_manager(changes, state):
    assert one(**changes)['link'] == state and state in _report_view.STATES


def test_a_connection_that_could_not_be_looked_at_is_no_state_of_now():
    host = viewed(fleet.host(0, connections=None), before=fleet.before(1))['hosts'][0]
    assert (host['facts']['connections'], host['link'], host['state']) == ({TARGET: True}, 'unknown', 'ok')


def test_hosts_that_were_not_asked_are_counted():
    assert viewed(fleet.host(0))['older'] == dict(count=0, seen=None)
    report = _report.merge(fleet.before(3), [fleet.host(0)], [fleet.name(number) for number in range(3)], NOW)
    assert _report_view.view(report)['older'] == dict(count=2, seen=_report.stamp(fleet.NOW - 2 * fleet.DAY))


def test_what_a_lost_host_had_is_no_state_of_now():
    lost = viewed(fleet.host(0, error='timed out'), before=fleet.before(1))['hosts'][0]
    assert (lost['link'], lost['state'], lost['manager'], lost['version']) == ('unknown', 'unreached', TARGET, '3.0.5')


@pytest.mark.parametrize('changes, manager', [
    ({}, TARGET), (dict(manager='none', connections={'tcp:b': True, 'tcp:a': True}), 'tcp:a'), (dict(manager='none', connections={}), 'none'),
    (dict(manager=None, connections=None), None), (dict(manager=None, connections={'tcp:a': True}), 'tcp:a')])
def test_the_manager_that_a_host_is_drawn_below(changes, manager):
    assert one(**changes)['manager'] == manager


def test_a_version_that_runs_and_is_not_the_packages():
    assert one(package='3.1.0-1.systemd', running='3.0.5')['differs'] and not one()['differs'] and not one(package=None)['differs']


def test_pools_and_hosts_are_in_the_order_of_people():
    names = [host['name'] for host in viewed(*[fleet.host(number) for number in (55, 50, 1, 45, 0)])['hosts']]
    assert names == [fleet.name(number) for number in (0, 1, 45, 50, 55)]
    assert sorted(['xs10', 'xs9', 'XS1', '', '7'], key=_report_view.natural) == ['', '7', 'XS1', 'xs9', 'xs10']


def test_pools_without_a_name_go_by_their_coordinator():
    pool = dict(uuid='0d5c3a0e-4d6c', name='')
    assert [host['pool'] for host in viewed(fleet.host(0, pool=pool), fleet.host(1, pool=pool))['hosts']] == ['pool of %s' % fleet.name(0)] * 2
    assert viewed(fleet.host(1, pool=pool))['hosts'][0]['pool'] == 'pool 0d5c3a0e'
    assert one(pool=None)['pool'] == 'pool not known'


def test_pools_of_the_same_name_are_told_apart():
    view = viewed(*[fleet.host(number, pool=dict(uuid='%d111111-2' % number, name='lab')) for number in (0, 1)])
    assert [host['pool'] for host in view['hosts']] == ['lab (0111111-)', 'lab (1111111-)']
    assert view['tiles'][0]['words'] == 'hosts in 2 pools'


@pytest.mark.parametrize('names, short', [
    (['a.x.org', 'b.x.org'], ['a', 'b']), (['a.y.org', 'b.x.org'], ['a.y', 'b.x']), (['a', 'b.x.org'], ['a', 'b.x.org']),
    (['10.0.0.5', '10.1.0.5'], ['10.0.0.5', '10.1.0.5']),
    (['a.b'], ['a']), ([], [])])
def test_the_domain_of_all_is_left_out(names, short):
    hosts = [dict(name=name) for name in names]
    _report_view.shorten(hosts)
    assert [host['short'] for host in hosts] == short


def test_findings_put_the_lost_first_and_gather_the_same_reason():
    lost = dict(fleet.host(3, error='timed out'))
    found = viewed(fleet.host(0, failed=['rare']), fleet.host(1, failed=['common']), fleet.host(2, failed=['common', 'rarer']), lost)['findings']
    assert [(group['kind'], [item['host']['name'] for item in group['hosts']]) for group in found] == [
        ('unreached', [fleet.name(3)]), ('action', [fleet.name(1), fleet.name(2)]), ('action', [fleet.name(0)]), ('action', [fleet.name(2)])]
    assert [group['text'] for group in found[1:]] == ['common', 'rare', 'rarer']
    assert viewed(fleet.host(0))['findings'] == []


def test_changes_are_told_once_for_all_hosts_the_latest_first():
    earlier = _report.merge(fleet.before(3), [fleet.host(2, package='3.0.6-1', running='3.0.5')], [fleet.name(number) for number in range(3)],
                            _report.stamp(fleet.NOW - 3600))
    hosts = [fleet.host(number, booted=_report.stamp(fleet.NOW - 600 - number), done=['upgraded']) for number in (0, 1)]
    changes = _report_view.view(_report.merge(earlier, hosts, [fleet.name(number) for number in range(3)], NOW))['changes']
    assert [(change['at'], change['hosts']) for change in changes] == [(NOW, 2), (_report.stamp(fleet.NOW - 3600), 1)]
    assert [(line['what'], line['before'], line['after'], len(line['hosts'])) for line in changes[0]['lines']] == [
        ('package', '3.0.5-1.systemd', '3.1.0-1.systemd', 2), ('rebooted', None, None, 2), ('running version', '3.0.5', '3.1.0', 2),
        ('upgraded', None, None, 2)]


def test_bars_of_versions():
    shown = viewed(fleet.host(0, package='3.0.10-1', running='3.0.9'), fleet.host(1, package='3.0.10-2', running='3.0.10'),
                   fleet.host(5, package='none', running='none'), fleet.host(10, package=None, running=None))['versions']
    assert [version['name'] for version in shown] == ['3.0.10', '3.0.9', 'none']
    package, running = shown[0]['bars']
    assert package == dict(kind='package', count=2, shares=[dict(pool='rack01', count=2, start=0.0, width=50.0)])
    assert (running['count'], shown[1]['bars'][0]['count'], shown[1]['bars'][1]['count']) == (1, 0, 1)


def test_the_table_beside_them():
    assert _report_view.view(fleet.before(10))['builds'] == [
        dict(pool=pool, package='3.0.5-1.systemd', running='3.0.5', module='loaded', count=5) for pool in ('rack01', 'rack02')]


def test_the_topology():
    shown = viewed(fleet.host(0), fleet.host(1, connected=False), fleet.host(5), fleet.host(45), fleet.host(50, manager='none', connections={}),
                   fleet.host(55, manager=None, connections=None))['managers']
    assert [(manager['target'], manager['connected'], manager['count'], [(pool['name'], pool['connected'], len(pool['hosts'])) for pool in manager['pools']])
            for manager in shown] == [
        (TARGET, 2, 3, [('rack01', 1, 2), ('rack02', 1, 1)]), (fleet.MANAGERS[1], 1, 1, [('rack10', 1, 1)]),
        (None, 0, 1, [('rack12', 0, 1)]), ('none', 0, 1, [('rack11', 0, 1)])]


def test_ages_as_of_the_report():
    ages = [_report_page.age(_report.stamp(fleet.NOW - seconds), NOW) for seconds in (0, 59, 60, 7199, 7200, 86400 * 40)]
    assert ages == ['with this report'] * 2 + ['1 min before this report', '1 h before this report', '2 h before this report', '40 d before this report']
