# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import copy
import json
import time

import pytest

from ansible_collections.xenserver.openvswitch.plugins.plugin_utils import _report
from ansible_collections.xenserver.openvswitch.tests.unit.page import fleet

MONDAY, TUESDAY, WEDNESDAY = ('2026-11-%dT08:00:00Z' % day for day in (23, 24, 25))
# What ovs_info and xenserver_info return, cut down to what a report takes from it.
SWITCH = dict(
    versions=dict(ovs_vswitchd='3.1.0'), kernel_module=dict(loaded=True, version=None), pending_reboot=['a'], pending_restart=['b'],
    boot=dict(time=1763884800.7), database=dict(reachable=True), bridges=[dict(name='xenbr0')],
    rpms=[dict(name='openvswitch', version='3.1.0', release='1.systemd'), dict(name='openvswitch-ipsec', version='9', release='9')],
    managers=[dict(target='ssl:192.0.2.10:6632', is_connected=True)])
HOST = dict(is_xenserver=True, pending_reboot=['c'], xenserver=dict(
    brand='XCP-ng', version='8.3.0', role='coordinator', network_backend='openvswitch', kernel='4.19.0+1', xapi=dict(reachable=True),
    pool=dict(uuid='0d5c3a0e-4d6c', name='', coordinator='x'), manager=dict(target='ssl:192.0.2.10:6632'), verdict='agrees'))


def asked(facts=None, name='xs1', **others):
    return dict(dict(name=name, facts=facts, error=None, failed=[], done=[]), **others)


def merged(*runs, inventory=('xs1', 'xs2', 'xs3')):
    """The report after runs of ``(time, host, ...)``."""
    report = None
    for now, *hosts in runs:
        before = copy.deepcopy(report)
        result = _report.merge(report, hosts, inventory, now)
        assert report == before, 'the report of before was changed'
        report = result
    return report


def values(host):
    return dict((name, fact['value']) for name, fact in host['facts'].items())


def test_times_go_both_ways():
    assert _report.stamp(1763884800.7) == '2025-11-23T08:00:00Z' and _report.seconds('2025-11-23T08:00:00Z') == 1763884800


def test_what_is_kept_of_a_host():
    assert _report.facts(SWITCH, HOST, [dict(step='module', state='ok', reason='It is.')]) == dict(
        product='XCP-ng 8.3.0', role='coordinator', backend='openvswitch', kernel='4.19.0+1', running='3.1.0', module='loaded', pending=['c', 'a', 'b'],
        boot=dict(module='ok'), booted='2025-11-23T08:00:00Z', package='3.1.0-1.systemd', pool=dict(uuid='0d5c3a0e-4d6c', name=''),
        manager='ssl:192.0.2.10:6632', connections={'ssl:192.0.2.10:6632': True}, bridges=['xenbr0'], agreement='agrees')


def test_what_is_not_there_is_told_and_what_cannot_be_seen_is_left_out():
    switch = dict(SWITCH, rpms=[], versions=dict(ovs_vswitchd=None), kernel_module=dict(loaded=False, version=None), managers=[], bridges=[])
    host = dict(HOST, xenserver=dict(HOST['xenserver'], manager=dict(target=None)))
    found = _report.facts(switch, host)
    assert [found[name] for name in ('package', 'running', 'module', 'manager', 'connections')] == ['none', 'none', 'not loaded', 'none', {}]
    switch.update(rpms=None, database=dict(reachable=False))
    host['xenserver'].update(xapi=dict(reachable=False), verdict='unknown')
    assert set(found) - set(_report.facts(switch, host)) == {'package', 'connections', 'bridges', 'pool', 'manager', 'agreement'}
    assert _report.facts(dict(SWITCH, kernel_module=dict(loaded=True, version='2.5.3')), HOST)['module'] == 'loaded, 2.5.3'


def test_a_fact_has_its_age_and_since_when_it_is_so():
    runs = (MONDAY, asked(dict(package='1', kernel='k'))), (TUESDAY, asked(dict(package='2', kernel='k'))), (WEDNESDAY, asked(dict(package='2')))
    host = merged(*runs)['hosts']['xs1']
    assert host['facts'] == dict(package=dict(value='2', seen=WEDNESDAY, since=TUESDAY), kernel=dict(value='k', seen=TUESDAY, since=MONDAY))
    assert (host['asked'], host['seen']) == (WEDNESDAY, WEDNESDAY)


def test_a_host_that_is_not_reached_keeps_what_it_told():
    report = merged(
        (MONDAY, asked(dict(package='1'), failed=['It drifted.'])), (TUESDAY, asked(error='timed out')), (WEDNESDAY, asked(error='timed out')))
    host = report['hosts']['xs1']
    assert (host['asked'], host['seen'], host['error']) == (WEDNESDAY, MONDAY, dict(text='timed out', since=TUESDAY))
    assert values(host) == dict(package='1') and host['failed'] == [dict(text='It drifted.', since=MONDAY)]
    back = _report.merge(report, [asked(dict(package='1'))], ['xs1'], '2026-11-26T08:00:00Z')['hosts']['xs1']
    assert back['error'] is None and back['failed'] == [] and back['changed'] is None


def test_a_host_that_was_never_reached():
    host = merged((MONDAY, asked(error='timed out')))['hosts']['xs1']
    assert host == dict(asked=MONDAY, seen=None, error=dict(text='timed out', since=MONDAY), failed=[], facts={}, changed=None)


