# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible.errors import AnsibleFilterError

from ansible_collections.xenserver.openvswitch.plugins.filter.waves import FilterModule

waves = FilterModule().filters()['waves']


def fleet(**sizes):
    """Pools of these sizes, in which the coordinator is the last that is named."""
    return [dict(name='%s%d' % (pool, number), pool=pool, role='coordinator' if number == size else 'supporter')
            for pool, size in sizes.items() for number in range(1, size + 1)]


@pytest.mark.parametrize('hosts, limit, expected', [
    ([], 0, []),
    (fleet(a=1), 0, [['a1']]),
    (fleet(a=3, b=2, c=1), 0, [['a3', 'b2', 'c1'], ['a1', 'b1'], ['a2']]),
    (fleet(a=3, b=2, c=1), 2, [['a3', 'b2'], ['c1'], ['a1', 'b1'], ['a2']]),
    (fleet(a=2), 5, [['a2'], ['a1']]),
])
def test_coordinators_go_first_and_pools_side_by_side(hosts, limit, expected):
    assert waves(hosts, limit) == expected


def test_a_hundred_pools_of_three_take_three_waves_with_never_two_of_a_pool():
    found = waves(fleet(**{'p%03d' % number: 3 for number in range(100)}))
    assert [len(wave) for wave in found] == [100, 100, 100]
    assert all(len({name[:4] for name in wave}) == 100 for wave in found)


def test_a_host_that_was_begun_is_ended_before_another_of_its_pool_is_begun():
    hosts = fleet(a=3, b=2)
    hosts[1]['begun'] = True
    assert waves(hosts) == [['a2', 'b2'], ['a3', 'b1'], ['a1']]


def test_a_pool_whose_coordinator_is_not_among_its_hosts_keeps_their_order():
    assert waves([dict(name=name, pool='a', role='supporter') for name in ('x', 'w')]) == [['x'], ['w']]


@pytest.mark.parametrize('hosts, limit, words', [([dict(name='x', pool='a')], 0, 'lacks role'), (fleet(a=1), -1, 'limit is -1')])
def test_what_cannot_be_ordered_is_refused(hosts, limit, words):
    with pytest.raises(AnsibleFilterError) as error:
        waves(hosts, limit)
    assert words in str(error.value)
