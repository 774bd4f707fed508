# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function
__metaclass__ = type

import os
import re

import pytest

from ansible_collections.xenserver.openvswitch.plugins.module_utils import _cli, _ddk

KVER = '2.6.32.12-0.7.1.xs5.6.100.323.170596'
XEN = dict(name='xen', version=KVER, flavor='xen')
KDUMP = dict(name='kdump', version=KVER, flavor='kdump')
XS65 = dict(uname='3.10.0+2')
DEVEL = dict(package='kernel-xen-devel-' + KVER, version=KVER, kernel=XEN)


def ddk(**differences):
    """A DDK that lacks nothing."""
    programs = dict((name, '/usr/bin/' + name) for name in ('compiler', 'gzip', 'make', 'openssl', 'patch', 'rpmbuild', 'sphinx-build', 'tar'))
    have = dict(rpm='4.16.1.2', topdir='/usr/src/redhat', writable=True, arch='x86_64', compresses=True, kernel_devel=[DEVEL],
                trees=[KVER + 'xen', KVER + 'kdump', '3.10.0+2'], programs=programs, dhparams='plain', headers=['cap-ng.h', 'openssl/ssl.h', 'stdio.h'],
                pythons=[dict(path='/usr/bin/python2.7', version='2.7.18', six=True), dict(path='/usr/bin/python3', version='3.9.2', six=True)])
    return dict(have, **differences)


def want(**differences):
    wanted = dict(version='2.5.3', spec='bundled', consent=False, generations=['sysv'], kernels=[XEN], unit_tests=True, patched=False, defines={}, without=[])
    return dict(wanted, **differences)


def planned(have=None, **differences):
    return _ddk.plan(have or ddk(), want(**differences))


def test_a_ddk_that_lacks_nothing():
    plan = planned()
    assert plan['problems'] == plan['missing'] == [] and plan['kernels'] == [KVER + 'xen']
    assert plan['builds'] == [dict(generation='sysv', kernel=KVER + 'xen', without=[], defines=dict(
        openvswitch_version='2.5.3', xenserver_generation='sysv', kernel_name='xen', kernel_version=KVER, kernel_flavor='xen'))]


def test_the_userspace_is_built_once_and_its_unit_tests_run_once():
    plan = planned(generations=['systemd', 'sysv'], kernels=[XEN, KDUMP, XS65], without=['libcapng'])
    assert plan['problems'] == plan['missing'] == []
    assert [(build['generation'], build['kernel'], build['without']) for build in plan['builds']] == [
        ('systemd', None, ['libcapng']), ('sysv', KVER + 'xen', ['libcapng']),
        ('sysv', KVER + 'kdump', ['libcapng', 'userspace', 'check']), ('sysv', '3.10.0+2', ['libcapng', 'userspace', 'check'])]
    assert [build['defines'].get('kernel_uname') for build in plan['builds']] == [None, None, None, '3.10.0+2']


def test_without_unit_tests():
    assert planned(unit_tests=False)['builds'][0]['without'] == ['check']


@pytest.mark.parametrize('asked, generations, version, kernels', [
    ('auto', ['sysv'], '2.5.3', [KVER + 'xen']), (['auto'], ['sysv'], '2.5.3', [KVER + 'xen']), ([], ['sysv'], '2.5.3', []),
    ('auto', ['systemd'], '2.17.7', []), ('auto', ['systemd', 'sysv'], '3.1.0', []), ([], ['systemd'], '3.1.0', [])])
def test_kernels_are_found_where_there_is_a_module(asked, generations, version, kernels):
    plan = planned(kernels=asked, generations=generations, version=version)
    assert plan['kernels'] == kernels and plan['problems'] == [] and len(plan['builds']) == len(generations)


