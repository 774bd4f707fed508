# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function
__metaclass__ = type

import errno

import pytest

from ansible_collections.xenserver.openvswitch.plugins.module_utils._change import Change, exit_with, foresee, guarded
from ansible_collections.xenserver.openvswitch.plugins.module_utils._cli import CliError, Result


class Module(object):
    """What the change record needs of an AnsibleModule."""

    def __init__(self, diff=True):
        self._diff = diff
        self.left = None

    def exit_json(self, **values):
        self.left = values

    def fail_json(self, **values):
        self.left = dict(values, failed=True)


def test_nothing_noted_is_no_change():
    assert Change().result() == dict(changed=False, commands=[], diff=dict(before={}, after={}))


def test_equal_values_are_no_change_and_stay_out_of_the_diff():
    change = Change()
    change.note('target', ['a'], ['a'])
    change.note('fail_mode', None, 'secure')
    assert change.changed
    assert change.result()['diff'] == dict(before=dict(fail_mode=None), after=dict(fail_mode='secure'))


def test_a_touch_is_a_change_without_a_diff():
    change = Change()
    change.touch()
    assert change.result()['changed']
    assert change.result()['diff'] == dict(before={}, after={})


def test_commands_are_kept_as_words():
    change = Change()
    change.add_command(['rpm', '-U', 3])
    assert change.result()['commands'] == [['rpm', '-U', '3']]


@pytest.mark.parametrize('diff', [True, False])
def test_the_exit_holds_the_diff_only_where_asked_for(diff):
    module = Module(diff)
    exit_with(module, Change(), managers=[])
    assert ('diff' in module.left) == diff
    assert module.left['managers'] == []


def test_a_tool_that_failed_ends_the_module_with_its_output():
    def main(module):
        raise CliError('rpm failed', Result(['rpm', '-U'], 1, 'out', 'err'))
    module = Module()
    guarded(main)(module)
    assert module.left == dict(failed=True, msg='rpm failed', cmd=['rpm', '-U'], rc=1, stdout='out', stderr='err')


@pytest.mark.parametrize('error, msg', [
    (IOError(errno.EACCES, 'Permission denied', '/etc/x'), '/etc/x: Permission denied. Run the task as root (become: true).'),
    (OSError(errno.ENOSPC, 'No space left on device'), 'No space left on device. Make room on that file system and run again.'),
    (OSError(errno.EIO, 'Input/output error', '/x'), '/x: Input/output error. Correct that on this host and run again.')])
def test_a_file_that_the_system_refuses_ends_the_module_with_the_remedy(error, msg):
    def main(module):
        raise error
    module = Module()
    guarded(main)(module)
    assert module.left == dict(failed=True, msg=msg)


def test_a_file_that_an_earlier_task_is_to_bring_counts_as_a_change_in_check_mode_alone(tmp_path):
    there, awaited = str(tmp_path), str(tmp_path / 'awaited')
    for check_mode, paths, ended in [(False, [awaited], False), (True, [there], False), (True, [there, awaited], True)]:
        module = Module()
        module.check_mode = check_mode
        module.warn = lambda text: None
        foresee(module, paths, rpms=[])
        assert (module.left is not None) == ended
    assert module.left == dict(changed=True, commands=[], rpms=[], diff=dict(before=dict(files=[]), after=dict(files=[awaited])))
