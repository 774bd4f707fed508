# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An OVSDB client (RFC 7047) for hosts whose manager is ssl:THIS:PORT, or pssl:6640.

The host opens the connection, or listens for this side's; each checks the other's certificate. The host is then the server
of the protocol: this side asks which databases it has, monitors Open_vSwitch, and answers its echo requests. What is known
of each host is kept in one JSON file:

    {"listening": [ADDRESS, PORT, ...],
     "peers": {CERTIFICATE'S COMMON NAME: {"address", "subject", "connected", "connections", "since", "away", "databases",
                                           "system_uuid", "ovs_version", "managers": [TARGET], "bridges": [NAME], "problem"}}}

`connected` turns true when the host has answered the monitor request, not before; that is `since` when. `away` are the
seconds that the host was without a connection before that, null at its first.
"""

import argparse
import asyncio
import codecs
import json
import logging
import os
import signal
import ssl
import time

DATABASE = 'Open_vSwitch'
# Table -> the columns that are asked for.
WATCHED = {'Open_vSwitch': ['ovs_version', 'external_ids'], 'Manager': ['target'], 'Bridge': ['name']}
RETRY = 1           # seconds between attempts to connect to a host
PROBE = 5           # seconds of silence after which the host is asked for an echo; the same again, and it is gone
LARGEST = 64 << 20  # characters of one message
LOG = logging.getLogger('ovsdb-controller')


class Messages:
    """JSON objects out of a stream of bytes that has no separators between them."""

    def __init__(self):
        self._text = ''
        # A read may end in the middle of a character.
        self._utf8 = codecs.getincrementaldecoder('utf-8')()
        self._decoder = json.JSONDecoder()

    def feed(self, chunk):
        """The objects that are complete with this chunk.

        :raises ValueError: it is no UTF-8, no JSON object, or too long.
        """
        self._text += self._utf8.decode(chunk)
        found = []
        while True:
            self._text = self._text.lstrip()
            if self._text and not self._text.startswith('{'):
                raise ValueError('no JSON object: %.40r' % self._text)
            try:
                message, end = self._decoder.raw_decode(self._text)
            except ValueError:
                break
            found.append(message)
            self._text = self._text[end:]
        if len(self._text) > LARGEST:
            raise ValueError('a message of more than %d characters' % LARGEST)
        return found


def typed(value):
    """A column's value in RFC 7047 notation -> str, dict or list."""
    if isinstance(value, list) and len(value) == 2:
        kind, content = value
        if kind == 'map':
            return dict(content)
        if kind == 'set':
            return [typed(item) for item in content]
        return content
    return value


def updated(tables, changes):
    """Apply a monitor's table-updates to {table: {row: {column: value}}}."""
    for table, rows in changes.items():
        known = tables.setdefault(table, {})
        for row, change in rows.items():
            if 'new' in change:
                known[row] = {column: typed(value) for column, value in change['new'].items()}
            else:
                known.pop(row, None)
    return tables


def summary(tables):
    """What is told about a host, out of its tables."""
    root = next(iter(tables.get('Open_vSwitch', {}).values()), {})
    identifiers = root.get('external_ids') or {}
    return {
        'system_uuid': identifiers.get('xs-system-uuid') or identifiers.get('system-id'),
        'ovs_version': root.get('ovs_version') or None,
        'managers': sorted(row['target'] for row in tables.get('Manager', {}).values()),
        'bridges': sorted(row['name'] for row in tables.get('Bridge', {}).values()),
    }


class State:
    """The JSON file."""

    def __init__(self, path, listening):
        self.path = path
        self.left = {}  # host -> when its last connection ended
        self.known = {'listening': list(listening), 'peers': {}}
        self.write()

    def note(self, name, **facts):
        peer = self.known['peers'].setdefault(name, {'connections': 0, 'connected': False, 'problem': None})
        before = dict(peer)
        peer.update(facts)
        if peer != before:
            self.write()

    def arrived(self, name, **facts):
        now, before = time.time(), self.known['peers'].get(name, {})
        away = 0 if before.get('connected') else now - self.left[name] if name in self.left else None
        self.note(name, connected=True, connections=before.get('connections', 0) + 1, since=now, away=away, problem=None, **facts)

    def gone(self, name, problem):
        if self.known['peers'].get(name, {}).get('connected'):
            self.left[name] = time.time()
        self.note(name, connected=False, problem=problem)

    def write(self):
        with open(self.path + '.new', 'w', encoding='utf-8') as stream:
            json.dump(self.known, stream, indent=2, sort_keys=True)
            stream.write('\n')
        os.replace(self.path + '.new', self.path)


