# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""rpmbuild on the real rpmbuild, with a tiny spec and a topdir of its own."""

from __future__ import absolute_import, division, print_function
__metaclass__ = type

import json
import os
import shutil
import signal
import tarfile
import time

import pytest

from ansible_collections.xenserver.openvswitch.plugins.module_utils import _cli, _rpm
from ansible_collections.xenserver.openvswitch.plugins.modules import rpmbuild
from ansible_collections.xenserver.openvswitch.tests.unit.plugins.modules.rpm_host import Host, require
from ansible_collections.xenserver.openvswitch.tests.unit.plugins.modules.utils import run_module

SPEC = '''Name: tiny
Version: %{openvswitch_version}
Release: 1
Summary: tiny
License: GPL
BuildArch: noarch
Source0: data.txt
Patch0: data.patch
%bcond_without check
%description
tiny
%package more
Summary: more
%description more
more
%prep
%setup -q -c -T
cp %{SOURCE0} .
patch -p0 < %{PATCH0}
%build
@BUILD@
%install
mkdir -p %{buildroot}/opt
cp data.txt %{buildroot}/opt/data
echo more > %{buildroot}/opt/more
%if %{with check}
%check
grep -q two data.txt
%endif
%files
/opt/data
%files more
/opt/more
'''
PATCH = '--- data.txt\n+++ data.txt\n@@ -1 +1 @@\n-one\n+two\n'
VERSION = dict(openvswitch_version='3.1.0')


@pytest.fixture
def host(tmp_path, monkeypatch):
    require('rpm', 'rpmbuild', 'rpmspec', 'patch')
    host = Host(tmp_path)
    host.spec = host.write('tiny.spec', SPEC.replace('@BUILD@', ''))
    host.source = host.write('data.txt', 'one\n')
    host.patch = host.write('data.patch', PATCH)
    host.enter(monkeypatch)
    return host


def build(host, **options):
    args = dict(dict(spec=host.spec, sources=[host.source], patches=[host.patch], defines=VERSION), **options)
    check_mode = args.pop('check_mode', False)
    return run_module(rpmbuild.main, args, check_mode=check_mode, diff=True)


def test_an_rpm_that_is_too_old_to_have_rpmspec_builds_all_the_same(host, monkeypatch):
    really = _cli.find

    def find(name, *paths):
        if name == 'rpmspec':
            raise _cli.CliError('The program rpmspec is not on this host')
        return really(name, *paths)
    monkeypatch.setattr(_cli, 'find', find)
    result, failed = build(host)
    assert not failed and len(result['rpms']) == 2


def respec(host, section):
    host.write('tiny.spec', SPEC.replace('@BUILD@', section))


def everything(folder):
    return sorted(os.path.join(parent, name) for parent, folders, names in os.walk(folder) for name in names)


def test_a_build_is_predicted_done_and_then_nothing_more(host):
    predicted, failed = build(host, check_mode=True)
    assert not failed and predicted['changed'] and predicted['rpms'] == [] and everything(host.topdir) == []
    done, failed = build(host)
    assert not failed and done['changed'] and done['diff'] == predicted['diff'] and done['commands'] == predicted['commands']
    assert [rpm['nevra'] for rpm in done['rpms']] == ['tiny-3.1.0-1.noarch', 'tiny-more-3.1.0-1.noarch']
    for rpm in done['rpms']:
        assert rpm['sha256'] == _rpm.sha256(rpm['path']) and rpm['size'] == os.path.getsize(rpm['path']) and len(rpm['header_sha256']) == 64
        assert host.run('rpm', '-qp', rpm['path'])[1].strip() == rpm['nevra']
        assert host.run('rpm', '-qp', '--qf', '%{SHA1HEADER}', rpm['path'])[1].strip() == rpm['header_sha1']
    with open(done['manifest']) as stream:
        manifest = json.load(stream)
    assert manifest['rpms'] == done['rpms'] and manifest['inputs']['sources'] == {'data.txt': _rpm.sha256(host.source)}
    assert not [path for path in everything(host.topdir) if '.partial' in path]
    host.forget_calls()
    again, failed = build(host)
    assert not failed and not again['changed'] and again['rpms'] == done['rpms'] and again['reasons'] == []
    assert [argv[0] for argv in host.argvs] == ['rpmbuild', 'rpmbuild'], 'besides one of the compiler'


