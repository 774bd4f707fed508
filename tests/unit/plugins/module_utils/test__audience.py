# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who waits for a module: the reader of its output, and who keeps up its lease."""

from __future__ import absolute_import, division, print_function
__metaclass__ = type

import os
import socket

import pytest

from ansible_collections.xenserver.openvswitch.plugins.module_utils._audience import LEASE, Audience


@pytest.fixture
def lease(tmp_path):
    path = tmp_path / 'lease'
    path.write_text(u'')
    return path


def test_a_pipe_without_a_reader_ends_the_wait():
    reader, writer = os.pipe()
    assert Audience(None, writer).waits()
    os.close(reader)
    assert not Audience(None, writer).waits()
    os.close(writer)


def test_so_does_a_socket_that_the_other_side_has_closed():
    one, other = socket.socketpair()
    assert Audience(None, one.fileno()).waits()
    other.close()
    assert not Audience(None, one.fileno()).waits()
    one.close()


def test_a_terminal_that_hung_up_does_too():
    master, terminal = os.openpty()
    assert Audience(None, terminal).waits()
    os.close(master)
    assert not Audience(None, terminal).waits()
    os.close(terminal)


def test_a_file_has_no_reader_that_could_go(lease):
    with open(str(lease)) as stream:
        assert Audience(None, stream.fileno()).waits()


def test_a_lease_that_is_kept_up_holds_and_one_that_is_not_lapses(lease):
    with open(os.devnull) as stdout:
        audience = Audience(str(lease), stdout.fileno())
        for second in range(3 * LEASE):
            if second % (LEASE - 1) == 0:
                os.utime(str(lease), (second, second))  # the clock of that host may say anything
            assert audience.waits(), second
        assert [audience.waits() for dummy in range(LEASE + 1)][-1] is False


def test_a_lease_that_was_taken_away_ends_the_wait_at_once(lease):
    with open(os.devnull) as stdout:
        audience = Audience(str(lease), stdout.fileno())
        assert audience.waits()
        lease.unlink()
        assert not audience.waits()
