# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function
__metaclass__ = type

import os
import re
import shutil
import subprocess

import pytest

KVER = '2.6.32.12-0.7.1.xs5.6.100.323.170596'
SYSV = {'xenserver_generation': 'sysv'}
FLAVOR = dict(SYSV, kernel_name='xen', kernel_version=KVER, kernel_flavor='xen')
needs_rpm = pytest.mark.skipif(not os.path.exists('/usr/bin/rpmspec'), reason='rpmspec is not installed')


def test_every_file_is_a_source_and_every_source_a_file(files):
    named = re.findall(r'^Source\d+: (\S+)$', files('openvswitch.spec'), re.MULTILINE)
    assert named.pop(0) == 'openvswitch-%{openvswitch_version}.tar.gz'
    assert sorted(named + ['openvswitch.spec']) == sorted(os.listdir(files.folder))


def query(files, version, macros, *args):
    argv = ['/usr/bin/rpmspec', '-q', '-D', '_arch x86_64', '-D', '_target_cpu x86_64']
    for name, value in dict(macros, **({'openvswitch_version': version} if version else {})).items():
        argv += ['-D', '%s %s' % (name, value)]
    process = subprocess.Popen(argv + list(args) + [os.path.join(files.folder, 'openvswitch.spec')], stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, universal_newlines=True)
    out, err = process.communicate()
    return process.returncode, out.split('\n')[:-1], err


@needs_rpm
@pytest.mark.parametrize('version, macros, packages', [
    ('3.1.0', {}, ['openvswitch-3.1.0-1.systemd', 'openvswitch-ipsec-3.1.0-1.systemd', 'python3-openvswitch-3.1.0-1.systemd']),
    ('3.1.0', SYSV, ['openvswitch-3.1.0-1.sysv', 'python3-openvswitch-3.1.0-1.sysv']),
    ('2.10.7', {}, ['openvswitch-2.10.7-1.systemd', 'python2-openvswitch-2.10.7-1.systemd']),
    ('2.5.3', dict(SYSV, openvswitch_dist='%{nil}', ovs_python='/usr/bin/python3', kernel_uname='3.10.0+2'),
     ['openvswitch-2.5.3-1', 'openvswitch-modules-3.10.0+2-2.5.3-1', 'python3-openvswitch-2.5.3-1']),
    ('2.5.3', dict(FLAVOR, openvswitch_dist='%{nil}', ovs_python='/usr/bin/python3', openvswitch_release='7'),
     ['openvswitch-2.5.3-7', 'openvswitch-modules-xen-%s-2.5.3-7' % KVER, 'python3-openvswitch-2.5.3-7']),
])
def test_names(files, version, macros, packages):
    if version == '2.10.7' and not os.path.exists('/usr/bin/python2.7'):
        packages = [name.replace('python2', 'python3') for name in packages]
    assert query(files, version, macros, '--qf', '%{NAME}-%{VERSION}-%{RELEASE}\n')[1] == packages


@needs_rpm
@pytest.mark.parametrize('macros, needs', [
    ({}, 'kernel'), (SYSV, 'openvswitch.ko.0'), ({'openvswitch_kmod': 'kernel-alt'}, 'kernel-alt')])
def test_the_kernel_module_is_required(files, macros, needs):
    assert needs in query(files, '3.1.0', macros, '--requires')[1]


@needs_rpm
def test_the_kernel_module_need_not_be_required(files):
    needs = query(files, '3.1.0', {'openvswitch_kmod': '%{nil}'}, '--requires')[1]
    assert needs and not [name for name in needs if name.startswith(('kernel', 'openvswitch.ko'))]


@needs_rpm
@pytest.mark.parametrize('macros, package', [
    (FLAVOR, 'openvswitch-modules-xen-%s-2.5.3-1.sysv' % KVER),
    (dict(FLAVOR, kernel_flavor='kdump'), 'openvswitch-modules-kdump-%s-2.5.3-1.sysv' % KVER),
    (dict(SYSV, kernel_uname='3.10.0+2'), 'openvswitch-modules-3.10.0+2-2.5.3-1.sysv'),
])
def test_the_modules_of_a_further_kernel_are_built_alone(files, macros, package):
    assert query(files, '2.5.3', macros, '--without', 'userspace', '--builtrpms', '--qf', '%{NAME}-%{VERSION}-%{RELEASE}\n')[1] == [package]
    needs = query(files, '2.5.3', macros, '--without', 'userspace', '--buildrequires')[1]
    assert 'gcc' in needs and 'openssl-devel' not in needs