@pytest.mark.parametrize('differences, said', [
    (dict(version='3.1.0'), 'Open vSwitch 3.1.0 has no kernel module, the last release with one is 2.17: leave the kernels out'),
    (dict(generations=['systemd']), 'hosts of the systemd generation have the module in their kernel: leave the kernels out'),
    (dict(version='2.6.0'), 'Open vSwitch 2.6.0 takes kernels from 3.10 to 4.7, and this is %sxen; the releases' % KVER),
    (dict(kernels=[XEN, XEN]), 'is given more than once'),
    (dict(kernels='none'), 'kernels must be "auto" or a list'),
    (dict(spec='upstream', version='2.10.0', kernels=[XS65]), 'what the upstream spec makes of Open vSwitch 2.10.0 is broken: it leaves out ovs-kmod-ctl'),
    (dict(spec='upstream', version='3.1.0', kernels='auto'), 'no xenserver folder since 3.0; build with the bundled spec'),
    (dict(spec='upstream', generations=['systemd', 'sysv']), 'would take the units of Open vSwitch off a systemd host'),
    (dict(spec='upstream', kernels=[]), 'cannot leave the kernel module out'),
    (dict(spec='upstream', kernels=[XEN, XS65]), 'builds the userspace anew with each kernel'),
    (dict(spec='upstream', version='2.3.1', kernels=[XS65]), 'knows uname and xen_version since 2.3.2'),
    (dict(spec='upstream', version='1.4.0', kernels=[dict(name='xen', version=KVER, flavor='')]), 'has no defaults before 1.6'),
])
def test_what_contradicts_is_told_before_the_build(differences, said):
    problems = planned(**differences)['problems']
    assert len(problems) == 1 and said in problems[0], problems


def test_kernel_devel_packages_that_leave_it_open():
    assert 'no kernel-devel package' in planned(ddk(kernel_devel=[]), kernels='auto')['problems'][0]
    assert 'several kernel-devel packages' in planned(ddk(kernel_devel=[DEVEL, DEVEL]), kernels='auto')['problems'][0]


def test_all_that_is_broken_is_told_and_consent_makes_a_warning_of_it():
    wanted = dict(spec='upstream', version='2.17.12', kernels=[XS65])
    refused, consented = planned(**wanted), planned(consent=True, **wanted)
    assert ['ovs-kmod-ctl' in refused['problems'][0], 'SyntaxError' in refused['problems'][1], refused['warnings']] == [True, True, []]
    assert consented['warnings'] == refused['problems'] and consented['problems'] == [] and consented['builds'] == refused['builds']


@pytest.mark.parametrize('how, spec, version, said', [
    ('static', 'bundled', '2.5.12', None), ('static', 'path', '2.5.12', None), ('plain', 'upstream', '2.5.12', None), ('static', 'upstream', '2.9.3', None),
    ('static', 'upstream', '2.5.12', 'lib/dhparams.c with static functions, like any since 1.1.1; build with the bundled spec'),
    (None, 'bundled', '2.5.12', 'which /usr/bin/openssl cannot, like any since OpenSSL 3.0: build in a DDK with OpenSSL 1.1 or earlier'),
    (None, 'upstream', '2.7.8', 'which /usr/bin/openssl cannot'), (None, 'path', '2.5.12', None), (None, 'bundled', '2.6.6', None),
    (None, 'bundled', '3.1.0', None)])
def test_what_openssl_writes_for_old_releases(how, spec, version, said):
    problems = planned(ddk(dhparams=how), spec=spec, version=version, kernels='auto' if version[0] == '3' else [XS65])['problems']
    assert [said in problem for problem in problems] == ([True] if said else [])


@pytest.mark.parametrize('version, macros', [('2.5.3', {}), ('2.7.13', {'_unpackaged_files_terminate_build': '0'})])
def test_the_upstream_spec_gets_its_workaround(version, macros):
    plan = planned(spec='upstream', version=version, kernels=[XS65])
    assert plan['problems'] == [] and plan['builds'] == [dict(generation='sysv', kernel='3.10.0+2', without=[], defines=dict(
        macros, openvswitch_version=version, kernel_uname='3.10.0+2'))]


