# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function
__metaclass__ = type

from ansible_collections.xenserver.openvswitch.plugins.module_utils import _xapi_network
from ansible_collections.xenserver.openvswitch.tests.unit.plugins.module_utils.xe import A

# Two cards in a bond, which has a VLAN; a card of its own; the last network is plugged nowhere here.
PIFS = [
    {'uuid': '1', 'bond-slave-of': 'B', 'network-uuid': 'n1'}, {'uuid': '2', 'bond-slave-of': 'B', 'network-uuid': 'n2'},
    {'uuid': '3', 'bond-slave-of': '<not in database>', 'network-uuid': 'n3'}, {'uuid': '4', 'bond-slave-of': '<not in database>', 'network-uuid': 'n4'},
    {'uuid': '5', 'network-uuid': 'n5'}]
NETWORKS = [dict(uuid='n%d' % number, bridge=bridge) for number, bridge in enumerate(['xenbr0', 'xenbr1', 'xapi0', 'xapi1', 'xenbr2', 'xenbr3'], 1)]


class Xe(object):
    def __init__(self, pifs):
        self.pifs = pifs
        self.asked = []

    def records(self, command, params):
        self.asked.append((command, dict(params)))
        return self.pifs


def test_bridges_that_are_plugged():
    xe = Xe(PIFS)
    assert _xapi_network.plugged_bridges(xe, A, NETWORKS) == ['xapi0', 'xapi1', 'xenbr2']
    assert xe.asked == [('pif-list', {
        'host-uuid': A, 'currently-attached': 'true', 'params': 'uuid,vlan-master-of,vlan-slave-of,bond-slave-of,sriov-logical-PIF-of,network-uuid'})]


def test_what_stands_on_sr_iov_has_no_bridge():
    """A card of its own with a VLAN, and a card's logical part for SR-IOV with two VLANs on it, as a release with SR-IOV prints them."""
    none = '<not in database>'
    rows = [('n1', none, 'v1', ''), ('n2', 'v1', '', ''), ('n3', none, 'v2; v3', 's1'), ('n4', 'v2', '', ''), ('n5', 'v3', '', '')]
    pifs = [{'uuid': network, 'vlan-master-of': master, 'vlan-slave-of': slaves, 'bond-slave-of': none,
             'sriov-logical-PIF-of': logical, 'network-uuid': network} for network, master, slaves, logical in rows]
    assert _xapi_network.plugged_bridges(Xe(pifs), A, NETWORKS) == ['xenbr0', 'xenbr1']
    pifs[2]['vlan-slave-of'] = none  # of a VLAN that is just being taken away
    assert 'xenbr0' in _xapi_network.plugged_bridges(Xe(pifs), A, NETWORKS)


def test_nothing_is_plugged():
    assert _xapi_network.plugged_bridges(Xe([]), A, NETWORKS) == []
