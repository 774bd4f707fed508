# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import absolute_import, division, print_function
__metaclass__ = type

import fcntl
import os
import shutil
import subprocess

import pytest

from labpool import XAPI


def run(argv, **environment):
    done = subprocess.run(argv, env=dict(os.environ, **environment), capture_output=True, text=True, check=False)
    return done.returncode, done.stdout, done.stderr


@pytest.fixture(scope='module', params=['systemd', 'sysv'])
def installed(request, tmp_path_factory):
    """(root, generation): the stand-in was installed there twice."""
    root = tmp_path_factory.mktemp(request.param)
    for dummy in range(2):
        assert run(['sh', os.path.join(XAPI, 'install.sh'), str(root), request.param]) == (0, '', '')
    return root, request.param


@pytest.fixture
def dom0(installed, tmp_path):
    """(root, generation) of a dom0 of the test's own."""
    root = tmp_path / 'dom0'
    shutil.copytree(str(installed[0]), str(root), symlinks=True)
    return root, installed[1]


@pytest.fixture
def switch(dom0):
    """``switch(backend)`` -> (status, stdout, stderr, what systemctl or chkconfig was told)."""
    root = dom0[0]
    tools = root / 'tools'
    tools.mkdir()
    for name in ('systemctl', 'chkconfig'):
        (tools / name).write_text('#!/bin/sh\necho %s "$@" >> %s/told\n' % (name, tools))
        (tools / name).chmod(0o755)
    script = str(root / 'opt/xensource/bin/xe-switch-network-backend')

    def function(*words):
        told = tools / 'told'
        if told.exists():
            told.unlink()
        result = run([script] + list(words), LAB_ROOT=str(root), PATH='%s:%s' % (tools, os.environ['PATH']))
        return result + (told.read_text() if told.exists() else '',)
    return function


EXPECTED = {
    'systemd': ('systemctl %sable openvswitch.service openvswitch-xapi-sync.service\n', ('en', 'dis'), 'blacklist-bridge.conf'),
    'sysv': ('chkconfig openvswitch %s\n', ('on', 'off'), 'blacklist-bridge'),
}


@pytest.mark.parametrize('word', ['vswitch', 'openvswitch'])
def test_to_openvswitch(dom0, switch, word):
    """'accepts bridge, vswitch, openvswitch; vswitch is written as `openvswitch` to /etc/xensource/network.conf; writes ...
    blacklist-bridge(.conf) ("install bridge /bin/true")'; 'prints "You *MUST* now reboot your system" on stderr'"""
    root, generation = dom0
    told, (on, dummy), blacklist = EXPECTED[generation]
    assert switch(word) == (0, '', 'You *MUST* now reboot your system\n', told % on)
    assert (root / 'etc/xensource/network.conf').read_text() == 'openvswitch\n'
    assert (root / 'etc/modprobe.d' / blacklist).read_text() == 'install bridge /bin/true\n'


def test_to_the_bridge(dom0, switch):
    """'or removes' the blacklist; 'systemctl enable/disable'"""
    root, generation = dom0
    told, (dummy, off), blacklist = EXPECTED[generation]
    switch('openvswitch')
    assert switch('bridge') == (0, '', 'You *MUST* now reboot your system\n', told % off)
    assert (root / 'etc/xensource/network.conf').read_text() == 'bridge\n'
    assert not (root / 'etc/modprobe.d' / blacklist).exists()


def test_the_fault_of_the_old_spelling(dom0, switch):
    """'Bug: if network.conf holds literally `vswitch`, asking for bridge still selects openvswitch.'"""
    root = dom0[0]
    (root / 'etc/xensource/network.conf').write_text('vswitch\n')
    assert switch('bridge')[0] == 0
    assert (root / 'etc/xensource/network.conf').read_text() == 'openvswitch\n'


@pytest.mark.parametrize('words', [[], ['ovs'], ['bridge', 'x']])
def test_what_is_no_backend(dom0, switch, words):
    root = dom0[0]
    status, out, err, told = switch(*words)
    assert (status, out, told) == (1, '', '') and err.startswith('Usage: ')
    assert (root / 'etc/xensource/network.conf').read_text() == 'bridge\n'


