# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""rpm_ready on the real rpm; how full its file systems are is said by the test."""

from __future__ import absolute_import, division, print_function
__metaclass__ = type

import errno
import os
import subprocess

import pytest

from ansible_collections.xenserver.openvswitch.plugins.module_utils import _room
from ansible_collections.xenserver.openvswitch.plugins.module_utils import _rpm_transaction as transaction
from ansible_collections.xenserver.openvswitch.plugins.modules import rpm_ready
from ansible_collections.xenserver.openvswitch.tests.unit.plugins.modules.rpm_host import BASE, Host, require, writer
from ansible_collections.xenserver.openvswitch.tests.unit.plugins.modules.utils import run_module

CONTENT = 'x' * 4999  # and a newline
MEGABYTE = 1000 * 1000


@pytest.fixture
def host(tmp_path, monkeypatch):
    """alpha and beta are installed and take 5000 bytes each; ``free`` says how much is free below which folder."""
    require('rpm', 'rpmbuild')
    host = Host(tmp_path / 'host')
    files = [host.rpm('alpha', content=CONTENT, tags='Provides: letter = 1\n'), host.rpm('beta', content=CONTENT, tags='Provides: letter = 2\n')]
    assert host.run('rpm', '-U', host.rpm(**BASE), *files)[0] == 0
    host.enter(monkeypatch)
    host.free = {'/': MEGABYTE}

    def look(path):
        mount = max((folder for folder in host.free if path.startswith(folder)), key=len)
        return mount, host.free[mount]
    monkeypatch.setattr(_room, 'look', look)
    return host


def ready(**options):
    return run_module(rpm_ready.main, dict(dict(name=['alpha', 'beta', 'gamma'], folder='/cache'), **options))


def test_a_host_with_room_is_one_process(host):
    result, failed = ready(size=7000, keep='/cache/previous')
    assert not failed and not result['changed'] and len(host.calls) == 2
    assert result['file_systems'] == [dict(mount='/', free=MEGABYTE, needed=17000, purposes=[
        '0.0 MB for the RPMs in /cache', '0.0 MB for the files of the packages'])]


@pytest.mark.parametrize('names, size', [(['alpha'], 5000), (['letter'], 10000), (['alpha', 'letter'], 10000), (['gamma'], 0)])
def test_what_is_installed_counts_once(host, names, size):
    assert sum(one['needed'] for one in ready(name=names)[0]['file_systems']) == size


@pytest.mark.parametrize('free, size, short', [(17000, 7000, False), (16999, 7000, True), (10000, 0, False), (0, 0, True)])
def test_the_last_byte_decides(host, free, size, short):
    host.free['/'] = free
    assert ready(size=size)[1] == short


def test_each_file_system_is_judged_by_itself_and_the_message_says_what_is_short(host):
    host.free = {'/': 20 * MEGABYTE, '/cache': 3 * MEGABYTE, '/cache/previous': 0}
    result, failed = ready(size=4 * MEGABYTE, keep='/cache/previous')
    assert failed and result['msg'] == (
        'There is not enough room: /cache needs 4.0 MB (4.0 MB for the RPMs in /cache) and has 3.0 MB free; '
        '/cache/previous needs 0.0 MB (0.0 MB for the way back in /cache/previous) and has 0.0 MB free. '
        'Nothing was changed. Make room there, or give folders on another file system, and run again.')
    assert [one['needed'] for one in result['file_systems']] == [10000, 4 * MEGABYTE, 10000]


def test_an_rpm_that_is_at_work_is_waited_for(host):
    """A package's script that reads from a pipe holds the transaction open."""
    pipe = os.path.join(host.folder, 'pipe')
    os.mkfifo(pipe)
    slow = host.rpm('slow', scripts='%%post\nread -r line < %s\n' % pipe)
    process = subprocess.Popen(['rpm', '-U', slow])
    try:
        with writer(pipe) as gate:
            result, failed = ready(time_limit=1)
            assert failed and 'Another rpm holds the package database' in result['msg'] and 'fuser -v' in result['msg']
            gate.write('go on\n')
        assert not ready(time_limit=60)[1]
        assert process.wait() == 0
    finally:
        if process.poll() is None:
            process.kill()


def test_a_lock_that_this_user_may_not_take_is_held_by_nobody(host, monkeypatch):
    def denied(path, mode):
        raise IOError(errno.EACCES, 'Permission denied', path)
    monkeypatch.setattr(transaction, 'open', denied, raising=False)
    result, failed = ready(time_limit=60)
    assert failed and result['msg'].endswith('/.rpm.lock: Permission denied. Run the task as root (become: true).')


def test_a_name_is_no_option(host):
    result, failed = ready(name=['--eval=1'])
    assert failed and 'no name of a package' in result['msg'] and host.calls == []


def test_a_folder_that_is_yet_to_be_made_is_on_the_file_system_of_the_nearest_that_is_there(tmp_path):
    mount, free = _room.look(str(tmp_path / 'not' / 'yet'))
    assert mount == _room.look(str(tmp_path))[0] and os.path.ismount(mount)
    found = os.statvfs(str(tmp_path))
    assert 0 < free <= found.f_blocks * found.f_frsize
