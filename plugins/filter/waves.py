# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r'''
name: waves
short_description: Order the hosts of many pools into waves with at most one host of a pool in each
version_added: 0.1.0
author: The xenserver.openvswitch project (@xenserver-openvswitch)
description:
  - Hosts of one pool must not be away at the same time, and its coordinator goes first, after a host that an earlier run has begun and not ended.
    Pools do not wait for each other.
  - So the first wave has the coordinators as a rule, and there are as many waves as the largest pool has hosts. A hundred pools of three take three waves.
  - The lengths of the waves are what C(serial) of a play takes, and their hosts in a row what C(hosts) takes.
options:
  _input:
    description:
      - The hosts, each with RV(ignore:name), its RV(ignore:pool) and its RV(ignore:role), V(coordinator) or V(supporter).
      - With RV(ignore:begun) true a host is one that an earlier run has begun and not ended. It may be left out.
    type: list
    elements: dict
    required: true
  limit:
    description: The most hosts that may be in a wave; larger waves are split. V(0) is no limit.
    type: int
    default: 0
'''

EXAMPLES = r'''
- name: One host of each pool at a time, coordinators first
  ansible.builtin.debug:
    msg: "{{ [{'name': 'a2', 'pool': 'a', 'role': 'supporter'}, {'name': 'a1', 'pool': 'a', 'role': 'coordinator'},
              {'name': 'b1', 'pool': 'b', 'role': 'coordinator'}] | xenserver.openvswitch.waves }}"  # [[a1, b1], [a2]]
'''

RETURN = r'''
_value:
  description: The waves in their order, each a list of names. Hosts and pools keep the order of the input otherwise.
  type: list
  elements: list
'''

import itertools

from ansible.errors import AnsibleFilterError


def waves(hosts, limit=0):
    """``[dict(name, pool, role, begun)]`` -> ``[[name]]``."""
    pools = {}
    for host in hosts:
        unknown = {'name', 'pool', 'role'} - set(host)
        if unknown:
            raise AnsibleFilterError('waves: %s lacks %s.' % (host, ', '.join(sorted(unknown))))
        pools.setdefault(host['pool'], []).append(host)
    if limit < 0:
        raise AnsibleFilterError('waves: limit is %d; it is 0 for none, or the most hosts of a wave.' % limit)
    ordered = [sorted(pool, key=lambda host: (not host.get('begun'), host['role'] != 'coordinator')) for pool in pools.values()]
    rounds = [[host['name'] for host in wave if host] for wave in itertools.zip_longest(*ordered)]
    size = limit or max(map(len, rounds), default=1)
    return [wave[start:start + size] for wave in rounds for start in range(0, len(wave), size)]


class FilterModule:
    """The collection's filters."""

    def filters(self):
        return {'waves': waves}