def test_check_mode_counts_a_file_that_an_earlier_task_would_bring_as_a_change(host, tmp_path):
    awaited = str(tmp_path / 'awaited.tar.gz')
    result, failed = build(host, sources=[host.source, awaited], check_mode=True)
    assert not failed and result['changed'] and result['rpms'] == [] and result['diff']['after'] == dict(files=[awaited])
    assert any(awaited in warning for warning in result['warnings'])
    result, failed = build(host, sources=[host.source, awaited])
    assert failed and 'awaited.tar.gz is not there' in result['msg']


def test_paths_of_the_host_decide_where_results_go(host):
    elsewhere = os.path.join(host.folder, 'else')
    result, failed = build(host, topdir=elsewhere)
    assert not failed and result['rpms'][0]['path'] == elsewhere + '/RPMS/noarch/tiny-3.1.0-1.noarch.rpm'
    assert everything(host.topdir) == []


def test_a_changed_byte_or_parameter_builds_again_and_a_moved_or_touched_file_does_not(host):
    first = build(host)[0]
    host.source = host.write('moved/data.txt', 'one\n') if host.make('moved') else None
    os.utime(host.spec, (1, 1))
    assert not build(host)[0]['changed']
    assert not build(host, jobs=2, time_limit=99)[0]['changed'], 'the jobs change nothing in the result'
    host.write('moved/data.txt', 'one\nmore\n')
    host.write('data.patch', PATCH.replace('@@ -1 +1 @@', '@@ -1,2 +1,2 @@') + ' more\n')
    result, failed = build(host)
    assert not failed and sorted(result['reasons']) == ['patches/data.patch changed', 'sources/data.txt changed']
    assert sorted(result['diff']['after']) == ['patches/data.patch', 'sources/data.txt']
    assert result['manifest'] == first['manifest'] and result['rpms'][0]['sha256'] != first['rpms'][0]['sha256']
    for options in (dict(without=['check']), dict(defines=dict(VERSION, other=1)), dict(environment=dict(A='b')), dict(target='noarch')):
        result, failed = build(host, **options)
        assert not failed and result['changed'] and result['manifest'] != first['manifest'], options
        assert not build(host, **options)[0]['changed'], options


@pytest.mark.parametrize('harm', [os.unlink, lambda path: open(path, 'ab').write(b'x')])
def test_a_missing_or_altered_rpm_is_built_again(host, harm):
    path = build(host)[0]['rpms'][1]['path']
    harm(path)
    result, failed = build(host)
    assert not failed and result['changed'] and len(result['reasons']) == 1 and path in result['reasons'][0]
    assert not build(host)[0]['changed']


@pytest.mark.parametrize('macro', ['__cc', 'openvswitch_cc'])
def test_the_compiler_and_rpm_are_inputs(host, macro):
    compiler = host.write('bin/mycc', '#!/bin/sh\necho mycc 1.0\n')
    os.chmod(compiler, 0o755)
    defines = {'openvswitch_version': '3.1.0', macro: 'mycc'}
    build(host, defines=defines)
    assert not build(host, defines=defines)[0]['changed']
    host.write('bin/mycc', '#!/bin/sh\necho mycc 1.1\n')
    assert build(host, defines=defines)[0]['reasons'] == ['compiler changed']


@pytest.mark.parametrize('stage, archs', [('source', ['src']), ('all', ['noarch', 'noarch', 'src'])])
def test_source_packages(host, stage, archs):
    result, failed = build(host, stage=stage)
    assert not failed and sorted(rpm['arch'] for rpm in result['rpms']) == archs
    assert not build(host, stage=stage)[0]['changed']


