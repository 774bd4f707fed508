# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The benchmark of fleets, on six hosts in two pools: the real playbooks over simulated hosts, and what it says of them."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).absolute().parents[3] / 'benchmarks'


@pytest.fixture(name='fleet', scope='module')
def fixture_fleet():
    sys.path.insert(0, str(BENCHMARKS))
    try:
        import fleet
        yield fleet
    finally:
        sys.path.remove(str(BENCHMARKS))


@pytest.fixture(name='upgraded', scope='module')
def fixture_upgraded(fleet, tmp_path_factory):
    """Six hosts after their upgrade, the folder and what that cost."""
    folder = tmp_path_factory.mktemp('fleet')
    fleet.lay_out(folder, 6)
    return folder, fleet.play(folder, 6, 'upgrade', forks=2)


def test_there_are_as_many_waves_as_the_largest_pool_has_hosts(upgraded):
    assert upgraded[1]['waves'] == 3


def test_never_two_hosts_of_a_pool_are_away_and_the_coordinator_goes_first(fleet, upgraded):
    for pool in fleet.away(upgraded[0], 6):
        assert pool == sorted(pool)
        assert all(ended < begun for (dummy, ended), (begun, dummy2) in zip(pool, pool[1:]))


def test_every_host_went_through_all_states(upgraded):
    for file in (upgraded[0] / 'hosts').iterdir():
        states = [json.loads(line)['state'] for line in file.read_text(encoding='utf-8').splitlines()]
        assert list(dict.fromkeys(states)) == ['old', 'emptied', 'installed', 'booted', 'restored']


def test_it_cost_something(upgraded):
    cost = upgraded[1]
    assert cost['changed'] and cost['cpu'] > cost['main'] > 0 and cost['all'] >= cost['own'] > 10 and 20 < cost['steps'] < 100


def test_a_second_run_changes_nothing_and_has_no_waves(fleet, upgraded):
    cost = fleet.play(upgraded[0], 6, 'upgrade', forks=2)
    assert not cost['changed'] and cost['waves'] == 0 and cost['steps'] < 10


def test_a_smaller_pool_is_told_of_no_hosts_that_it_does_not_have(fleet):
    hosts = fleet.hosts
    told = hosts.marks(['pool1-host1', 'pool1-host2'], 'pool1-host2')
    text = json.dumps({'own': '@name1@', 'others': [{'name': '@name0@'}, {'name': '@name2@', 'uuid': '@uuid2@'}]})
    assert json.loads(hosts.answer(text, told)) == {'own': 'pool1-host2', 'others': [{'name': 'pool1-host1'}]}


def test_a_call_that_no_host_was_recorded_with_is_said(fleet, upgraded):
    (upgraded[0] / 'answers').rename(upgraded[0] / 'none')
    with pytest.raises(SystemExit, match='No host of the lab was asked this'):
        fleet.play(upgraded[0], 6, 'verify', forks=2)
