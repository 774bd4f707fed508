# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""modprobe and its like of the dom0s, on a root folder of their own."""

from __future__ import absolute_import, division, print_function
__metaclass__ = type

import os

import pytest

RELEASE = '4.19.0+1'


def module(root, path, depends='', **fields):
    file = root / 'lib/modules' / RELEASE / path
    file.parent.mkdir(parents=True, exist_ok=True)
    lines = ['%s: %s' % pair for pair in dict(fields, license='GPL', depends=depends).items()]
    file.write_text('\n'.join(lines) + '\n')
    return file


@pytest.fixture
def root(tmp_path):
    (tmp_path / 'etc/lab').mkdir(parents=True)
    (tmp_path / 'etc/modprobe.d').mkdir()
    (tmp_path / 'etc/lab/kernel-release').write_text(RELEASE + '\n')
    module(tmp_path, 'kernel/net/nsh/nsh.ko')
    module(tmp_path, 'kernel/net/openvswitch/openvswitch.ko', depends='nsh', description='Open vSwitch switching datapath')
    module(tmp_path, 'kernel/net/openvswitch/vport-gre.ko', depends='openvswitch')
    module(tmp_path, 'kernel/net/bridge/bridge.ko')
    return tmp_path


@pytest.fixture
def kmod(root, load_below):
    return load_below('images/dom0/usr/local/lib/lab/kmod.py')


def loaded(root):
    folder = root / 'run/lab/modules'
    return sorted(os.listdir(str(folder))) if folder.exists() else []


def test_modprobe_loads_what_a_module_depends_on(root, kmod, capsys):
    assert kmod.modprobe(['vport-gre']) == 0
    assert loaded(root) == ['nsh', 'openvswitch', 'vport_gre']
    assert kmod.lsmod([]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ['Module', 'Size', 'Used', 'by']
    assert {line.split()[0]: line.split()[2:] for line in lines[1:]} == {
        'vport_gre': ['0'], 'openvswitch': ['1', 'vport_gre'], 'nsh': ['1', 'openvswitch']}


def test_nothing_is_loaded_at_boot(kmod, capsys):
    assert kmod.lsmod([]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 1


def test_loading_again_changes_nothing(root, kmod):
    assert kmod.modprobe(['openvswitch']) == 0
    before = os.stat(str(root / 'run/lab/modules/openvswitch')).st_mtime_ns
    assert kmod.modprobe(['openvswitch']) == 0
    assert os.stat(str(root / 'run/lab/modules/openvswitch')).st_mtime_ns == before


def test_words_after_the_first_are_parameters(root, kmod):
    assert kmod.modprobe(['bridge', 'nsh']) == 0
    assert loaded(root) == ['bridge']
    assert kmod.modprobe(['-a', 'bridge', 'nsh']) == 0
    assert loaded(root) == ['bridge', 'nsh']


def test_a_dry_run_loads_nothing(root, kmod):
    assert kmod.modprobe(['-n', 'openvswitch']) == 0
    assert loaded(root) == []


def test_an_unknown_module(root, kmod, capsys):
    assert kmod.modprobe(['nosuch']) == 1
    assert 'FATAL: Module nosuch not found in directory' in capsys.readouterr().err
    assert loaded(root) == []


def test_quiet_says_nothing(kmod, capsys, monkeypatch):
    monkeypatch.setattr(kmod.sys, 'stderr', kmod.sys.stderr)  # which it puts another in place of
    assert kmod.modprobe(['-q', 'nosuch']) == 1
    assert capsys.readouterr().err == ''


def test_a_module_of_a_missing_dependency_is_not_loaded(root, kmod):
    module(root, 'extra/broken.ko', depends='nosuch')
    assert kmod.modprobe(['broken']) == 1
    assert loaded(root) == []


def test_a_module_in_use_stays(root, kmod, capsys):
    kmod.modprobe(['openvswitch'])
    assert kmod.rmmod(['nsh']) == 1
    assert capsys.readouterr().err == 'rmmod: ERROR: Module nsh is in use by: openvswitch\n'
    assert kmod.rmmod(['openvswitch']) == 0
    assert kmod.modprobe(['-r', 'nsh']) == 0
    assert loaded(root) == []


def test_what_is_not_loaded_cannot_be_removed(kmod, capsys):
    assert kmod.rmmod(['openvswitch']) == 1
    assert capsys.readouterr().err == 'rmmod: ERROR: Module openvswitch is not currently loaded\n'


@pytest.mark.parametrize('command, status', [('/bin/true', 0), ('/bin/sh -c "exit 3"', 3)])
def test_an_install_line_runs_in_place_of_loading(root, kmod, command, status):
    """How xe-switch-network-backend keeps the bridge module out."""
    (root / 'etc/modprobe.d/blacklist-bridge.conf').write_text('# comment\ninstall bridge %s\n' % command)
    assert kmod.modprobe(['bridge']) == status
    assert loaded(root) == []
    assert kmod.modprobe(['openvswitch']) == 0


def test_insmod_takes_a_path(root, kmod):
    assert kmod.insmod([str(module(root, 'extra/foo-bar.ko'))]) == 0
    assert loaded(root) == ['foo_bar']


def test_modinfo(root, kmod, capsys):
    path = str(root / 'lib/modules' / RELEASE / 'kernel/net/openvswitch/openvswitch.ko')
    assert kmod.modinfo(['openvswitch']) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == 'filename:       ' + path
    assert 'description:    Open vSwitch switching datapath' in lines
    assert kmod.modinfo(['-F', 'depends', path]) == 0
    assert kmod.modinfo(['-n', 'openvswitch']) == 0
    assert capsys.readouterr().out == 'nsh\n%s\n' % path


def test_modinfo_of_an_unknown_module(kmod, capsys):
    assert kmod.modinfo(['nosuch']) == 1
    assert capsys.readouterr().err == 'modinfo: ERROR: Module nosuch not found.\n'


def test_modinfo_where_a_folder_has_the_modules_name(root, kmod, monkeypatch, capsys):
    """As /etc has /etc/openvswitch."""
    (root / 'etc/openvswitch').mkdir()
    monkeypatch.chdir(str(root / 'etc'))
    assert kmod.modinfo(['-F', 'license', 'openvswitch']) == 0
    assert capsys.readouterr().out == 'GPL\n'


def test_depmod_has_nothing_to_do(kmod):
    assert kmod.depmod([RELEASE]) == 0
