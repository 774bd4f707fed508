# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter table as text: what iptables-save prints, which is also what the service iptables loads from its file.

Read it, ask what becomes of a packet, and edit it line by line. Nothing here runs a program.
"""

from __future__ import absolute_import, division, print_function
__metaclass__ = type

import re
import shlex

# Options that are kept, by the name that they are kept under. A person may have written the long ones into the file.
_KEPT = {
    '-A': 'chain', '--append': 'chain', '-p': 'protocol', '--protocol': 'protocol', '-j': 'target', '--jump': 'target', '-g': 'target', '--goto': 'target',
    '--dport': 'dport', '--destination-port': 'dport', '--dports': 'dports', '--destination-ports': 'dports', '--comment': 'comment',
}
_GOTO = ('-g', '--goto')
_MATCH = ('-m', '--match')
# Matches that let every packet pass which their options, kept above, let pass.
_TRANSPARENT = ('comment', 'multiport', 'tcp', 'udp')
_FINAL = ('ACCEPT', 'DROP', 'REJECT')
_QUOTED, _ESCAPED = re.compile(r'"(?:\\.|[^"\\])*"'), re.compile(r'\\.')


def parse(text):
    """The rules of the table filter, in their order, each as a dict.

    ``line``, ``words``, ``chain``, ``protocol`` (``all`` for any), ``dport`` and ``dports`` (texts, or None), ``target``, ``comment``,
    ``unless`` (what of these it asks not to be), ``goto`` (whether it is for good that it goes to ``target``), and
    ``conditional``: whether it asks for anything beside protocol and destination port.

    :raises ValueError: a line whose quotes do not close.
    """
    rules = []
    for number, line in _filter_lines(text):
        if line.startswith(('-A ', '--append ')):
            try:
                rules.append(_rule(number, shlex.split(_QUOTED.sub(_without_escapes, line))))
            except ValueError as error:
                raise ValueError('line %d, "%s", is no rule: %s.' % (number + 1, line, error))
    return rules


def policy(text, chain='INPUT'):
    """What becomes of a packet on which no rule of the chain decides; ACCEPT where the text does not tell.

    >>> policy('*filter\\n:INPUT DROP [0:0]')
    'DROP'
    """
    for dummy, line in _filter_lines(text):
        if line.startswith(':%s ' % chain):
            return line.split()[1]
    return 'ACCEPT'


def _filter_lines(text):
    """The lines of the table filter, each with its number, without the counters of iptables-save -c."""
    table = 'filter'
    for number, line in enumerate(text.split('\n')):
        line = re.sub(r'^\[\d+:\d+\] ', '', line.strip())
        if line.startswith('*'):
            table = line[1:].strip()
        elif table == 'filter':
            yield number, line


def _without_escapes(quoted):
    """iptables-save puts a backslash before a single quote too, which between double ones shlex leaves there."""
    return _ESCAPED.sub(lambda pair: "'" if pair.group(0) == "\\'" else pair.group(0), quoted.group(0))


def _rule(number, words):
    rule = dict(
        line=number, words=words, chain=None, protocol='all', dport=None, dports=None, target=None, comment='', unless={}, goto=False, conditional=False)
    rest, negated = iter(words), False
    for word in rest:
        if word == '!':
            rule['conditional'] = negated = True
            continue
        name = _KEPT.get(word)
        if name:
            value = next(rest, '')
            if value == '!':  # where iptables 1.3 puts it
                rule['conditional'], negated, value = True, True, next(rest, '')
            (rule['unless'] if negated else rule)[name] = value
            rule['goto'] |= word in _GOTO
        elif word in _MATCH:
            rule['conditional'] |= next(rest, '') not in _TRANSPARENT
        elif rule['target'] is None:  # what follows the target are options of the target
            rule['conditional'] = True
        negated = False
    return rule


def concerns(rule, protocol, port):
    """Whether a packet of that protocol, ``(name, number)``, and to that port may be one that ``rule`` is about."""
    if rule['protocol'] != 'all' and rule['protocol'] not in protocol or rule['unless'].get('protocol') in protocol:
        return False
    asked, spared = (ports.get('dport') or ports.get('dports') for ports in (rule, rule['unless']))
    if port is None:
        return not asked
    return (not asked or _hold(asked, port, True)) and not (spared and _hold(spared, port, False))


def _hold(ports, port, named):
    """Whether ``4789,6000:6100`` holds a port; ``named`` is the answer for a service's name, which only a person writes."""
    for part in ports.split(','):
        low, colon, high = part.partition(':')
        if not all(end.isdigit() or not end for end in (low, high)):
            if named:
                return True
        elif int(low or 0) <= port <= int(high or (65535 if colon else low)):
            return True
    return False


def meet(rules, protocol, port, chain='INPUT', above=()):
    """The rules that decide on a packet from anywhere: ``(those that may, in their order, whether the last of them surely does)``.

    :arg above: the chains on the way to ``chain``. Only a file that iptables would not load leads back to one.

    >>> met, decided = meet(parse('-A INPUT -j OTHER\\n-A OTHER -p udp -j DROP'), ('udp', '17'), 4789)
    >>> [rule['target'] for rule in met], decided
    (['DROP'], True)
    """
    met = []
    for rule in rules:
        if rule['chain'] != chain or rule['target'] in above or not concerns(rule, protocol, port):
            continue
        below, decided = ([rule], True) if rule['target'] in _FINAL else meet(rules, protocol, port, rule['target'], above + (chain,))
        met += below
        # From a chain that a rule goes to for good, a packet returns to where this chain was called.
        if not rule['conditional'] and (decided or rule['goto'] or rule['target'] == 'RETURN'):
            return met, decided
    return met, False


def inserted(text, line, chain='INPUT'):
    """The text with one rule more, first of its chain.

    :raises ValueError: a text that holds no table filter.
    """
    lines = text.split('\n')
    first = [rule['line'] for rule in parse(text) if rule['chain'] == chain]
    at = first[0] if first else _end(lines)
    return '\n'.join(lines[:at] + [line] + lines[at:])


def _end(lines):
    inside = False
    for number, line in enumerate(lines):
        if line.strip() == '*filter':
            inside = True
        elif inside and line.strip() == 'COMMIT':
            return number
    raise ValueError('it holds no table filter, from *filter to COMMIT.')


def without(text, rules):
    """The text without the lines of ``rules``."""
    gone = set(rule['line'] for rule in rules)
    return '\n'.join(line for number, line in enumerate(text.split('\n')) if number not in gone)


def listed(text, chain='INPUT'):
    """The rules of a chain, a line each, as they stand in the text."""
    lines = text.split('\n')
    return [lines[rule['line']].strip() for rule in parse(text) if rule['chain'] == chain]