def test_hosts_that_were_not_asked_stay_and_those_that_left_the_inventory_go():
    first = merged((MONDAY, asked(dict(package='1')), asked(dict(package='1'), 'xs2'), asked(dict(package='1'), 'xs3')))
    second = _report.merge(first, [asked(dict(package='1'))], ['xs1', 'xs2'], TUESDAY)
    assert list(second['hosts']) == ['xs1', 'xs2'] and second['hosts']['xs2'] == first['hosts']['xs2']
    assert second['hosts']['xs1']['seen'] == TUESDAY


def test_a_failure_is_as_old_as_it_lasts():
    host = merged((MONDAY, asked({}, failed=['one'])), (TUESDAY, asked({}, failed=['one', 'two'])), (WEDNESDAY, asked({}, failed=['two'])))['hosts']['xs1']
    assert host['failed'] == [dict(text='two', since=TUESDAY)]


def test_what_differs_from_the_report_before_is_the_last_change_until_the_next():
    first, second = (dict(package=package, running=running, pool=dict(uuid='0d5c3a0e-4d6c', name=name), connections={'a': on, 'b': True}, pending=[package])
                     for package, running, name, on in (('3.0.5-1', '3.0.5', '', True), ('3.1.0-1', '3.1.0', 'rack1', False)))
    change = dict(at=TUESDAY, done=[], differences=[
        dict(what='pool', before='pool 0d5c3a0e', after='rack1'), dict(what='package', before='3.0.5-1', after='3.1.0-1'),
        dict(what='running version', before='3.0.5', after='3.1.0'),
        dict(what='managers', before='a connected, b connected', after='a not connected, b connected')])
    assert merged((MONDAY, asked(first)))['hosts']['xs1']['changed'] is None
    assert merged((MONDAY, asked(first)), (TUESDAY, asked(second)), (WEDNESDAY, asked(second)))['hosts']['xs1']['changed'] == change


def test_what_the_run_did_is_told_with_it_and_once():
    installed = asked(dict(package='2'), done=['installed 2'])
    report = merged((MONDAY, asked(dict(package='1'))), (TUESDAY, installed), (WEDNESDAY, installed))
    assert report['hosts']['xs1']['changed'] == dict(at=TUESDAY, done=['installed 2'], differences=[dict(what='package', before='1', after='2')])
    assert merged((MONDAY, asked(error='lost', done=['upgrade failed'])))['hosts']['xs1']['changed'] == dict(at=MONDAY, done=['upgrade failed'], differences=[])


@pytest.mark.parametrize('booted, differs', [('2026-11-20T00:00:31Z', False), ('2026-11-20T00:05:00Z', True), ('2026-11-19T23:59:10Z', False)])
def test_the_clock_may_move_a_little_between_two_looks_at_the_same_boot(booted, differs):
    host = merged((MONDAY, asked(dict(booted='2026-11-20T00:00:00Z'))), (TUESDAY, asked(dict(booted=booted))))['hosts']['xs1']
    assert (host['changed'] is not None) == differs
    assert values(host) == dict(booted=booted if differs else '2026-11-20T00:00:00Z')


def test_the_same_facts_give_the_same_report_but_for_the_times():
    runs = [asked(dict(package='1', kernel='k'), failed=['x'], done=['y']), asked(error='lost', name='xs2')]
    first, second = merged((MONDAY, *runs)), merged((MONDAY, *runs), (TUESDAY, *runs))
    assert first != second and _report.timeless(first) == _report.timeless(second)
    for changed in (asked(dict(package='2', kernel='k'), failed=['x']), asked(dict(package='1', kernel='k'), failed=['z']), asked(error='lost')):
        assert _report.timeless(_report.merge(first, [changed], ['xs1', 'xs2'], TUESDAY)) != _report.timeless(first)
    assert _report.timeless(_report.merge(first, [], ['xs1'], TUESDAY)) != _report.timeless(first)


def test_names_of_hosts_are_no_names_of_times():
    assert list(_report.timeless(merged((MONDAY, asked({}, 'seen'))))) == ['seen']


@pytest.mark.parametrize('report, words', [
    ([], 'is no report'), (dict(format=1), 'is no report'), (dict(hosts={}), 'is no report'),
    (dict(format=2, hosts={}), 'has the format 2, and this release writes 1')])
def test_what_cannot_be_built_on_is_refused(report, words):
    with pytest.raises(_report.ReportError, match='/srv/report.json %s.*Move it away' % words):
        _report.check(report, '/srv/report.json')


def test_the_time_that_it_takes_grows_with_the_hosts_alone():
    def seconds(count):
        hosts, names = [fleet.host(number) for number in range(count)], [fleet.name(number) for number in range(count)]
        report, best = fleet.before(count), 1e9
        for dummy in range(5):
            began = time.process_time()
            _report.merge(report, hosts, names, _report.stamp(fleet.NOW))
            best = min(best, time.process_time() - began)
        return best
    # Eight times the hosts: with a look at all hosts for each it would be 64 times the work.
    assert seconds(1600) < 30 * seconds(200)


def test_it_is_plain_data():
    report = fleet.now(20)
    _report.check(report, 'here')
    assert json.loads(json.dumps(report)) == report
