# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The network backend of a dom0: what network.conf says, and the way to another."""

from __future__ import absolute_import, division, print_function
__metaclass__ = type

CONF = '/etc/xensource/network.conf'
SWITCH = '/opt/xensource/bin/xe-switch-network-backend'


def read_conf(path=CONF):
    """The stripped text of network.conf; empty where there is none."""
    try:
        with open(path) as conf:
            return conf.read().strip()
    except IOError:
        return ''


def backend_of(text):
    """``bridge`` or ``openvswitch``, as xcp-networkd reads network.conf.

    ``vswitch`` is the older spelling; a missing or unknown value counts as openvswitch.
    """
    return 'bridge' if text == 'bridge' else 'openvswitch'


def switch_plan(text, backend):
    """The arguments of xe-switch-network-backend, one a call, that lead from ``text`` to ``backend``.

    The script takes a file that says literally ``vswitch`` for openvswitch whatever it is asked for,
    so the way to the bridge leads over the spelling that it understands.

    >>> switch_plan('vswitch', 'bridge')
    ['openvswitch', 'bridge']
    """
    if backend_of(text) == backend:
        return []
    return ['openvswitch', backend] if text == 'vswitch' else [backend]
