# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which protocols a tunnel needs, and the way of a firewall to let them through or no longer; pure."""

from __future__ import absolute_import, division, print_function
__metaclass__ = type

import re

from ansible_collections.xenserver.openvswitch.plugins.module_utils import _iptables

OVS_CTL, IPTABLES = 'ovs-ctl', 'iptables'

# Protocols and ports of each tunnel, and the first and the last release of Open vSwitch whose own datapaths have it.
TUNNELS = {
    'gre': ([('gre', None)], None, None),
    'vxlan': ([('udp', 4789)], (1, 10), None),
    'lisp': ([('udp', 4341)], (1, 11), (2, 17)),
    'geneve': ([('udp', 6081)], (2, 4), None),
    'stt': ([('tcp', 7471)], (2, 4), (2, 17)),
    'erspan': ([('gre', None)], (2, 10), None),
    'gtpu': ([('udp', 2152)], (2, 14), None),
    'ipsec': ([('esp', None), ('ah', None), ('udp', 500), ('udp', 4500)], None, None),
}
_WITH_PORT = ('tcp', 'udp')


class ProtocolError(ValueError):
    """What was asked for cannot be done; the text says what, why and the remedy."""


def read_protocols(text):
    """/etc/protocols as ``{name: number}``, both texts. Aliases are left out: ovs-ctl knows none.

    >>> read_protocols('gre\\t47\\tGRE\\t# General Routing Encapsulation')['gre']
    '47'
    """
    return dict(re.findall(r'^([^\s#]\S*)[ \t]+(\d+)', text, re.MULTILINE))


def read_version(text):
    """The release in Open vSwitch's script ovs-lib, or None."""
    found = re.search(r"^VERSION='([^']+)'", text, re.MULTILINE)
    return found.group(1) if found else None


def wanted_protocols(tunnels, protocols, numbers):
    """What was asked for: each protocol once, as ``dict(protocol, number, port)``.

    :arg numbers: what :func:`read_protocols` returns.
    :raises ProtocolError: for the first that no rule can be made of.
    """
    pairs = [pair for name in tunnels for pair in TUNNELS[name][0]]
    for one in protocols:
        _check(one['protocol'], one['port'], numbers)
        pairs.append((one['protocol'], one['port']))
    unknown = sorted(set(name for name, dummy in pairs if name not in numbers))
    if unknown:
        raise ProtocolError('/etc/protocols of this host does not name: %s. Give the first name that it has for it.' % ', '.join(unknown))
    once = [pair for at, pair in enumerate(pairs) if pair not in pairs[:at]]
    return [dict(protocol=name, number=numbers[name], port=port) for name, port in once]


def _check(name, port, numbers):
    if name in _WITH_PORT and port is None:
        raise ProtocolError('protocols names %s without a port, which would let all of it through. Add its port.' % name)
    if name not in _WITH_PORT and port is not None:
        raise ProtocolError('protocols gives %s the port %d; only %s have ports. Leave it out.' % (name, port, ' and '.join(_WITH_PORT)))
    if port is not None and not 0 < port < 65536:
        raise ProtocolError('protocols gives %s the port %d; a port is a number from 1 to 65535.' % (name, port))
    if numbers.get(name) == '0':
        raise ProtocolError('protocols names %s, which iptables takes for every protocol. Name those that are needed.' % name)


def described(one):
    """
    >>> described(dict(protocol='udp', number='17', port=4789))
    'udp port 4789'
    """
    return one['protocol'] if one['port'] is None else '%s port %d' % (one['protocol'], one['port'])


def unusable(tunnels, version):
    """Why the installed Open vSwitch has no use for a tunnel, a sentence each.

    >>> unusable(['lisp', 'vxlan'], '3.1.0')
    ['lisp works with Open vSwitch 1.11 to 2.17 alone, and 3.1.0 is installed.']
    """
    numbers = tuple(int(part) for part in re.findall(r'\d+', version or '')[:2])
    reasons = []
    for name in tunnels if numbers else []:
        since, until = TUNNELS[name][1:]
        if (since and numbers < since) or (until and numbers > until):
            span = '%d.%d' % since + (' to %d.%d alone' % until if until else ' and later')
            reasons.append('%s works with Open vSwitch %s, and %s is installed.' % (name, span, version))
    return reasons


def plan(text, wanted, state):
    """How a ruleset comes to let ``wanted`` through at the head of INPUT, or no longer does.

    :arg text: the table filter as iptables-save prints it.
    :returns: ``(steps, text after them)``; a step is ``(program, arguments)``.
    :raises ProtocolError: a rule that somebody made refuses what is wanted.
    """
    steps = []
    for one in wanted:
        rules = _iptables.parse(text)
        if state == 'absent':
            gone = [rule for rule in rules if _is_accept(rule, one)]
            steps += [(IPTABLES, ['-D'] + rule['words'][1:]) for rule in gone]
            text = _iptables.without(text, gone)
        elif not _is_let_through(rules, one):
            steps.append(_insertion(rules, one))
            text = _iptables.inserted(text, ' '.join(['-A', 'INPUT'] + _match(one, saved=True) + ['-j', 'ACCEPT']))
    return steps, text


def _is_let_through(rules, one):
    """Whether a rule in INPUT lets every packet through and is reached. A narrower one, or one behind RH-Firewall-1-INPUT, is no such rule.

    :raises ProtocolError: a rule for this very protocol stands against it.
    """
    met, decided = _iptables.meet(rules, (one['protocol'], one['number']), one['port'])
    if decided and _is_accept(met[-1], one):
        return True
    for rule in met:
        if rule['protocol'] != 'all' and rule['target'] in ('DROP', 'REJECT'):
            raise ProtocolError('the rule "%s" refuses %s, and somebody made it for that. If %s shall pass, take that rule away first.' % (
                ' '.join(rule['words']), described(one), described(one)))
    return False


def _is_accept(rule, one):
    port = None if one['port'] is None else str(one['port'])
    return (rule['chain'] == 'INPUT' and rule['target'] == 'ACCEPT' and not rule['conditional'] and not rule['dports']
            and rule['protocol'] in (one['protocol'], one['number']) and rule['dport'] == port)


def _insertion(rules, one):
    """By ovs-ctl; by iptables where ovs-ctl would take another rule for the one that is missing."""
    if _ovs_ctl_skips(rules, one):
        return IPTABLES, ['-I', 'INPUT'] + _match(one) + ['-j', 'ACCEPT']
    port = [] if one['port'] is None else ['--dport=%d' % one['port']]
    return OVS_CTL, ['--protocol=%s' % one['protocol']] + port + ['enable-protocol']


def _ovs_ctl_skips(rules, one):
    """ovs-ctl looks for ``dpt:PORT`` anywhere in a line of ``iptables -n -L INPUT``, so that 47890 hides 4789, and a rule that drops counts too."""
    def line(rule):
        single = rule['dport'] and ':' not in rule['dport']
        return '%s /* %s */' % ('dpt:' + rule['dport'] if single else '', rule['comment'])

    looked_for = '' if one['port'] is None else 'dpt:%d' % one['port']
    names = (one['protocol'], one['number'])
    return any(rule['chain'] == 'INPUT' and rule['protocol'] in names and looked_for in line(rule) for rule in rules)


def _match(one, saved=False):
    """What iptables is given to match, or with ``saved`` how it is written down."""
    if one['port'] is None:
        return ['-p', one['protocol']]
    return ['-p', one['protocol']] + (['-m', one['protocol']] if saved else []) + ['--dport', str(one['port'])]
