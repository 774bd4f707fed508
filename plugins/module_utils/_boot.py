# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""When processes of a host were started, process 1 first of all, and what has been installed since then."""

from __future__ import absolute_import, division, print_function
__metaclass__ = type

import os
import re

# The start script of Open vSwitch makes it at the first start since boot, the one that deletes all bridges. /var/run is emptied at boot.
MARK = '/var/run/openvswitch.booted'


def time():
    """When this host was booted, in seconds since 1970: the start of process 1, of a host or of a container that stands for one.

    Where /proc hides that from this user (hidepid) it is the start of the kernel, some seconds earlier on a host.
    """
    begun = started(1)
    if begun is not None:
        return begun
    with open('/proc/stat') as kernel:
        return kernel_start(kernel.read())


def started(pid):
    """When a process was started, in seconds since 1970; None where it has ended."""
    try:
        with open('/proc/stat') as kernel, open('/proc/%d/stat' % pid) as process:
            return read_time(kernel.read(), process.read())
    except (IOError, OSError):
        return None


def written(path):
    """When a file was last written, in seconds since 1970; None where there is none."""
    try:
        return os.path.getmtime(path)
    except (IOError, OSError):
        return None


def read_time(kernel, process):
    """:arg kernel: /proc/stat. :arg process: /proc/PID/stat, whose 22nd field counts ticks since the kernel started."""
    return kernel_start(kernel) + int(process.rpartition(')')[2].split()[19]) / os.sysconf('SC_CLK_TCK')


def kernel_start(kernel):
    return int(re.search(r'^btime (\d+)$', kernel, re.MULTILINE).group(1))


def not_in_use(packages, daemons, starts):
    """Why a host should be rebooted after an install or a removal, a sentence each, as the installation document asks.

    :arg packages: the installed packages with ``nevra`` and ``install_time``; None where the host has no rpm.
    :arg daemons: the names of those that run.
    :arg starts: when the host and each of ``daemons`` was started, in seconds since 1970.
    """
    if packages is None:
        return []
    if not packages:
        return ['%s still runs, though its package was removed' % name for name in daemons]
    return ['%s was installed after all that runs was started' % package['nevra'] for package in packages if package['install_time'] > max(starts)]
