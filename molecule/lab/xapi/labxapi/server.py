# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""XAPI's process: XML-RPC and `xe` on the local socket and on TCP, pool membership, the start-up sequence.

A supporter keeps no database: what comes over its socket it passes on to the coordinator, what comes over TCP it
refuses with HOST_IS_SLAVE. The coordinator calls it back for what only that host can do.
"""

from __future__ import absolute_import, division, print_function
__metaclass__ = type

import argparse
import datetime
import http.client
import http.server
import json
import logging
import os
import signal
import socket
import socketserver
import ssl
import sys
import threading
import time
import traceback
import xmlrpc.client

from . import cli
from .api import LOGINS, Api
from .errors import ApiError, internal
from .host import Host
from .state import MANAGEMENT_BRIDGE, Store

LOG = logging.getLogger('xapi')
# Where hosts of one pool talk to each other: /lab/forward, /lab/cli, /lab/join and /lab/leave from supporters, /lab/host to them.
PEER = '/lab/'
HOST_ACTIONS = ('call_plugin', 'reboot', 'install_certificate', 'uninstall_certificate')
RETRY = 2


class Service:
    """What one host's XAPI answers.

    :arg host: a :class:`host.Host`.
    :arg port: the TCP port of every host's XAPI.
    """

    def __init__(self, host, port):
        self.host = host
        self.port = port
        self.api = None
        self.coordinator = host.coordinator
        self._lock = threading.Lock()
        host.leaving = self._leave
        if self.coordinator is None:
            self.api = Api(Store(host.path('var/lib/lab-xapi/state.json')), host, self._call_host, self._record)

    # -- what is answered ---------------------------------------------------------------------------------------

    def post(self, path, body, local):
        """The body of an answer to a request.

        :arg local: it came over the unix socket.
        """
        if self.coordinator is not None and local and path in ('/', '/RPC2'):
            return self._pass_on(path, body)
        if path == '/cli':
            return self._xe(body, local) if self.coordinator is None or not local else self._xe_afar(body)
        if path == PEER + 'cli':
            return self._xe(body, True)
        if path == PEER + 'host':
            return self._answer(self._host_action, body)
        if path == PEER + 'join':
            return self._answer(lambda method, params: self.api.join(*params), body)
        if path == PEER + 'leave':
            return self._answer(lambda method, params: self.api.leave(*params), body)
        return self._answer(lambda method, params: self._call(method, params, local or path == PEER + 'forward'), body)

    def _call(self, method, params, trusted):
        if self.api is None:
            raise ApiError('HOST_IS_SLAVE', self.coordinator)
        return self.api.call(method, params, trusted)

    def _host_action(self, method, params):
        if method not in HOST_ACTIONS:
            raise ApiError('MESSAGE_METHOD_UNKNOWN', method)
        return getattr(self.host, method)(*params) or ''

    def _answer(self, function, body):
        """An XML-RPC response whose value is a struct with Status and Value or ErrorDescription."""
        method = '?'
        try:
            params, method = xmlrpc.client.loads(body)
            result = dict(Status='Success', Value=function(method, params))
        except ApiError as error:
            result = dict(Status='Failure', ErrorDescription=error.description)
        except Exception as error:
            LOG.error('%s: %s', method, traceback.format_exc())
            result = dict(Status='Failure', ErrorDescription=internal(repr(error)).description)
        return xmlrpc.client.dumps((result,), methodresponse=True, allow_none=True).encode()

    def _xe(self, body, trusted):
        request = json.loads(body)
        try:
            if self.api is None:
                raise ApiError('HOST_IS_SLAVE', self.coordinator)
            self._record('xe', request['words'])
            output, status = cli.run(self.api, self.host.has_sdn, request['words'], request['files'], trusted)
        except ApiError as error:
            output, status = cli.refusal(error)
        except Exception as error:
            LOG.error('xe: %s', traceback.format_exc())
            output, status = cli.refusal(internal(repr(error)))
        return json.dumps(dict(output=output, status=status)).encode()

    # -- a supporter's way to its coordinator -------------------------------------------------------------------

    def _pass_on(self, path, body):
        method = xmlrpc.client.loads(body)[1]
        if method in LOGINS[1:] or method == 'session.local_logout':
            return self._answer(lambda dummy, params: 'OpaqueRef:local', body)
        try:
            return post(self.coordinator, self.port, PEER + 'forward', body)
        except OSError as error:
            LOG.warning('the coordinator %s cannot be reached: %s', self.coordinator, error)
            return self._answer(self._emergency, body)

    def _emergency(self, dummy, params):
        raise ApiError('HOST_IN_EMERGENCY_MODE')

    def _xe_afar(self, body):
        try:
            return post(self.coordinator, self.port, PEER + 'cli', body)
        except OSError as error:
            LOG.warning('the coordinator %s cannot be reached: %s', self.coordinator, error)
            output, status = cli.refusal(ApiError('HOST_IN_EMERGENCY_MODE'))
            return json.dumps(dict(output=output, status=status)).encode()

    # -- a coordinator's way to its supporters ------------------------------------------------------------------

    def _call_host(self, address, action, *arguments):
        return call(address, self.port, PEER + 'host', action, arguments)

    def _record(self, method, params):
        line = json.dumps(dict(time=time.time(), method=method, params=params), default=str)
        with self._lock, open(self.host.path('var/log/lab-xapi-calls.jsonl'), 'a', encoding='utf-8') as stream:
            stream.write(line + '\n')

    # -- start-up -----------------------------------------------------------------------------------------------

    def start_up(self):
        """Join the pool, bring the switch in line, say that XAPI is ready."""
        reference = self._join()
        session = self._pool(LOGINS[0], '', '', '', 'xapi')
        self._note_network(session)
        self._update_switch(session, reference)
        self._pool('session.logout', session)
        with open(self.host.path('var/run/xapi_init_complete.cookie'), 'w', encoding='utf-8'):
            LOG.info('start-up is complete')

    def _join(self):
        while True:
            try:
                return self._pool_join(self.host.facts())
            except (OSError, ApiError) as error:
                LOG.info('no contact with the coordinator %s yet: %s', self.coordinator, error)
                time.sleep(RETRY)

    def _pool_join(self, facts):
        return self.api.join(facts) if self.api else call(self.coordinator, self.port, PEER + 'join', 'join', [facts])

    def _leave(self):
        """The last that XAPI hears of this host before it goes down."""
        try:
            if self.api:
                self.api.leave(self.host.uuid)
            else:
                call(self.coordinator, self.port, PEER + 'leave', 'leave', [self.host.uuid])
        except (OSError, ApiError) as error:
            LOG.warning('this host goes down unnoticed: %r', error)

    def _note_network(self, session):
        """What the networks' stand-in needs to know of the database at the next boot."""
        for network in self._pool('network.get_all_records', session).values():
            if network['bridge'] == MANAGEMENT_BRIDGE:
                with open(self.host.path('var/lib/lab-xapi/network-uuid'), 'w', encoding='utf-8') as stream:
                    stream.write(network['uuid'] + '\n')

    def _update_switch(self, session, reference):
        try:
            LOG.info('%s: %s', self.host.plugin, self._pool('host.call_plugin', session, reference, self.host.plugin, 'update', {}))
        except (OSError, ApiError) as error:
            LOG.warning('%s failed, which is ignored: %r', self.host.plugin, error)

    def _pool(self, method, *params):
        """A call to the pool's API, wherever the coordinator is."""
        if self.api:
            return self.api.call(method, params, trusted=True)
        return call(self.coordinator, self.port, PEER + 'forward', method, params)