def test_prepared_sources_are_patched_and_returned(host):
    result, failed = build(host, stage='prep')
    assert not failed and result['rpms'] == []
    data = [path for path in everything(result['prepared']) if path.endswith('data.txt')]
    with open(data[0]) as stream:
        assert stream.read() == 'two\n'
    assert not build(host, stage='prep')[0]['changed']
    os.rename(result['prepared'], result['prepared'] + '.away')
    assert build(host, stage='prep')[0]['reasons'] == [result['prepared'] + ' is gone']


def test_environment_and_jobs_reach_the_build(host):
    respec(host, 'echo "value <$HOSTILE> %{_smp_mflags}"')
    value = 'a b"c\'d$e`f;g\\h%(i)\n-j'
    result, failed = build(host, environment=dict(HOSTILE=value), jobs=3)
    with open(result['log']) as stream:
        assert not failed and 'value <%s> -j3' % value in stream.read()


def test_the_survey_and_the_check_of_sources_see_the_environment_of_the_build(host):
    host.write('tiny.spec', SPEC.replace('@BUILD@', '').replace('data.txt\nPatch0', '%(echo ${DATA:-nothere.txt})\nPatch0'))
    host.write('other/.rpmmacros', '%%_dbpath %s/db\n%%_topdir %s/else\n' % (host.home, host.folder)) if host.make('other') else None
    environment = dict(DATA='data.txt', HOME=os.path.join(host.folder, 'other'))
    result, failed = build(host, environment=environment)
    assert not failed and result['rpms'][0]['path'] == host.folder + '/else/RPMS/noarch/tiny-3.1.0-1.noarch.rpm', result.get('msg')
    result, failed = build(host)
    assert failed and 'nothere.txt' in result['msg']


@pytest.mark.parametrize('change, remedy', [
    (lambda spec: spec.split('%files')[0], 'no %files section'),
    (lambda spec: '%define _rpmdir ' + os.path.join(os.environ['HOME'], 'away') + '\n' + spec, 'defines _rpmdir itself')])
def test_a_build_that_makes_no_package_is_told_every_time(host, change, remedy):
    host.write('tiny.spec', '%define _unpackaged_files_terminate_build 0\n' + change(SPEC.replace('@BUILD@', '')))
    for dummy in range(2):
        result, failed = build(host)
        assert failed and 'made no package' in result['msg'] and remedy in result['msg'] and host.topdir + '/RPMS' in result['msg'], result
        assert not [path for path in everything(host.topdir) if path.endswith('.json') or '.partial' in path]


def test_a_failed_build_tells_where_and_leaves_no_manifest_and_no_result(host):
    good = build(host)[0]
    respec(host, 'echo hello.c:5:3: error: no such thing; exit 1')
    result, failed = build(host)
    assert failed and result['stage'] == '%build' and result['errors'][0] == 'hello.c:5:3: error: no such thing'
    assert 'failed in %build: hello.c:5:3: error: no such thing' in result['msg'] and result['log'] in result['msg']
    assert result['log_tail'][-1].strip().startswith('Bad exit status')
    assert not os.path.exists(good['manifest']) and not [path for path in everything(host.topdir) if '.partial' in path]
    assert build(host)[1], 'a failure must not pass for a build'
    respec(host, '')
    assert not build(host)[1]


def test_missing_build_requires_are_told_together(host):
    host.write('tiny.spec', SPEC.replace('@BUILD@', '').replace('BuildArch', 'BuildRequires: nothere-devel, other >= 2\nBuildArch'))
    result, failed = build(host)
    assert failed and result['missing_requires'] == ['nothere-devel', 'other >= 2'] and result['stage'] is None
    assert 'nothere-devel, other >= 2' in result['msg']


def test_a_source_of_the_spec_that_nobody_gave_is_refused_even_if_an_earlier_build_left_it(host):
    build(host)
    for check_mode in (True, False):
        result, failed = build(host, patches=[], check_mode=check_mode)
        assert failed and 'data.patch' in result['msg'] and 'Nothing was built' in result['msg']


def test_a_build_that_takes_too_long_is_ended(host):
    respec(host, 'echo begun; sleep 300')
    begun = time.time()
    result, failed = build(host, time_limit=5)
    assert failed and time.time() - begun < 100 and 'did not finish within 5 seconds' in result['msg'] and result['stage'] == '%build'
    assert not os.path.exists(result['log'][:-4] + '.json')


