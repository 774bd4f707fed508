# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function
__metaclass__ = type

import hashlib
import os

import pytest

VIF = 'etc/xensource/scripts/vif'
LIBEXEC = 'opt/xensource/libexec/'
SCRIPTS = [VIF] + [LIBEXEC + name for name in ('InterfaceReconfigure.py', 'InterfaceReconfigureBridge.py', 'InterfaceReconfigureVswitch.py',
                                               'interface-reconfigure')]
OURS, SAVED, ORIGINAL = 'usr/share/openvswitch/scripts/', 'usr/lib/openvswitch/xs-saved/', 'usr/lib/openvswitch/xs-original/'
CONF = 'etc/xensource/network.conf'
WARNING = 'not verified'


def base(path):
    return path.rpartition('/')[2]


def own(path):
    return 'of the host: %s\n' % base(path)


@pytest.fixture
def xs(host, files):
    """A host just after the package's files were put in place; it knows the host's own scripts."""
    for path in SCRIPTS:
        host.put(path, own(path))
    sums = [hashlib.md5(own(path).encode()).hexdigest() for path in SCRIPTS]
    host.put(OURS + 'xs-host-scripts.md5', files('xs-host-scripts.md5') + ' '.join(['9.9'] + sums) + '\n')
    host.put(OURS + 'sysconfig.template', files('openvswitch.sysconfig'))
    host.put('usr/lib/placeholder', '')
    host.put('usr/share/openvswitch/vswitch.ovsschema', '{}')
    host.put(CONF, 'bridge\n')
    host.tool('opt/xensource/bin/xe-switch-network-backend')
    host.tool('bin/ovsdb-tool', 'test "$2" != create || echo database >"$3"')
    host.tool('bin/chkconfig', 'test "$1" != --list')
    return host


def with_replacements(host):
    for path in SCRIPTS:
        host.put(OURS + base(path), 'of the package\n')


def without_package(host):
    for path in SCRIPTS:
        os.unlink(host.path(OURS + base(path)))


def test_known_scripts_are_replaced_and_kept(xs):
    with_replacements(xs)
    code, out = xs.run('sysv-post.sh', '1')
    assert code == 0
    assert 'XenServer 9.9' in out and WARNING not in out
    for path in SCRIPTS:
        assert xs.get(path) == 'of the package\n'
        assert xs.get(SAVED + base(path)) == own(path)


def test_erase_gives_the_host_its_scripts_back(xs):
    with_replacements(xs)
    xs.run('sysv-post.sh', '1')
    without_package(xs)
    code, out = xs.run('sysv-postun.sh', '0')
    assert (code, out) == (0, '')
    assert [xs.get(path) for path in SCRIPTS] == [own(path) for path in SCRIPTS]
    assert not xs.exists('usr/lib/openvswitch')


def test_upgrade_leaves_replacements_that_still_lead_somewhere(xs):
    with_replacements(xs)
    xs.run('sysv-post.sh', '1')
    xs.run('sysv-post.sh', '2')
    xs.run('sysv-postun.sh', '1')
    assert [xs.get(path) for path in SCRIPTS] == ['of the package\n'] * 5
    assert xs.get(SAVED + 'vif') == own(VIF)


def test_a_package_without_replacements_keeps_known_scripts(xs):
    code, out = xs.run('sysv-post.sh', '1')
    assert code == 0
    assert [xs.get(path) for path in SCRIPTS] == [own(path) for path in SCRIPTS]


@pytest.mark.parametrize('changed', SCRIPTS)
def test_unknown_scripts_are_kept(xs, changed):
    with_replacements(xs)
    xs.put(changed, 'changed by somebody\n')
    assert WARNING in xs.run('sysv-post.sh', '1')[1]
    assert xs.get(changed) == 'changed by somebody\n'
    assert xs.get(SCRIPTS[0]) != 'of the package\n'


def test_saved_scripts_of_an_unknown_release_go_back(xs):
    xs.put(SAVED + 'vif', 'older\n')
    xs.run('sysv-post.sh', '2')
    assert xs.get(VIF) == 'older\n'


def test_originals_move_to_where_no_old_package_looks(xs):
    with_replacements(xs)
    xs.put(ORIGINAL + 'extra', 'x')
    xs.run('sysv-post.sh', '2')
    assert xs.get(SAVED + 'extra') == 'x'
    assert not xs.exists(ORIGINAL)


def test_an_old_xen_bugtool_goes_back(xs):
    xs.put('usr/sbin/placeholder', '')
    xs.put(SAVED + 'xen-bugtool', 'of the host\n')
    xs.run('sysv-post.sh', '2')
    assert xs.get('usr/sbin/xen-bugtool') == 'of the host\n'


def test_a_missing_original_is_named(xs):
    with_replacements(xs)
    xs.run('sysv-post.sh', '1')
    os.unlink(xs.path(SAVED + 'vif'))
    without_package(xs)
    code, out = xs.run('sysv-postun.sh', '1')
    assert code == 0
    assert 'vif could not be put back' in out


def test_sysctl_is_appended_once(xs):
    xs.put('etc/sysctl.conf', 'kernel.panic = 5\n')
    xs.run('sysv-post.sh', '1')
    xs.run('sysv-post.sh', '2')
    lines = xs.get('etc/sysctl.conf').splitlines()
    assert lines[0] == 'kernel.panic = 5'
    assert lines.count('net.ipv4.conf.all.arp_filter = 1') == 1


def test_a_sysctl_of_the_administrator_stays(xs):
    xs.put('etc/sysctl.conf', 'net.ipv4.conf.all.arp_filter = 0\n')
    xs.run('sysv-post.sh', '1')
    assert xs.get('etc/sysctl.conf') == 'net.ipv4.conf.all.arp_filter = 0\n'


