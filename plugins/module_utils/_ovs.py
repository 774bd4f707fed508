# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Talk to a running Open vSwitch: ovs-vsctl for its database, the daemons' control sockets for the rest."""

from __future__ import absolute_import, division, print_function
__metaclass__ = type

import errno
import json
import os
import re
import socket

from ansible.module_utils.common.text.converters import to_bytes, to_text

from ansible_collections.xenserver.openvswitch.plugins.module_utils import _cli, _ovs_json, _ovs_targets

RUNDIR = '/var/run/openvswitch'

# Seconds that a tool may overrun its own --timeout before it is ended from outside.
MARGIN = 5

_VERSION = re.compile(r'\(Open vSwitch\) (\S+)')


class NotReached(_cli.CliError):
    """The database did not answer: no server, no such socket, or no reply in time."""


class Vsctl(object):
    """ovs-vsctl on one database: one process for a read, one for all changes."""

    def __init__(self, time_limit, database=None, path=None):
        self._program = path or _cli.find('ovs-vsctl')
        self.time_limit = time_limit
        self._database = ['--db=%s' % database] if database else []

    def read(self, *names):
        """The rows of each named table, as ovs-vsctl's JSON has them.

        Writes nothing, not even the first row of an empty database (``--dry-run``), and waits for no ovs-vswitchd.
        """
        return self._tables(['--no-wait', '--dry-run'], [['list', name] for name in names])

    def await_rows(self, conditions, then):
        """Wait until every condition, such as ``['Manager', uuid, 'is_connected=true']``, holds; read the table ``then``."""
        waits = [['wait-until'] + condition for condition in conditions]
        return self._tables(['--no-wait', '--dry-run'], waits + [['list', then]])[0]

    def argv(self, commands, options=()):
        """The vector of one transaction; each command is a list of words."""
        argv = [self._program, '--timeout=%d' % self.time_limit] + self._database + list(options)
        for command in commands:
            argv += ['--'] + command
        return argv

    def write(self, commands, wait):
        """Carry out ``commands`` in one transaction; with ``wait`` until ovs-vswitchd has taken it up.

        :returns: the UUIDs of the rows that were made, in the order of their ``create``.
        """
        result = self._run(self.argv(commands, [] if wait else ['--no-wait']))
        return result.out.split()

    def _tables(self, options, commands):
        result = self._run(self.argv(commands, options + ['--format=json']))
        try:
            return _ovs_json.tables(result.out)
        except ValueError as error:
            raise _cli.CliError('%s answered what is no JSON table: %s' % (self._program, error), result)

    def _run(self, argv):
        try:
            return _cli.run(argv, self.time_limit + MARGIN)
        except _cli.CliError as error:
            if error.result is not None and _unanswered(error.result):
                raise NotReached(_advice(error.result, self.time_limit), error.result)
            raise


def _unanswered(result):
    return result.rc < 0 or 'database connection failed' in result.err


def _advice(result, time_limit):
    if result.rc < 0:
        return 'Open vSwitch did not answer within %d seconds: ovsdb-server or ovs-vswitchd hangs, or is slow; see its log, or raise time_limit.' % time_limit
    return 'The database of Open vSwitch does not answer (%s). Start ovsdb-server, or name its socket with database.' % result.err.strip()


def check_database(text):
    """Refuse a ``database`` that is no active connection method without TLS.

    :raises ValueError: with the remedy.
    """
    method = _ovs_targets.parse(text).method
    if method == 'ssl':
        raise ValueError('database cannot be %s, since there is no key and no certificate to connect with. Name the socket, unix:FILE on the host itself, '
                         'or use tcp:HOST:PORT.' % text)
    if method not in ('tcp', 'unix'):
        raise ValueError('database must be unix:FILE or tcp:HOST:PORT, not %s.' % text)


def version_in(text):
    """The version in what a tool or daemon says of itself, or None.

    >>> print(version_in('ovs-vswitchd (Open vSwitch) 3.1.0'))
    3.1.0
    """
    match = _VERSION.search(text or '')
    return match.group(1) if match else None


def ask(control, method, time_limit):
    """Ask a daemon over its control socket, as ovs-appctl does, without a process.

    :returns: the reply's text, or None where nobody answered in time.
    """
    client = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    client.settimeout(time_limit)
    try:
        client.connect(control)
        client.sendall(to_bytes(json.dumps(dict(id=0, method=method, params=[]))))
        return _reply(client)
    except socket.error:
        return None
    finally:
        client.close()


def _reply(client):
    """The ``result`` of one JSON-RPC reply, which ends where its JSON does."""
    received = b''
    while True:
        piece = client.recv(65536)
        if not piece:
            return None
        received += piece
        try:
            return json.loads(to_text(received)).get('result')
        except ValueError:
            continue


def process(name, rundir, proc='/proc'):
    """The running daemon ``name`` as its pidfile or, where it has none, its control socket and /proc have it.

    :returns: ``dict(pid, control, replaced)``, or None where it does not run; ``replaced`` means that the
        executable it was started from is no longer the one on disk.
    """
    for pid in _claims(name, rundir):
        if name in _names('%s/%s' % (proc, pid)):
            control = os.path.join(rundir, '%s.%s.ctl' % (name, pid))
            return dict(pid=int(pid), control=control, replaced=_is_replaced('%s/%s/exe' % (proc, pid)))
    return None


def _claims(name, rundir):
    """The process ids that a daemon has left in a folder, as texts; any of them may be that of another process by now."""
    text = (_content(os.path.join(rundir, name + '.pid')) or '').strip()
    if text.isdigit():
        return [text]
    found = [re.match(r'%s\.(\d+)\.ctl$' % re.escape(name), entry) for entry in (os.listdir(rundir) if os.path.isdir(rundir) else [])]
    return [match.group(1) for match in found if match]


def _names(process_folder):
    """What a process is called: its own name, and the first words of its command line, since a script has that of its interpreter."""
    words = (_content(process_folder + '/cmdline') or '').split('\0')[:3]
    return [(_content(process_folder + '/comm') or '').strip()] + [os.path.basename(word) for word in words]


def _is_replaced(link):
    try:
        return os.readlink(link).endswith(' (deleted)')
    except OSError:
        return False  # a process of another user, or one that has just ended


def _content(path):
    try:
        with open(path, 'rb') as stream:
            return to_text(stream.read(), errors='surrogate_or_replace')
    except (IOError, OSError) as error:
        if error.errno in (errno.ENOENT, errno.ESRCH, errno.EACCES):
            return None
        raise
