# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether anybody still waits for the answer of a module that takes long."""

from __future__ import absolute_import, division, print_function
__metaclass__ = type

import os
import select
import sys

# How often a lease may be found as it was, at about one look a second, before it counts as given up. A controller or network that is
# slow shall not cost a long build; one that ends in order takes the lease away.
LEASE = 120


class Audience(object):
    """Those who wait for this process: who reads its standard output, and who keeps up its lease, if it has one.

    Over ssh without a terminal nothing ends a module whose controller is gone: its standard output merely loses its reader.
    A module that Ansible runs apart (async) has a reader in any case, and a lost network closes nothing: hence the lease,
    a file that the controller touches time and again. Only changes of its time count, so no two clocks are compared.
    """

    def __init__(self, lease, stdout=None):
        self._lease = lease
        self._stdout = sys.__stdout__.fileno() if stdout is None else stdout
        self._seen, self._looks = None, 0

    def waits(self):
        return not _hung_up(self._stdout) and (not self._lease or self._kept_up())

    def _kept_up(self):
        try:
            stamp = os.stat(self._lease).st_mtime
        except OSError:
            return False  # taken away: that is how the controller ends a build
        self._looks = self._looks + 1 if stamp == self._seen else 0
        self._seen = stamp
        return self._looks < LEASE


def _hung_up(descriptor):
    """Whether the reader of a pipe, socket or terminal is gone; a file has none that could."""
    poll = select.poll()
    poll.register(descriptor, 0)
    return any(event & (select.POLLERR | select.POLLHUP) for found, event in poll.poll(0))