def post(address, port, path, body):
    """An HTTP answer's body.

    :raises OSError: no contact, or no sensible answer.
    """
    connection = http.client.HTTPConnection(address, port)
    connection.timeout = 10  # to connect; a plugin may take longer to answer
    try:
        connection.connect()
        connection.sock.settimeout(None)
        connection.request('POST', path, body, {'Content-Type': 'text/xml'})
        response = connection.getresponse()
        text = response.read()
    except http.client.HTTPException as error:
        raise OSError('%s answered no HTTP: %r' % (address, error))
    finally:
        connection.close()
    if response.status != 200:
        raise OSError('%s answered %d to %s' % (address, response.status, path))
    return text


def call(address, port, path, method, params):
    """The value of another host's answer.

    :raises ApiError: the one it answered with.
    """
    (result,), dummy = xmlrpc.client.loads(post(address, port, path, xmlrpc.client.dumps(tuple(params), method).encode()))
    if result['Status'] != 'Success':
        raise ApiError(*result['ErrorDescription'])
    return result['Value']


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get('Content-Length', 0)))
        answer = self.server.service.post(self.path, body, self.server.local)
        self.send_response(200)
        self.send_header('Content-Type', 'text/xml')
        self.send_header('Content-Length', str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def address_string(self):
        return 'socket' if self.server.local else self.client_address[0]

    def log_message(self, *dummy):
        """Calls are recorded by name; requests need not be."""


class UnixServer(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True
    local = True
    request_queue_size = 64


class TcpServer(http.server.ThreadingHTTPServer):
    local = False

    def server_bind(self):
        socketserver.TCPServer.server_bind(self)  # without the base class's look-up of the host's name


class TlsServer(TcpServer):
    """What clients from afar are to use.

    :arg certificate: a file with the host's key and certificate.
    """

    def __init__(self, address, certificate):
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(certificate)
        super().__init__(address, Handler)

    def finish_request(self, request, client_address):
        """In the connection's own thread, so that a client that says nothing keeps none waiting."""
        request.settimeout(10)
        with self._context.wrap_socket(request, server_side=True) as secured:
            secured.settimeout(None)
            super().finish_request(secured, client_address)

    def handle_error(self, request, client_address):
        LOG.info('%s: %r', client_address[0], sys.exc_info()[1])


def serve(service, unix_path, address, port, tls=None):
    """Start the servers, each in a thread of its own; returned for their ``shutdown``.

    :arg tls: a port for TLS.
    """
    os.makedirs(os.path.dirname(unix_path), exist_ok=True)
    if os.path.exists(unix_path):
        os.unlink(unix_path)
    servers = [UnixServer(unix_path, Handler), TcpServer((address, port), Handler)]
    if tls:
        servers.append(TlsServer((address, tls), service.host.certificate))
    os.chmod(unix_path, 0o600)
    for server in servers:
        server.service = service
        threading.Thread(target=server.serve_forever, args=[0.05], daemon=True).start()
    return servers


def main():
    parser = argparse.ArgumentParser(description='XAPI of one lab host')
    parser.add_argument('--root', default='/', help='the host\'s root folder')
    parser.add_argument('--address', default='0.0.0.0')
    parser.add_argument('--port', type=int, default=80)
    parser.add_argument('--tls-port', type=int, default=443)
    options = parser.parse_args()
    host = Host(options.root)
    _log_to(host.path('var/log/xensource.log'))
    signal.signal(signal.SIGTERM, lambda *dummy: sys.exit(0))
    cookie = host.path('var/run/xapi_init_complete.cookie')
    _remove(cookie)
    while not host.ready():
        time.sleep(0.5)
    host.make_key()
    service = Service(host, options.port)
    servers = serve(service, host.path('var/lib/xcp/xapi'), options.address, options.port, options.tls_port)
    try:
        service.start_up()
        signal.pause()
    finally:
        _remove(cookie)
        _remove(host.path('var/lib/xcp/xapi'))
        for server in servers:
            server.shutdown()


def _remove(path):
    if os.path.lexists(path):
        os.unlink(path)


def _log_to(path):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    handler = logging.FileHandler(path)
    handler.setFormatter(logging.Formatter('%(asctime)s ' + socket.gethostname() + ' xapi: [%(levelname)s] %(message)s'))
    LOG.addHandler(handler)
    LOG.setLevel(logging.INFO)
    LOG.info('started, %s', datetime.datetime.now().isoformat())


if __name__ == '__main__':
    main()