def test_the_database_is_made_with_its_row_and_never_again(xs):
    xs.run('sysv-post.sh', '1')
    assert xs.get('etc/openvswitch/conf.db') == 'database\n'
    assert [call.split()[2] for call in xs.calls() if call.startswith('ovsdb-tool')] == ['create', 'transact']
    xs.put('etc/openvswitch/conf.db', 'in use\n')
    xs.run('sysv-post.sh', '2')
    assert xs.get('etc/openvswitch/conf.db') == 'in use\n'


def test_sysconfig_is_made(xs, files):
    xs.run('sysv-post.sh', '1')
    assert xs.get('etc/sysconfig/openvswitch') == files('openvswitch.sysconfig')


def test_sysconfig_gains_what_is_new_and_keeps_what_is_there(xs):
    xs.put('etc/sysconfig/openvswitch', 'VSWITCHD_PRIORITY=-5\n# OVSDB_SERVER_PRIORITY: x\n# FORCE_COREFILES=\n# VSWITCHD_MLOCKALL=yes\n')
    xs.run('sysv-post.sh', '2')
    text = xs.get('etc/sysconfig/openvswitch')
    assert text.startswith('VSWITCHD_PRIORITY=-5\n')
    assert text.endswith('\n# OVS_CTL_OPTS: more options for ovs-ctl, separated by spaces.\n# OVS_CTL_OPTS=\n')
    assert text.count('VSWITCHD_PRIORITY') == 1
    xs.run('sysv-post.sh', '2')
    assert xs.get('etc/sysconfig/openvswitch') == text


def test_a_sysconfig_that_goes_with_a_replaced_package_stays_as_it_was(xs):
    xs.put('etc/sysconfig/openvswitch', 'VSWITCHD_PRIORITY=-5\n')
    xs.run('sysv-post.sh', '2')
    text = xs.get('etc/sysconfig/openvswitch')
    # What rpm does with a changed configuration file that the new package does not have.
    os.rename(xs.path('etc/sysconfig/openvswitch'), xs.path('etc/sysconfig/openvswitch.rpmsave'))
    assert xs.run('sysv-posttrans.sh') == (0, '')
    assert xs.get('etc/sysconfig/openvswitch') == text
    assert not xs.exists('etc/sysconfig/openvswitch.kept')


def test_a_sysconfig_of_no_package_is_left_alone(xs):
    xs.run('sysv-post.sh', '1')
    xs.put('etc/sysconfig/openvswitch', 'VSWITCHD_PRIORITY=-5\n')
    assert xs.run('sysv-posttrans.sh') == (0, '')
    assert xs.get('etc/sysconfig/openvswitch') == 'VSWITCHD_PRIORITY=-5\n'
    assert not xs.exists('etc/sysconfig/openvswitch.kept')


def test_services_are_enabled(xs):
    xs.run('sysv-post.sh', '1')
    calls = [call for call in xs.calls() if call.startswith('chkconfig') and '--list' not in call]
    assert calls == ['chkconfig --add openvswitch', 'chkconfig openvswitch on',
                     'chkconfig --add openvswitch-xapi-update', 'chkconfig openvswitch-xapi-update on']


def backend(host):
    return [call for call in host.calls() if call.startswith('xe-switch')]


def test_install_switches_the_backend(xs):
    xs.run('sysv-post.sh', '1')
    assert backend(xs) == ['xe-switch-network-backend vswitch']


@pytest.mark.parametrize('conf, said', [('bridge', True), ('vswitch', False), ('openvswitch', False)])
def test_upgrade_only_speaks_of_the_backend(xs, conf, said):
    xs.put(CONF, conf + '\n')
    out = xs.run('sysv-post.sh', '2')[1]
    assert backend(xs) == []
    assert ("run 'xe-switch-network-backend vswitch'" in out) == said


def test_a_backend_that_cannot_be_switched_does_not_break_the_transaction(xs):
    xs.tool('opt/xensource/bin/xe-switch-network-backend', 'exit 1')
    code, out = xs.run('sysv-post.sh', '1')
    assert code == 0
    assert 'not switched' in out


def test_erase_switches_back_and_removes_the_services(xs):
    xs.tool('bin/chkconfig')
    assert xs.run('sysv-preun.sh', '0') == (0, '')
    assert backend(xs) == ['xe-switch-network-backend bridge']
    assert [call for call in xs.calls() if '--del' in call] == ['chkconfig --del openvswitch', 'chkconfig --del openvswitch-xapi-update']


def test_the_old_package_of_an_upgrade_touches_nothing(xs):
    xs.run('sysv-post.sh', '1')
    xs.put('calls', '')
    assert xs.run('sysv-preun.sh', '1') == (0, '')
    assert xs.run('sysv-postun.sh', '1') == (0, '')
    assert xs.calls() == []
    assert xs.exists('etc/openvswitch/conf.db') and xs.exists('etc/sysconfig/openvswitch')


def test_erase_leaves_nothing_that_was_made(xs):
    xs.run('sysv-post.sh', '1')
    xs.put('etc/openvswitch/vswitchd.cacert', '')
    xs.put('usr/share/openvswitch/python/ovs/__pycache__/idl.pyc', '')
    xs.run('sysv-postun.sh', '0')
    for path in ('etc/openvswitch/conf.db', 'etc/openvswitch/vswitchd.cacert', 'etc/sysconfig/openvswitch', 'usr/share/openvswitch/python',
                 'usr/lib/openvswitch'):
        assert not xs.exists(path), path
