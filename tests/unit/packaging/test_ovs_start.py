# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function
__metaclass__ = type

import pytest

INVENTORY = """\
PRODUCT_BRAND='XenServer'
PRODUCT_VERSION='8.4.0'
BUILD_NUMBER='cloud'
INSTALLATION_UUID='6a6f3cd2-1f0f-4a9e-9d1c-3b8f5b8f1111'
"""
BOOTED = 'var/run/openvswitch.booted'


@pytest.fixture
def ready(host):
    host.tool('usr/share/openvswitch/scripts/ovs-ctl')
    host.put('etc/xensource-inventory', INVENTORY)
    host.put('var/run/placeholder', '')
    return host


def options(host):
    return host.calls()[0].split()[1:]


def test_ids_come_from_the_inventory(ready):
    assert ready.run('ovs-start')[0] == 0
    uuid = '6a6f3cd2-1f0f-4a9e-9d1c-3b8f5b8f1111'
    assert options(ready) == [
        'start', '--daemon-cwd=%s' % ready.path('var/xen/openvswitch'), '--system-id=' + uuid, '--external-id=xs-system-uuid=' + uuid,
        '--system-type=XenServer', '--system-version=8.4.0-cloud', '--delete-bridges']
    assert ready.calls()[1:] == ['ovs-ctl --protocol=gre enable-protocol']


def test_bridges_are_deleted_once_a_boot(ready):
    ready.run('ovs-start')
    assert ready.exists(BOOTED)
    ready.put('calls', '')
    ready.put(BOOTED, 'of the first start')
    ready.run('ovs-start', 'restart')
    assert options(ready)[0] == 'restart'
    assert '--delete-bridges' not in options(ready)
    assert ready.get(BOOTED) == 'of the first start'


def test_a_failed_start_fails_and_is_no_start(ready):
    ready.tool('usr/share/openvswitch/scripts/ovs-ctl', 'exit 7')
    assert ready.run('ovs-start')[0] == 7
    assert not ready.exists(BOOTED)
    assert len(ready.calls()) == 1


def test_a_firewall_that_refuses_is_no_failure(ready):
    ready.tool('usr/share/openvswitch/scripts/ovs-ctl', 'case $* in *enable-protocol) exit 1 ;; esac')
    code, out = ready.run('ovs-start')
    assert code == 0
    assert 'GRE' in out


def test_sysconfig(ready):
    ready.put('etc/sysconfig/openvswitch', 'FORCE_COREFILES=no\nOVSDB_SERVER_PRIORITY=-5\nVSWITCHD_PRIORITY=-7\n'
              'VSWITCHD_MLOCKALL=no\nOVS_CTL_OPTS="--ovs-vswitchd-wrapper=valgrind --no-monitor"\n')
    ready.run('ovs-start')
    assert options(ready)[-6:] == ['--ovsdb-server-priority=-5', '--ovs-vswitchd-priority=-7', '--mlockall=no', '--delete-bridges',
                                   '--ovs-vswitchd-wrapper=valgrind', '--no-monitor']
    assert '--force-corefiles=no' in options(ready)


def test_the_inventory_is_not_executed(ready):
    ready.put('etc/xensource-inventory', INVENTORY + "PRODUCT_VERSION='$(touch %s)'\ntouch %s\n" % (ready.path('one'), ready.path('two')))
    ready.run('ovs-start')
    assert not ready.exists('one')
    assert not ready.exists('two')


def test_no_inventory_still_starts(ready):
    ready.put('etc/xensource-inventory', '')
    code, out = ready.run('ovs-start')
    assert code == 0
    assert 'INSTALLATION_UUID' in out
    assert not [option for option in options(ready) if 'system' in option]
