# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""rpm_keep on the real rpm, with tiny packages and a database of their own."""

from __future__ import absolute_import, division, print_function
__metaclass__ = type

import os
import shutil

import pytest

from ansible_collections.xenserver.openvswitch.plugins.module_utils import _cli
from ansible_collections.xenserver.openvswitch.plugins.modules import rpm_keep
from ansible_collections.xenserver.openvswitch.tests.unit.plugins.modules.rpm_host import BASE, Host, require
from ansible_collections.xenserver.openvswitch.tests.unit.plugins.modules.utils import run_module


@pytest.fixture
def host(tmp_path, monkeypatch):
    """alpha 1 and beta are installed; the folder ``cache`` has the files of both and of alpha 2."""
    require('rpm', 'rpmbuild')
    host = Host(tmp_path / 'host')
    files = [host.rpm('alpha', content='one'), host.rpm('beta'), host.rpm('alpha', version='2.0')]
    host.cache, host.dest = host.make('cache'), os.path.join(host.folder, 'cache', 'previous')
    for path in files:
        shutil.copy(path, host.cache)
    assert host.run('rpm', '-U', host.rpm(**BASE), *files[:2])[0] == 0
    host.enter(monkeypatch)
    return host


def keep(host, check_mode=False, **options):
    return run_module(rpm_keep.main, dict(dict(name=['alpha', 'beta', 'gamma'], folders=[host.cache], dest=host.dest), **options), check_mode, diff=True)


def names(folder):
    return sorted(os.listdir(folder)) if os.path.isdir(folder) else None


KEPT = ['alpha-1.0-1.noarch.rpm', 'beta-1.0-1.noarch.rpm']


def test_the_files_of_what_is_installed_are_kept_and_a_second_run_keeps_the_same(host):
    foretold, dummy = keep(host, check_mode=True)
    assert foretold['changed'] and names(host.dest) is None
    result, failed = keep(host)
    assert not failed and result['changed'] and result['missing'] == []
    assert result['diff'] == foretold['diff'] == dict(before=dict(kept=[]), after=dict(kept=KEPT))
    assert names(host.dest) == KEPT and result['kept'] == [os.path.join(host.dest, name) for name in KEPT]
    assert os.stat(os.path.join(host.dest, KEPT[0])).st_ino == os.stat(os.path.join(host.cache, KEPT[0])).st_ino
    host.forget_calls()
    assert not keep(host)[0]['changed'] and len(host.calls) == 2


def test_what_was_kept_before_makes_room(host):
    keep(host)
    assert host.run('rpm', '-U', os.path.join(host.cache, 'alpha-2.0-1.noarch.rpm'))[0] == 0
    assert keep(host)[0]['changed']
    assert names(host.dest) == ['alpha-2.0-1.noarch.rpm', 'beta-1.0-1.noarch.rpm']
    assert 'alpha-1.0-1.noarch.rpm' in names(host.cache)


def test_a_file_that_only_has_the_name_is_not_kept(host):
    """A rebuild of the same version, a file cut short, and no file at all."""
    shutil.copy(host.rpm('alpha', content='two', folder='rebuilt'), host.cache)
    with open(os.path.join(host.cache, KEPT[1]), 'wb') as stream:
        stream.write(b'cut')
    result, failed = keep(host)
    assert failed and result['missing'] == ['alpha-1.0-1.noarch', 'beta-1.0-1.noarch'] and names(host.dest) is None
    assert 'no way back' in result['msg'] and host.cache in result['msg']
    result, failed = keep(host, required=False)
    assert not failed and result['kept'] == [] and result['missing'] == ['alpha-1.0-1.noarch', 'beta-1.0-1.noarch']


@pytest.mark.parametrize('size', [99, 300, 3000, -1])
def test_a_file_that_is_cut_short_anywhere_is_no_way_back_and_hides_no_other(host, size):
    path = os.path.join(host.cache, KEPT[0])
    with open(path, 'rb') as stream:
        whole = stream.read()
    with open(path, 'wb') as stream:
        stream.write(whole[:size])
    result, failed = keep(host)
    assert failed and result['missing'] == ['alpha-1.0-1.noarch'] and 'no way back' in result['msg']
    assert keep(host, required=False)[0]['kept'] == [os.path.join(host.dest, KEPT[1])]


