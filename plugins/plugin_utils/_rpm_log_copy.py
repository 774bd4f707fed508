# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The controller's copy of the log of a build that is under way on another host."""

from __future__ import annotations

import os

from ansible.errors import AnsibleActionFail

from ansible_collections.xenserver.openvswitch.plugins.plugin_utils._rpm_progress import Progress


class LogCopy:
    """Takes what a log has grown by; ``size`` is how much it has by now.

    :arg path: the file for it, or None. :arg lease: what the first line names, in a log of this build and of no earlier one.
    """

    def __init__(self, path, lease=''):
        self.size = 0
        self.progress = Progress()
        self._path, self._lease = path, os.fsencode(lease)
        if path:
            self._file(os.makedirs, os.path.dirname(path), exist_ok=True)

    def add(self, data):
        """Whether this was something new."""
        if not data or not self.size and self._lease not in data.split(b'\n')[0]:
            return False
        if self._path:
            self._file(self._append, data)
        self.size += len(data)
        self.progress.feed(data.decode('latin-1'))
        return True

    def _append(self, data):
        with open(self._path, 'ab' if self.size else 'wb') as stream:
            stream.write(data)

    def _file(self, act, *args, **kwargs):
        try:
            act(*args, **kwargs)
        except OSError as error:
            raise AnsibleActionFail(f'log_to: the log cannot be written on the controller: {error}') from error
