# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Room on file systems: what a change needs of each, and what of that is not there.

A need is ``dict(path, size, purpose)``, a file system ``dict(mount, free, needed, purposes)``; sizes are bytes.
"""

from __future__ import absolute_import, division, print_function
__metaclass__ = type

import os


def look(path):
    """``(mount point, free bytes)`` of the file system that has ``path``, or will have it once it is made."""
    path = os.path.realpath(path)
    while not os.path.exists(path):
        path = os.path.dirname(path)
    found = os.statvfs(path)
    device = os.stat(path).st_dev
    while path != '/' and os.stat(os.path.dirname(path)).st_dev == device:
        path = os.path.dirname(path)
    return path, found.f_bavail * found.f_frsize


def file_systems(needs):
    """The file systems that are concerned, by their mount points."""
    found = {}
    for need in needs:
        mount, free = look(need['path'])
        one = found.setdefault(mount, dict(mount=mount, free=free, needed=0, purposes=[]))
        one['needed'] += need['size']
        one['purposes'].append('%s for %s' % (megabytes(need['size']), need['purpose']))
    return [found[mount] for mount in sorted(found)]


def short(systems):
    """What is not there, a text for each file system that is too full."""
    return ['%s needs %s (%s) and has %s free' % (one['mount'], megabytes(one['needed']), ', '.join(one['purposes']), megabytes(one['free']))
            for one in systems if one['needed'] > one['free']]


def megabytes(size):
    return '%.1f MB' % (size / 1e6)
