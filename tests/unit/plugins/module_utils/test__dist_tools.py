# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function
__metaclass__ = type

import os

import pytest

from ansible_collections.xenserver.openvswitch.plugins.module_utils import _cli, _dist_tools

ALL = ('autoreconf', 'aclocal', 'libtoolize', 'make', 'gcc', 'tar', 'gzip', 'git', 'patch')


@pytest.fixture
def host(monkeypatch):
    """``host(names, python)``: the programs that are there, and the versions that Pythons say they are."""
    def make(names, pythons=None, six=True):
        pythons = {'python3': '3.9.2'} if pythons is None else pythons

        def find(name):
            if name in names or name in pythons:
                return '/bin/' + name
            raise _cli.CliError('no')

        def run(argv, time_limit, ok=(0,)):
            if 'six' in argv[-1]:
                return _cli.Result(argv, 0 if six else 1, '', '' if six else 'ImportError: No module named six')
            said = pythons.get(os.path.basename(argv[0]), '%s 1.0\nmore' % argv[0])
            return _cli.Result(argv, 0, said + '\n', '')
        monkeypatch.setattr(_cli, 'find', find)
        monkeypatch.setattr(_cli, 'run', run)
    return make


def survey(kind='git', version='3.1.0', patched=True):
    return _dist_tools.survey(dict(kind=kind, version=version), patched, 10)


def test_a_builder_lacks_nothing(host):
    host(ALL)
    there, missing = survey()
    assert missing == [] and there['python'] == '/bin/python3' and sorted(there) == sorted(ALL + ('python',))


def test_a_ddk_is_told_all_at_once(host):
    host(('make', 'gcc', 'tar', 'gzip'))
    there, missing = survey()
    assert missing == ['autoreconf (package autoconf)', 'aclocal (package automake)', 'libtoolize (package libtool)', 'git', 'patch']
    refusal = _dist_tools.refusal('3.1.0', missing)
    assert all(name in refusal for name in missing) and 'DDK' in refusal and 'builder' in refusal


def test_only_what_the_source_needs_is_asked_for(host):
    host([name for name in ALL if name not in ('git', 'patch')])
    assert survey('tree', patched=False)[1] == [] and survey('release', patched=False) == ({}, [])
    host(())
    assert survey('release', patched=False) == ({}, [])


def test_another_name_of_a_program_will_do(host):
    host([name for name in ALL if name not in ('libtoolize', 'gcc')] + ['glibtoolize', 'clang'])
    there, missing = survey()
    assert missing == [] and there['gcc'] == '/bin/clang'


@pytest.mark.parametrize('version, python', [
    ('1.4.0', (2, 4)), ('2.4.1', (2, 4)),
    ('2.5.0', (2, 7)), ('2.12.0', (2, 7)), ('2.13.0', (3, 4)), ('3.1.0', (3, 4)), ('3.2.0', (3, 6)), ('3.5.0', (3, 7)), ('10.0', (3, 7)),
])
def test_the_python_that_a_version_takes(version, python):
    assert _dist_tools.python_for(version) == python


@pytest.mark.parametrize('version, pythons, missing', [
    ('3.1.0', {'python3': '3.3.0'}, ['Python 3.4 or later (package python3)']),
    ('3.1.0', {'python2': '2.7.18'}, ['Python 3.4 or later (package python3)']),
    ('3.5.0', {'python3': '3.6.8', 'python3.11': '3.11.2'}, []),
    ('2.5.3', {'python3': '3.9.2'}, ['Python 2.7 or later (package python2)']),
    ('2.5.3', {'python': '3.9.2', 'python2': '2.7.18'}, []),
    ('2.17.7', {'python3': '3.10.0'}, []),
])
def test_the_python_that_a_host_has(host, version, pythons, missing):
    host(ALL, pythons)
    assert survey(version=version)[1] == missing


@pytest.mark.parametrize('version, wants_it', [('2.5.12', False), ('2.6.0', True), ('2.12.0', True), ('2.13.0', False)])
def test_six_is_asked_for_where_configure_wants_it(host, version, wants_it):
    """Source: m4/openvswitch.m4 of v2.9.9, OVS_CHECK_PYTHON."""
    host(ALL, {'python2.7': '2.7.18', 'python3': '3.9.2'}, six=False)
    assert survey(version=version)[1] == (['six for /bin/python2.7 (package python-six)'] if wants_it else [])
    host(ALL, {'python2.7': '2.7.18'})
    assert survey(version='2.9.9')[1] == []


def test_versions_are_one_line_each(host):
    host(ALL)
    assert _dist_tools.versions({'make': '/bin/make'}, 10) == {'make': '/bin/make 1.0'}
