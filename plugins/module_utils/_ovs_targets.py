# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""OVSDB connection methods, checked before ovs-vsctl, which takes any text with at most a warning.

The forms are those of ovsdb(7), "Connection Methods", and of the Manager table in ovs-vswitchd.conf.db(5), less two
that are documented and do not work: ``tcp:[IPv6]`` without a port, and ``ptcp::HOST``, which listens on port 65535.
"""

from __future__ import absolute_import, division, print_function
__metaclass__ = type

import re
import socket
from collections import namedtuple

from ansible.module_utils.common.text.converters import to_native, to_text

ACTIVE = ('ssl', 'tcp')
PASSIVE = ('pssl', 'ptcp')
PATHS = ('unix', 'punix')

FORMS = 'ssl:HOST[:PORT], tcp:HOST[:PORT], pssl:[PORT[:HOST]], ptcp:[PORT[:HOST]], unix:FILE or punix:FILE'

# The first release that resolves names (its NEWS); older ones take addresses only.
NAMES_SINCE = (2, 10)

_BRACKETED = re.compile(r'\[([^\[\]]*)\](?::(.*))?$', re.DOTALL)
_LABEL = re.compile(r'[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?$')
_CONTROL = re.compile(u'[\\x00-\\x1f\\x7f]')

Target = namedtuple('Target', ('method', 'host', 'port', 'path', 'is_name'))


class TargetError(ValueError):
    """A text that is no target; the message says which part and what it should be."""

    def __init__(self, text, reason):
        super(TargetError, self).__init__(to_native(u'The target "%s" %s' % (to_text(text), to_text(reason))))


def parse(text):
    """The :class:`Target` that a text stands for.

    ``host``, ``port`` and ``path`` are None where the text has none; ``is_name`` tells a DNS name from an address.

    :raises TargetError: anything that Open vSwitch could not connect to or listen on.
    """
    text = to_text(text, errors='surrogate_or_strict')
    if _CONTROL.search(text):
        raise TargetError(text, 'holds a control character.')
    method, colon, rest = text.partition(':')
    if not colon or method not in ACTIVE + PASSIVE + PATHS:
        raise TargetError(text, 'has no known form; it is %s.' % FORMS)
    if method in PATHS:
        return Target(method, None, None, _path(text, rest), False)
    split = _split_active if method in ACTIVE else _split_passive
    host, port = split(text, rest)
    return Target(method, host, _port(text, port, 1 if method in ACTIVE else 0), None, _is_name(text, host))


def uses_tls(text):
    """Whether a target needs a key and certificates."""
    return text.partition(':')[0] in ('ssl', 'pssl')


def listens(text):
    """Whether the switch waits for who connects to a target, rather than connect to it."""
    return text.partition(':')[0] in PASSIVE + ('punix',)


def release(ovs_version):
    """The first two numbers of a switch's version, as text or None: () where it is not known."""
    return tuple(int(part) for part in re.findall(r'\d+', ovs_version or '')[:2])


def check(targets, ovs_version=None):
    """Parse each target.

    :arg ovs_version: the switch's version as text, where it is known.
    :raises TargetError: for the first that is wrong, or that this version cannot resolve.
    """
    for text in targets:
        target = parse(text)
        if target.is_name and () < release(ovs_version) < NAMES_SINCE:
            raise TargetError(text, 'names a host, which Open vSwitch resolves from 2.10 on; this is %s. Give its address.' % ovs_version)


def _path(text, path):
    if not path:
        raise TargetError(text, 'lacks the file after the colon.')
    return path


def _split_active(text, rest):
    """HOST[:PORT]"""
    match = _BRACKETED.match(rest)
    host, port = ('[%s]' % match.group(1), match.group(2)) if match else _halves(rest)
    if not host:
        raise TargetError(text, 'lacks the host after the method: an address, IPv6 in brackets, or a name.')
    _plain_ipv6(text, host, port)
    if match and port is None:  # ovsdb-server 3.1.0 takes the address's own colons for that of a port
        raise TargetError(text, 'lacks the port, which an IPv6 address needs, such as tcp:[2001:db8::1]:6640.')
    return host, port


def _split_passive(text, rest):
    """[PORT[:HOST]]"""
    port, host = _halves(rest)
    if host == '':
        raise TargetError(text, 'ends in a colon: give the local address after it, or leave it out.')
    if port.startswith('['):
        raise TargetError(text, 'has the host before the port; it is %s:[PORT[:HOST]].' % text.partition(':')[0])
    if host and not port:
        raise TargetError(text, 'lacks the port before the address; Open vSwitch would listen on 65535.')
    _plain_ipv6(text, host or '', None)
    return host, port or None


def _halves(text):
    """Around the first colon; the second is None where there is no colon."""
    first, colon, second = text.partition(':')
    return first, second if colon else None


def _plain_ipv6(text, host, port):
    if ':' in (port or '') or ':' in host and not host.startswith('['):
        raise TargetError(text, 'has too many colons; an IPv6 address stands in brackets, such as tcp:[2001:db8::1]:6640.')


def _port(text, port, lowest):
    if port is None:
        return None
    if not re.match(r'[0-9]{1,5}$', port) or not lowest <= int(port) <= 65535:
        raise TargetError(text, u'has the port "%s"; it is a number from %d to 65535.' % (port, lowest))
    return int(port)


def _is_name(text, host):
    """False for an address or no host, True for a name."""
    if host is None:
        return False
    if host.startswith('['):
        if not (host.endswith(']') and _is_ipv6(host[1:-1])):
            raise TargetError(text, u'has the address %s, which is no IPv6 address.' % host)
        return False
    if _is_address(socket.AF_INET, host):
        return False
    labels = host.rstrip('.').split('.')
    if len(host) > 253 or labels[-1].isdigit() or not all(_LABEL.match(label) for label in labels):
        raise TargetError(text, u'has the host "%s", which is neither an address nor a name.' % host)
    return True


def _is_ipv6(text):
    address, percent, scope = text.partition('%')
    return _is_address(socket.AF_INET6, address) and (bool(re.match(r'[\w.-]+$', scope)) if percent else True)


def _is_address(family, text):
    try:
        socket.inet_pton(family, text)
    except (socket.error, ValueError):
        return False
    return True
