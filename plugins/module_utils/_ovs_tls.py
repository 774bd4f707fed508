# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Why a manager is not connected over TLS, which Open vSwitch does not tell: for an expired certificate and for a strange
authority alike it logs "certificate verify failed". So the handshake is tried again with openssl, as ovsdb-server does it.
"""

from __future__ import absolute_import, division, print_function
__metaclass__ = type

import errno
import os
import re
from collections import namedtuple

from ansible.module_utils.common.text.converters import to_text

from ansible_collections.xenserver.openvswitch.plugins.module_utils import _cli, _ovs_targets

LOG = '/var/log/openvswitch/ovsdb-server.log'
TAIL = 65536  # bytes of the log that are looked at
PORT = 6640  # IANA's, where a target names none
LIMIT = 10  # seconds for a handshake
# Entries of the log that say that a manager has gone, and not why.
GONE = re.compile('system error|unexpected SSL connection close')

UNVERIFIED = re.compile(r'(?:depth=\d+ (?P<subject>.*)\n)?verify error:num=(?P<number>\d+):(?P<said>.*)')
# What X509_verify_cert says; all others come to an authority that is not trusted.
DATES = {9: 'is not valid yet', 10: 'has expired'}
UNREACHABLE, UNTRUSTED, INVALID, REJECTED = 'unreachable', 'untrusted', 'invalid', 'rejected'

Refusal = namedtuple('Refusal', ('kind', 'text'))


def refusal(target, ssl):
    """Why the switch and its manager do not come together, as a :class:`Refusal`, or None where that cannot be told.

    :arg ssl: the switch's TLS material.
    """
    if not _ovs_targets.uses_tls(target) or ssl is None:
        return None
    found = logged(_tail(LOG)) if target.startswith('pssl:') else _tried(target, ssl)
    # Nobody tells this side for certain that its own certificate is why.
    return _late(ssl['certificate']) or found if found is None or found.kind == REJECTED else found


def _tried(target, ssl):
    is_there = os.path.exists(ssl['ca_certificate'])
    try:
        result = _cli.run(handshake(_cli.find('openssl'), target, ssl, is_there), LIMIT, ok=None)
    except _ovs_targets.TargetError as error:
        return Refusal(UNREACHABLE, str(error))
    except _cli.CliError as error:
        return None if error.result is None else Refusal(UNREACHABLE, 'it does not answer within %d seconds' % LIMIT)
    return read(result.err + '\n' + result.out, ssl['ca_certificate'] if is_there or not ssl['bootstrap'] else None)


def _late(path):
    """A :class:`Refusal` where the switch's own certificate has expired."""
    try:
        result = _cli.run([_cli.find('openssl'), 'x509', '-in', path, '-noout', '-subject', '-enddate', '-checkend', '0'], LIMIT, ok=None)
    except _cli.CliError:
        return None
    found = re.search(r'^subject=\s*(.*)\nnotAfter=(.*)', result.out, re.MULTILINE) if result.rc else None
    return Refusal(INVALID, 'the certificate of this switch, %s (%s), has expired at %s: give it a new one' % ((path,) + found.groups())) if found else None


def handshake(openssl, target, ssl, with_authority):
    """The vector of openssl; TLS 1.3 would end the client's part before the server has judged its certificate."""
    parsed = _ovs_targets.parse(target)
    argv = [openssl, 's_client', '-connect', '%s:%d' % (parsed.host, parsed.port or PORT), '-tls1_2', '-cert', ssl['certificate'], '-key', ssl['private_key']]
    return argv + (['-verify_return_error', '-CAfile', ssl['ca_certificate']] if with_authority else [])


def read(text, authority):
    """What `openssl s_client` printed -> :class:`Refusal` or None.

    :arg authority: the file that the switch knows its authorities by, None where it trusts the first that it meets.
    """
    for found in UNVERIFIED.finditer(text):
        number = int(found.group('number'))
        # Without an authority openssl asks its own store, which is not the switch's, and goes on.
        if authority is not None or number in DATES:
            return _unverified(number, found.group('said'), found.group('subject') or 'no subject', authority)
    found = re.search(r'connect:errno=(\d+)', text)
    if found:
        return Refusal(UNREACHABLE, os.strerror(int(found.group(1))))
    if 'no peer certificate' in text:
        return Refusal(UNREACHABLE, _speechless(text))
    found = re.search(r'alert ([^:\n]+):', text)
    if found:
        return Refusal(REJECTED, 'it refuses the certificate of this switch (%s)' % found.group(1))
    if re.search(r'^write:errno=', text, re.MULTILINE):
        return Refusal(REJECTED, 'it closes the connection once it has seen the certificate of this switch: does it trust its authority?')
    return None


def _speechless(text):
    """Why a manager has not even shown its certificate, which in TLS 1.2 comes before it sees that of the switch."""
    if 'wrong version number' in text or 'unknown protocol' in text:
        return 'what it answers is not TLS: is its target meant to begin with tcp: or to have another port?'
    found = re.search(r'alert ([^:\n]+):|:(unsupported protocol):', text)
    if found:
        return 'it has no TLS 1.2, or no cipher of it, in common with this switch (%s)' % (found.group(1) or found.group(2))
    return 'it closes the connection before it has shown a certificate: does it speak TLS on that port?'


def _unverified(number, said, subject, authority):
    if number in DATES:
        return Refusal(INVALID, 'its certificate (%s) %s: give it a new one' % (subject, DATES[number]))
    return Refusal(UNTRUSTED, 'its certificate is of an authority that %s does not hold (%s: %s)' % (authority, subject, said))


def logged(text):
    """The last trouble with TLS that ovsdb-server has logged -> :class:`Refusal` or None."""
    found = re.findall(r'^(\S+)\|\d+\|stream_ssl\|(?:WARN|ERR)\|(.*)$', text, re.MULTILINE)
    if not found:
        return None
    when, said = ([one for one in found if not GONE.search(one[1])] or found)[-1]
    kind = REJECTED if ' alert ' in said else UNTRUSTED if 'verify failed' in said else INVALID
    return Refusal(kind, 'ovsdb-server at %s: %s' % (when, said))


def _tail(path):
    try:
        with open(path, 'rb') as stream:
            stream.seek(max(0, os.path.getsize(path) - TAIL))
            return to_text(stream.read(), errors='surrogate_or_replace')
    except (IOError, OSError) as error:
        if error.errno not in (errno.ENOENT, errno.EACCES):
            raise
        return u''
