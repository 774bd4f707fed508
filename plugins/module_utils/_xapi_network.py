# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The bridges that XAPI has made on a host."""

from __future__ import absolute_import, division, print_function
__metaclass__ = type

from ansible_collections.xenserver.openvswitch.plugins.module_utils._xapi import NOT_IN_DATABASE

# A release that has no SR-IOV leaves its field out.
FIELDS = 'uuid,vlan-master-of,vlan-slave-of,bond-slave-of,sriov-logical-PIF-of,network-uuid'


def plugged_bridges(xe, host_uuid, networks):
    """The bridges of those networks that a host's cards, bonds, VLANs and tunnels are plugged into, sorted; one call.

    A card that is part of a bond has none of its own, and neither has a card's part for SR-IOV or a VLAN on that: its virtual functions go to the VMs.
    """
    pifs = xe.records('pif-list', [('host-uuid', host_uuid), ('currently-attached', 'true'), ('params', FIELDS)])
    bridgeless = _vlans_on_sriov(pifs)
    plugged = [pif['network-uuid'] for pif in pifs if not (_held(pif, 'bond-slave-of') or _is_sriov(pif) or _held(pif, 'vlan-master-of') & bridgeless)]
    return sorted(set(network['bridge'] for network in networks if network['uuid'] in plugged))


def _is_sriov(pif):
    return bool(_held(pif, 'sriov-logical-PIF-of'))


def _vlans_on_sriov(pifs):
    """The UUIDs of the VLANs, which the lower one of their two interfaces names as what it is a slave of."""
    return set().union(*(_held(pif, 'vlan-slave-of') for pif in pifs if _is_sriov(pif)))


def _held(pif, field):
    """The UUIDs in a field, which holds one or several."""
    return set(pif.get(field, '').split('; ')) - set(['', NOT_IN_DATABASE])
