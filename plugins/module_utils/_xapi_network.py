# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The bridges that XAPI has made on a host."""

from __future__ import absolute_import, division, print_function
__metaclass__ = type

NOT_IN_DATABASE = '<not in database>'


def plugged_bridges(xe, host_uuid, networks):
    """The bridges of those networks that a host's cards, bonds, VLANs and tunnels are plugged into, sorted; one call.

    A card that is part of a bond has none of its own.
    """
    wanted = [('host-uuid', host_uuid), ('currently-attached', 'true'), ('params', 'uuid,bond-slave-of,network-uuid')]
    plugged = [pif['network-uuid'] for pif in xe.records('pif-list', wanted) if pif.get('bond-slave-of', NOT_IN_DATABASE) == NOT_IN_DATABASE]
    return sorted(set(network['bridge'] for network in networks if network['uuid'] in plugged))