# A build as with unit tests: it starts a daemon, which leaves its process group, and goes on until it is released.
ENDLESS = 'setsid sh -c "echo \\$\\$ > @FOLDER@/begun.new; mv @FOLDER@/begun.new @FOLDER@/begun; while [ ! -e @FOLDER@/release ]; do sleep 0.1; done" &\nwait'


def begun(host, **options):
    """Start the module in a process of its own and wait until its build is under way; the ids of the module and of the daemon."""
    respec(host, ENDLESS.replace('@FOLDER@', host.folder))
    child = os.fork()
    if child == 0:
        try:
            build(host, **options)
        finally:
            os._exit(0)
    end = time.time() + 60
    while not os.path.exists(os.path.join(host.folder, 'begun')):
        assert time.time() < end and os.waitpid(child, os.WNOHANG) == (0, 0)
        time.sleep(0.1)
    with open(os.path.join(host.folder, 'begun')) as stream:
        return child, int(stream.read())


def killed_amid(host):
    """Kill the module when its build is under way, and return its id; rpmbuild lives on until released."""
    child = begun(host)[0]
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return child


def runs(pid):
    try:
        with open('/proc/%d/stat' % pid) as stream:
            return stream.read().split()[2] != 'Z'
    except (IOError, OSError):
        return False


def kept_up(host):
    return host.write('lease', '')


@pytest.mark.parametrize('options, end', [
    (dict(lease=True), lambda host, child: os.unlink(kept_up(host))),
    (dict(), lambda host, child: os.kill(child, signal.SIGTERM)),
    (dict(), lambda host, child: os.kill(child, signal.SIGHUP)),
], ids=['the lease is taken away', 'terminated', 'hung up'])
def test_an_ended_build_takes_all_that_it_started_with_it_and_can_be_started_again(host, options, end):
    good = build(host)[0]
    child, daemon = begun(host, **dict((name, kept_up(host)) for name in options))
    end(host, child)
    os.waitpid(child, 0)
    assert not runs(daemon)
    assert not os.path.exists(good['manifest']) and not [path for path in everything(host.topdir) if '.partial' in path]
    respec(host, '')
    result, failed = build(host)
    assert not failed and result['changed'] and len(result['rpms']) == 2


def test_a_build_that_nobody_waits_for_says_so_and_not_what_its_tools_say_of_their_end(host):
    respec(host, 'trap "echo \'make: *** [all] Terminated\'; exit 1" TERM; sleep 60 & wait')
    result, failed = build(host, lease=os.path.join(host.folder, 'nothere'))
    assert failed and 'no longer waited for by anybody' in result['msg'] and 'make' not in result['msg'] and result['stage'] == '%build'


def test_two_builds_cannot_mix_and_an_interrupted_one_leaves_nothing_that_counts(host):
    good = build(host)[0]
    killed = killed_amid(host)
    result, failed = build(host)
    assert failed and 'is in use' in result['msg'] and 'process %d builds' % killed in result['msg']
    assert not os.path.exists(good['manifest'])
    host.write('release', '')
    end = time.time() + 60
    while True:
        result, failed = build(host)
        if not (failed and 'is in use' in result['msg']) or time.time() > end:
            break
        time.sleep(0.2)
    assert not failed and result['changed'] and len(result['rpms']) == 2
    assert not [path for path in everything(host.topdir) if '.partial' in path]