@needs_rpm
@pytest.mark.parametrize('macros, provides, requires', [
    (FLAVOR, 'openvswitch-modules-xen = ' + KVER, 'kernel-xen = ' + KVER),
    (dict(FLAVOR, kernel_flavor='kdump'), 'openvswitch-modules-kdump = ' + KVER, 'kernel-kdump = ' + KVER),
    (dict(SYSV, kernel_uname='3.10.0+2'), 'openvswitch-modules = 3.10.0+2', 'kernel-uname-r = 3.10.0+2'),
    (dict(SYSV, kernel_name='kernel', kernel_version='3.10.41-323.380416', xen_version='3.10.0+2'),
     'openvswitch-modules = 3.10.41-323.380416', 'kernel = 3.10.41-323.380416'),
])
def test_modules_package(files, macros, provides, requires):
    given = query(files, '2.5.3', macros, '--provides')[1]
    assert provides in given and 'openvswitch.ko.0' in given
    assert requires in query(files, '2.5.3', macros, '--requires')[1]


@needs_rpm
def test_sub_packages_need_this_very_build(files):
    assert query(files, '3.1.0', {'openvswitch_epoch': '2'}, '--requires')[1].count('openvswitch = 2:3.1.0-1.systemd') == 2


@needs_rpm
@pytest.mark.parametrize('version, macros, vendor, newer', [
    ('3.1.0', {}, '2.17.7-4.1.xcpng8.3', True),
    ('2.17.7', {}, '2.17.7-4.1.xcpng8.3', False),
    ('2.17.7', {'openvswitch_release': '5'}, '2.17.7-4.1.xcpng8.3', True),
    ('2.5.3', {}, '2.5.3-2.3.14.2.xcpng8.2', False),
    ('2.5.3', {'openvswitch_epoch': '1'}, '2.17.7-4.1.xcpng8.3', True),
])
def test_a_package_can_exceed_the_vendors(files, version, macros, vendor, newer):
    ours = query(files, version, macros, '--qf', '%|EPOCH?{%{EPOCH}:}|%{VERSION}-%{RELEASE}\n')[1][0]
    # What rpm itself says of the two.
    said = subprocess.check_output(['/usr/bin/rpm', '--eval', '%%{lua: print(rpm.vercmp("%s", "%s"))}' % (ours, vendor)], universal_newlines=True)
    assert (said.strip() == '1') == newer


@needs_rpm
@pytest.mark.parametrize('version, macros, said', [
    (None, {}, 'openvswitch_version is not given'),
    ('3.1.0', {'xenserver_generation': 'upstart'}, 'it has to be systemd or sysv'),
    ('2.17.7', {'kernel_uname': '4.19.0+1'}, 'hosts of the systemd generation have the module in their kernel'),
    ('3.1.0', dict(SYSV, kernel_uname='3.10.0+2'), 'Open vSwitch 3.1.0 has no kernel module'),
    ('2.5.3', dict(SYSV, kernel_name='xen'), 'have to be given together'),
    ('2.5.3', dict(SYSV, kernel_version=KVER), 'have to be given together'),
    ('2.5.3', dict(FLAVOR, kernel_uname='3.10.0+2'), 'give one form'),
])
def test_macros_that_do_not_fit(files, version, macros, said):
    code, dummy, err = query(files, version, macros)
    assert code != 0
    assert said in err


@needs_rpm
def test_without_userspace_and_kernel_there_is_nothing_to_build(files):
    code, dummy, err = query(files, '2.5.3', SYSV, '--without', 'userspace')
    assert code != 0
    assert 'needs kernel macros' in err


def patch(old, new):
    return '--- a/data\n+++ b/data\n@@ -1 +1 @@\n-%s\n+%s\n' % (old, new)


