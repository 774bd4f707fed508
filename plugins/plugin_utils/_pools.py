# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pools as XAPI tells them, and the hosts, groups and variables that an inventory makes of them.

What is kept of a pool is plain and small, so that it can be cached: :func:`survey` asks, :func:`hosts` and :func:`group_name` are pure.
"""

from __future__ import annotations

import contextlib
import http.client
import ipaddress
import re
import ssl
import xml.parsers.expat
import xmlrpc.client

try:
    import XenAPI
except ImportError:
    XenAPI = None

# OpenSSL's X509_V_ERR_HOSTNAME_MISMATCH and X509_V_ERR_IP_ADDRESS_MISMATCH: Python's ssl knows them by number only.
MISMATCHES = (62, 64)
HOST_FIELDS = ('uuid', 'name_label', 'hostname', 'address', 'enabled', 'software_version')


class PoolError(Exception):
    """A pool that could not be asked: what, why and the remedy."""


class Transport(xmlrpc.client.SafeTransport):
    """HTTPS with a time limit for every answer."""

    def __init__(self, context, time_limit):
        super().__init__(context=context)
        self._time_limit = time_limit

    def make_connection(self, host):
        connection = super().make_connection(host)
        connection.timeout = self._time_limit
        return connection


def tls(ca_certificate, validate_certs):
    """The TLS context. A pool's own certificates are self-signed, so the file with them is the usual authority.

    :raises PoolError: a file that holds no certificate.
    """
    if not validate_certs:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        return context
    try:
        return ssl.create_default_context(cafile=ca_certificate)
    except (OSError, ssl.SSLError) as error:
        raise PoolError('ca_certificate %s cannot be used: %s. Name a file of PEM certificates.' % (ca_certificate, error)) from error


def connect(address, context, time_limit):
    """A session of the XenAPI library, not logged in yet."""
    return XenAPI.Session('https://%s/' % _netloc(address), transport=Transport(context, time_limit))


def _netloc(address):
    """An address as a URL has it: XAPI names a coordinator without the brackets that IPv6 needs there."""
    try:
        return '[%s]' % ipaddress.IPv6Address(address)
    except ValueError:
        return address


def survey(pool, session_to):
    """Ask a pool's coordinator for its hosts.

    :arg pool: ``dict(address, user, password)``; the address of a supporter leads to its coordinator.
    :arg session_to: a function from an address to a session.
    :returns: ``dict(uuid, name, hosts)``, each host ``dict(uuid, ..., coordinator)`` with :data:`HOST_FIELDS`, the coordinator first.
    :raises PoolError: no contact, no login, or no pool.
    """
    try:
        return _ask(pool, pool['address'], session_to)
    except XenAPI.Failure as failure:
        if failure.details[0] != 'HOST_IS_SLAVE':
            raise PoolError(_refusal(pool['address'], failure.details)) from failure
        coordinator = failure.details[1]
    try:
        return _ask(pool, coordinator, session_to)
    except XenAPI.Failure as failure:
        raise PoolError(_refusal(coordinator, failure.details)) from failure


def _ask(pool, address, session_to):
    try:
        session = session_to(address)
        session.xenapi.login_with_password(pool['user'], pool['password'])
        try:
            pools, found = session.xenapi.pool.get_all_records(), session.xenapi.host.get_all_records()
        finally:
            with contextlib.suppress(Exception):  # the answer is there, or its failure is the one to tell
                session.xenapi.session.logout()
    except ssl.SSLCertVerificationError as error:
        raise PoolError('The certificate of %s is not trusted: %s. %s' % (address, error.verify_message.rstrip('.'), _remedy(error))) from error
    except (OSError, http.client.HTTPException, xmlrpc.client.Error, xml.parsers.expat.ExpatError) as error:
        raise PoolError('%s does not answer as XAPI (%s). Is it up, is its address right, and is port 443 open?' % (address, error)) from error
    return _pool(address, list(pools.values()), found)


def _remedy(error):
    if error.verify_code in MISMATCHES:
        return 'Name the host as its certificate does, or have it made anew for this name.'
    return 'Set ca_certificate to a file with it, which is the certificate in /etc/xensource/xapi-ssl.pem of that host.'


def _pool(address, pools, found):
    if len(pools) != 1:
        raise PoolError('%s answered with %d pools, where XAPI has exactly one.' % (address, len(pools)))
    hosts = [dict({name: record[name] for name in HOST_FIELDS}, coordinator=reference == pools[0]['master']) for reference, record in found.items()]
    return dict(uuid=pools[0]['uuid'], name=pools[0]['name_label'], hosts=sorted(hosts, key=lambda host: (not host['coordinator'], host['name_label'])))


def _refusal(address, details):
    if details[0] == 'SESSION_AUTHENTICATION_FAILED':
        return '%s does not know this user and password. Correct user and password of the pool.' % address
    if details[0] == 'HOST_IS_SLAVE':
        return '%s calls itself a supporter of %s: the pool has lost its coordinator. Appoint another, and run again.' % (address, details[1])
    if details[0] == 'HOST_STILL_BOOTING':
        return '%s is still booting. Run again when it is up.' % address
    return '%s refused: %s' % (address, ' '.join(map(str, details)))


def group_names(pools):
    """A name for each pool's group, by UUID: its own name, where it has none its coordinator's, with the UUID where two are alike."""
    names = {pool['uuid']: 'pool_' + _word(pool['name'] or pool['hosts'][0]['name_label']) for pool in pools}
    counts = list(names.values())
    return {uuid: name if counts.count(name) == 1 else '%s_%s' % (name, uuid[:8]) for uuid, name in names.items()}


def _word(text):
    """What Ansible takes for a group's name without a warning."""
    return re.sub(r'\W+', '_', text, flags=re.ASCII).strip('_').lower() or 'unnamed'


def variables(pool, host):
    """The variables of a host. They begin with xapi_, but for ansible_host."""
    version = host['software_version']
    return dict(
        ansible_host=host['address'],
        xapi_pool_uuid=pool['uuid'],
        xapi_pool_name=pool['name'],
        xapi_pool_size=len(pool['hosts']),
        xapi_host_uuid=host['uuid'],
        xapi_host_name=host['name_label'],
        xapi_role='coordinator' if host['coordinator'] else 'supporter',
        xapi_enabled=host['enabled'],
        xapi_network_backend=version.get('network_backend'),
        xapi_product_brand=version.get('product_brand'),
        xapi_product_version=version.get('product_version'),
        xapi_build_number=version.get('build_number'))
