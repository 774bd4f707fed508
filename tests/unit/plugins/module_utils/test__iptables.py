# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""On the ruleset of a dom0 with traps in it, as both variants of iptables 1.8 print it."""

from __future__ import absolute_import, division, print_function
__metaclass__ = type

import io
import os

import pytest

from ansible_collections.xenserver.openvswitch.plugins.module_utils import _iptables

FIXTURES = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'fixtures')
UDP, GRE = ('udp', '17'), ('gre', '47')


@pytest.fixture(params=['1.8.7-legacy', '1.8.7-nft', '1.8.9-nft'])
def saved(request):
    with io.open(os.path.join(FIXTURES, 'iptables-save-%s.txt' % request.param), encoding='utf-8') as stream:
        return stream.read()


def one(line):
    return _iptables.parse(line)[0]


def test_the_rules_of_input_in_their_order(saved):
    found = [(rule['protocol'], rule['dport'] or rule['dports'], rule['target'], rule['conditional'])
             for rule in _iptables.parse(saved) if rule['chain'] == 'INPUT']
    assert found == [
        ('200', None, 'ACCEPT', False),
        ('esp', None, 'ACCEPT', False),
        ('tcp', None, 'LOG', True),
        ('all', None, 'LOG', True),
        ('udp', '8472,9000:9010', 'REJECT', False),
        ('udp', '6081', 'DROP', True),
        ('all', None, 'xapi-INPUT', False),
        ('gre', None, 'ACCEPT', False),
        ('all', None, 'RH-Firewall-1-INPUT', False),
        ('udp', '47890', 'ACCEPT', False),
        ('udp', '4341', 'ACCEPT', False),
    ]


@pytest.mark.parametrize('protocol, port, targets, decided', [
    (GRE, None, ['ACCEPT'], True),
    (UDP, 4789, ['ACCEPT', 'REJECT'], True),                # XAPI's own rule asks for new connections
    (UDP, 47890, ['REJECT'], True),                         # its rule stands behind the chain that rejects
    (UDP, 6081, ['DROP', 'REJECT'], True),                  # from some sources, then from all
    (UDP, 8472, ['REJECT'], True),
    (UDP, 9005, ['REJECT'], True),
    (UDP, 2152, ['DROP'], True),                            # in RH-Firewall-1-INPUT
    (('esp', '50'), None, ['ACCEPT'], True),
    (('unnamed', '200'), None, ['ACCEPT'], True),           # by number
])
def test_what_a_packet_meets(saved, protocol, port, targets, decided):
    met, surely = _iptables.meet(_iptables.parse(saved), protocol, port)
    # The rules for loopback and for known connections are met by all.
    asked = [rule['target'] for rule in met if rule['protocol'] != 'all' or not rule['conditional']]
    assert (asked, surely) == (targets, decided)


@pytest.mark.parametrize('line, expected', [
    ('-A INPUT -p ! udp -j ACCEPT ', dict(protocol='all', conditional=True)),                    # iptables 1.3, blank at the end and all
    ('-A INPUT -p udp -m udp --dport ! 53 -j ACCEPT ', dict(protocol='udp', dport=None, conditional=True)),
    ('[12:3456] -A INPUT -p gre -j ACCEPT', dict(protocol='gre', conditional=False)),            # iptables-save -c
    ('--append INPUT --protocol udp --destination-port 4789 --jump ACCEPT', dict(protocol='udp', dport='4789', target='ACCEPT', conditional=False)),
    ('-A INPUT -p tcp ! --syn -m tcp --dport 7471 -j ACCEPT', dict(dport='7471', conditional=True)),
    ('-A INPUT -p udp -m socket -j ACCEPT', dict(conditional=True)),
    ('-A INPUT -i lo -j ACCEPT', dict(conditional=True)),
    ('-A INPUT -j LOG --log-prefix "-p udp "', dict(target='LOG', protocol='all', conditional=False)),
    ('-A INPUT -p udp -g OTHER', dict(target='OTHER', goto=True)),
    ('-A INPUT -p udp -j OTHER', dict(target='OTHER', goto=False)),
])
def test_what_a_rule_says(line, expected):
    rule = one(line)
    assert dict((name, rule[name]) for name in expected) == expected


@pytest.mark.parametrize('ports, port, expected', [
    ('4789', 4789, True), ('47890', 4789, False), ('4000:5000', 4789, True), ('4790:', 4789, False), (':4789', 4789, True), ('4789:', 65535, True),
    ('1,4789', 4789, True), ('vxlan', 4789, True), ('4789', None, False),
])
def test_which_ports_a_rule_is_about(ports, port, expected):
    assert _iptables.concerns(one('-A INPUT -p udp --dport %s -j DROP' % ports), UDP, port) is expected


