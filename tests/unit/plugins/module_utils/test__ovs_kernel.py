# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function
__metaclass__ = type

import gzip

import pytest

from ansible_collections.xenserver.openvswitch.plugins.module_utils import _ovs_info, _ovs_kernel

# The .modinfo section as gcc and the kernel's MODULE_VERSION lay it out, among other sections.
SECTION = b'\x7fELF\x02rodata version=%s\0fsversion=9\0\0\x01\x02version=2.17.7\0srcversion=533BB7E5866E52F63B9ACCB\0license=GPL\0depends=nf_nat\0\0'
RELEASE = '4.19.0+1'


@pytest.fixture
def root(tmp_path):
    def make(loaded=None, file='extra/openvswitch/openvswitch.ko', content=SECTION, listed=True):
        if loaded is not None:
            folder = tmp_path / 'sys' / 'module' / 'openvswitch'
            folder.mkdir(parents=True)
            for name, value in loaded.items():
                (folder / name).write_text(value)
        modules = tmp_path / 'lib' / 'modules' / RELEASE
        modules.mkdir(parents=True)
        if listed:
            (modules / 'modules.dep').write_text(u'kernel/net/openvswitch/vport-vxlan.ko: %s\n%s: kernel/net/nf_nat.ko\n' % (file, file))
        path = modules / file
        path.parent.mkdir(parents=True)
        if content is not None:
            path.write_bytes(content)
        return _ovs_kernel.state(str(tmp_path), RELEASE)
    return make


SAME = dict(version=u'2.17.7\n', srcversion=u'533BB7E5866E52F63B9ACCB\n')


def test_the_loaded_module_is_the_installed_one(root):
    state = root(SAME)
    assert (state['loaded'], state['version'], state['file_version'], state['file_srcversion']) == (True, '2.17.7', '2.17.7', '533BB7E5866E52F63B9ACCB')
    assert state['file'].endswith('/4.19.0+1/extra/openvswitch/openvswitch.ko')
    assert _ovs_kernel.mismatch(state) is None and _ovs_info.pending_reboot(state) == []


@pytest.mark.parametrize('loaded, said', [
    (dict(SAME, version=u'2.5.3\n'), 'with the version 2.5.3, and'), (dict(srcversion=u'0000\n'), 'with the srcversion 0000, and')])
def test_another_module_on_disk_makes_a_reboot_due(root, loaded, said):
    reasons = _ovs_info.pending_reboot(root(loaded))
    assert len(reasons) == 1 and said in reasons[0]


def test_a_module_that_is_not_loaded_makes_none_due(root):
    assert _ovs_kernel.mismatch(root()) is None


def test_what_nobody_tells_is_no_mismatch(root):
    state = root({}, content=b'no texts')
    assert state['loaded'] and state['version'] is None and state['file_srcversion'] is None and _ovs_kernel.mismatch(state) is None


def test_no_module_is_listed(root):
    assert root(SAME, listed=False)['file'] is None


def test_a_listed_file_that_is_gone(root):
    assert root(SAME, content=None)['file_version'] is None


def packed(tmp_path, kind):
    path = tmp_path / ('x.' + kind)
    if kind == 'gz':
        with gzip.open(str(path), 'wb') as stream:
            stream.write(SECTION)
    else:
        lzma = pytest.importorskip('lzma')
        path.write_bytes(lzma.compress(SECTION))
    return path.read_bytes()


@pytest.mark.parametrize('kind', ['gz', 'xz'])
def test_packed_modules_are_read(root, tmp_path, kind):
    assert root(SAME, 'kernel/net/openvswitch/openvswitch.ko.' + kind, packed(tmp_path, kind))['file_version'] == '2.17.7'


@pytest.mark.parametrize('kind', ['gz', 'xz', 'zst'])
def test_a_file_that_cannot_be_unpacked_tells_nothing(root, kind):
    assert root(SAME, 'kernel/net/openvswitch/openvswitch.ko.' + kind)['file_version'] is None


@pytest.mark.parametrize('kind', ['gz', 'xz'])
def test_a_file_that_is_damaged_inside_tells_nothing(root, tmp_path, kind):
    content = bytearray(packed(tmp_path, kind))
    content[12:40] = b'\xff' * 28
    assert root(SAME, 'kernel/net/openvswitch/openvswitch.ko.' + kind, bytes(content))['file_version'] is None


def test_the_name_until_1_6_is_known(root):
    assert root(None, 'extra/openvswitch_mod.ko')['file'].endswith('openvswitch_mod.ko')
