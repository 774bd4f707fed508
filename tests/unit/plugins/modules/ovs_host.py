# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A host for the real Open vSwitch: private daemons in a folder of their own, found by the modules through PATH and OVS_RUNDIR only.

ovs-vswitchd takes every datapath for a dummy one, so that no bridge of a test reaches the machine's network or needs root.
"""

from __future__ import absolute_import, division, print_function
__metaclass__ = type

import contextlib
import ctypes
import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time

from ansible_collections.xenserver.openvswitch.tests.unit.plugins.modules.rpm_host import path_of, require

TOOLS = ('ovs-vsctl', 'ovsdb-client', 'ovsdb-server', 'ovsdb-tool', 'ovs-vswitchd')
COUNTED = ('ovs-vsctl', 'ovsdb-client')
LIMIT = 60  # seconds, for a busy machine


def wait_for(condition, what):
    for dummy in range(LIMIT * 100):
        if condition():
            return
        time.sleep(0.01)
    raise AssertionError('%s: not within %d seconds' % (what, LIMIT))


def die_with_parent():
    """A test process that is ended takes its daemons with it (prctl's PR_SET_PDEATHSIG)."""
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)


@contextlib.contextmanager
def listener():
    """The target of a manager that answers, as far as is_connected goes."""
    server = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        server.bind(('127.0.0.1', 0))
        server.listen(8)
        yield 'tcp:127.0.0.1:%d' % server.getsockname()[1]
    finally:
        server.close()


