# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function
__metaclass__ = type

import contextlib
import io
import os
import signal
import stat
import subprocess
import tarfile

import pytest

from ansible.module_utils.common.text.converters import to_bytes

from ansible_collections.xenserver.openvswitch.plugins.module_utils import _cli, _dist

CONFIGURE_AC = u'AC_PREREQ(2.63)\nAC_INIT(openvswitch, 3.1.0, bugs@openvswitch.org)\nAM_INIT_AUTOMAKE([tar-pax])\n'


@pytest.fixture
def tree(tmp_path):
    folder = tmp_path / 'tree'
    (folder / 'lib').mkdir(parents=True)
    (folder / 'configure.ac').write_text(CONFIGURE_AC)
    (folder / 'boot.sh').write_text(u'#! /bin/sh\n')
    (folder / 'boot.sh').chmod(0o755)
    (folder / 'lib' / u'caf\xe9 "x".c').write_text(u'int x;\n')
    os.symlink('lib', str(folder / 'link'))
    return folder


@pytest.fixture
def no_wait():
    """Fails a test that waits, as whoever opens a FIFO does."""
    def ring(number, frame):
        raise AssertionError('it waits without end')
    before = signal.signal(signal.SIGALRM, ring)
    signal.alarm(10)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


def content(folder):
    return _dist.measure(_dist.identify(str(folder), False), 10)['content']


