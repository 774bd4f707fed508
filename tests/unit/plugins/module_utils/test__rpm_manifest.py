# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Inputs compared, and where a manifest lies."""

from __future__ import absolute_import, division, print_function
__metaclass__ = type

import json

import pytest

from ansible_collections.xenserver.openvswitch.plugins.module_utils import _rpm_manifest as manifests
from ansible_collections.xenserver.openvswitch.plugins.module_utils._rpm_options import FOLDERS
from ansible_collections.xenserver.openvswitch.tests.unit.plugins.module_utils.test__rpm_options import files


def test_differences(tmp_path):
    given = files(tmp_path, a_spec='s', b_txt='t')
    wanted = manifests.inputs(given, dict(rpm='RPM version 4.18.0', compiler='gcc 12'))
    manifest = json.loads(json.dumps(dict(inputs=wanted, rpms=[], prepared=None)))
    assert manifests.differences(manifest, wanted) == [], 'a manifest read again must equal what was written'
    assert manifests.differences(None, wanted)
    for name in manifests.flat(wanted):
        manifest['inputs'] = dict(wanted)
        top, dummy, key = name.partition('/')
        manifest['inputs'][top] = dict(wanted[top], **{key: 'other'}) if key else 'other'
        assert manifests.differences(manifest, wanted) == [name + ' changed']
    manifest['inputs'] = dict(wanted, sources=dict(wanted['sources'], gone='x'))
    assert manifests.differences(manifest, wanted) == ['sources/gone is no longer an input']


def test_every_parameter_has_a_manifest_of_its_own_and_files_and_versions_share_one(tmp_path):
    given = files(tmp_path, a_spec='s', b_txt='t')
    folders = dict((name, '/t/' + name) for name in FOLDERS)

    def manifest(versions='1', **values):
        return manifests.places(folders, manifests.inputs(dict(given, **values), dict(rpm=versions, compiler='x')))['manifest']
    names = [manifest(), manifest(stage='all'), manifest(defines={}), manifest(without=['x']), manifest(target='i686'), manifest(environment={}),
             manifest(**{'with': ['x']})]
    assert len(set(names)) == len(names) and all(name.startswith('/t/_rpmdir/a-') for name in names)
    assert manifest('2') == manifest(jobs=3) == names[0]
    files(tmp_path, a_spec='changed')
    assert manifest() == names[0]


@pytest.mark.parametrize('text', ['', '{', '[]', '{"inputs": {}}', 'null'])
def test_a_manifest_that_is_no_manifest(tmp_path, text):
    (tmp_path / 'm').write_bytes(text.encode('utf-8'))
    assert manifests.read_manifest(str(tmp_path / 'm')) is None
    assert manifests.read_manifest(str(tmp_path / 'none')) is None
