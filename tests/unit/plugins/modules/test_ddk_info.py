# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ddk_info on the real rpm and compiler of this machine, with a database and a topdir of its own."""

from __future__ import absolute_import, division, print_function
__metaclass__ = type

import os

import pytest

from ansible_collections.xenserver.openvswitch.plugins.module_utils import _ddk
from ansible_collections.xenserver.openvswitch.plugins.modules import ddk_info
from ansible_collections.xenserver.openvswitch.tests.unit.plugins.modules.rpm_host import Host, require
from ansible_collections.xenserver.openvswitch.tests.unit.plugins.modules.utils import run_module

KVER = '2.6.32.12-0.7.1.xs5.6.100.323.170596'


@pytest.fixture
def host(tmp_path, monkeypatch):
    require('rpm', 'rpmbuild', 'gcc', 'make')
    host = Host(tmp_path)
    host.modules = host.make('modules')
    monkeypatch.setattr(_ddk, 'MODULES', host.modules)
    # The release is older than OpenSSL 3, which this machine may have.
    monkeypatch.setattr(_ddk, '_dhparams', lambda openssl, time_limit: 'plain')
    host.enter(monkeypatch)
    return host


def install(host, name, version, release, tags='', uname=None):
    status, out = host.run('rpm', '-i', '--nodeps', host.rpm(name, version, release, tags, ghost=uname and '/lib/modules/%s/build' % uname))
    assert status == 0, out


def look(check_mode=False, **options):
    return run_module(ddk_info.main, dict(dict(version='2.5.3', generations=['sysv'], without=['libcapng']), **options), check_mode=check_mode)


def test_the_host_is_read_in_a_few_processes(host):
    result, failed = look(kernels=[])
    assert not failed and not result['changed'] and result['topdir'] == host.topdir and result['writable']
    assert result['rpm'][0].isdigit() and result['programs']['rpmbuild'] == os.path.join(host.bin, 'rpmbuild') and 'stdio.h' in result['headers']
    assert result['kernel_devel'] == [] and result['problems'] == []
    assert [argv[:2] for argv in host.argvs] == [['rpm', '-E'], ['rpm', '-qa'], ['rpm', '--version']]
    assert look(kernels=[], check_mode=True)[0] == result


def test_the_installed_kernel_devel_package_is_the_kernel(host):
    install(host, 'kernel-xen-devel', '2.6.32.12', '0.7.1.xs5.6.100.323.170596')
    install(host, 'kernel-kdump-devel', '2.6.32.12', '0.7.1.xs5.6.100.323.170596')
    os.makedirs(os.path.join(host.modules, KVER + 'xen', 'build'))
    result = look()[0]
    assert result['kernels'] == [KVER + 'xen'] and result['problems'] == []
    assert [text for text in result['missing'] if 'build with a Makefile' in text]
    open(os.path.join(host.modules, KVER + 'xen', 'build', 'Makefile'), 'w').close()
    result = look()[0]
    assert not [text for text in result['missing'] if 'build with a Makefile' in text]
    assert result['builds'][0]['defines'] == dict(openvswitch_version='2.5.3', xenserver_generation='sysv', kernel_name='xen', kernel_version=KVER,
                                                  kernel_flavor='xen')


@pytest.mark.parametrize('tags, uname', [('Provides: kernel-devel-uname-r = 3.10.0+2\n', None), ('', '3.10.0+2')])
def test_a_plain_kernel_devel_package_tells_its_uname(host, tags, uname):
    install(host, 'kernel-devel', '3.10.41', '323.380416', tags, uname)
    assert look()[0]['builds'][0]['defines']['kernel_uname'] == '3.10.0+2'


def test_two_kernel_devel_packages_are_refused_with_their_names(host):
    install(host, 'kernel-xen-devel', '2.6.32.12', '0.7.1')
    install(host, 'kernel-devel', '3.10.41', '323.380416')
    problems = look()[0]['problems']
    assert len(problems) == 1 and 'kernel-xen-devel-2.6.32.12-0.7.1' in problems[0] and 'kernel-devel-3.10.41-323.380416' in problems[0]


def test_the_files_of_a_folder(host):
    folder = host.make('sources')
    host.write('sources/a.txt', 'a')
    os.symlink('/nowhere', os.path.join(folder, 'broken'))
    host.make('sources', 'below')
    assert look(kernels=[], folder=folder)[0]['files'] == {'a.txt': 'ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb'}
    assert look(kernels=[], folder='~/sources')[0]['folder'] == os.path.join(host.home, 'sources')
    assert look(kernels=[], folder=os.path.join(folder, 'none'))[0]['files'] == look(kernels=[])[0]['files'] == {}


def test_a_version_that_is_none_is_refused(host):
    for version in ('3.1.0-rc1', 'master', '', '3.1.'):
        result, failed = look(version=version)
        assert failed and 'numbers and dots' in result['msg']


def test_a_release_of_which_nothing_is_known_is_refused(host):
    result, failed = look(version='0.99.2', kernels=[dict(uname='3.10.0+2')])
    assert failed and 'version is 0.99.2' in result['msg'] and not host.argvs
    assert not look(version='1.0.0', kernels=[])[1]


@pytest.mark.parametrize('words', [' ', '-m64 -O2'])
def test_words_that_name_no_compiler_are_refused(host, words):
    result, failed = look(defines=dict(openvswitch_cc=words))
    assert failed and repr(words) in result['msg'] and 'names no compiler' in result['msg'] and not host.argvs
