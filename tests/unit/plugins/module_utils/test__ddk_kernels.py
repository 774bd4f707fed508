# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function
__metaclass__ = type

import pytest

from ansible_collections.xenserver.openvswitch.plugins.module_utils import _ddk_kernels as kernels

KVER = '2.6.32.12-0.7.1.xs5.6.100.323.170596'


def line(name, version, provides=(), folders=()):
    return '%s\t%s\t%s\t%s' % (name, version, ''.join(item + '\f' for item in provides), ''.join(item + '\f' for item in folders))


XEN = line('kernel-xen-devel', KVER, ['kernel-xen-devel = ' + KVER])
NAMED = line('kernel-NAME-xen-devel', KVER)
PLAIN = line('kernel-devel', '3.10.41-323.380416', ['kernel-devel 3.10.41-323.380416', 'kernel-devel-uname-r 3.10.0+2'])
BY_FOLDER = line('kernel-devel', '4.19.19-8.0.38.1', ['kernel-devel 4.19.19-8.0.38.1'], ['/lib/modules/', '/lib/modules/4.19.0+1/', '/usr/src/kernels/'])
SILENT = line('kernel-devel', '4.4.52-1', ['kernel-devel 4.4.52-1'], ['/usr/src/kernels/4.4.52-1-x86_64/'])


@pytest.mark.parametrize('text, asked', [
    (XEN, dict(name='xen', version=KVER, flavor='xen')),
    (NAMED, dict(name='NAME-xen', version=KVER, flavor='xen')),
    (PLAIN, dict(uname='3.10.0+2')),
    (BY_FOLDER, dict(uname='4.19.0+1')),
])
def test_one_devel_package_is_the_kernel(text, asked):
    packages = kernels.devel_packages(text + '\n')
    assert kernels.detect(packages) == ([asked], [])
    assert kernels.resolve([asked])[1] == []


def test_other_flavors_do_not_count():
    others = '\n'.join(line(name, KVER) for name in ('kernel-kdump-devel', 'kernel-PAE-devel', 'perf-kernel-xen-devel')) + '\nwarning: odd\n'
    assert kernels.devel_packages(others) == []
    assert kernels.detect(kernels.devel_packages(others + XEN))[1] == []


@pytest.mark.parametrize('text, said', [
    ('', 'no kernel-devel package is installed here'),
    (XEN + '\n' + PLAIN, 'several kernel-devel packages are installed here, kernel-xen-devel-%s, kernel-devel-3.10.41-323.380416: name' % KVER),
    (SILENT, 'kernel-devel-4.4.52-1 does not tell its kernel'),
])
def test_what_cannot_be_told_is_refused(text, said):
    found, problems = kernels.detect(kernels.devel_packages(text))
    assert found == [] and len(problems) == 1 and said in problems[0]


@pytest.mark.parametrize('asked, folder, defines', [
    (dict(uname='3.10.0+2'), '3.10.0+2', dict(kernel_uname='3.10.0+2')),
    (dict(name='xen', version=KVER, flavor='xen'), KVER + 'xen', dict(kernel_name='xen', kernel_version=KVER, kernel_flavor='xen')),
    (dict(name='kdump', version=KVER, flavor='kdump'), KVER + 'kdump', dict(kernel_name='kdump', kernel_version=KVER, kernel_flavor='kdump')),
    (dict(name='kernel', version='3.10.41-323.380416', xen_version='3.10.0+2', flavor=''), '3.10.0+2',
     dict(kernel_name='kernel', kernel_version='3.10.41-323.380416', xen_version='3.10.0+2')),
])
def test_the_forms_of_a_kernel(asked, folder, defines):
    assert kernels.resolve([asked]) == ([dict(folder=folder, defines=defines)], [])


@pytest.mark.parametrize('name, short', [
    ('kernel-xen', 'xen'), ('kernel-NAME-xen', 'NAME-xen'), ('kernel-xen-devel', 'xen'), ('xen', 'xen'), ('kernel', 'kernel')])
def test_a_name_with_kernel_in_front_is_the_one_without(name, short):
    """facts 0: KERNEL_NAME=kernel-xen made specs before 2.3.2 require kernel-kernel-xen."""
    assert kernels.resolve([dict(name=name, version=KVER, flavor='xen')])[0][0]['defines']['kernel_name'] == short


@pytest.mark.parametrize('asked, said', [
    ('3.10.0+2', 'kernels must be "auto" or a list'),
    (['3.10.0+2'], "kernel 1: '3.10.0+2' is none; give uname"),
    ([dict(uname='3.10.0+2'), dict(unam='3.10.0+3')], 'kernel 2: it has no unam'),
    ([dict(uname=3.1)], "uname is '3.1': it must be text, in quotes"),
    ([dict(uname='3.10 0')], "uname is '3.10 0': it must be text"),
    ([dict(uname='-x')], "uname is '-x': it must be text"),
    ([dict(uname='../x')], "uname is '../x': it must be text"),
    ([dict(uname='3.10.0+2', flavor='xen')], 'leave the rest out'),
    ([dict(name='xen', flavor='xen')], 'give uname, or name and version'),
    ([dict(name='xen', version=KVER, flavor='PAE')], 'the flavor is PAE and must be xen or kdump'),
    ([dict(name='kernel-', version=KVER)], 'without "kernel-"'),
    ([dict(uname='3.10.0+2'), dict(name='kernel', version='3', xen_version='3.10.0+2')], 'the kernel 3.10.0+2 is given more than once'),
])
def test_what_is_no_kernel(asked, said):
    problems = kernels.resolve(asked)[1]
    assert len(problems) == 1 and said in problems[0], problems
