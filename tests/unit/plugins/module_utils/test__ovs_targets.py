# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function
__metaclass__ = type

import pytest

from ansible_collections.xenserver.openvswitch.plugins.module_utils import _ovs_targets

# What the ovsdb-server of 3.1.0 connects to or listens on.
# Of what is in BAD it takes some in silence, and the rest with no more than a line in its log.
GOOD = [
    'ssl:192.0.2.10:6640', 'ssl:192.0.2.10', 'tcp:192.0.2.10:1', 'tcp:192.0.2.10:65535', 'tcp:[2001:db8::1]:6640',
    'tcp:[fe80::1%eth0]:6640', 'tcp:controller.example.org:6640', 'ssl:controller', 'ssl:host_1.example.org.:6640',
    'pssl:6640', 'pssl:', 'ptcp:0', 'ptcp:6640:127.0.0.1', 'ptcp:6640:[::1]', 'unix:/run/a b.sock', 'punix:/run/db.sock', 'unix:db.sock',
]
BAD = [
    ('', 'has no known form'), ('bogus:xx', 'has no known form'), ('192.0.2.10:6640', 'has no known form'), ('SSL:192.0.2.10', 'has no known form'),
    ('ssl', 'has no known form'), (' ssl:192.0.2.10', 'has no known form'), ('--', 'has no known form'),
    ('tcp:[::1]', 'lacks the port'), ('ptcp::127.0.0.1', 'would listen on 65535'),
    ('pssl::[::1]', 'would listen on 65535'), ('ssl:', 'lacks the host'), ('tcp::6640', 'lacks the host'),
    ('ssl:192.0.2.300:6640', 'neither an address nor a name'), ('ssl:192.0.2:6640', 'neither an address nor a name'),
    ('ssl:192.0.2.10 :6640', 'neither an address nor a name'), ('tcp:a..b:1', 'neither an address nor a name'), ('tcp:-x:1', 'neither an address nor a name'),
    ('tcp:a,b:1', 'neither an address nor a name'),
    ('tcp:127.0.0.1,ptcp:1', 'neither an address nor a name'), ('tcp:' + 'a' * 64 + ':1', 'neither an address nor a name'),
    ('tcp:[::1:6640', 'too many colons'), ('tcp:2001:db8::1:6640', 'too many colons'), ('ptcp:6640:::1', 'too many colons'),
    ('tcp:[2001:db8::g]:1', 'no IPv6 address'), ('tcp:[]:1', 'no IPv6 address'), ('tcp:[127.0.0.1]:1', 'no IPv6 address'), ('tcp:[::1%]:1', 'no IPv6 address'),
    ('tcp:[::1]6640', 'too many colons'), ('ptcp:1:[::1]:2', 'no IPv6 address'),
    ('ssl:192.0.2.10:0', 'from 1 to 65535'), ('ssl:192.0.2.10:65536', 'from 1 to 65535'), ('ssl:192.0.2.10:', 'the port ""'), ('ssl:192.0.2.10:-1', 'the port'),
    ('ssl:192.0.2.10:6640x', 'the port'), ('ptcp:65536', 'from 0 to 65535'), ('ptcp:x', 'the port'), ('ssl:192.0.2.10:66 40', 'the port'),
    ('ptcp:6640:', 'ends in a colon'), ('ptcp:[::1]:6640', 'host before the port'), ('ptcp:127.0.0.1', 'the port'),
    ('unix:', 'lacks the file'), ('punix:', 'lacks the file'), ('ssl:192.0.2.10\n:1', 'control character'), ('unix:/a\0b', 'control character'),
    (u'ssl:\xe9:1', 'neither an address nor a name'), (u'ssl:192.0.2.10:\u0661', 'the port'),
]


@pytest.mark.parametrize('text', GOOD)
def test_a_documented_form_is_taken(text):
    assert _ovs_targets.parse(text).method == text.partition(':')[0]


@pytest.mark.parametrize('text, reason', BAD)
def test_nonsense_is_refused_with_its_reason(text, reason):
    with pytest.raises(_ovs_targets.TargetError) as caught:
        _ovs_targets.parse(text)
    assert reason in str(caught.value)


def test_the_parts():
    assert _ovs_targets.parse('ssl:[2001:db8::1]:6640') == ('ssl', '[2001:db8::1]', 6640, None, False)
    assert _ovs_targets.parse('ptcp:0:127.0.0.1') == ('ptcp', '127.0.0.1', 0, None, False)
    assert _ovs_targets.parse('pssl:') == ('pssl', None, None, None, False)
    assert _ovs_targets.parse('unix:/run/db.sock') == ('unix', None, None, '/run/db.sock', False)
    assert _ovs_targets.parse('tcp:controller:1').is_name


@pytest.mark.parametrize('version, refused', [('2.5.3', True), ('2.9.10', True), ('2.10.0', False), ('3.1.0', False), (None, False)])
def test_names_need_a_switch_that_resolves_them(version, refused):
    if refused:
        with pytest.raises(_ovs_targets.TargetError) as caught:
            _ovs_targets.check(['tcp:192.0.2.1:1', 'tcp:controller:1'], version)
        assert 'Give its address' in str(caught.value)
    else:
        _ovs_targets.check(['tcp:192.0.2.1:1', 'tcp:controller:1'], version)


def test_which_targets_need_tls():
    assert [_ovs_targets.uses_tls(text) for text in ('ssl:a', 'pssl:', 'tcp:a', 'ptcp:')] == [True, True, False, False]


def test_which_targets_the_switch_listens_on():
    assert [_ovs_targets.listens(text) for text in ('ssl:a', 'pssl:', 'tcp:a', 'ptcp:', 'unix:/a', 'punix:/a')] == [False, True] * 3
