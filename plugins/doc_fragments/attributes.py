# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function
__metaclass__ = type


class ModuleDocFragment(object):
    """What every module of the collection promises, said once."""

    DOCUMENTATION = r'''
options: {}
attributes:
  check_mode:
    description: Can run in C(check_mode) and return what would change, without changing it.
    support: full
  diff_mode:
    description: Returns what has changed, or would change, when in diff mode.
    support: full
  idempotent:
    description: A second run with the same options and the same host changes nothing.
    support: full
  platform:
    description: The hosts that it runs on.
    platforms: posix
    support: full
'''

    INFO = r'''
options: {}
attributes:
  check_mode:
    description: Changes nothing, in C(check_mode) or out of it.
    support: full
  diff_mode:
    description: Has nothing to show, since nothing changes.
    support: N/A
  idempotent:
    description: Changes nothing, however often it runs.
    support: full
  platform:
    description: The hosts that it runs on.
    platforms: posix
    support: full
'''

    TIME_LIMIT = r'''
options:
  time_limit:
    description:
      - The longest that one external program may run, in seconds.
      - A program that takes longer is ended together with its children, and the task fails.
    type: int
    default: 60
'''