def test_a_unit_that_is_not_there_stops_it(dom0, switch):
    """'`set -e`'; 'replacing the vendor RPM with the upstream one removes both systemd units; xe-switch then fails at systemctl'"""
    root = dom0[0]
    for name in ('systemctl', 'chkconfig'):
        (root / 'tools' / name).write_text('#!/bin/sh\nexit 1\n')
    assert switch('openvswitch')[0] == 1
    assert (root / 'etc/xensource/network.conf').read_text() == 'bridge\n'


def test_what_is_installed(dom0):
    root, generation = dom0
    plugins = sorted(os.listdir(str(root / 'etc/xapi.d/plugins')))
    assert plugins == ['firewall-port'] + (['openvswitch-config-update'] if generation == 'systemd' else [])
    programs = ['opt/lab-xapi/configure', 'opt/xensource/bin/xe', 'opt/xensource/bin/xe-toolstack-restart', 'usr/bin/xe']
    programs += ['etc/xapi.d/plugins/' + name for name in plugins]
    programs += {'systemd': [], 'sysv': ['etc/init.d/xapi', 'etc/rc2.d/S23xapi', 'opt/xensource/libexec/interface-reconfigure']}[generation]
    for name in programs:
        assert os.access(str(root / name), os.X_OK), name
        assert (root / name).read_text().startswith('#!'), name
    for version in ('2.7', '3'):
        assert (root / ('usr/lib/python%s/dist-packages/XenAPIPlugin.py' % version)).exists()


def test_units_are_enabled(dom0):
    root, generation = dom0
    wants = root / 'etc/systemd/system/toolstack.target.wants'
    assert (sorted(os.listdir(str(wants))) if generation == 'systemd' else []) == {'systemd': ['xapi.service', 'xcp-networkd.service'], 'sysv': []}[generation]


def test_identity_is_left_to_configure(dom0):
    root = dom0[0]
    assert not (root / 'etc/xensource-inventory').exists()
    assert not (root / 'etc/xensource/pool.conf').exists()


def test_a_chosen_backend_survives_another_install(dom0):
    root, generation = dom0
    (root / 'etc/xensource/network.conf').write_text('openvswitch\n')
    assert run(['sh', os.path.join(XAPI, 'install.sh'), str(root), generation])[0] == 0
    assert (root / 'etc/xensource/network.conf').read_text() == 'openvswitch\n'


@pytest.mark.parametrize('words', [[], ['/nowhere-at-all', 'systemd'], ['/', 'upstart'], ['/']])
def test_bad_arguments_of_install(words):
    assert run(['sh', os.path.join(XAPI, 'install.sh')] + words)[0] == 1


def test_configure(dom0):
    root, generation = dom0
    argv = [str(root / 'opt/lab-xapi/configure'), '--root', str(root), '--uuid', '11111111-1111-4111-8111-111111111111',
            '--name-label', 'xs-a', '--address', '192.0.2.1', '--role', 'slave:192.0.2.2', '--build', '4711']
    assert run(argv)[0] == 0
    first = (root / 'etc/xensource-inventory').stat().st_mtime_ns
    assert run(argv)[0] == 0
    assert (root / 'etc/xensource-inventory').stat().st_mtime_ns == first
    text = (root / 'etc/xensource-inventory').read_text()
    assert "INSTALLATION_UUID='11111111-1111-4111-8111-111111111111'\n" in text and "BUILD_NUMBER='4711'\n" in text
    assert ("PRODUCT_BRAND='XCP-ng'\n" if generation == 'systemd' else "PRODUCT_BRAND='XenServer'\n") in text
    assert (root / 'etc/xensource/pool.conf').read_text() == 'slave:192.0.2.2'


@pytest.mark.parametrize('option, value', [('--role', 'slave:'), ('--role', 'king'), ('--uuid', 'x')])
def test_configure_refuses(dom0, option, value):
    root = dom0[0]
    good = {'--uuid': '11111111-1111-4111-8111-111111111111', '--name-label': 'a', '--address': '192.0.2.1', '--role': 'master'}
    good[option] = value
    argv = [str(root / 'opt/lab-xapi/configure'), '--root', str(root)] + [word for pair in good.items() for word in pair]
    assert run(argv)[0] == 2
    assert not (root / 'etc/xensource/pool.conf').exists()


