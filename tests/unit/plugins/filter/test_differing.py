# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import hashlib

from ansible_collections.xenserver.openvswitch.plugins.filter import differing


def test_what_is_as_it_is_to_be_is_left_out(tmp_path):
    for name in ('same', 'changed', 'unknown'):
        (tmp_path / name).write_bytes(b'\xff' + name.encode())
    digests = dict(same=hashlib.sha256(b'\xffsame').hexdigest(), changed='0' * 64, gone='0' * 64)
    paths = [str(tmp_path / name) for name in ('unknown', 'same', 'gone', 'changed')]
    assert differing.FilterModule().filters()['differing'](paths, digests) == [paths[0], paths[2], paths[3]]
