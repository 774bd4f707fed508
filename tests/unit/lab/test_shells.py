# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The shells that the scenarios' tests keep in the lab's hosts, in a shell of this machine."""

import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).resolve().parents[3] / 'molecule'))
import shells


@pytest.fixture
def shell():
    one = shells.Shell(['/bin/sh', '-c', shells.LOOP])
    yield one
    if one.is_there:
        one.run(b'kill $PPID')


@pytest.mark.parametrize('command, answer', [
    (b'true', (0, b'', b'')),
    (b'echo out; echo err >&2; exit 3', (3, b'out\n', b'err\n')),
    (b"printf 'no end'; printf '\\0\\377' >&2", (0, b'no end', b'\0\xff')),
    (b'cat', (0, b'', b'')),
    (b"echo 'a  b'\necho \"$0\"\n", (0, b'a  b\n/bin/sh\n', b'')),
    (b'head -c 200000 /dev/zero', (0, b'\0' * 200000, b'')),
    (b'nonesuch-program', (127, b'', b'/bin/sh: 1: nonesuch-program: not found\n')),
])
def test_it_answers_as_a_shell_of_its_own(shell, command, answer):
    for dummy in range(2):
        assert shell.run(command) == answer and shell.is_there


def test_what_a_command_left_running_writes_to_is_not_the_next_ones(shell):
    assert shell.run(b'(sleep 0.5; echo late) & echo early') == (0, b'early\n', b'')
    assert shell.run(b'sleep 1; echo next') == (0, b'next\n', b'')


def test_a_shell_that_goes_says_so(shell):
    status, out, err = shell.run(b'kill $PPID; sleep 1')
    assert status and (out, err) == (b'', b'') and not shell.is_there


def test_a_shell_that_could_not_be_started_says_why():
    status, out, err = shells.Shell(['/bin/sh', '-c', 'echo no such container; exit 125']).run(b'true')
    assert (status, out, err) == (125, b'', b'no such container\n')


def test_it_leaves_nothing_behind(shell):
    folder = Path(shell.run(b'dirname $(readlink /proc/self/fd/2)')[1].decode().strip())
    assert shell.run(b'true')[0] == 0
    shell.run(b'kill $PPID')
    assert folder.parent == Path('/dev/shm') and not folder.exists()