def test_all_that_is_missing_is_told_at_once():
    bare = ddk(rpm=None, topdir=None, writable=False, dhparams=None, programs=dict.fromkeys(ddk()['programs']), headers=[], trees=[], pythons=[])
    plan = planned(bare, patched=True)
    assert plan['problems'] == []
    assert plan['missing'] == [
        'gzip (package gzip)', 'make (package make)', 'openssl (package openssl)', 'patch (package patch)',
        'rpmbuild (package rpm-build)', 'tar (package tar)', 'gcc (package gcc)',
        'Python 2.7 or later of the series 2 as /usr/bin/python2.7', '/lib/modules/%sxen/build with a Makefile (the devel package of that kernel)' % KVER]


@pytest.mark.parametrize('have, differences, missing', [
    (dict(headers=['stdio.h']), {}, ['cap-ng.h (package libcap-ng-devel)', 'openssl/ssl.h (package openssl-devel)']),
    (dict(headers=['stdio.h', 'openssl/ssl.h']), dict(without=['libcapng']), []),
    (dict(headers=['stdio.h', 'openssl/ssl.h']), dict(spec='upstream'), []),
    (dict(compresses=False), dict(spec='upstream'), ["brp-compress among rpm's macros, since the upstream spec lists compressed manual pages "
                                                     '(package redhat-rpm-config)']),
    (dict(compresses=False), {}, []),
    (dict(programs=dict(ddk()['programs'], **{'sphinx-build': None})), dict(spec='upstream', version='2.8.11', kernels=[XS65]),
     ['sphinx-build, since the upstream spec lists manual pages that it makes (package python-sphinx)']),
    (dict(programs=dict(ddk()['programs'], **{'sphinx-build': None})), dict(spec='upstream', version='2.7.13', kernels=[XS65]), []),
    (dict(programs=dict(ddk()['programs'], **{'sphinx-build': None})), dict(version='2.17.12', kernels=[XS65]), []),
    (dict(pythons=[dict(path='/usr/bin/python3', version='3.3.1', six=False)]), dict(version='3.1.0', generations=['systemd'], kernels='auto'),
     ['Python 3.4 or later of the series 3 as /usr/bin/python3 (/usr/bin/python3 is 3.3.1)']),
    (dict(pythons=[dict(path='/usr/bin/python3', version='3.6.8', six=False)]), dict(version='3.5.0', generations=['systemd'], kernels='auto'),
     ['Python 3.7 or later of the series 3 as /usr/bin/python3 (/usr/bin/python3 is 3.6.8)']),
    (dict(pythons=[dict(path='/usr/bin/python2.7', version='2.7.5', six=False)]), dict(version='2.9.0', kernels=[XS65]),
     ['six for /usr/bin/python2.7 (package python-six)']),
    (dict(pythons=[dict(path='/usr/bin/python2.7', version='2.7.5', six=False)]), {}, []),
    (dict(programs=dict(ddk()['programs'], openssl=None)), {}, ['openssl (package openssl)']),
    (dict(programs=dict(ddk()['programs'], openssl=None)), dict(version='2.10.0', kernels=[XS65]), []),
])
def test_what_is_needed_depends_on_what_is_built(have, differences, missing):
    assert planned(ddk(**have), **differences)['missing'] == missing


def test_a_topdir_of_another_user():
    assert planned(ddk(writable=False))['problems'] == [
        '/usr/src/redhat, where rpm works, cannot be written by this user: define %_topdir in ~/.rpmmacros']


def test_whether_a_folder_can_be_made(tmpdir, monkeypatch):
    assert _ddk._writable(str(tmpdir.join('a', 'b')))
    tmpdir.join('file').write('')
    assert not _ddk._writable(str(tmpdir.join('file', 'below')))
    monkeypatch.setattr(os, 'access', lambda path, mode: path != str(tmpdir))
    assert not _ddk._writable(str(tmpdir.join('a', 'b')))


