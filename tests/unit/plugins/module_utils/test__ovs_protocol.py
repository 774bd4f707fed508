# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function
__metaclass__ = type

import io
import os

import pytest

from ansible_collections.xenserver.openvswitch.plugins.module_utils import _iptables, _ovs_protocol

FIXTURES = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'fixtures')
NUMBERS = {'ip': '0', 'icmp': '1', 'tcp': '6', 'udp': '17', 'gre': '47', 'esp': '50', 'ah': '51'}


@pytest.fixture(params=['1.8.7-legacy', '1.8.7-nft', '1.8.9-nft'])
def saved(request):
    with io.open(os.path.join(FIXTURES, 'iptables-save-%s.txt' % request.param), encoding='utf-8') as stream:
        return stream.read()


def wanted(*pairs):
    return [dict(protocol=protocol, number=NUMBERS[protocol], port=port) for protocol, port in pairs]


def plan(rules, *pairs, **options):
    text = rules if rules.startswith('#') else '*filter\n%sCOMMIT\n' % rules
    steps, after = _ovs_protocol.plan(text, wanted(*pairs), options.get('state', 'present'))
    again, same = _ovs_protocol.plan(after, wanted(*pairs), options.get('state', 'present'))
    assert (again, same) == ([], after)
    return [(program,) + tuple(arguments) for program, arguments in steps], _iptables.listed(after)


BY_OVS_CTL = ('ovs-ctl', '--protocol=udp', '--dport=4789', 'enable-protocol')
BY_IPTABLES = ('iptables', '-I', 'INPUT', '-p', 'udp', '--dport', '4789', '-j', 'ACCEPT')
VXLAN = '-A INPUT -p udp -m udp --dport 4789 -j ACCEPT'


def test_ovs_ctl_opens():
    steps, rules = plan('-A INPUT -j REJECT\n', ('udp', 4789), ('gre', None))
    assert steps == [BY_OVS_CTL, ('ovs-ctl', '--protocol=gre', 'enable-protocol')]
    assert rules == ['-A INPUT -p gre -j ACCEPT', VXLAN, '-A INPUT -j REJECT']


@pytest.mark.parametrize('rule', [VXLAN, '-A INPUT -p 17 --dport 4789 -m comment --comment "by hand" -j ACCEPT', '-A INPUT -i lo -j DROP\n' + VXLAN])
def test_a_rule_that_lets_all_through_is_enough(rule):
    assert plan(rule + '\n', ('udp', 4789))[0] == []


@pytest.mark.parametrize('rule', [
    '-A INPUT -p udp -m udp --dport 47890 -j ACCEPT',                                          # ovs-ctl finds dpt:4789 in dpt:47890
    '-A INPUT -s 192.0.2.0/24 -p udp -m udp --dport 4789 -j ACCEPT',                           # some sources only
    '-A INPUT -j REJECT\n' + VXLAN,                                                            # never reached
    '-A INPUT -j RH-Firewall-1-INPUT\n%s\n-A RH-Firewall-1-INPUT -j REJECT' % VXLAN,           # as a dom0's would be with iptables -A
    '-A INPUT -p udp -m udp --dport 500 -m comment --comment "not dpt:4789" -j ACCEPT',
])
def test_iptables_opens_where_ovs_ctl_sees_another_rule(rule):
    steps, rules = plan(rule + '\n', ('udp', 4789))
    assert steps == [BY_IPTABLES]
    assert rules[0] == VXLAN


@pytest.mark.parametrize('rule', [
    '-A INPUT -p tcp -m tcp --dport 4789 -j ACCEPT', '-A INPUT -p udp -m udp --dport 4000:5000 -j ACCEPT', '-A INPUT -p udp -m udp --dport 14789 -j ACCEPT',
    '-A INPUT -p udp -m multiport --dports 4789,6081 -j ACCEPT', '-A INPUT -p udp -m udp ! --dport 4789 -j ACCEPT', '-A INPUT -p udp -j ACCEPT',
    '-A xapi-INPUT -p udp -m udp --dport 4789 -j ACCEPT', '-A INPUT -p udp -m udp --sport 4789 -j ACCEPT',
])
def test_ovs_ctl_takes_no_such_rule_for_its_own(rule):
    assert plan(rule + '\n', ('udp', 4789))[0] == [BY_OVS_CTL]


def test_a_port_that_the_same_task_opens_hides_none():
    steps = plan('', ('udp', 4789), ('udp', 478))[0]
    assert steps == [BY_OVS_CTL, ('iptables', '-I', 'INPUT', '-p', 'udp', '--dport', '478', '-j', 'ACCEPT')]


@pytest.mark.parametrize('rule', [
    '-A INPUT -p udp -m udp --dport 4789 -j DROP',
    '-A INPUT -p udp -m udp --dport 4789 -j REJECT --reject-with icmp-port-unreachable',
    '-A INPUT -p udp -m multiport --dports 1,4000:5000 -j DROP',
    '-A INPUT -p udp -j DROP',
    '-A INPUT -s 192.0.2.0/24 -p udp -m udp --dport 4789 -j DROP',
    '-A OTHER -p udp -m udp --dport 4789 -j DROP\n-A INPUT -j OTHER',
    '-A INPUT -p udp -m udp --dport 4789 -j DROP\n' + VXLAN,
])
def test_what_somebody_refuses_is_not_overridden(rule):
    with pytest.raises(_ovs_protocol.ProtocolError) as raised:
        plan(rule + '\n', ('udp', 4789))
    assert str(raised.value).startswith('the rule "%s" refuses udp port 4789' % rule.split('\n')[0])


