# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function
__metaclass__ = type

import errno
import io
import os


import pytest

from ansible_collections.xenserver.openvswitch.plugins.module_utils import _xapi_host as host
from ansible_collections.xenserver.openvswitch.plugins.module_utils._cli import CliError

INVENTORY = u"""PRODUCT_BRAND='XCP-ng'
PRODUCT_NAME='xenenterprise'
PRODUCT_VERSION='8.3.0'
BUILD_NUMBER='release/yangtze/master/58'
INSTALLATION_UUID='11111111-1111-4111-8111-111111111111'
"""


@pytest.fixture
def dom0(tmp_path):
    """``dom0(path=text, ...)``: a root folder that holds these files."""
    def make(files):
        for name, text in files.items():
            path = str(tmp_path / name)
            if not os.path.isdir(os.path.dirname(path)):
                os.makedirs(os.path.dirname(path))
            with io.open(path, 'w', encoding='utf-8') as stream:
                stream.write(text)
        return str(tmp_path)
    return make


def test_the_inventory():
    assert host.read_inventory(INVENTORY)['BUILD_NUMBER'] == 'release/yangtze/master/58'


@pytest.mark.parametrize('line, value', [
    ("X='a b'", 'a b'), ('X="a b"', 'a b'), ('X=a', 'a'), ('X=', ''), ("X=''", ''), ("X='a'  ", 'a'), ("X='a=b'", 'a=b'), ("X='it's'", "it's"),
    ("X='$(reboot)'", '$(reboot)'), ("X='`id`;id'", '`id`;id'), ("X='a\"", "'a\""),
])
def test_values_of_the_inventory_are_only_read(line, value):
    assert host.read_inventory('# comment\n%s\nY=1\n' % line) == {'X': value, 'Y': '1'}


@pytest.mark.parametrize('text, role', [
    ('master', ('coordinator', None)), ('master\n', ('coordinator', None)), ('slave:192.0.2.21', ('supporter', '192.0.2.21')),
    ('slave:2001:db8::1\n', ('supporter', '2001:db8::1')), ('', (None, None)), ('broken', (None, None)),
])
def test_the_role(text, role):
    assert host.read_role(text) == role


def test_no_xenserver(dom0):
    assert host.facts(dom0({})) is None


def test_a_coordinator_of_the_systemd_generation(dom0):
    root = dom0({
        'etc/xensource-inventory': INVENTORY, 'etc/xensource/pool.conf': u'master', 'etc/xensource/network.conf': u'vswitch\n',
        'run/systemd/system/keep': u'', 'etc/xapi.d/plugins/openvswitch-config-update': u'', 'etc/xapi.d/plugins/openvswitch-cfg-update': u''})
    system = os.uname()
    assert host.facts(root) == dict(
        brand='XCP-ng', version='8.3.0', build='release/yangtze/master/58', host_uuid='11111111-1111-4111-8111-111111111111', generation='systemd',
        role='coordinator', coordinator_address=None, network_backend='openvswitch', kernel=system[2], machine=system[4],
        plugin='openvswitch-config-update', xapi_started=None)


def test_xapi_says_when_its_start_was_complete(dom0):
    root = dom0({'etc/xensource-inventory': INVENTORY, 'var/run/xapi_init_complete.cookie': u''})
    os.utime(os.path.join(root, 'var/run/xapi_init_complete.cookie'), (1, 1700000000))
    assert host.facts(root)['xapi_started'] == 1700000000


def test_a_supporter_of_the_sysv_generation(dom0):
    root = dom0({
        'etc/xensource-inventory': u"PRODUCT_BRAND='XenServer'\n", 'etc/xensource/pool.conf': u'slave:192.0.2.21\n',
        'etc/xensource/network.conf': u'bridge\n', 'etc/xapi.d/plugins/openvswitch-cfg-update': u"PORT = '6640'\n"})
    found = host.facts(root)
    assert (found['generation'], found['role'], found['coordinator_address']) == ('sysv', 'supporter', '192.0.2.21')
    assert (found['network_backend'], found['plugin'], found['version']) == ('bridge', 'openvswitch-cfg-update', None)
    assert host.field_plugin(root) == "PORT = '6640'\n"


@pytest.mark.parametrize('text, backend', [
    (u'bridge\n', 'bridge'), (u'bridge', 'bridge'), (u'openvswitch\n', 'openvswitch'), (u'vswitch\n', 'openvswitch'), (u'', 'openvswitch'),
    (u'other', 'openvswitch'),
])
def test_the_backend(dom0, text, backend):
    assert host.facts(dom0({'etc/xensource-inventory': INVENTORY, 'etc/xensource/network.conf': text}))['network_backend'] == backend


def test_a_host_without_a_plugin(dom0):
    root = dom0({'etc/xensource-inventory': INVENTORY})
    assert host.facts(root)['plugin'] is None
    assert host.facts(root)['network_backend'] == 'openvswitch'
    assert host.field_plugin(root) == ''


def test_a_file_that_may_not_be_read(monkeypatch):
    def refuse(*dummy, **options):
        raise IOError(errno.EACCES, 'Permission denied')
    monkeypatch.setattr(host.io, 'open', refuse)
    with pytest.raises(CliError) as caught:
        host.facts('/nonexistent')
    assert 'etc/xensource-inventory could not be read (Permission denied)' in str(caught.value) and 'become: true' in str(caught.value)


def test_a_reboot_is_due_after_the_backend_was_set(dom0):
    root = dom0({'etc/xensource/network.conf': u'openvswitch\n'})
    path = os.path.join(root, 'etc/xensource/network.conf')
    assert host.pending_reboot(root) == ['the network backend was set to openvswitch after the host had started']
    os.utime(path, (1, 1))
    assert host.pending_reboot(root) == []
    os.unlink(path)
    assert host.pending_reboot(root) == []
