# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Daemons are found by what they were started with, and ended."""

from __future__ import absolute_import, division, print_function
__metaclass__ = type

import os
import subprocess
import sys
import time

from ansible_collections.xenserver.openvswitch.plugins.module_utils import _processes

# A daemon as those of Open vSwitch with --detach: a session of its own, and its parent gone, which the command waits for.
DAEMON = '''
import os, signal, sys, time
parent = os.fork()
if parent:
    os.waitpid(parent, 0)
else:
    os.setsid()
    if os.fork() == 0:
        %s
        open(sys.argv[1], 'w').close()
        time.sleep(300)
'''


def daemon(tmp_path, mark, before=''):
    begun = str(tmp_path / 'begun')
    subprocess.check_call([sys.executable, '-c', DAEMON % before, begun], env=dict(os.environ, **mark))
    end = time.time() + 30
    while not os.path.exists(begun):
        assert time.time() < end
        time.sleep(0.05)
    return _processes.marked(mark)


def test_daemons_of_a_command_are_ended_and_others_are_not(tmp_path, monkeypatch):
    monkeypatch.setattr(_processes, 'GRACE', 60)
    mark, other = _processes.new_mark(), _processes.new_mark()
    assert len(daemon(tmp_path, mark)) == 1 and _processes.marked(other) == []
    _processes.end_all(other)
    assert len(_processes.marked(mark)) == 1
    begun = time.time()
    _processes.end_all(mark)
    assert _processes.marked(mark) == [] and time.time() - begun < _processes.GRACE, 'SIGTERM was enough'


def test_a_daemon_that_ignores_the_question_is_ended_all_the_same(tmp_path, monkeypatch):
    monkeypatch.setattr(_processes, 'GRACE', 0.5)
    mark = _processes.new_mark()
    assert daemon(tmp_path, mark, 'signal.signal(signal.SIGTERM, signal.SIG_IGN)')
    _processes.end_all(mark)
    assert _processes.marked(mark) == []


def test_a_process_that_has_ended_meanwhile_is_no_error():
    process = subprocess.Popen([sys.executable, '-c', ''])
    process.wait()
    _processes._signal(process.pid, 15)
    assert _processes._environment(str(process.pid)) == set()
