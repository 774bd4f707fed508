# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function
__metaclass__ = type

"""The module on a small source whose boot.sh, configure and make dist really run; only autoconf's part is made of shell."""

import io
import json
import os
import shutil
import stat
import subprocess
import tarfile
import time

import pytest

from ansible.module_utils.common.text.converters import to_bytes

from ansible_collections.xenserver.openvswitch.plugins.module_utils import _cli, _dist_build, _dist_tools
from ansible_collections.xenserver.openvswitch.plugins.modules import ovs_dist
from ansible_collections.xenserver.openvswitch.tests.unit.plugins.modules.utils import run_module

CONFIGURE = u'''#!/bin/sh
cat > Makefile <<'END'
dist:
\tmkdir openvswitch-3.1.0
\tcp boot.sh configure configure.ac README openvswitch-3.1.0
\ttar -czf openvswitch-3.1.0.tar.gz openvswitch-3.1.0
END
'''
BOOT = u'#!/bin/sh\ncp configure.in configure\nchmod 755 configure\n'
PATCH = u'--- a/README\n+++ b/README\n@@ -1 +1 @@\n-plain\n+patched\n'


def write(path, text, mode=0o644):
    with io.open(str(path), 'w', encoding='utf-8') as stream:
        stream.write(text)
    os.chmod(str(path), mode)


def find(name):
    return subprocess.check_output(['sh', '-c', 'command -v "$1"', 'sh', name]).decode().strip()


@pytest.fixture
def src(tmp_path, monkeypatch):
    folder = tmp_path / 'src'
    folder.mkdir()
    write(folder / 'configure.ac', u'AC_INIT(openvswitch, 3.1.0, x)\n')
    write(folder / 'boot.sh', BOOT, 0o755)
    write(folder / 'configure.in', CONFIGURE)
    write(folder / 'README', u'plain\n')
    tools = dict((name, find(name)) for name in ('make', 'tar', 'patch'))
    monkeypatch.setattr(_dist_tools, 'survey', lambda source, patched, limit: ({}, []) if source['kind'] == 'release' else (tools, []))
    return folder


@pytest.fixture
def dest(tmp_path):
    return tmp_path / 'dest'


def run(src, dest, check_mode=False, **args):
    return run_module(ovs_dist.main, dict(args, src=str(src), dest=str(dest)), check_mode=check_mode, diff=True)


def pack(src, path, top):
    with tarfile.open(str(path), 'w:gz') as archive:
        archive.add(str(src), top)
    return path


def recorded(result):
    with io.open(result['manifest'], encoding='utf-8') as stream:
        return json.load(stream)


def readme(tarball):
    with tarfile.open(tarball) as archive:
        return archive.extractfile('openvswitch-3.1.0/README').read()


def listing(folder):
    return sorted(os.path.join(base, name) for base, folders, names in os.walk(str(folder)) for name in folders + names)


def test_made_once_and_then_found(src, dest):
    before = listing(src)
    made, failed = run(src, dest)
    assert not failed and made['changed'] and made['version'] == '3.1.0' and made['kind'] == 'tree'
    assert made['sha256'] and made['size'] == os.path.getsize(made['tarball']) and readme(made['tarball']) == b'plain\n'
    again = run(src, dest)[0]
    assert not again['changed'] and again['sha256'] == made['sha256'] and again['diff'] == dict(before={}, after={})
    assert listing(src) == before
    assert sorted(os.listdir(str(dest))) == ['.openvswitch-dist.lock', 'openvswitch-3.1.0.log', 'openvswitch-3.1.0.tar.gz', 'openvswitch-3.1.0.tar.gz.json']


def test_the_manifest_tells_what_it_was_made_from(src, dest, tmp_path):
    patch = tmp_path / 'a.patch'
    write(patch, PATCH)
    result = run(src, dest, patches=[dict(path=str(patch))])[0]
    manifest = recorded(result)
    assert manifest['sha256'] == result['sha256'] and manifest['version'] == '3.1.0' and manifest['git'] is None and 'make' in manifest['tools']
    assert [(one['name'], one['strip'], len(one['sha256'])) for one in manifest['inputs']['patches']] == [('a.patch', 1, 64)]
    assert readme(result['tarball']) == b'patched\n'


def test_each_change_of_content_makes_it_anew(src, dest, tmp_path):
    run(src, dest)
    write(src / 'README', u'other\n')
    changed = run(src, dest)[0]
    assert changed['changed'] and changed['diff']['before']['inputs']['content'] != changed['diff']['after']['inputs']['content']
    os.utime(str(src / 'README'), (1, 1))
    assert not run(src, dest)[0]['changed']


