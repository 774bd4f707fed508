# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function
__metaclass__ = type

import os
import time

import pytest

from ansible_collections.xenserver.openvswitch.plugins.module_utils import _boot

PACKAGE = dict(nevra='openvswitch-3.1.0-1.x86_64', install_time=1000)


def test_the_start_of_a_process():
    ticks = os.sysconf('SC_CLK_TCK')
    fields = ['S', '0', '1', '1', '0', '-1', '4194560', '1', '2', '3', '4', '5', '6', '7', '8', '20', '0', '1', '0', '%d' % (150 * ticks), '1']
    kernel = 'cpu  1 2 3\nbtime 1700000000\nprocesses 5\n'
    assert _boot.read_time(kernel, '1 (init (x) y) ' + ' '.join(fields)) == 1700000150


def test_this_host_was_booted_before_this_process_was_started():
    assert _boot.time() <= _boot.started(os.getpid()) <= time.time() + 1


def test_a_boot_whose_first_process_is_hidden(monkeypatch):
    seen = _boot.time()
    monkeypatch.setattr(_boot, 'started', lambda pid: None)
    assert 0 < _boot.time() <= seen


def test_a_process_that_has_ended():
    assert _boot.started(2 ** 30) is None


def test_when_a_file_was_written(tmp_path):
    (tmp_path / 'mark').write_text(u'')
    os.utime(str(tmp_path / 'mark'), (1, 1700000000))
    assert _boot.written(str(tmp_path / 'mark')) == 1700000000
    assert _boot.written(str(tmp_path / 'none')) is None


@pytest.mark.parametrize('packages, daemons, starts, reasons', [
    (None, ['ovs-vswitchd'], [900, 900], []),
    ([], [], [900], []),
    ([], ['ovs-vswitchd', 'ovsdb-server'], [900, 950, 950], [
        'ovs-vswitchd still runs, though its package was removed', 'ovsdb-server still runs, though its package was removed']),
    ([PACKAGE], [], [1001], []),
    ([PACKAGE], [], [999], ['openvswitch-3.1.0-1.x86_64 was installed after all that runs was started']),
    ([PACKAGE], ['ovs-vswitchd'], [900, 950], ['openvswitch-3.1.0-1.x86_64 was installed after all that runs was started']),
    ([PACKAGE], ['ovs-vswitchd'], [900, 1100], []),
], ids=['no rpm', 'nothing there', 'removed', 'booted since', 'installed since', 'upgraded since', 'restarted since'])
def test_what_the_host_should_be_rebooted_for(packages, daemons, starts, reasons):
    assert _boot.not_in_use(packages, daemons, starts) == reasons