class Peer:
    """One connection of one host."""

    def __init__(self, state, reader, writer):
        self.state, self.reader, self.writer = state, reader, writer
        self.address = writer.get_extra_info('peername')[0]
        subject = dict(pair for group in writer.get_extra_info('peercert')['subject'] for pair in group)
        self.name = subject.get('commonName', self.address)
        self.subject = ', '.join('%s=%s' % pair for pair in subject.items())
        self.tables = {}

    def send(self, message):
        self.writer.write(json.dumps(message).encode())

    def note(self, **facts):
        self.state.note(self.name, **facts)

    async def talk(self):
        """Until the host closes, stays silent, or says something that is no OVSDB."""
        LOG.info('%s connects from %s', self.name, self.address)
        self.send({'id': 'list_dbs', 'method': 'list_dbs', 'params': []})
        messages, probed = Messages(), False
        while True:
            try:
                chunk = await asyncio.wait_for(self.reader.read(1 << 16), PROBE)
            except asyncio.TimeoutError:
                if probed:
                    raise ConnectionError('no answer to an echo request within %d s' % PROBE)
                probed = True
                self.send({'id': 'echo', 'method': 'echo', 'params': []})
                continue
            if not chunk:
                return
            probed = False
            for message in messages.feed(chunk):
                self.handle(message)

    def handle(self, message):
        method, ident = message.get('method'), message.get('id')
        if method == 'echo':
            self.send({'id': ident, 'result': message.get('params'), 'error': None})
        elif method == 'update':
            self.note(**summary(updated(self.tables, message['params'][1])))
        elif message.get('error'):
            raise ValueError('%s: %s' % (ident, json.dumps(message['error'])))
        elif ident == 'list_dbs':
            self.note(databases=message['result'])
            wanted = {table: [{'columns': columns}] for table, columns in WATCHED.items()}
            self.send({'id': 'monitor', 'method': 'monitor', 'params': [DATABASE, None, wanted]})
        elif ident == 'monitor':
            self.state.arrived(self.name, address=self.address, subject=self.subject, **summary(updated(self.tables, message['result'])))
            LOG.info('%s is connected', self.name)


class Controller:
    """Every connection; of two from the same host the later one counts."""

    def __init__(self, state):
        self.state, self.current = state, {}

    async def serve(self, reader, writer):
        if writer.get_extra_info('peername') is None:  # the other side has gone already
            writer.close()
            return
        peer = Peer(self.state, reader, writer)
        self.current[peer.name] = peer
        problem = None
        try:
            await peer.talk()
        except (OSError, ValueError, KeyError, TypeError, IndexError, AttributeError) as exc:
            problem = '%s: %s' % (type(exc).__name__, exc)
        finally:
            writer.close()
        LOG.info('%s is gone%s', peer.name, ': ' + problem if problem else '')
        if self.current[peer.name] is peer:
            self.state.gone(peer.name, problem)

    async def seek(self, address, port, context):
        """Connect to a host as often as it listens."""
        before = None
        while True:
            try:
                streams = await asyncio.wait_for(asyncio.open_connection(address, port, ssl=context), PROBE)
            except (OSError, asyncio.TimeoutError) as exc:
                problem = '%s: %s' % (type(exc).__name__, exc)
                if problem != before:
                    LOG.info('no connection to %s: %s', address, problem)
                before = problem
            else:
                before = None
                await self.serve(*streams)
            await asyncio.sleep(RETRY)


def tls(purpose, options):
    """A context that shows this side's certificate, and takes one of the hosts' authority only."""
    context = ssl.create_default_context(purpose, cafile=options.ca)
    context.check_hostname = False  # a host is known by its certificate's common name, wherever it is
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_cert_chain(options.chain)
    return context


async def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--address', default='0.0.0.0')
    parser.add_argument('--port', type=int, nargs='+', default=[6632])
    parser.add_argument('--chain', default='/etc/ovsdb-controller/server.pem', help='key, certificate, and the authority for hosts that bootstrap')
    parser.add_argument('--ca', default='/etc/ovsdb-controller/ca.pem', help='authority of the hosts')
    parser.add_argument('--state', default='/run/ovsdb-controller/state.json')
    parser.add_argument('--seek', nargs='*', default=[], metavar='ADDRESS', help='hosts that may listen for this side')
    parser.add_argument('--seek-port', type=int, default=6640)
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format='%(message)s')
    controller = Controller(State(options.state, (options.address, *options.port)))
    here, there = tls(ssl.Purpose.CLIENT_AUTH, options), tls(ssl.Purpose.SERVER_AUTH, options)
    # A new certificate is shown from the next connection on; those that are there stay.
    asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, lambda: [context.load_cert_chain(options.chain) for context in (here, there)])
    servers = [await asyncio.start_server(controller.serve, options.address, port, ssl=here) for port in options.port]
    await asyncio.gather(*(server.serve_forever() for server in servers),
                         *(controller.seek(address, options.seek_port, there) for address in options.seek))


if __name__ == '__main__':
    asyncio.run(main())