# -- the toolstack ------------------------------------------------------------------------------------------------

@pytest.fixture
def restart(dom0):
    """``restart()`` -> (status, stdout, stderr, what systemctl or the init script was told)."""
    root, generation = dom0
    tools, told = root / 'tools', root / 'told'
    tools.mkdir()
    (root / 'dev/shm').mkdir(parents=True)
    script = tools / 'systemctl' if generation == 'systemd' else root / 'etc/init.d/xapi'
    script.write_text('#!/bin/sh\necho "$@" >> %s\n' % told)
    script.chmod(0o755)

    def function():
        result = run([str(root / 'opt/xensource/bin/xe-toolstack-restart')], LAB_ROOT=str(root), PATH='%s:%s' % (tools, os.environ['PATH']))
        return result + (told.read_text().splitlines() if told.exists() else [],)
    return function


def test_a_restart_of_the_toolstack(dom0, restart):
    """F54: 'xe-toolstack-restart: lock /dev/shm/xe_toolstack_restart.lock, ends "done."', scripts/xe-toolstack-restart."""
    root, generation = dom0
    status, out, err, told = restart()
    assert (status, out, err) == (0, 'Executing xe-toolstack-restart\ndone.\n', '')
    assert told[0] == {'systemd': 'restart toolstack.target', 'sysv': 'restart'}[generation]
    assert not any('openvswitch' in word for word in told)
    assert not (root / 'dev/shm/xe_toolstack_restart.lock').exists()


def test_two_restarts_at_once(dom0, restart):
    lock = dom0[0] / 'dev/shm/xe_toolstack_restart.lock'
    with open(str(lock), 'w') as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        status, out, dummy, told = restart()
    assert (status, told) == (1, []) and out.startswith('Exiting: cannot lock ')


# -- the firewall -------------------------------------------------------------------------------------------------

@pytest.fixture
def firewall(tmp_path, load_below):
    """``firewall(*words)``: the plugin with an iptables that keeps its rules in a file, -> the rules."""
    (tmp_path / 'iptables').write_text(IPTABLES)
    (tmp_path / 'iptables-save').write_text('#!/bin/sh\ncat "$RULES"\n')
    for name in ('iptables', 'iptables-save'):
        (tmp_path / name).chmod(0o755)
    rules, saved, script = tmp_path / 'rules', tmp_path / 'saved', tmp_path / 'firewall-port'
    rules.write_text('')
    with open(os.path.join(XAPI, 'plugins', 'firewall-port')) as stream:
        script.write_text(stream.read().replace('/etc/sysconfig/iptables', str(saved)).replace('/etc/sysconfig', str(tmp_path)))

    def function(*words):
        assert run(['sh', str(script)] + list(words), RULES=str(rules), PATH='%s:%s' % (tmp_path, os.environ['PATH']))[0] == 0
        return rules.read_text().splitlines(), saved.read_text().splitlines() if saved.exists() else None
    return function


IPTABLES = r'''#!/bin/sh
verb=$1 chain=$2
shift 2
case $verb in
    -C) grep -qxF -e "$chain $*" "$RULES" ;;
    -N) ! grep -q "^$chain " "$RULES" ;;
    -D) grep -vxF -e "$chain $*" "$RULES" > "$RULES.new"; mv "$RULES.new" "$RULES" ;;
    -I) { echo "$chain $*"; cat "$RULES"; } > "$RULES.new"; mv "$RULES.new" "$RULES" ;;
    -A) echo "$chain $*" >> "$RULES" ;;
esac
'''
HOLE = 'xapi-INPUT -p tcp -m conntrack --ctstate NEW -m tcp --dport 6640 -j ACCEPT'


def test_a_hole_in_the_firewall(firewall):
    """D14: 'pssl opens 6640/tcp in chain xapi-INPUT and saves iptables; ssl closes it', scripts/plugins/firewall-port."""
    assert firewall('close', '6640') == ([], None)
    rules, saved = firewall('open', '6640')
    assert rules == saved == [HOLE, 'INPUT -j xapi-INPUT', 'xapi-INPUT -j RETURN']
    assert firewall('open', '6640') == (rules, saved)
    assert firewall('close', '6640')[0] == rules[1:]
