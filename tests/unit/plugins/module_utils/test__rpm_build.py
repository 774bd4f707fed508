# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A host surveyed, sources brought."""

from __future__ import absolute_import, division, print_function
__metaclass__ = type

import pytest

from ansible_collections.xenserver.openvswitch.plugins.module_utils import _cli, _rpm_manifest, _rpm_origin
from ansible_collections.xenserver.openvswitch.plugins.module_utils import _rpm_build as build
from ansible_collections.xenserver.openvswitch.plugins.module_utils._rpm_options import FOLDERS
from ansible_collections.xenserver.openvswitch.tests.unit.plugins.module_utils import test__rpm
from ansible_collections.xenserver.openvswitch.tests.unit.plugins.module_utils.test__rpm_options import files, options


def answer(monkeypatch, *results):
    """Let the tools give these captured answers, in turn; the environments that they got."""
    test__rpm.answer(monkeypatch, *results)
    environments, captured = [], _cli.run

    def run(argv, time_limit, env=None, **values):
        environments.append(env)
        return captured(argv, time_limit, **values)
    monkeypatch.setattr(_cli, 'run', run)
    return environments


def test_a_host_without_compiler_is_surveyed_all_the_same(monkeypatch):
    folders = ''.join('/t/%s\n' % name for name in FOLDERS)
    environments = answer(monkeypatch, dict(rc=0, out=folders + 'nosuchcc -m64\n', err=''), dict(rc=0, out='RPM version 4.18.0\n', err=''))
    real = _cli.run

    def run(argv, time_limit, **values):
        if argv[0] == 'nosuchcc':
            raise _cli.CliError('could not be started')
        return real(argv, time_limit, **values)
    monkeypatch.setattr(_cli, 'run', run)
    assert build.survey(options(environment=dict(A=1)), 9)[1] == dict(rpm='RPM version 4.18.0', compiler='none')
    assert environments == [dict(A='1'), dict(A='1')]


def test_folders_that_would_not_arrive_are_refused(monkeypatch):
    folders = ['/t/%s' % name for name in FOLDERS[:-1]] + ['/a b', 'gcc']
    answer(monkeypatch, dict(rc=0, out='\n'.join(folders) + '\n', err=''))
    with pytest.raises(_cli.CliError) as error:
        build.survey(options(), 9)
    assert 'would work in /a b' in str(error.value)


def test_a_spec_that_cannot_be_read_alone_is_left_to_rpmbuild(monkeypatch):
    answer(monkeypatch, dict(rc=1, out='', err='error: line 6: Version required\n'))
    assert _rpm_origin.unlisted(options(), 9) == []


def test_a_source_that_changes_while_it_is_copied_is_refused(tmp_path):
    given = files(tmp_path, a_spec='s', b_txt='t')
    (tmp_path / 'S').mkdir()
    wanted = _rpm_manifest.inputs(given, {})
    files(tmp_path, b_txt='changed meanwhile')
    with pytest.raises(_cli.CliError) as error:
        build.collect(given, dict(_sourcedir=str(tmp_path / 'S'), _specdir=str(tmp_path / 'S')), wanted, 9)
    assert 'changed while it was copied' in str(error.value)