@pytest.mark.parametrize('options, words', [
    (dict(spec='/nothere/a.spec', sources=['/nothere/b.tar.gz', '/nothere/c'], patches=['/nothere/d']), ['a.spec', 'b.tar.gz', '/nothere/c', '/nothere/d']),
    (dict(defines=dict(kenel_uname='4.4.0+2')), ['kernel_uname']),
    (dict(defines=dict(openvswitch_version='')), ['openvswitch_version is empty']),
    (dict(defines=dict(openvswitch_version='2.5.3-rc1')), ['no -']),
    (dict(defines=dict(openvswitch_version=3.1)), ['quotes']),
    (dict(defines=dict(VERSION, _topdir='/x', _smp_mflags='x', ab='x')), ['topdir', 'jobs', "'ab'"]),
    (dict(defines=dict(VERSION, name='%(touch pwned)')), ['%']),
    (dict(**{'with': ['check', '--nodeps'], 'without': ['check']}), ["'--nodeps'", 'both in with']),
    (dict(target='--nodeps'), ['target']),
    (dict(environment={'A=B': 'x'}), ['environment']),
    (dict(jobs=0), ['jobs']),
    (dict(topdir='/tmp/a b'), ['/tmp/a b']),
])
def test_bad_input_is_told_before_anything_is_done(host, options, words):
    result, failed = build(host, **options)
    assert failed and all(word in result['msg'] for word in words), result['msg']
    assert everything(host.topdir) == [] and not [call for call in host.calls if ' -b' in call]


MEMBER = 'tiny-3.1.0/rpm/tiny.spec'


def tarball(host, *without):
    """A dist tarball with several specs, as those of Open vSwitch; its path."""
    path = os.path.join(host.folder, 'tiny-3.1.0.tar.gz')
    with tarfile.open(path, 'w:gz') as archive:
        for name in (MEMBER, 'tiny-3.1.0/rhel/other.spec', 'tiny-3.1.0/README'):
            if name not in without:
                archive.add(host.spec, name)
        link = tarfile.TarInfo('tiny-3.1.0/link.spec')
        link.type, link.linkname = tarfile.SYMTYPE, '/etc/passwd'
        archive.addfile(link)
    return path


def test_a_spec_inside_a_tarball_is_predicted_built_and_then_nothing_more(host):
    options = dict(spec=tarball(host), spec_member=MEMBER)
    predicted, failed = build(host, check_mode=True, **options)
    assert not failed and predicted['changed'] and everything(host.topdir) == []
    done, failed = build(host, **options)
    assert not failed and done['diff'] == predicted['diff'] and done['commands'] == predicted['commands']
    assert done['commands'][0][-1] == host.topdir + '/SPECS/tiny.spec' and [rpm['name'] for rpm in done['rpms']] == ['tiny', 'tiny-more']
    with open(done['manifest']) as stream:
        inputs = json.load(stream)['inputs']
    assert inputs['spec'] == {'tiny.spec': _rpm.sha256(host.spec)} and inputs['sources']['tiny-3.1.0.tar.gz'] == _rpm.sha256(options['spec'])
    assert not build(host, **options)[0]['changed']
    assert not build(host, sources=[host.source, options['spec']], **options)[0]['changed'], 'the tarball may be named as a source too'
    respec(host, 'true')
    tarball(host)
    assert build(host, **options)[0]['reasons'] == ['sources/tiny-3.1.0.tar.gz changed', 'spec/tiny.spec changed']


@pytest.mark.parametrize('member, words', [
    ('tiny.spec', ['holds no file tiny.spec; its specs are tiny-3.1.0/rhel/other.spec, ' + MEMBER + '.']),
    ('tiny-3.1.0/link.spec', ['holds no file tiny-3.1.0/link.spec']), ('tiny-3.1.0/rpm/*.spec', ['is no name of a spec']),
    ('tiny-3.1.0/README', ['is no name of a spec']), ('', ['is no name of a spec']), ('a/--b.spec', ['is no name of a spec'])])
def test_a_spec_inside_a_tarball_is_never_guessed(host, member, words):
    for check_mode in (True, False):
        result, failed = build(host, spec=tarball(host), spec_member=member, check_mode=check_mode)
        assert failed and all(word in result['msg'] for word in words + ['Nothing was built']), result['msg']
    assert everything(host.topdir) == []