@pytest.mark.parametrize('damage', ['tarball', 'no tarball', 'manifest', 'no manifest', 'foreign manifest'])
def test_a_result_that_is_not_whole_is_made_anew(src, dest, damage):
    paths = run(src, dest)[0]
    if damage.startswith('no '):
        os.unlink(paths[damage[3:]])
    elif damage == 'foreign manifest':
        write(paths['manifest'], u'[1]')
    else:
        write(paths[damage], u'cut')
    assert run(src, dest)[0]['changed'] and not run(src, dest)[0]['changed']


def test_check_mode_predicts_and_writes_nothing(src, dest):
    result, failed = run(src, dest, check_mode=True)
    assert not failed and result['changed'] and result['sha256'] is None and result['tarball'] == str(dest / 'openvswitch-3.1.0.tar.gz')
    assert not dest.exists()
    run(src, dest)
    assert not run(src, dest, check_mode=True)[0]['changed']


def commit(src):
    env = dict(os.environ, GIT_CONFIG_GLOBAL='/dev/null')
    for words in (['init', '-q'], ['add', '-A'], ['-c', 'user.name=t', '-c', 'user.email=t@example.org', 'commit', '-q', '-m', 'x']):
        subprocess.check_call(['git', '-C', str(src)] + words, env=env)


def test_git_is_recorded(src, dest):
    commit(src)
    write(src / 'README', u'dirty\n')
    os.unlink(str(src / 'configure.in'))
    write(src / 'configure.in2', CONFIGURE)
    write(src / 'boot.sh', BOOT.replace(u'configure.in ', u'configure.in2 '), 0o755)
    result = run(src, dest)[0]
    git = recorded(result)['git']
    assert result['kind'] == 'git' and len(git['head']) == 40 and git['dirty']['configure.in'] is None
    assert sorted(git['dirty']) == ['README', 'boot.sh', 'configure.in', 'configure.in2'] and len(git['dirty']['README']) == 64


def test_git_is_recorded_as_it_was_when_it_was_copied(src, dest):
    write(src / 'boot.sh', BOOT + u'echo more >> %s/README\n' % src, 0o755)
    commit(src)
    assert recorded(run(src, dest)[0])['git']['dirty'] == {}


def test_a_dirty_file_with_an_odd_name_is_recorded(src, dest):
    commit(src)
    with open(os.path.join(to_bytes(str(src)), b'caf\xc3\xa9'), 'wb') as stream:
        stream.write(b'x')
    assert [len(sha256) for sha256 in recorded(run(src, dest)[0])['git']['dirty'].values()] == [64]


def test_a_git_tree_stays_as_it_is(src, dest):
    commit(src)
    os.utime(str(src / 'README'), (1, 1))  # so that Git would note the new time in its index
    before = [(path, os.lstat(path).st_ino, os.lstat(path).st_mtime) for path in listing(src)]
    assert run(src, dest)[0]['changed']
    assert [(path, os.lstat(path).st_ino, os.lstat(path).st_mtime) for path in listing(src)] == before


def test_a_release_is_handed_on_as_it_is(src, dest, tmp_path):
    release = run(src, dest)[0]
    handed, failed = run(release['tarball'], tmp_path / 'other')
    assert not failed and handed['changed'] and handed['kind'] == 'release' and handed['sha256'] == release['sha256']
    assert not run(release['tarball'], tmp_path / 'other')[0]['changed']


def test_a_release_with_a_patch_is_made_anew(src, dest, tmp_path):
    release = run(src, dest)[0]
    write(src / 'configure', CONFIGURE, 0o755)
    pack(src, tmp_path / 'r.tar.gz', 'openvswitch-3.1.0')
    write(tmp_path / 'a.patch', PATCH)
    patched, failed = run(tmp_path / 'r.tar.gz', tmp_path / 'other', patches=[dict(path=str(tmp_path / 'a.patch'))])
    assert not failed and patched['kind'] == 'tarball' and readme(patched['tarball']) == b'patched\n' and patched['sha256'] != release['sha256']


@pytest.mark.parametrize('link', [False, True])
@pytest.mark.parametrize('top, patched', [('openvswitch-3.1.0', True), ('openvswitch', False)])
def test_a_tarball_is_not_replaced_by_what_is_made_from_it(src, tmp_path, top, patched, link):
    write(src / 'configure', CONFIGURE, 0o755)
    write(tmp_path / 'a.patch', PATCH)
    (tmp_path / 'there').mkdir()
    packed = pack(src, tmp_path / 'there' / 'openvswitch-3.1.0.tar.gz', top)
    os.symlink('there', str(tmp_path / 'alias'))
    before, source = packed.read_bytes(), tmp_path / 'alias' / packed.name if link else packed
    task = dict(patches=[dict(path=str(tmp_path / 'a.patch'))] if patched else [])
    for check_mode in (True, False):
        result, failed = run(source, tmp_path / 'there', check_mode, **task)
        assert failed and 'would replace the source' in result['msg'] and 'Give another dest' in result['msg'] and 'Nothing was changed' in result['msg']
    assert os.listdir(str(tmp_path / 'there')) == [packed.name] and packed.read_bytes() == before
    assert run(source, tmp_path / 'other', **task)[0]['changed']