def git(folder, *words):
    env = dict(os.environ, GIT_CONFIG_GLOBAL='/dev/null')
    for role in ('AUTHOR', 'COMMITTER'):
        env.update({'GIT_%s_NAME' % role: 't', 'GIT_%s_EMAIL' % role: 't@example.org'})
    subprocess.check_call(['git', '-C', str(folder)] + list(words), env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


def pack(folder, path, top):
    with tarfile.open(str(path), 'w:gz') as archive:
        archive.add(str(folder), top)
    return str(path)


@pytest.mark.parametrize('line, version', [
    (u'AC_INIT(openvswitch, 2.17.7, bugs@openvswitch.org)', '2.17.7'), (u'AC_INIT([openvswitch], [3.1.0], [bugs])', '3.1.0'),
    (u'AC_INIT(openvswitch, 1.4.0+build0, ovs-bugs)', '1.4.0+build0'), (u'  AC_INIT( openvswitch , 2.5.90)', '2.5.90'),
])
def test_the_version_is_that_of_configure_ac(line, version):
    assert _dist.version_of(u'dnl x\n%s\n' % line, 'x') == version


@pytest.mark.parametrize('text', [u'AC_INIT(openvswitch, ../../x, b)', u'AC_INIT(openvswitch, -x)', u'AC_INIT(openvswitch, 1.0\N{SNOWMAN})'])
def test_a_version_that_cannot_be_part_of_a_file_name_is_refused(text):
    with pytest.raises(_dist.SourceError, match='cannot be part of a file name'):
        _dist.version_of(text, '/src')


@pytest.mark.parametrize('text', [u'', u'AC_INIT(ovn, 22.03.0, x)', u'dnl AC_INIT(openvswitch, 1.0)'])
def test_another_source_is_refused(text):
    with pytest.raises(_dist.SourceError, match='no Open vSwitch source'):
        _dist.version_of(text, 'x')


def test_a_plain_tree(tree):
    source = _dist.measure(_dist.identify(str(tree), False), 10)
    assert (source['kind'], source['version']) == ('tree', '3.1.0')
    assert source['files'] == [b'boot.sh', b'configure.ac', u'lib/caf\xe9 "x".c'.encode('utf-8'), b'link']


def test_a_tree_without_boot_sh_is_refused(tree):
    (tree / 'boot.sh').unlink()
    with pytest.raises(_dist.SourceError, match='no boot.sh'):
        _dist.identify(str(tree), False)


def test_nothing_there_is_refused(tmp_path):
    with pytest.raises(_dist.SourceError, match='There is no'):
        _dist.identify(str(tmp_path / 'none'), False)


@pytest.mark.parametrize('change', ['content', 'mode', 'name', 'link', 'new', 'gone'])
def test_the_digest_sees_every_change(tree, change):
    before, path = content(tree), tree / 'lib' / u'caf\xe9 "x".c'
    if change == 'content':
        path.write_text(u'int y;\n')
    elif change == 'mode':
        path.chmod(0o755)
    elif change == 'name':
        path.rename(tree / 'lib' / 'b.c')
    elif change == 'link':
        os.unlink(str(tree / 'link'))
        os.symlink('./lib', str(tree / 'link'))
    elif change == 'new':
        (tree / 'new').write_text(u'')
    else:
        path.unlink()
    assert content(tree) != before


def test_the_digest_does_not_see_times(tree):
    before = content(tree)
    os.utime(str(tree / 'boot.sh'), (1, 1))
    assert content(tree) == before


def test_git_gives_what_it_knows_or_would_add(tree):
    git(tree, 'init', '-q')
    (tree / '.gitignore').write_text(u'*.o\n')
    git(tree, 'add', '-A')
    git(tree, 'commit', '-q', '-m', 'x')
    (tree / 'lib' / 'x.o').write_text(u'product')
    (tree / 'untracked').write_text(u'new')
    (tree / 'boot.sh').write_text(u'#! /bin/sh\n# dirty\n')
    source = _dist.measure(_dist.identify(str(tree), False), 10)
    assert source['kind'] == 'git'
    assert source['files'] == [b'.gitignore', b'boot.sh', b'configure.ac', u'lib/caf\xe9 "x".c'.encode('utf-8'), b'link', b'untracked']
    before = source['content']
    (tree / 'lib' / 'y.o').write_text(u'product')
    git(tree, 'commit', '-q', '--allow-empty', '-m', 'no change')
    assert content(tree) == before
    (tree / 'untracked').unlink()
    (tree / 'configure.ac').unlink()
    with pytest.raises(_dist.SourceError):
        content(tree)


def test_a_deleted_file_is_left_out(tree):
    git(tree, 'init', '-q')
    git(tree, 'add', '-A')
    os.unlink(str(tree / 'link'))
    assert b'link' not in _dist.measure(_dist.identify(str(tree), False), 10)['files']


@pytest.mark.parametrize('kind', ['tree', 'git'])
def test_what_is_no_file_or_link_stays_out(tree, tmp_path, no_wait, kind):
    if kind == 'git':
        git(tree, 'init', '-q')
        (tree / 'known').write_text(u'x')
        git(tree, 'add', '-A')
        (tree / 'known').unlink()
    before = content(tree)
    os.mkfifo(str(tree / 'known'))
    os.mkfifo(str(tree / 'lib' / 'pipe'))
    os.mknod(str(tree / 'lib' / 'socket'), stat.S_IFSOCK | 0o600)
    source = _dist.measure(_dist.identify(str(tree), False), 10)
    assert source['kind'] == kind and source['content'] == before
    _dist.copy_tree(source, str(tmp_path / 'copy'))
    assert sorted(os.listdir(str(tmp_path / 'copy' / 'lib'))) == sorted(os.listdir(str(tree / 'lib')))[:1]


def test_a_configure_ac_that_is_no_file_is_none(tree, no_wait):
    (tree / 'configure.ac').unlink()
    os.mkfifo(str(tree / 'configure.ac'))
    with pytest.raises(_dist.SourceError, match='has no configure.ac'):
        _dist.identify(str(tree), False)


def test_a_name_that_is_not_utf_8_is_copied_as_it_is(tree, tmp_path):
    name = os.path.join(to_bytes(str(tree)), b'caf\xe9')
    with open(name, 'wb') as stream:
        stream.write(b'x')
    source = _dist.measure(_dist.identify(str(tree), False), 10)
    assert b'caf\xe9' in source['files']
    _dist.copy_tree(source, str(tmp_path / 'copy'))
    assert b'caf\xe9' in os.listdir(to_bytes(str(tmp_path / 'copy')))
    os.rename(name, name[:-1])
    assert content(tree) != source['content']


def test_a_name_from_git_that_python_2_cannot_read_is_refused(tree, monkeypatch):
    (tree / '.git').mkdir()
    monkeypatch.setattr(_cli, 'run', lambda argv, limit, **options: _cli.Result(argv, 0, u'boot.sh\0lib/caf\ufffd\0', u''))
    with pytest.raises(_dist.SourceError, match=r'not UTF-8, lib/caf\\ufffd, .* Rename it'):
        content(tree)


def test_a_repository_inside_is_refused(tree):
    git(tree, 'init', '-q')
    (tree / 'inner').mkdir()
    (tree / 'inner' / 'f').write_text(u'x')
    git(tree / 'inner', 'init', '-q')
    git(tree / 'inner', 'add', '-A')
    git(tree / 'inner', 'commit', '-q', '-m', 'x')
    git(tree, 'add', '-A')
    with pytest.raises(_dist.SourceError, match='repository inside'):
        content(tree)


def test_a_copy_has_content_modes_and_links(tree, tmp_path):
    source = _dist.measure(_dist.identify(str(tree), False), 10)
    _dist.copy_tree(source, str(tmp_path / 'copy'))
    assert content(tmp_path / 'copy') == source['content'] and os.path.islink(str(tmp_path / 'copy' / 'link'))


def test_a_source_that_changes_while_it_is_copied_is_told(tree, tmp_path):
    source = _dist.measure(_dist.identify(str(tree), False), 10)
    (tree / 'boot.sh').write_text(u'other')
    with pytest.raises(_dist.SourceError, match='changed while it was copied'):
        _dist.copy_tree(source, str(tmp_path / 'copy'))


@pytest.mark.parametrize('top, configure, patched, kind', [
    ('openvswitch-3.1.0', True, False, 'release'), ('openvswitch-3.1.0', True, True, 'tarball'),
    ('openvswitch-3.1.0', False, False, 'tarball'), ('openvswitch', True, False, 'tarball'), ('openvswitch-3.2.0', True, False, 'tarball'),
])
def test_a_tarball_is_a_release_or_a_packed_tree(tree, tmp_path, top, configure, patched, kind):
    if configure:
        (tree / 'configure').write_text(u'#! /bin/sh\n')
    path = pack(tree, tmp_path / 'x.tar.gz', top)
    source = _dist.measure(_dist.identify(path, patched), 10)
    assert (source['kind'], source['version'], source['files']) == (kind, '3.1.0', None) and source['content'] == _dist.digest(path)


def test_the_digest_of_a_tarball_is_older_than_what_is_read_of_it(tree, tmp_path, monkeypatch):
    path, members = pack(tree, tmp_path / 'x.tar.gz', 'openvswitch'), _dist._members
    before = _dist.digest(path)

    def replaced(path):
        (tree / 'new').write_text(u'x')
        return members(pack(tree, path, 'openvswitch'))
    monkeypatch.setattr(_dist, '_members', replaced)
    assert _dist.measure(_dist.identify(path, False), 10)['content'] == before != _dist.digest(path)


def test_a_copy_of_a_file_is_what_its_digest_says(tmp_path):
    (tmp_path / 'a.patch').write_text(u'x')
    digest = _dist.digest(str(tmp_path / 'a.patch'))
    (tmp_path / 'work').mkdir()
    copies = [_dist.copy_file(str(tmp_path / 'a.patch'), digest, str(tmp_path / 'work')) for again in range(2)]
    assert [(os.path.basename(copy), _dist.digest(copy)) for copy in copies] == [('a.patch', digest)] * 2 and copies[0] != copies[1]
    (tmp_path / 'a.patch').write_text(u'y')
    with pytest.raises(_dist.SourceError, match='a.patch changed while it was copied'):
        _dist.copy_file(str(tmp_path / 'a.patch'), digest, str(tmp_path / 'work'))


def test_a_release_without_boot_sh_is_handed_on_but_not_patched(tree, tmp_path):
    (tree / 'configure').write_text(u'#! /bin/sh\n')
    (tree / 'boot.sh').unlink()
    path = pack(tree, tmp_path / 'x.tar.gz', 'openvswitch-3.1.0')
    assert _dist.identify(path, False)['kind'] == 'release'
    with pytest.raises(_dist.SourceError, match='no boot.sh'):
        _dist.identify(path, True)


@pytest.mark.parametrize('damage', ['cut', 'text', 'empty'])
def test_a_file_that_is_no_whole_archive_is_refused(tree, tmp_path, damage):
    path = pack(tree, tmp_path / 'x.tar.gz', 'openvswitch-3.1.0')
    with io.open(path, 'rb') as stream:
        whole = stream.read()
    with io.open(path, 'wb') as stream:
        stream.write({'cut': whole[:len(whole) // 2], 'text': b'<html>not found</html>', 'empty': b''}[damage])
    with pytest.raises(_dist.SourceError, match='no whole tar archive'):
        _dist.identify(path, False)


@pytest.mark.parametrize('kind', ['gz', 'bz2', 'xz'])
def test_an_archive_that_is_damaged_inside_is_refused(tmp_path, kind):
    path = str(tmp_path / 'x.tar')
    try:
        with contextlib.closing(tarfile.open(path, 'w:' + kind)) as archive:
            for name in ('configure.ac', 'configure', 'boot.sh'):
                item = tarfile.TarInfo('openvswitch-3.1.0/' + name)
                item.size = 40000
                archive.addfile(item, io.BytesIO(CONFIGURE_AC.encode().ljust(100) + os.urandom(40000)))
    except tarfile.CompressionError:
        pytest.skip('Python 2.7 packs no xz')
    with io.open(path, 'r+b') as stream:
        stream.seek(os.path.getsize(path) // 2)
        stream.write(b'\xff' * 400)
    with pytest.raises(_dist.SourceError, match='no whole tar archive'):
        _dist.identify(path, False)


def test_an_archive_of_many_folders_is_refused(tree, tmp_path):
    path = str(tmp_path / 'x.tar.gz')
    with tarfile.open(path, 'w:gz') as archive:
        archive.add(str(tree / 'lib'), 'a')
        archive.add(str(tree / 'lib'), 'b')
    with pytest.raises(_dist.SourceError, match='2 folders'):
        _dist.identify(path, False)


def test_what_make_dist_left_is_checked(tree, tmp_path):
    path = pack(tree, tmp_path / 'x.tar.gz', 'openvswitch-3.1.0')
    with pytest.raises(_dist.SourceError, match='no dist tarball'):
        _dist.check_release(path, '3.1.0')
    (tree / 'configure').write_text(u'x')
    pack(tree, path, 'openvswitch-3.1.0')
    _dist.check_release(path, '3.1.0')
    with pytest.raises(_dist.SourceError, match='no dist tarball of Open vSwitch 3.1.1'):
        _dist.check_release(path, '3.1.1')


def test_patches_are_known_by_their_digest(tmp_path):
    patch = tmp_path / 'a.patch'
    patch.write_text(u'x')
    digest = _dist.digest(str(patch))
    one = dict(path=str(patch), strip=1, sha256=None)
    assert _dist.patches([one, dict(one, sha256=digest.upper(), strip=0)]) == [
        dict(name='a.patch', path=str(patch), strip=1, sha256=digest), dict(name='a.patch', path=str(patch), strip=0, sha256=digest)]
    with pytest.raises(_dist.SourceError, match='and not 00'):
        _dist.patches([dict(one, sha256='00')])
    with pytest.raises(_dist.SourceError, match='no patch'):
        _dist.patches([dict(one, path=str(tmp_path / 'none'))])
