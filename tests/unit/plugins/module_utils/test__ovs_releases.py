# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The ranges are those of acinclude.m4 at the tags v2.0 to v2.17.12 of Open vSwitch, whose message is "newer than ... is not supported"."""

from __future__ import absolute_import, division, print_function
__metaclass__ = type

import pytest

from ansible_collections.xenserver.openvswitch.plugins.module_utils import _ovs_releases as releases

# By release: the newest kernel that configure takes, and the next one.
NEWEST = {
    '2.0': ('3.10.108', '3.11'), '2.0.2': ('3.10', '3.11'), '2.1.3': ('3.11', '3.12'), '2.3': ('3.14', '3.15'), '2.3.3': ('3.14', '3.15'),
    '2.4.1': ('4.0', '4.1'), '2.5.12': ('4.3', '4.4.0+10'), '2.6.0': ('4.7', '4.8'), '2.6.1': ('4.8', '4.9'), '2.7.13': ('4.9', '4.10'),
    '2.8.11': ('4.11', '4.12'), '2.9.0': ('4.13', '4.14'), '2.9.1': ('4.15', '4.16'), '2.10.7': ('4.15', '4.16'), '2.11.7': ('4.18', '4.19.0+1'),
    '2.12.0': ('5.0', '5.1'), '2.13.11': ('5.0', '5.1'), '2.14.9': ('5.5', '5.6'), '2.15.0': ('5.8', '5.9'), '2.17.12': ('5.8', '5.9')}
XS56 = '2.6.32.12-0.7.1.xs5.6.100.323.170596xen'


@pytest.mark.parametrize('version', sorted(NEWEST))
def test_the_newest_kernel_of_a_release(version):
    last, beyond = NEWEST[version]
    assert releases.kernel_problem(version, last) is None
    assert 'Open vSwitch %s takes kernels' % version in releases.kernel_problem(version, beyond)


@pytest.mark.parametrize('version, kernel, fits', [
    ('2.5.3', XS56, True), ('2.5.3', '2.6.31', False), ('2.6.0', XS56, False), ('2.6.0', '3.9.11', False), ('2.17.7', '3.10.0+2', True),
    ('1.4.0', '2.6.18', True), ('1.11.0', '5.8', True), ('1.4.0', '2.4.37', False)])
def test_the_oldest_kernel_of_a_release(version, kernel, fits):
    assert (releases.kernel_problem(version, kernel) is None) == fits


@pytest.mark.parametrize('version, kernel, said', [
    ('2.5.3', '4.4.0+10', 'takes kernels from 2.6.32 to 4.3, and this is 4.4.0+10; the releases that take this kernel are '
                          '1.0 and later, before 2.0; 2.6 and later, before 3.0'),
    ('2.6.0', XS56, 'the releases that take this kernel are 1.0 and later, before 2.6'),
    ('2.9.0', '4.15.3', 'the releases that take this kernel are 1.0 and later, before 2.0; 2.9.1 and later, before 3.0'),
    ('1.4.0', '2.4.37', 'takes kernels from 2.6 on, and this is 2.4.37; no release takes this kernel'),
])
def test_a_refused_kernel_is_told_the_releases_that_fit(version, kernel, said):
    assert said in releases.kernel_problem(version, kernel)


def test_the_module_ends_with_2_17():
    assert releases.has_module('2.17.12') and not releases.has_module('3.0.0') and not releases.has_module('10.1')


UNPACKAGED = {'_unpackaged_files_terminate_build': '0'}
LOGDIR = {'__arch_install_post': 'mkdir -p $RPM_BUILD_ROOT/var/log/openvswitch'}


@pytest.mark.parametrize('version, macros', [('1.4.0', {}), ('2.5.12', {}), ('2.6.0', UNPACKAGED), ('2.7.13', UNPACKAGED),
                                             ('2.8.0', dict(UNPACKAGED, **LOGDIR)), ('2.17.12', dict(UNPACKAGED, **LOGDIR))])
def test_the_macros_that_make_an_upstream_spec_package(version, macros):
    assert releases.upstream_macros(version) == macros


# What m4/openvswitch.m4 looks for; before 2.8 the manual pages are made without it.
@pytest.mark.parametrize('version, names', [('2.7.13', []), ('2.8.0', ['sphinx-build']), ('2.12.4', ['sphinx-build']),
                                            ('2.13.0', ['sphinx-build-3', 'sphinx-build-2', 'sphinx-build']), ('3.0.0', [])])
def test_the_sphinx_that_an_upstream_spec_takes(version, names):
    assert releases.sphinx(version) == names


# utilities/ovs-ctl.in calls ovs-kmod-ctl since 2.10.0. The first line of etc_xapi.d_plugins_openvswitch-cfg-update names python3 at the tags
# v2.13.2 to v2.13.11, v2.14.1 to v2.14.9 and v2.15.0 to v2.17.12, and Python 3 does not compile it at any.
@pytest.mark.parametrize('version, kmod, plugin', [
    ('2.9.9', False, False), ('2.10.0', True, False), ('2.13.1', True, False), ('2.13.2', True, True), ('2.13.11', True, True),
    ('2.14.0', True, False), ('2.14.1', True, True), ('2.15.0', True, True), ('2.17.12', True, True), ('3.0.0', False, False)])
def test_what_upstream_specs_make_broken(version, kmod, plugin):
    flaws = releases.upstream_flaws(version, 'static')
    assert [any(word in flaw for flaw in flaws) for word in ('ovs-kmod-ctl', 'openvswitch-cfg-update')] == [kmod, plugin] and len(flaws) == kmod + plugin


# lib/automake.mk at every tag from v2.5.0 to v2.10.0: which have "openssl dhparam -C" there, and which take "static DH" from its output.
MADE = {'2.5.0': True, '2.5.12': True, '2.6.5': True, '2.6.6': False, '2.6.10': False, '2.7.0': True, '2.7.8': True, '2.7.9': False, '2.7.13': False,
        '2.8.0': True, '2.8.6': True, '2.8.7': False, '2.8.11': False, '2.9.0': True, '2.9.2': True, '2.9.3': True, '2.9.9': True, '2.10.0': False}


@pytest.mark.parametrize('version', sorted(MADE))
def test_releases_that_have_openssl_write_a_source(version):
    assert releases.has_dhparams_made(version) == MADE[version]
    flaws = releases.upstream_flaws(version, 'static')
    assert any('lib/dhparams.c' in flaw for flaw in flaws) == (MADE[version] and version not in ('2.9.3', '2.9.9'))
    assert not [flaw for how in ('plain', None) for flaw in releases.upstream_flaws(version, how) if 'lib/dhparams.c' in flaw]


@pytest.mark.parametrize('version, uname, flavor', [('1.5.0', False, True), ('1.6.1', False, False), ('2.3.1', False, False), ('2.3.2', True, False)])
def test_the_macros_that_an_upstream_spec_knows(version, uname, flavor):
    assert (releases.knows_uname(version), releases.needs_flavor(version)) == (uname, flavor)


@pytest.mark.parametrize('text, found', [('2.17.7', (2, 17, 7)), ('4.19.0+1', (4, 19, 0)), (XS56, (2, 6, 32, 12)), ('', ()), ('xen', ())])
def test_numbers(text, found):
    assert releases.numbers(text) == found