def spoil(path):
    """Change one byte of the header, which begins at the last magic number of its kind; the size stays."""
    with open(path, 'rb') as stream:
        data = stream.read()
    place = data.rindex(b'\x8e\xad\xe8') + 400
    with open(path, 'wb') as stream:
        stream.write(data[:place] + (b'\1' if data[place:place + 1] == b'\0' else b'\0') + data[place + 1:])


def test_a_file_with_a_damaged_header_hides_no_other(host):
    """Whosever it is: of a package that nobody asked for, too."""
    foreign = os.path.join(host.cache, 'zz.rpm')
    shutil.copy(host.rpm('foreign'), foreign)
    spoil(foreign)
    result, failed = keep(host)
    assert not failed and names(host.dest) == KEPT and result['missing'] == [] and os.path.exists(foreign)
    assert not keep(host)[0]['changed']


def test_a_file_with_a_damaged_header_is_no_way_back(host):
    path = os.path.join(host.cache, KEPT[0])
    spoil(path)
    result, failed = keep(host)
    assert failed and result['missing'] == ['alpha-1.0-1.noarch'] and 'no way back' in result['msg'] and names(host.dest) is None
    assert keep(host, required=False)[0]['kept'] == [os.path.join(host.dest, KEPT[1])]


def test_a_kept_file_whose_header_was_damaged_is_kept_anew(host, monkeypatch):
    def link(*dummy):
        raise OSError(18, 'Invalid cross-device link')
    monkeypatch.setattr(os, 'link', link)
    keep(host)
    spoil(os.path.join(host.dest, KEPT[0]))
    result, failed = keep(host)
    assert not failed and result['changed'] and names(host.dest) == KEPT
    assert not keep(host)[0]['changed']


@pytest.mark.parametrize('limited', [True, False])
def test_an_rpm_that_is_ended_is_no_damaged_file(host, monkeypatch, limited):
    """Else what was kept would be removed, as if there were no file of it."""
    keep(host)
    run = _cli.run

    def ended(argv, *arguments, **options):
        if '-p' not in argv:
            return run(argv, *arguments, **options)
        if limited:
            raise _cli.Ended('rpm did not finish within 60 seconds and was ended.')
        return _cli.Result(argv, -9, '', '')
    monkeypatch.setattr(_cli, 'run', ended)
    result, failed = keep(host, required=False)
    assert failed and ('did not finish' if limited else 'Not every file is a whole RPM') in result['msg'] and names(host.dest) == KEPT


def test_a_rebuild_of_the_same_name_takes_the_place_of_the_build_before(host):
    keep(host)
    rebuilt = host.rpm('alpha', content='two', folder='rebuilt')
    os.unlink(os.path.join(host.cache, KEPT[0]))
    shutil.copy(rebuilt, host.cache)
    assert host.run('rpm', '-U', '--replacepkgs', rebuilt)[0] == 0
    foretold, dummy = keep(host, check_mode=True)
    result, failed = keep(host)
    assert not failed and result['changed'] and foretold['changed']
    assert result['diff'] == foretold['diff'] == dict(before=dict(kept=[KEPT[0] + ' (another build)', KEPT[1]]), after=dict(kept=KEPT))
    with open(rebuilt, 'rb') as given, open(os.path.join(host.dest, KEPT[0]), 'rb') as kept:
        assert given.read() == kept.read()
    assert not keep(host)[0]['changed']


def test_what_only_the_destination_has_stays(host):
    keep(host)
    for name in KEPT:
        os.unlink(os.path.join(host.cache, name))
    result, failed = keep(host)
    assert not failed and not result['changed'] and names(host.dest) == KEPT


def test_another_file_system_gets_copies(host, monkeypatch):
    def link(*dummy):
        raise OSError(18, 'Invalid cross-device link')
    monkeypatch.setattr(os, 'link', link)
    assert not keep(host)[1] and names(host.dest) == KEPT


def test_nothing_is_installed(host):
    result, failed = keep(host, name=['gamma'])
    assert not failed and not result['changed'] and result['kept'] == []


def test_a_destination_that_can_be_no_folder_is_told(host):
    for dest in (os.path.join(host.cache, KEPT[0]), os.path.join(host.cache, KEPT[0], 'below')):
        result, failed = keep(host, dest=dest)
        assert failed and result['msg'].startswith('%s: ' % dest) and result['msg'].endswith('move away the file that stands for a folder in it.')


def test_a_name_that_rpm_would_take_for_an_option_is_refused(host):
    result, failed = keep(host, name=['--all'])
    assert failed and '--all' in result['msg'] and host.calls == []
