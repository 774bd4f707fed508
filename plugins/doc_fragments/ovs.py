# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function
__metaclass__ = type


class ModuleDocFragment(object):
    """Which Open vSwitch a module speaks to."""

    DOCUMENTATION = r'''
options:
  database:
    description: The database, as V(unix:FILE) or V(tcp:HOST:PORT). The host's own when not given.
    type: str
'''