@pytest.mark.parametrize('words, port, expected', [
    ('-p udp ! --dport 4789', 4789, False), ('-p udp ! --dport 53', 4789, True), ('-p udp -m multiport ! --dports 1,4000:5000', 4789, False),
    ('-p udp --dport ! 4789', 4789, False), ('-p udp ! --dport vxlan', 4789, True), ('! -p udp', 4789, False), ('! -p tcp', 4789, True),
    ('! -p 17', 4789, False), ('! -p tcp', None, True),
])
def test_what_a_rule_excepts(words, port, expected):
    assert _iptables.concerns(one('-A INPUT %s -j DROP' % words), UDP, port) is expected


def test_other_tables_do_not_count():
    text = '*nat\n-A INPUT -p udp -j ACCEPT\nCOMMIT\n*filter\n-A INPUT -p gre -j ACCEPT\nCOMMIT\n'
    assert [rule['protocol'] for rule in _iptables.parse(text)] == ['gre']


@pytest.mark.parametrize('saved, comment', [
    (r'"Bob\'s tunnel"', "Bob's tunnel"), (r'"a \"b\" c"', 'a "b" c'), (r'"a\\b c"', r'a\b c'), (r'''"back\\\'s"''', r"back\'s"), (r'"back\\" -i lo', 'back\\'),
    ('"half\\\\" --x "it\\\'s"', 'half\\'), ('plain', 'plain'),
])
def test_a_comment_is_what_was_put_into_it(saved, comment):
    """As iptables-save quotes it: a backslash before each ", \\ and '."""
    assert one('-A INPUT -m comment --comment %s -j ACCEPT' % saved)['comment'] == comment


@pytest.mark.parametrize('text, expected', [
    ('', 'ACCEPT'), ('*filter\n:INPUT DROP [0:0]\nCOMMIT\n', 'DROP'), ('*filter\n:INPUT ACCEPT [0:0]\n:FORWARD DROP [0:0]\n', 'ACCEPT'),
    ('*nat\n:INPUT DROP [0:0]\nCOMMIT\n*filter\n:INPUT ACCEPT [12:34]\n', 'ACCEPT'), ('*filter\n:OUTPUT DROP [0:0]\n', 'ACCEPT'), (':INPUT DROP', 'DROP'),
])
def test_the_policy_of_a_chain(text, expected):
    assert _iptables.policy(text) == expected


def test_a_quote_that_does_not_close():
    with pytest.raises(ValueError) as raised:
        _iptables.parse('*filter\n-A INPUT -m comment --comment "half\n')
    assert str(raised.value).startswith('line 2, "-A INPUT -m comment --comment "half", is no rule: No closing quotation')


def test_a_chain_left_early_and_chains_in_a_ring():
    rules = _iptables.parse('-A INPUT -j A\n-A A -p udp -j RETURN\n-A A -j DROP\n-A INPUT -p udp -j B\n-A B -j A\n-A A -j B\n')
    assert _iptables.meet(rules, UDP, 1) == ([], False)
    met, decided = _iptables.meet(rules, GRE, None)
    assert ([rule['target'] for rule in met], decided) == (['DROP'], True)


@pytest.mark.parametrize('rule, targets, decided', [
    ('-A INPUT -g A', [], False), ('-A INPUT -j A', ['DROP'], True), ('-A INPUT -i eth0 -g A', ['DROP'], True),
    ('-A INPUT -j B\n-A B -g A\n-A B -j REJECT', ['DROP'], True),
])
def test_a_packet_does_not_come_back_to_where_it_went_from_for_good(rule, targets, decided):
    met, surely = _iptables.meet(_iptables.parse(rule + '\n-A INPUT -j DROP\n-A A -p tcp -j ACCEPT\n'), UDP, 1)
    assert ([rule['target'] for rule in met], surely) == (targets, decided)


def test_a_jump_with_a_condition_decides_nothing():
    met, decided = _iptables.meet(_iptables.parse('-A INPUT -i eth0 -j A\n-A A -j DROP\n'), UDP, 1)
    assert ([rule['target'] for rule in met], decided) == (['DROP'], False)


def test_a_rule_goes_before_the_first_of_its_chain(saved):
    line = '-A INPUT -p udp -m udp --dport 4789 -j ACCEPT'
    after = _iptables.inserted(saved, line)
    assert _iptables.listed(after) == [line] + _iptables.listed(saved)
    assert after.replace(line + '\n', '') == saved
    assert _iptables.without(after, [rule for rule in _iptables.parse(after) if rule['dport'] == '4789' and rule['chain'] == 'INPUT']) == saved


def test_a_rule_goes_into_an_empty_chain_and_not_into_another_table():
    assert _iptables.inserted('*nat\nCOMMIT\n*filter\n:INPUT DROP [0:0]\nCOMMIT\n', '-A INPUT -j X') == (
        '*nat\nCOMMIT\n*filter\n:INPUT DROP [0:0]\n-A INPUT -j X\nCOMMIT\n')


def test_no_table_to_put_a_rule_into():
    with pytest.raises(ValueError) as raised:
        _iptables.inserted('*nat\nCOMMIT\n', '-A INPUT -j X')
    assert 'no table filter' in str(raised.value)