def test_a_release_in_its_own_folder_is_handed_on(src, dest):
    release = run(src, dest)[0]
    handed, failed = run(release['tarball'], dest)
    assert not failed and handed['kind'] == 'release' and handed['sha256'] == release['sha256'] and not run(release['tarball'], dest)[0]['changed']


@pytest.mark.parametrize('packed', [False, True])
def test_relative_paths_begin_where_the_module_runs(src, tmp_path, monkeypatch, packed):
    write(tmp_path / 'a.patch', PATCH)
    source = pack(src, tmp_path / 'x.tar.gz', 'openvswitch').name if packed else 'src'
    monkeypatch.chdir(tmp_path)
    for check_mode in (True, False):
        result, failed = run(source, 'dest', check_mode, patches=[dict(path='a.patch')])
        assert not failed and result['changed'] and result['tarball'] == str(tmp_path / 'dest' / 'openvswitch-3.1.0.tar.gz')
    assert readme(result['tarball']) == b'patched\n' and recorded(result)['source'] == str(tmp_path / source)


@pytest.mark.parametrize('option', ['src', 'dest', 'patches'])
def test_an_empty_path_is_refused(src, dest, option):
    task = dict(dict(src=str(src), dest=str(dest)), **{option: '' if option != 'patches' else [dict(path='')]})
    for check_mode in (True, False):
        result, failed = run_module(ovs_dist.main, task, check_mode=check_mode)
        assert failed and result['msg'] == '%s: the path is empty. Give the whole one.' % option


@pytest.mark.parametrize('what', ['tarball', 'patch', 'release'])
def test_what_is_replaced_before_it_is_used_is_told(src, dest, tmp_path, monkeypatch, what):
    write(tmp_path / 'a.patch', PATCH)
    if what == 'release':
        write(src / 'configure', CONFIGURE, 0o755)
    source = pack(src, tmp_path / 'x.tar.gz', 'openvswitch' if what == 'tarball' else 'openvswitch-3.1.0')
    task, victim = dict(patches=[] if what == 'release' else [dict(path=str(tmp_path / 'a.patch'))]), tmp_path / 'a.patch' if what == 'patch' else source
    before, make = victim.read_bytes(), _dist_build.make

    def replaced(*args):
        if what == 'patch':
            write(victim, PATCH.replace(u'+patched', u'+other'))
        else:
            write(src / 'configure.in', CONFIGURE + u'# other\n')
            pack(src, source, 'openvswitch-3.1.0')
        return make(*args)
    monkeypatch.setattr(_dist_build, 'make', replaced)
    result, failed = run(source, dest, **task)
    assert failed and '%s changed while it was copied' % victim in result['msg'] and not os.path.exists(str(dest / 'openvswitch-3.1.0.tar.gz.json'))
    monkeypatch.setattr(_dist_build, 'make', make)
    victim.write_bytes(before)
    assert readme(run(source, dest, **task)[0]['tarball']) == (b'plain\n' if what == 'release' else b'patched\n')


@pytest.mark.parametrize('file, text, stage', [
    ('boot.sh', u'#!/bin/sh\necho no autoconf >&2\nexit 3\n', 'boot.sh'),
    ('configure.in', u'#!/bin/sh\necho error: no compiler >&2\nexit 1\n', 'configure'),
    ('configure.in', u'#!/bin/sh\nprintf "dist:\\n\\tfalse\\n" > Makefile\n', 'make dist'),
    ('configure.in', u'#!/bin/sh\nprintf "dist:\\n\\ttar -czf openvswitch-3.1.0.tar.gz README\\n" > Makefile\n', 'make dist'),
])
def test_a_step_that_fails_is_named_and_the_old_result_stands(src, dest, file, text, stage):
    before = run(src, dest)[0]
    write(src / file, text, 0o755)
    result, failed = run(src, dest)
    assert failed and result['stage'] == stage and result['log'] == before['log'] and result['log'] in result['msg'] and result['log_tail']
    assert _dist_build.standing(before, before['diff']['after']['inputs'])
    assert not [name for name in os.listdir(str(dest)) if name.startswith(_dist_build.WORK)]


