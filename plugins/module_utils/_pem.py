# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates in PEM files: what a text holds, and what openssl says of it."""

from __future__ import absolute_import, division, print_function
__metaclass__ = type

import errno
import io
import re

from ansible.module_utils.common.text.converters import to_native

from ansible_collections.xenserver.openvswitch.plugins.module_utils import _cli

BLOCK = re.compile('-----BEGIN ([A-Z0-9 ]+)-----(.*?)-----END \\1-----', re.DOTALL)
CERTIFICATES = ('CERTIFICATE', 'X509 CERTIFICATE', 'TRUSTED CERTIFICATE')


class PemError(_cli.CliError):
    """A text that is no certificate, or not one that can be used."""


def bodies(text):
    """The certificates in a text, by what counts: whatever stands around them and however their lines are broken.

    :raises PemError: there is none, or a private key.
    """
    found = [(kind, ''.join(body.split())) for kind, body in BLOCK.findall(text)]
    if any('PRIVATE KEY' in kind for kind, dummy in found):
        raise PemError('It holds a private key, which must stay where it is: give the certificate of the authority alone.')
    result = [body for kind, body in found if kind in CERTIFICATES]
    if not result:
        raise PemError('It holds no certificate: a line -----BEGIN CERTIFICATE----- must begin it.')
    return result


def same(text, other):
    """Whether two texts hold the same certificates, in whatever order; other may be None."""
    try:
        return other is not None and set(bodies(text)) == set(bodies(other))
    except PemError:
        return False


def block(body):
    """A certificate as openssl reads it."""
    lines = [body[start:start + 64] for start in range(0, len(body), 64)]
    return '-----BEGIN CERTIFICATE-----\n%s\n-----END CERTIFICATE-----\n' % '\n'.join(lines)


def described(text, time_limit):
    """For each certificate in a text ``dict(subject, not_after, sha256, expired)``.

    :raises PemError: openssl cannot read one.
    """
    return [_described(_cli.find('openssl'), body, time_limit) for body in bodies(text)]


def _described(openssl, body, time_limit):
    argv = [openssl, 'x509', '-noout', '-subject', '-enddate', '-fingerprint', '-sha256', '-checkend', '0']
    result = _cli.run(argv, time_limit, ok=None, data=block(body))
    values = dict(re.findall(r'^(subject|notAfter|sha256 Fingerprint)\s*=\s*(.*)$', result.out, re.MULTILINE | re.IGNORECASE))
    values = dict((name.lower(), value) for name, value in values.items())
    if 'notafter' not in values:
        raise PemError('openssl cannot read the certificate in it: %s' % (result.err.strip() or result.out.strip()), result)
    return dict(
        subject=to_native(values.get('subject', '')), not_after=to_native(values['notafter']),
        sha256=to_native(values.get('sha256 fingerprint', '')), expired=result.rc != 0)


def check(text, time_limit):
    """:func:`described`, and none of them out of date.

    :raises PemError: no certificate, or one that has expired.
    """
    found = described(text, time_limit)
    late = ['%(subject)s has expired at %(not_after)s.' % one for one in found if one['expired']]
    if late:
        raise PemError('%s Every connection would be refused: give the certificate that follows it.' % ' '.join(late))
    return found


def read(path):
    """The text of a file, None where there is none."""
    try:
        with io.open(path, encoding='utf-8', errors='replace') as stream:
            return stream.read()
    except (IOError, OSError) as error:
        if error.errno in (errno.ENOENT, errno.ENOTDIR):
            return None
        raise _cli.CliError('%s could not be read (%s). Run the task as root (become: true).' % (path, error.strerror))
