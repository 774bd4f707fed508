# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One record of a task's changes: it yields ``changed``, ``diff`` and ``commands``."""

from __future__ import absolute_import, division, print_function
__metaclass__ = type

import errno
import os

from ansible.module_utils.common.text.converters import to_bytes, to_native

from ansible_collections.xenserver.openvswitch.plugins.module_utils._cli import CliError

# What helps where the system refuses a file or folder, by its reason.
REMEDIES = {
    errno.EACCES: 'Run the task as root (become: true).',
    errno.EPERM: 'Run the task as root (become: true).',
    errno.ENOSPC: 'Make room on that file system and run again.',
    errno.ENOTDIR: 'Give another path, or move away the file that stands for a folder in it.',
    errno.EEXIST: 'Give another path, or move away the file that stands for a folder in it.',
}


class Change(object):
    """What a task changes, noted while it plans and exited with once.

    >>> change = Change()
    >>> change.note('target', ['ssl:192.0.2.10:6632'], [])
    >>> change.changed
    True
    """

    def __init__(self):
        self.commands = []
        self._before = {}
        self._after = {}
        self._forced = False

    @property
    def changed(self):
        return self._forced or self._before != self._after

    def note(self, name, before, after):
        """Put one value on the record; equal values are no change and are left out of the diff."""
        if before != after:
            self._before[name] = before
            self._after[name] = after

    def touch(self):
        """A change that has no before and after to show."""
        self._forced = True

    def add_command(self, argv):
        """A command that writes: run, or in check mode the one that would be."""
        self.commands.append([str(word) for word in argv])

    def result(self, diff=True, **values):
        """What a module exits with: ``values`` and this record."""
        values.update(changed=self.changed, commands=self.commands)
        if diff:
            values['diff'] = dict(before=self._before, after=self._after)
        return values


def exit_with(module, change, **values):
    """End the module with its change record; the diff only where it was asked for."""
    module.exit_json(**change.result(diff=module._diff, **values))


def foresee(module, paths, **values):
    """In check mode, end the module where an earlier task was to bring a file that is not there: that counts as a change.

    :arg paths: the files that the module needs. :arg values: what it exits with, as far as it can be told without them.
    """
    awaited = [path for path in paths if not os.path.exists(to_bytes(path))]
    if not (module.check_mode and awaited):
        return
    change = Change()
    change.note('files', [], awaited)
    module.warn(to_native('%s: not on this host in check mode, which counts as a change.' % ', '.join(awaited)))
    exit_with(module, change, **values)


def guarded(main):
    """Make a module's ``main(module)`` end in a clear failure where a tool failed, or the system refused a file or folder."""
    def run(module):
        try:
            main(module)
        except CliError as error:
            module.fail_json(msg=str(error), **error.details())
        except (IOError, OSError) as error:
            module.fail_json(msg=refused(error))
    return run


def refused(error):
    """What the system refused, why, and what to do about it."""
    where = '%s: ' % to_native(error.filename) if error.filename else ''
    return '%s%s. %s' % (where, to_native(error.strerror or error), REMEDIES.get(error.errno, 'Correct that on this host and run again.'))
