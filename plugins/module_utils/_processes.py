# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""All processes that came of one command, found by a variable in their environment.

A daemon leaves the process group and even the parent that started it; what it was started with it keeps.
"""

from __future__ import absolute_import, division, print_function
__metaclass__ = type

import os
import signal
import time
import uuid

from ansible.module_utils.common.text.converters import to_bytes

from ansible_collections.xenserver.openvswitch.plugins.module_utils._cli import GRACE


def new_mark():
    """A variable for the environment of a command, as no other command has it."""
    return dict(XENSERVER_OPENVSWITCH_COMMAND=uuid.uuid4().hex)


def end_all(mark):
    """End all processes that have the mark: first they are asked, then made."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        for pid in marked(mark):
            _signal(pid, number)
        tries = int(GRACE * 10)
        while marked(mark) and tries:
            time.sleep(0.1)
            tries -= 1


def marked(mark):
    """The ids of the processes that have the mark."""
    wanted = [to_bytes('%s=%s' % pair) for pair in mark.items()]
    return [int(name) for name in os.listdir('/proc') if name.isdigit() and _environment(name).issuperset(wanted)]


def _environment(name):
    try:
        with open('/proc/%s/environ' % name, 'rb') as stream:
            return set(stream.read().split(b'\0'))
    except (IOError, OSError):
        return set()  # it has ended, or belongs to another user


def _signal(pid, number):
    try:
        os.kill(pid, number)
    except OSError:
        pass  # it has ended
