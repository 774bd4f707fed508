# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The part of the XenAPI client that plugins and daemons of a dom0 use: a session over XAPI's local socket.

Runs on Python 2.7 and 3.
"""

from __future__ import absolute_import, division, print_function
__metaclass__ = type

import socket

try:
    import http.client as httplib
    import xmlrpc.client as xmlrpclib
except ImportError:
    import httplib
    import xmlrpclib

SOCKET = '/var/lib/xcp/xapi'


class Failure(Exception):
    """XAPI refused: ``details`` is the error's code and its parameters."""

    def __init__(self, details):
        Exception.__init__(self, details)
        self.details = details

    def __str__(self):
        return str(self.details)


class _Connection(httplib.HTTPConnection):
    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.connect(SOCKET)


class _Transport(xmlrpclib.Transport):
    def make_connection(self, host):
        return _Connection(host)


class _Name(object):
    """``session.xenapi.pool.get_all``: a dotted name that can be called."""

    def __init__(self, call, path):
        self._call = call
        self._path = path

    def __getattr__(self, name):
        return _Name(self._call, self._path + [name])

    def __call__(self, *params):
        return self._call('.'.join(self._path), params)


class Session(object):
    """Calls are ``session.xenapi.CLASS.METHOD(...)``; logins set the handle that the others send."""

    def __init__(self, uri, transport=None):
        self._proxy = xmlrpclib.ServerProxy(uri, transport=transport, allow_none=True)
        self._session = None
        self.xenapi = _Name(self._request, [])

    @property
    def handle(self):
        return self._session

    def _request(self, method, params):
        if method.startswith('login') or method.startswith('slave_local'):
            self._session = self._send('session.' + method, params)
            return None
        if method in ('logout', 'session.logout'):
            session, self._session = self._session, None
            return self._send('session.logout', (session,))
        return self._send(method, (self._session,) + params)

    def _send(self, method, params):
        result = getattr(self._proxy, method)(*params)
        if result['Status'] == 'Success':
            return result['Value']
        raise Failure(result['ErrorDescription'])

    def __getattr__(self, name):
        if name.startswith('login') or name == 'logout' or name.startswith('slave_local'):
            return lambda *params: self._request(name, params)
        raise AttributeError(name)


def xapi_local():
    return Session('http://localhost/', transport=_Transport())