def test_the_survey_asks_each_tool_once(monkeypatch, tmpdir):
    asked = []
    tree = tmpdir.join('3.10.0+2', 'build').ensure(dir=True)
    tree.join('Makefile').write('')
    tmpdir.join('4.4.0', 'build').ensure(dir=True)

    def run(argv, time_limit, ok=(0,), data=None):
        name = os.path.basename(argv[0])
        asked.append([name] + argv[1:2])
        out = {'-E': '/root/rpmbuild\nx86_64\n\n    /usr/lib/rpm/brp-compress /usr\n', '-qa': 'kernel-xen-devel\t%s\t\f\t\f\n' % KVER,
               '--version': 'RPM version 4.11.3\n', '-M': '-: /usr/include/stdio.h \\\n /usr/include/openssl/ssl.h /usr/include/openssl/e_os2.h cap-ng.h\n',
               '-c': 'python2.7: odd\n' if name == 'python2' else '2.7.5 -\n', 'dhparam': 'static DH *get_dh512(void)\n{\n'}
        return _cli.Result(argv, 0, out[argv[1]], '')
    monkeypatch.setattr(_cli, 'find', lambda name, paths=(): '/usr/bin/' + os.path.basename(name))
    monkeypatch.setattr(_cli, 'run', run)
    monkeypatch.setattr(_ddk, 'MODULES', str(tmpdir))
    have = _ddk.survey(want(spec='upstream'), 10)
    assert have['kernel_devel'] == [DEVEL] and have['trees'] == ['3.10.0+2'] and have['compresses'] and have['rpm'] == '4.11.3'
    assert have['headers'] == ['openssl/ssl.h', 'stdio.h'] and have['topdir'] == '/root/rpmbuild' and have['arch'] == 'x86_64'
    assert [python['path'] for python in have['pythons']] == ['/usr/bin/python2.7', '/usr/bin/python']
    assert have['dhparams'] == 'static' and have['programs']['sphinx-build'] is None
    assert asked == [['rpm', '-E'], ['rpm', '-qa'], ['rpm', '--version'], ['gcc', '-M'],
                     ['openssl', 'dhparam'], ['python2.7', '-c'], ['python2', '-c'], ['python', '-c']]


def test_how_the_openssl_that_is_here_writes_parameters():
    path = _cli.find('openssl')
    release = _cli.run([path, 'version'], 10).out.split()
    if release[0] != 'OpenSSL':
        pytest.skip('openssl is here ' + release[0])
    number = tuple(int(part) for part in re.findall(r'\d+', release[1])[:3])
    assert _ddk._dhparams(path, 10) == (None if number >= (3,) else 'static' if number >= (1, 1, 1) else 'plain')


def test_a_host_with_nothing(monkeypatch):
    def find(name, paths=()):
        raise _cli.CliError('no')
    monkeypatch.setattr(_cli, 'find', find)
    have = _ddk.survey(want(defines=dict(openvswitch_cc='ccache gcc-4.8 -m32', ovs_python='/opt/python')), 10)
    assert have['rpm'] is None and have['dhparams'] is None and have['headers'] == [] and have['pythons'] == []
    missing = _ddk.plan(have, want(defines=dict(openvswitch_cc='ccache gcc-4.8 -m32', ovs_python='/opt/python')))['missing']
    assert 'ccache (package ccache)' in missing and 'gcc-4.8 (package gcc)' in missing and 'Python 2.7 or later of the series 2 as /opt/python' in missing


def test_a_python_that_is_given_as_a_number_is_a_name_like_any_other(monkeypatch):
    def find(name, paths=()):
        assert name == '3'
        raise _cli.CliError('no')
    monkeypatch.setattr(_cli, 'find', find)
    wanted = want(version='3.1.0', generations=['systemd'], kernels='auto', defines=dict(ovs_python=3))
    assert _ddk._pythons(wanted, 10) == []
    assert _ddk.plan(ddk(pythons=[]), wanted)['missing'] == ['Python 3.4 or later of the series 3 as 3']
