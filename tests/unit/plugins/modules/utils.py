# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run a module's ``main()`` inside the test process, on every supported core and Python.

Nothing of AnsibleModule is replaced: arguments go in as the JSON that a target gets, and the
result is the JSON that the controller would read, with ``no_log`` values masked.
"""

from __future__ import absolute_import, division, print_function
__metaclass__ = type

import atexit
import contextlib
import json
import os
import pickle
import shutil
import sys
import tempfile

from ansible.module_utils import basic
from ansible.module_utils.common import warnings
from ansible.module_utils.common.text.converters import to_bytes, to_text

try:
    from ansible.module_utils.testing import patch_module_args
except ImportError:  # cores before 2.18
    @contextlib.contextmanager
    def patch_module_args(args=None):
        before = basic._ANSIBLE_ARGS
        basic._ANSIBLE_ARGS = to_bytes(json.dumps(dict(ANSIBLE_MODULE_ARGS=args or {})))
        try:
            yield
        finally:
            basic._ANSIBLE_ARGS = before


class _Captured(object):
    """Stands for a standard stream and keeps what is written, of either string type."""

    encoding = 'utf-8'

    def __init__(self):
        self._parts = []

    def write(self, text):
        self._parts.append(to_text(text))

    def flush(self):
        pass

    def text(self):
        return u''.join(self._parts)


# What lasts as long as the run. ansible-test forks each test off the process that has read all tests; only that process takes it away.
_KEPT = tempfile.mkdtemp(prefix='ovs-unit-')
atexit.register(shutil.rmtree, _KEPT, True)


def run_module(main, args, check_mode=False, diff=False):
    """Run the module whose ``main`` is given and return ``(result, failed)``.

    :arg main: the module's ``main`` function, called without arguments.
    :arg args: dict, the task's options.
    :returns: the result as a dict, and whether the module failed.
    :raises AssertionError: it ended without a result, or its status contradicts it.
    """
    options = dict(args, _ansible_check_mode=check_mode, _ansible_diff=diff, _ansible_remote_tmp=_KEPT)
    stdout, stream, code = sys.stdout, _Captured(), None
    _forget_warnings()
    sys.stdout = stream
    try:
        with patch_module_args(options):
            main()
    except SystemExit as status:
        code = status.code or 0
    finally:
        sys.stdout = stdout
    lines = stream.text().strip().splitlines()
    assert code is not None and lines, 'the module ended without exit_json or fail_json: %r' % lines
    result = json.loads(lines[-1])
    if 'warnings' in result:  # newer cores wrap them in objects
        result['warnings'] = list(warnings.get_warning_messages())
    failed = bool(result.get('failed', False))
    assert failed == (code != 0), 'status %s with the result %r' % (code, result)
    return result, failed


def _forget_warnings():
    """Warnings live in the process on a target; here they would leak into the next run's result."""
    for store in (warnings._global_warnings, warnings._global_deprecations):
        while store:
            store.pop() if isinstance(store, list) else store.popitem()


def kept(name, make):
    """What ``make(folder)`` returned for the first test that asked for this name; what costs much is made once for all tests of a run.

    A fixture of a module or session would be made anew in each forked test.
    """
    folder, record = os.path.join(_KEPT, name), os.path.join(_KEPT, name + '.pickle')
    if not os.path.exists(record):
        shutil.rmtree(folder, ignore_errors=True)
        os.mkdir(folder)
        made = make(folder)
        with open(record, 'wb') as stream:
            pickle.dump(made, stream, 2)
    with open(record, 'rb') as stream:
        return pickle.load(stream)