def test_a_step_that_takes_too_long_is_ended(src, dest):
    write(src / 'boot.sh', u'#!/bin/sh\nsleep 60\n', 0o755)
    start = time.time()
    result, failed = run(src, dest, time_limit=1)
    assert failed and 'did not finish within 1 seconds' in result['msg'] and time.time() - start < 30
    assert not os.path.exists(str(dest / 'openvswitch-3.1.0.tar.gz.json'))


def test_a_patch_that_does_not_apply_is_named(src, dest, tmp_path):
    write(tmp_path / 'a.patch', PATCH.replace(u'plain', u'no such line'))
    result, failed = run(src, dest, patches=[dict(path=str(tmp_path / 'a.patch'))])
    assert failed and result['stage'] == 'patch a.patch' and 'FAILED' in ' '.join(result['log_tail'])


def test_a_patch_that_changes_the_version_is_refused(src, dest, tmp_path):
    write(tmp_path / 'a.patch', u'--- a/configure.ac\n+++ b/configure.ac\n@@ -1 +1 @@\n-AC_INIT(openvswitch, 3.1.0, x)\n+AC_INIT(openvswitch, 3.1.1, x)\n')
    result, failed = run(src, dest, patches=[dict(path=str(tmp_path / 'a.patch'))])
    assert failed and 'turn version 3.1.0 into 3.1.1' in result['msg']


HOSTILE = ['two words', "it's", '; touch evil', '$(touch evil)', '-- --version', '--help', '"q"', 'a=b,c']


def test_folders_with_hostile_names_are_words_and_nothing_else(src, tmp_path):
    patch = tmp_path / '-- evil; touch x.patch'
    write(patch, PATCH)
    task = dict(patches=[dict(path=str(patch))])
    for name in HOSTILE:
        source, dest = tmp_path / ('s ' + name) / name, tmp_path / 'out' / name
        source.parent.mkdir()
        shutil.copytree(str(src), str(source))
        before = listing(source.parent)
        result, failed = run(source, dest, **task)
        assert not failed and result['tarball'] == str(dest / 'openvswitch-3.1.0.tar.gz') and readme(result['tarball']) == b'patched\n'
        assert listing(source.parent) == before and not run(source, dest, **task)[0]['changed']
    assert sorted(os.listdir(str(tmp_path / 'out'))) == sorted(HOSTILE)


def test_what_an_interrupted_run_left_is_swept(src, dest):
    left = dest / (_dist_build.WORK + 'x')
    left.mkdir(parents=True)
    write(left / 'half', u'x')
    assert run(src, dest)[0]['changed'] and not left.exists()


def test_two_runs_in_one_folder_do_not_mix(src, dest):
    with _dist_build.locked(str(dest)):
        result, failed = run(src, dest)
    assert failed and 'Another ovs_dist is at work' in result['msg']


def test_a_folder_that_cannot_be_made(src):
    result, failed = run(src, '/proc/none')
    assert failed and result['msg'] == '/proc/none: No such file or directory. Correct that on this host and run again.'


@pytest.mark.parametrize('args, said', [
    (dict(version='3.2.0'), 'is version 3.1.0, and not 3.2.0'), (dict(patches=[dict(path='/none.patch')]), 'no patch /none.patch')])
def test_bad_options_change_nothing(src, dest, args, said):
    result, failed = run(src, dest, **args)
    assert failed and said in result['msg'] and 'Nothing was changed' in result['msg'] and not dest.exists()


def test_dest_inside_the_source_is_refused(src):
    for dest in (src, src / 'out', src / '..' / 'src' / 'out'):
        result, failed = run(src, dest)
        assert failed and 'inside the source' in result['msg']


def test_a_host_without_tools_is_refused_before_anything(src, dest, monkeypatch):
    monkeypatch.setattr(_dist_tools, 'survey', lambda source, patched, limit: ({}, ['autoreconf (package autoconf)', 'git']))
    result, failed = run(src, dest)
    assert failed and result['missing'] == ['autoreconf (package autoconf)', 'git'] and 'DDK' in result['msg'] and not dest.exists()


def test_a_git_tree_on_a_host_without_git_is_told_all_that_is_missing(src, dest, monkeypatch):
    (src / '.git').mkdir()

    def find(name, paths=()):
        raise _cli.CliError('The program %s is not on this host' % name)
    monkeypatch.undo()
    monkeypatch.setattr(_cli, 'find', find)
    result, failed = run(src, dest)
    assert failed and 'git' in result['missing'] and 'autoreconf (package autoconf)' in result['missing'] and not dest.exists()


def test_the_results_are_readable_by_all(src, dest):
    result = run(src, dest)[0]
    for name in ('tarball', 'manifest', 'log'):
        assert stat.S_IMODE(os.stat(result[name]).st_mode) & 0o444
