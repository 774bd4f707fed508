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


@pytest.mark.parametrize('version, macros', [('1.4.0', {}), ('2.5.12', {}), ('2.6.0', {'_unpackaged_files_terminate_build': '0'}),
                                             ('2.7.13', {'_unpackaged_files_terminate_build': '0'})])
def test_upstream_specs_that_package(version, macros):
    assert releases.upstream_spec(version) == (None, macros)


@pytest.mark.parametrize('version, reason', [('2.8.0', '/var/log/openvswitch'), ('2.17.12', '/var/log/openvswitch'), ('3.0.0', 'no xenserver folder'),
                                             ('3.7.1', 'no xenserver folder')])
def test_upstream_specs_that_do_not(version, reason):
    found, macros = releases.upstream_spec(version)
    assert reason in found and macros == {}


@pytest.mark.parametrize('version, uname, flavor', [('1.5.0', False, True), ('1.6.1', False, False), ('2.3.1', False, False), ('2.3.2', True, False)])
def test_the_macros_that_an_upstream_spec_knows(version, uname, flavor):
    assert (releases.knows_uname(version), releases.needs_flavor(version)) == (uname, flavor)


@pytest.mark.parametrize('text, found', [('2.17.7', (2, 17, 7)), ('4.19.0+1', (4, 19, 0)), (XS56, (2, 6, 32, 12)), ('', ()), ('xen', ())])
def test_numbers(text, found):
    assert releases.numbers(text) == found