@needs_rpm
@pytest.mark.parametrize('given, content', [(None, 'one'), ('z.patch', 'two'), ('z.patch a.patch', 'three'), ('a.patch z.patch', None)])
def test_patches_are_applied_in_their_order(files, tmpdir, given, content):
    sources = str(tmpdir.mkdir('SOURCES'))
    for name in os.listdir(files.folder):
        shutil.copy(os.path.join(files.folder, name), sources)
    tmpdir.mkdir('openvswitch-3.1.0').join('data').write('one\n')
    subprocess.check_call(['tar', '-C', str(tmpdir), '-czf', os.path.join(sources, 'openvswitch-3.1.0.tar.gz'), 'openvswitch-3.1.0'])
    for name, text in (('z.patch', patch('one', 'two')), ('a.patch', patch('two', 'three'))):
        tmpdir.join('SOURCES', name).write(text)
    argv = ['/usr/bin/rpmbuild', '-bp', '--nodeps', '-D', '_topdir %s' % tmpdir, '-D', 'openvswitch_version 3.1.0']
    argv += ['-D', 'openvswitch_patches ' + given] if given else []
    process = subprocess.Popen(argv + [os.path.join(sources, 'openvswitch.spec')], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    assert process.communicate() and (process.returncode == 0) == (content is not None)
    if content:
        assert tmpdir.join('BUILD', 'openvswitch-3.1.0', 'data').read() == content + '\n'


@needs_rpm
def test_patches_go_into_a_source_package(files):
    found = query(files, '3.1.0', {'openvswitch_patches': 'z.patch a.patch'}, '--srpm', '--qf', '[%{PATCH}\n]')[1]
    assert sorted(found) == ['a.patch', 'z.patch']


@needs_rpm
def test_sub_packages_without_programs_are_for_any_machine(files):
    found = query(files, '3.1.0', {}, '--qf', '%{NAME}.%{ARCH}\n')[1]
    assert found == ['openvswitch.x86_64', 'openvswitch-ipsec.noarch', 'python3-openvswitch.noarch']


@needs_rpm
def test_the_library_needs_the_python_whose_path_it_is_on(files):
    version = subprocess.check_output(['/usr/bin/python3', '-c', 'import sys; print("%d.%d" % sys.version_info[:2])'], universal_newlines=True)
    assert 'python(abi) = ' + version.strip() in query(files, '3.1.0', {}, '--requires')[1]


@needs_rpm
@pytest.mark.parametrize('version, wanted', [('2.5.12', True), ('2.9.9', True), ('2.10.7', False), ('3.1.0', False)])
def test_functions_that_openssl_writes_are_made_for_the_header(files, tmpdir, version, wanted):
    """2.5.12 with OpenSSL 1.1.1n: lib/dhparams.c:2:12: error: static declaration of 'get_dh1024' follows non-static declaration"""
    assert ('openssl' in query(files, version, {}, '--buildrequires')[1]) == wanted
    spec = query(files, version, {}, '--parse')[1]
    assert ('make lib/dhparams.c' in spec) == wanted
    if wanted:
        tmpdir.mkdir('lib').join('dhparams.c').write('#include "lib/dhparams.h"\nstatic DH *get_dh1024(void)\n{\n    static unsigned char dhp_1024[] = {\n')
        subprocess.check_call(['sh', '-c', spec[spec.index('make lib/dhparams.c') + 1]], cwd=str(tmpdir))
        assert tmpdir.join('lib', 'dhparams.c').read() == '#include "lib/dhparams.h"\nDH *get_dh1024(void)\n{\n    static unsigned char dhp_1024[] = {\n'


@needs_rpm
@pytest.mark.parametrize('version', ['2.12.4', '3.1.0'])
def test_sphinx_is_not_run_where_there_is_one(files, tmpdir, version):
    """3.1.0 on a host with Sphinx, told of it by make alone: "/bin/bash: line 1: none: command not found", "[Makefile:6789: docs-check] Error 127"."""
    spec = query(files, version, {}, '--parse')[1]
    section = spec[[line.split(' ')[0] for line in spec].index('./configure'):spec.index('%install')]
    tmpdir.join('configure').write('#!/bin/sh\nprintf "%s\\n" "$@" > words\n')
    tmpdir.join('configure').chmod(0o755)
    make = tmpdir.mkdir('bin').join('make')
    make.write('#!/bin/sh\n')
    make.chmod(0o755)
    subprocess.check_call(['sh', '-e', '-c', '\n'.join(section)], cwd=str(tmpdir), env=dict(os.environ, PATH='%s:%s' % (make.dirname, os.environ['PATH'])))
    # What m4/openvswitch.m4 of 2.13 and later, and of 2.8 to 2.12, takes for an answer.
    assert {'SPHINXBUILD=none', 'ovs_cv_sphinx=no'} <= set(tmpdir.join('words').read().split('\n'))


@needs_rpm
@pytest.mark.parametrize('failures, status, calls', [
    (0, 0, ['check TESTSUITEFLAGS=-j2 1-9']),
    (20, 0, ['check TESTSUITEFLAGS=-j2 1-9'] + 20 * ['check TESTSUITEFLAGS=--recheck']),
    (21, 1, ['check TESTSUITEFLAGS=-j2 1-9'] + 20 * ['check TESTSUITEFLAGS=--recheck']),
])
def test_unit_tests_that_failed_are_run_again_some_times(files, tmpdir, failures, status, calls):
    """3.1.0: "refs to link1" and "refs to link2" wait for two messages to arrive as one, as their mending in 3.6.0 says."""
    spec = query(files, '3.1.0', {'_smp_mflags': '-j2', 'openvswitch_tests': '1-9'}, '--parse')[1]
    section = spec[spec.index('%check') + 1:spec.index('%clean')]
    make = tmpdir.mkdir('bin').join('make')
    make.write('#!/bin/sh\necho "$@" >> calls\ntest $HAVE_PYTEST = no && test $(grep -c . calls) -gt %d\n' % failures)
    make.chmod(0o755)
    tmpdir.mkdir('tests').mkdir('testsuite.dir').mkdir('0007').join('testsuite.log').write('why it failed\n')
    process = subprocess.Popen(['sh', '-e', '-c', '\n'.join(section)], cwd=str(tmpdir), env=dict(os.environ, PATH='%s:%s' % (make.dirname, os.environ['PATH'])),
                               stdout=subprocess.PIPE, universal_newlines=True)
    out = process.communicate()[0]
    assert process.returncode == status and tmpdir.join('calls').read().split('\n')[:-1] == calls
    assert ('== tests/testsuite.dir/0007/testsuite.log\nwhy it failed\n' in out) == bool(status)