class Host(object):
    """A switch below a folder of its own; ``calls`` tells which of the ``counted`` tools were run on it, a line each."""

    def __init__(self, counted=COUNTED):
        require(*TOOLS)
        self._tools = dict((name, path_of(name)) for name in TOOLS)
        self.folder = tempfile.mkdtemp(prefix='ovs-')  # short: a socket's path has room for 107 characters
        self.rundir = self.make('run')
        self.home = self.make('home')
        self.bin = self.make('bin')
        self.database = 'unix:%s/db.sock' % self.rundir
        self._calls = os.path.join(self.folder, 'calls')
        self._running = {}
        self._schema = None
        self._environment = dict(
            os.environ, LC_ALL='C', OVS_RUNDIR=self.rundir, OVS_LOGDIR=self.make('log'), OVS_DBDIR=self.make('db'),
            OVS_SYSCONFDIR=self.make('etc'))
        self._conf = os.path.join(self.folder, 'db', 'conf.db')
        self.forget_calls()
        for tool in counted:
            self._wrap(tool, self._tools[tool])

    def make(self, name):
        path = os.path.join(self.folder, name)
        os.mkdir(path)
        return path

    @contextlib.contextmanager
    def entered(self, **environment):
        """Be on this host, in its home folder, with its tools and with these variables."""
        before, folder = dict(os.environ), os.getcwd()
        os.environ.update(environment, PATH=self.bin + os.pathsep + before['PATH'], OVS_RUNDIR=self.rundir, HOME=self.home)
        os.chdir(self.home)
        self.forget_calls()
        try:
            yield self
        finally:
            os.chdir(folder)
            os.environ.clear()
            os.environ.update(before)

    # --- the daemons

    def start_server(self, serve_managers=True):
        """Start ovsdb-server as ovs-ctl does; without ``serve_managers`` it stores them and neither connects nor listens."""
        if not os.path.exists(self._conf):
            subprocess.check_call([self._tools['ovsdb-tool'], 'create', self._conf, self._schema_file()], env=self._environment)
        argv = ['ovsdb-server', self._conf, '--remote=p%s' % self.database, '--pidfile', '--log-file', '-vconsole:off']
        if serve_managers:
            argv += ['--remote=db:Open_vSwitch,Open_vSwitch,manager_options', '--private-key=db:Open_vSwitch,SSL,private_key',
                     '--certificate=db:Open_vSwitch,SSL,certificate', '--bootstrap-ca-cert=db:Open_vSwitch,SSL,ca_cert']
        self._start(argv)
        wait_for(self._answers, 'the database')

    def _answers(self):
        try:
            return bool(self.ask(method='list_dbs'))
        except (IOError, OSError):
            return False

    def start_switch(self):
        """Start ovs-vswitchd on the database, which gets its first row as ovs-ctl makes it; done when its own values are there."""
        self.vsctl('--no-wait', 'init', '--', 'set', 'Open_vSwitch', '.', 'external_ids:system-id=s1')
        self._start(['ovs-vswitchd', self.database, '--pidfile', '--log-file', '-vconsole:off', '--enable-dummy=override'])
        self.vsctl('set', 'Open_vSwitch', '.', 'external_ids:hostname=h1')
        wait_for(lambda: 'dummy' in self.vsctl('get', 'Open_vSwitch', '.', 'iface_types', 'dpdk_version'), 'the values of ovs-vswitchd')

    def start(self):
        self.start_server()
        self.start_switch()
        return self

    def _start(self, argv):
        name = argv[0]
        with open(os.path.join(self.folder, 'log', name + '.err'), 'w') as errors:
            self._running[name] = subprocess.Popen(
                [self._tools[name]] + argv[1:], env=self._environment, cwd=self.folder, stdin=subprocess.PIPE, stdout=errors, stderr=errors,
                preexec_fn=die_with_parent)
        wait_for(lambda: os.path.exists(self.pidfile(name)), name)

    def _schema_file(self):
        """The schema that came with the tools, wherever they were unpacked."""
        folder = os.path.dirname(os.path.dirname(os.path.realpath(self._tools['ovs-vsctl'])))
        return os.path.join(folder, 'share', 'openvswitch', 'vswitch.ovsschema')

    def pidfile(self, name):
        return os.path.join(self.rundir, name + '.pid')

    def pid(self, name):
        return self._running[name].pid

    def freeze(self, name):
        """Have a daemon run and answer nobody."""
        self._running[name].send_signal(signal.SIGSTOP)

    def thaw(self, name):
        self._running[name].send_signal(signal.SIGCONT)

    def kill(self, name):
        """End a daemon as a crash does: its pidfile and sockets stay behind."""
        process = self._running.pop(name)
        process.kill()
        process.stdin.close()
        process.wait()

    def close(self):
        for name in list(self._running):
            self.kill(name)
        shutil.rmtree(self.folder)

    # --- what was run, and what came of it

    def forget_calls(self):
        open(self._calls, 'w').close()

    @property
    def calls(self):
        with open(self._calls) as stream:
            return stream.read().splitlines()

    def vsctl(self, *words):
        """Run the real ovs-vsctl, uncounted; its output."""
        argv = [self._tools['ovs-vsctl'], '--timeout=%d' % LIMIT, '--db=%s' % self.database] + list(words)
        return subprocess.check_output(argv, env=self._environment).decode('utf-8')

    def ask(self, *params, **options):
        """One request of RFC 7047 on the database's socket, beside every tool: its result."""
        client = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        client.settimeout(LIMIT)
        try:
            client.connect(self.database[len('unix:'):])
            client.sendall(json.dumps(dict(id=0, method=options.get('method', 'transact'), params=params)).encode('utf-8'))
            return self._answer(client)
        finally:
            client.close()

    @staticmethod
    def _answer(client):
        text = b''
        while True:
            piece = client.recv(1 << 20)
            assert piece, 'the server hung up'
            text += piece
            try:
                answer = json.loads(text.decode('utf-8'))
            except ValueError:
                continue
            assert not answer['error'], answer
            return answer['result']

    def schema(self):
        if self._schema is None:
            self._schema = self.ask('Open_vSwitch', method='get_schema')
        return self._schema

    def content(self):
        """The database but for what the daemons change by themselves: rows by table, columns by row, in RFC 7047's notation."""
        tables = sorted(self.schema()['tables'].items())
        answers = self.ask('Open_vSwitch', *[dict(op='select', table=name, where=[]) for name, table in tables])
        return dict((name, dict((row['_uuid'][1], self._still(row, table['columns'])) for row in answer['rows']))
                    for (name, table), answer in zip(tables, answers))

    @staticmethod
    def _still(row, columns):
        return dict((name, value) for name, value in row.items() if not (
            name in ('_uuid', '_version', 'cur_cfg', 'next_cfg', 'datapath_version') or columns[name].get('ephemeral')))

    def files(self):
        """Every file of the host with size and time of change, but for the database, the logs, and the database that Debian's rpm makes on a look."""
        found = {}
        for folder, folders, names in os.walk(self.folder.encode('utf-8')):
            for path in [os.path.join(folder, name) for name in folders + names]:
                status = os.lstat(path)
                found[path] = None if os.path.isdir(path) else (status.st_size, status.st_mtime, status.st_mode)
        own = [os.path.join(self.folder, name).encode('utf-8') for name in ('calls', 'db/conf.db', 'log/ovsdb-server.log', 'log/ovs-vswitchd.log')]
        return dict((path, what) for path, what in found.items() if path not in own and b'/.rpmdb' not in path)

    def _wrap(self, tool, real):
        path = os.path.join(self.bin, tool)
        with open(path, 'w') as stream:
            stream.write('#!/bin/sh\necho %s >>%s\nexec %s "$@"\n' % (tool, self._calls, real))
        os.chmod(path, 0o755)