@pytest.mark.parametrize('rule', [
    VXLAN + '\n-A INPUT -p udp -m udp --dport 4789 -j DROP',                                   # too late to refuse
    '-A INPUT -s 192.0.2.0/24 -p udp -m udp --dport 4789 -j DROP\n' + VXLAN,                   # an exception before the rule
])
def test_what_is_let_through_all_the_same(rule):
    assert plan(rule + '\n', ('udp', 4789))[0] == []


def test_absent_takes_every_rule_that_lets_all_through_and_no_other():
    rest = '-A INPUT -p udp -m udp --dport 47890 -j ACCEPT\n-A xapi-INPUT -p udp -m udp --dport 4789 -j ACCEPT\n-A INPUT -p udp -m udp --dport 4789 -j DROP\n'
    mine = VXLAN + '\n-A INPUT -p udp -m udp --dport 4789 -m comment --comment "two words" -j ACCEPT\n'
    steps, rules = plan(mine + rest, ('udp', 4789), state='absent')
    assert steps == [('iptables', '-D', 'INPUT', '-p', 'udp', '-m', 'udp', '--dport', '4789', '-j', 'ACCEPT'),
                     ('iptables', '-D', 'INPUT', '-p', 'udp', '-m', 'udp', '--dport', '4789', '-m', 'comment', '--comment', 'two words', '-j', 'ACCEPT')]
    assert rules == [line for line in rest.splitlines() if line.startswith('-A INPUT')]


def test_a_rule_is_taken_out_by_the_comment_that_it_has():
    steps, dummy = plan('-A INPUT -p gre -m comment --comment "Bob\\\'s tunnel" -j ACCEPT\n', ('gre', None), state='absent')
    assert steps == [('iptables', '-D', 'INPUT', '-p', 'gre', '-m', 'comment', '--comment', "Bob's tunnel", '-j', 'ACCEPT')]


def test_on_real_rules(saved):
    steps = plan(saved, ('gre', None), ('esp', None), ('udp', 4789), ('udp', 4341), ('tcp', 7471))[0]
    assert steps == [BY_IPTABLES, BY_IPTABLES[:5] + ('--dport', '4341', '-j', 'ACCEPT'), ('ovs-ctl', '--protocol=tcp', '--dport=7471', 'enable-protocol')]
    for port in (8472, 6081, 2152):
        with pytest.raises(_ovs_protocol.ProtocolError):
            plan(saved, ('udp', port))


def test_tunnels_and_protocols_come_to_each_rule_once():
    found = _ovs_protocol.wanted_protocols(['gre', 'erspan', 'vxlan', 'ipsec'], [dict(protocol='udp', port=4789), dict(protocol='icmp', port=None)], NUMBERS)
    assert [(one['protocol'], one['port']) for one in found] == [
        ('gre', None), ('udp', 4789), ('esp', None), ('ah', None), ('udp', 500), ('udp', 4500), ('icmp', None)]


@pytest.mark.parametrize('protocol, port, message', [
    ('udp', None, 'names udp without a port'), ('gre', 1, 'only tcp and udp have ports'), ('tcp', 0, 'from 1 to 65535'), ('tcp', 65536, 'from 1 to 65535'),
    ('ip', None, 'for every protocol'), ('GRE', None, 'does not name: GRE'), ('47', None, 'does not name: 47'), ('', None, 'does not name'),
    ('.*', None, 'does not name'), ('--help', None, 'does not name'),
])
def test_what_no_rule_is_made_of(protocol, port, message):
    with pytest.raises(_ovs_protocol.ProtocolError) as raised:
        _ovs_protocol.wanted_protocols([], [dict(protocol=protocol, port=port)], NUMBERS)
    assert message in str(raised.value)


def test_etc_protocols():
    text = '# Internet\nip\t0\tIP\t\t# pseudo\nipv6-icmp 58\tIPv6-ICMP\n#\t255\nx\n\nesp\t50\tIPSEC-ESP\n'
    assert _ovs_protocol.read_protocols(text) == {'ip': '0', 'ipv6-icmp': '58', 'esp': '50'}


def test_the_version_in_ovs_lib():
    assert _ovs_protocol.read_version("logdir='x'\nVERSION='2.17.7'\n") == '2.17.7'
    assert _ovs_protocol.read_version('') is None


@pytest.mark.parametrize('version, tunnels', [
    ('1.4.6', ['erspan', 'geneve', 'gtpu', 'lisp', 'stt', 'vxlan']), ('2.3.3', ['erspan', 'geneve', 'gtpu', 'stt']), ('2.5.3', ['erspan', 'gtpu']),
    ('2.17.7', []), ('3.1.0', ['lisp', 'stt']), (None, []), ('unknown', []),
])
def test_tunnels_that_a_release_does_not_have(version, tunnels):
    assert [reason.split()[0] for reason in _ovs_protocol.unusable(sorted(_ovs_protocol.TUNNELS), version)] == tunnels


def test_why_a_tunnel_has_no_use():
    assert _ovs_protocol.unusable(['gtpu', 'stt'], '2.13.1') == ['gtpu works with Open vSwitch 2.14 and later, and 2.13.1 is installed.']
    assert _ovs_protocol.unusable(['stt'], '3.1.0') == ['stt works with Open vSwitch 2.4 to 2.17 alone, and 3.1.0 is installed.']
