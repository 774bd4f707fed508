# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""chkconfig of the SysV host, on a root folder of its own."""

from __future__ import absolute_import, division, print_function
__metaclass__ = type

import os

import pytest

SCRIPT = '#!/bin/sh\n#\n# %s\n# description: a service\n'
LEVELS = '0:%s\t1:%s\t2:%s\t3:%s\t4:%s\t5:%s\t6:%s'


@pytest.fixture
def root(tmp_path):
    (tmp_path / 'etc/init.d').mkdir(parents=True)
    for level in range(7):
        (tmp_path / ('etc/rc%d.d' % level)).mkdir()
    (tmp_path / 'sbin').mkdir()
    (tmp_path / 'sbin/runlevel').write_text('#!/bin/sh\necho N 3\n')
    (tmp_path / 'sbin/runlevel').chmod(0o755)
    service(tmp_path, 'openvswitch', 'chkconfig: 2345 09 91')
    service(tmp_path, 'manual', 'chkconfig: - 60 40')
    service(tmp_path, 'ssh', 'no header')
    return tmp_path


def service(root, name, header):
    (root / 'etc/init.d' / name).write_text(SCRIPT % header)


def links(root, name):
    """'S09' of each runlevel that has a link to the service."""
    found = {}
    for level in range(7):
        for link in sorted((root / ('etc/rc%d.d' % level)).iterdir()):
            if link.name[3:] == name:
                assert os.readlink(str(link)) == '../init.d/' + name
                assert level not in found, 'two links of one service in a runlevel'
                found[level] = link.name[:3]
    return found


@pytest.fixture
def chkconfig(root, load_below):
    return load_below('images/dom0-sysv/files/usr/local/lib/lab/chkconfig.py')


def test_add_makes_a_link_a_level(root, chkconfig):
    assert chkconfig.main(['--add', 'openvswitch']) == 0
    assert links(root, 'openvswitch') == {0: 'K91', 1: 'K91', 2: 'S09', 3: 'S09', 4: 'S09', 5: 'S09', 6: 'K91'}


def test_add_of_a_service_that_is_off_by_default(root, chkconfig):
    assert chkconfig.main(['--add', 'manual']) == 0
    assert set(links(root, 'manual').values()) == {'K40'}


def test_add_keeps_what_an_administrator_chose(root, chkconfig):
    """An upgrade of a package adds its service again."""
    chkconfig.main(['--add', 'openvswitch'])
    chkconfig.main(['openvswitch', 'off'])
    chkconfig.main(['--add', 'openvswitch'])
    assert set(links(root, 'openvswitch').values()) == {'K91'}


def test_del_leaves_other_services_alone(root, chkconfig):
    for name in ('openvswitch', 'manual'):
        chkconfig.main(['--add', name])
    assert chkconfig.main(['--del', 'openvswitch']) == 0
    assert links(root, 'openvswitch') == {}
    assert len(links(root, 'manual')) == 7


def test_on_and_off_touch_levels_2_to_5(root, chkconfig):
    chkconfig.main(['--add', 'manual'])
    assert chkconfig.main(['manual', 'on']) == 0
    assert links(root, 'manual') == {0: 'K40', 1: 'K40', 2: 'S60', 3: 'S60', 4: 'S60', 5: 'S60', 6: 'K40'}
    assert chkconfig.main(['manual', 'off']) == 0
    assert set(links(root, 'manual').values()) == {'K40'}


def test_level_and_reset(root, chkconfig):
    chkconfig.main(['--add', 'openvswitch'])
    assert chkconfig.main(['--level', '35', 'openvswitch', 'off']) == 0
    assert links(root, 'openvswitch') == {0: 'K91', 1: 'K91', 2: 'S09', 3: 'K91', 4: 'S09', 5: 'K91', 6: 'K91'}
    assert chkconfig.main(['openvswitch', 'reset']) == 0
    assert links(root, 'openvswitch')[3] == 'S09'


def test_a_changed_priority_moves_the_link(root, chkconfig):
    chkconfig.main(['--add', 'openvswitch'])
    service(root, 'openvswitch', 'chkconfig: 2345 10 90')
    chkconfig.main(['openvswitch', 'on'])
    assert links(root, 'openvswitch')[3] == 'S10'


@pytest.mark.parametrize('words, status', [
    (['openvswitch'], 0), (['manual'], 1), (['nosuch'], 1), (['--level', '0', 'openvswitch'], 1), (['--level', '5', 'openvswitch'], 0)])
def test_a_name_alone_asks_whether_it_is_on(root, chkconfig, words, status):
    """In the runlevel that the host is in, unless another is named."""
    chkconfig.main(['--add', 'openvswitch'])
    chkconfig.main(['--add', 'manual'])
    assert chkconfig.main(words) == status


def test_list(root, chkconfig, capsys):
    chkconfig.main(['--add', 'openvswitch'])
    chkconfig.main(['--add', 'manual'])
    assert chkconfig.main(['--list']) == 0
    manual = 'manual         \t' + LEVELS % (('off',) * 7)
    switch = 'openvswitch    \t' + LEVELS % ('off', 'off', 'on', 'on', 'on', 'on', 'off')
    assert capsys.readouterr().out.splitlines() == [manual, switch]
    assert chkconfig.main(['--list', 'openvswitch']) == 0
    assert capsys.readouterr().out.splitlines() == [switch]


@pytest.mark.parametrize('words, message', [
    (['--add', 'nosuch'], 'error reading information on service nosuch: No such file or directory'),
    (['--add', 'ssh'], 'service ssh does not support chkconfig'),
    (['--list', 'openvswitch'], "service openvswitch supports chkconfig, but is not referenced in any runlevel (run 'chkconfig --add openvswitch')"),
    (['nosuch', 'on'], 'error reading information on service nosuch: No such file or directory')])
def test_refusals(chkconfig, words, message):
    with pytest.raises(chkconfig.ChkconfigError) as error:
        chkconfig.main(words)
    assert str(error.value) == message


@pytest.mark.parametrize('words', [[], ['--help'], ['openvswitch', 'onn'], ['--level', '9', 'openvswitch', 'on'], ['--add'], ['--level']])
def test_usage(root, chkconfig, capsys, words):
    assert chkconfig.main(words) == 1
    assert capsys.readouterr().err == chkconfig.USAGE + '\n'
    assert links(root, 'openvswitch') == {}
