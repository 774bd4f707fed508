# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What rpmbuild's real logs say of a failure."""

from __future__ import absolute_import, division, print_function
__metaclass__ = type

import pytest

from ansible_collections.xenserver.openvswitch.plugins.module_utils import _cli
from ansible_collections.xenserver.openvswitch.plugins.module_utils import _rpm_log as log
from ansible_collections.xenserver.openvswitch.tests.unit.plugins.module_utils.test__rpm import VERSIONS

FAILURES = [
    ('compile', '%build', "hello.c:5:3: error: 'retrun' undeclared (first use in this function)"),
    ('link', '%build', 'undefined reference to `nowhere\''),
    ('make', '%build', "make: *** No rule to make target 'nosuch.h', needed by 'hello.o'.  Stop."),
    ('configure', '%build', 'configure: error: Cannot find openssl (use --disable-ssl to configure without SSL support)'),
    ('patch', '%prep', "can't find file to patch at input line 3"),
    ('source', '%prep', 'nosuch.tar.gz\': No such file or directory'),
    ('missingfile', '%files', 'error: File not found: '),
    ('unpackaged', '%files', 'error: Installed (but unpackaged) file(s) found: /opt/extra /opt/more'),
    ('parse', None, 'error: line 6: Version required: Requires: kernel-xen ='),
    ('version', None, "error: line 2: Illegal char '-' (0x2d) in: Version: 2.5.3-rc1"),
]


@pytest.mark.parametrize('version', VERSIONS)
@pytest.mark.parametrize('name, stage, error', FAILURES)
def test_stage_and_first_error(captured, version, name, stage, error):
    found = log.explain(captured('rpm/rpmbuild-%s-%s.log' % (version, name)))
    assert found['stage'] == stage and error in found['errors'][0]
    assert found['failed_tests'] == [] and found['missing_requires'] == []


@pytest.mark.parametrize('version', VERSIONS)
def test_failed_unit_tests(captured, version):
    found = log.explain(captured('rpm/rpmbuild-%s-check.log' % version))
    assert found['stage'] == '%check' and found['errors'] == []
    assert [(test['number'], test['name']) for test in found['failed_tests']] == [
        (2, 'vlog - Python (long name, with: colon)'), (3, 'expected to fail but passes'), (5, 'daemon does not start')]


def test_a_test_that_passed_when_it_was_run_again_has_not_failed(captured):
    text = 'Executing(%check): /bin/sh -e /var/tmp/rpm-tmp.a\n' + captured('../../plugin_utils/fixtures/autotest-2.69-recheck.log')
    assert log.explain(text)['failed_tests'] == [dict(number=3, name='bonding - always fails')]


def test_what_tools_say_of_being_ended_is_no_cause(captured):
    text = captured('rpm/rpmbuild-4.18-make.log')
    assert 'was ended' in str(log.failure(text, _cli.Ended('x was ended.'), '/a.spec', '/log'))
    assert 'was ended' not in str(log.failure(text, _cli.CliError('x was ended.'), '/a.spec', '/log'))


@pytest.mark.parametrize('version', VERSIONS)
def test_all_missing_requires(captured, version):
    found = log.explain(captured('rpm/rpmbuild-%s-requires.log' % version))
    assert found == dict(stage=None, errors=[], failed_tests=[], missing_requires=['autoconf-nothere', 'libcap-ng-devel >= 0.7', 'openssl-devel'])


def test_a_log_that_says_nothing():
    assert log.explain('') == dict(stage=None, errors=[], failed_tests=[], missing_requires=[])


@pytest.mark.parametrize('name, word', [('parse', 'kernel_uname'), ('missingfile', 'redhat-rpm-config'), ('unpackaged', '_unpackaged_files_terminate_build')])
def test_remedies(captured, name, word):
    error = log.failure(captured('rpm/rpmbuild-4.18-%s.log' % name), _cli.CliError('x'), '/a.spec', '/log')
    assert word in str(error) and error.details()['log'] == '/log' and len(error.details()['log_tail']) <= log.TAIL


@pytest.mark.parametrize('name, word', [('check', 'failed unit tests: 2 vlog - Python (long name, with: colon), 3 expected'),
                                        ('requires', 'missing BuildRequires, install them: autoconf-nothere, libcap-ng-devel >= 0.7')])
def test_the_message_names_all_failed_tests_and_missing_packages(captured, name, word):
    error = log.failure(captured('rpm/rpmbuild-4.18-%s.log' % name), _cli.CliError('x'), '/a.spec', '/log')
    assert word in str(error) and 'The whole log: /log' in str(error)