def test_a_tarball_that_is_none_or_holds_no_spec_is_told(host):
    with open(tarball(host), 'rb') as stream:
        whole = stream.read()
    for content in (whole[:-50], whole[:100], b'no tarball', b''):
        with open(os.path.join(host.folder, 'tiny-3.1.0.tar.gz'), 'wb') as stream:
            stream.write(content)
        result, failed = build(host, spec=stream.name, spec_member=MEMBER)
        assert failed and 'no whole tarball' in result['msg'] and 'Traceback' not in result['msg'], result['msg']
    result, failed = build(host, spec=tarball(host, MEMBER, 'tiny-3.1.0/rhel/other.spec'), spec_member=MEMBER)
    assert failed and 'it holds no spec at all' in result['msg']


def source_package(host, content='one\n'):
    host.write('data.txt', content)
    made, failed = build(host, stage='source', topdir=os.path.join(host.folder, 'vendor'))
    assert not failed
    path = os.path.join(host.folder, 'tiny.src.rpm')
    shutil.copy(made['rpms'][0]['path'], path)
    return path


def rebuild(host, path, **options):
    check_mode = options.pop('check_mode', False)
    return run_module(rpmbuild.main, dict(dict(srpm=path, defines=VERSION), **options), check_mode=check_mode, diff=True)


def test_a_source_package_is_predicted_rebuilt_and_then_nothing_more(host):
    path = source_package(host)
    predicted, failed = rebuild(host, path, check_mode=True)
    assert not failed and predicted['changed'] and predicted['rpms'] == [] and everything(host.topdir) == []
    done, failed = rebuild(host, path)
    assert not failed and done['diff'] == predicted['diff'] and done['commands'] == predicted['commands']
    assert done['commands'][0] == ['rpm', '-i', path] and done['commands'][1][-1] == host.topdir + '/SPECS/tiny.spec'
    assert [rpm['nevra'] for rpm in done['rpms']] == ['tiny-3.1.0-1.noarch', 'tiny-more-3.1.0-1.noarch']
    with open(done['manifest']) as stream:
        manifest = json.load(stream)
    assert manifest['rpms'] == done['rpms'] and manifest['inputs']['srpm'] == {'tiny.src.rpm': _rpm.sha256(path)}
    left = [file for file in everything(host.topdir) if not file.startswith((host.topdir + '/RPMS/', host.topdir + '/BUILD/'))]
    assert left == [host.topdir + '/rpmbuild.log'], 'sources were unpacked among those of others'
    host.forget_calls()
    again, failed = rebuild(host, path)
    assert not failed and not again['changed'] and again['rpms'] == done['rpms'] and len(host.calls) == 2
    source_package(host, 'three\n')
    assert rebuild(host, path)[1], 'the patch no longer fits'
    assert not [file for file in everything(host.topdir) if '.partial' in file or file == done['manifest']]
    source_package(host)
    os.utime(path, (1, 1))
    result, failed = rebuild(host, path, stage='all')
    assert not failed and sorted(rpm['arch'] for rpm in result['rpms']) == ['noarch', 'noarch', 'src']


def test_a_changed_source_package_is_built_again(host):
    path = source_package(host)
    rebuild(host, path)
    respec(host, 'true')
    source_package(host)
    result, failed = rebuild(host, path)
    assert not failed and result['reasons'] == ['srpm/tiny.src.rpm changed'] and list(result['diff']['after']) == ['srpm/tiny.src.rpm']


def test_what_is_no_source_package_is_refused(host):
    binary = build(host)[0]['rpms'][0]['path']
    for options, words in ((dict(srpm=binary), 'is no source package'), (dict(srpm=host.source), 'no RPM package'),
                           (dict(srpm=host.source + '/x'), 'is not there'),
                           (dict(srpm=binary, sources=[host.source]), 'leave sources and patches out')):
        result, failed = rebuild(host, options.pop('srpm'), topdir=os.path.join(host.folder, 'other'), **options)
        assert failed and words in result['msg'] and 'Nothing was built' in result['msg'], result['msg']
    assert not os.path.exists(os.path.join(host.folder, 'other'))


@pytest.mark.parametrize('options', [dict(spec=None), dict(srpm='/x.src.rpm'), dict(srpm=None), dict(spec=None, spec_member='a.spec')])
def test_one_origin_of_the_spec_is_demanded(host, options):
    result, failed = build(host, **options)
    assert failed and 'spec' in result['msg'] and host.calls == []
