# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function
__metaclass__ = type

import os
import re
import subprocess
import sys
import types

import pytest

FILES = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..', '..', 'roles', 'ovs_build', 'files')


def read(name):
    with open(os.path.join(FILES, name)) as stream:
        return stream.read()


read.folder = FILES


def load(name, stand_ins):
    """A program of the package as a module. ``stand_ins``: modules that only a dom0 has, by name."""
    module = types.ModuleType(name.replace('-', '_'))
    before = dict((key, sys.modules.get(key)) for key in stand_ins)
    sys.modules.update(stand_ins)
    try:
        exec(compile(read(name), name, 'exec', 0, True), module.__dict__)
    finally:
        for key, value in before.items():
            if value is None:
                del sys.modules[key]
            else:
                sys.modules[key] = value
    return module


def module(name, **attributes):
    made = types.ModuleType(name)
    made.__dict__.update(attributes)
    return made


class Failure(Exception):
    """XenAPI.Failure and XenAPIPlugin.Failure in one: a code and its parameters."""

    def __init__(self, code, params=None):
        super(Failure, self).__init__(code, params)
        self.details = self.params = code if params is None else [code] + params


@pytest.fixture
def failure():
    return Failure


@pytest.fixture
def cfg_update():
    return load('openvswitch-cfg-update', {'XenAPIPlugin': module('XenAPIPlugin', Failure=Failure)})


class Transaction(object):
    """ovs.db.idl.Transaction: rows change at once, so it only keeps the outcome."""

    SUCCESS, UNCHANGED, TRY_AGAIN = 'success', 'unchanged', 'try again'
    outcome = SUCCESS
    made = 0

    def __init__(self, idl):
        self.idl = idl
        type(self).made += 1

    def add_comment(self, comment):
        pass

    def commit_block(self):
        return self.outcome

    @staticmethod
    def status_to_string(status):
        return status


@pytest.fixture
def xapi_sync():
    class Vlog(object):
        def __init__(self, name):
            self.warnings = []

        def warn(self, text):
            self.warnings.append(text)

    Transaction.outcome = Transaction.SUCCESS
    idl = module('ovs.db.idl', Transaction=Transaction)
    names = dict((name, module('ovs.' + name)) for name in ('daemon', 'poller', 'util'))
    server = module('ovs.unixctl.server')
    unixctl = module('ovs.unixctl', server=server, commands={})

    def command_register(name, usage, min_args, max_args, callback, aux):
        """As in 2.5.12; later releases take anything that can be called."""
        assert isinstance(callback, types.FunctionType)
        unixctl.commands[name] = lambda conn: callback(conn, [], aux)

    unixctl.command_register = command_register
    vlog = module('ovs.vlog', Vlog=Vlog)
    database = module('ovs.db', idl=idl)
    ovs = module('ovs', db=database, unixctl=unixctl, vlog=vlog, **names)
    stand_ins = dict(('ovs.' + name, made) for name, made in names.items())
    stand_ins.update({'ovs': ovs, 'ovs.db': database, 'ovs.db.idl': idl, 'ovs.unixctl': unixctl, 'ovs.unixctl.server': server,
                      'ovs.vlog': vlog, 'XenAPI': module('XenAPI', Failure=Failure)})
    return load('ovs-xapi-sync', stand_ins)


class Host(object):
    """A folder that stands for /, with stand-ins of tools in bin/ that write their arguments to ``calls``."""

    # Whatever the scripts name is below one of these.
    ROOTS = re.compile(r'(?<![\w.}])/(?=(?:etc|opt|usr/share|usr/lib|usr/sbin/xen-bugtool|var)\b)')

    def __init__(self, folder):
        self.folder = folder
        self.put('calls', '')

    def path(self, name):
        return os.path.join(self.folder, name.lstrip('/'))

    def put(self, name, text, mode=0o644):
        path = self.path(name)
        if not os.path.isdir(os.path.dirname(path)):
            os.makedirs(os.path.dirname(path))
        with open(path, 'w') as stream:
            stream.write(text)
        os.chmod(path, mode)

    def get(self, name):
        with open(self.path(name)) as stream:
            return stream.read()

    def exists(self, name):
        return os.path.lexists(self.path(name))

    def tool(self, name, body=''):
        self.put(name, '#!/bin/sh\necho "%s $*" >>"%s"\n%s\n' % (os.path.basename(name), self.path('calls'), body), 0o755)

    def calls(self):
        return self.get('calls').splitlines()

    def run(self, script, *args):
        """(exit code, output) of a script of the package, with every absolute path moved into the folder."""
        self.put('run.sh', self.ROOTS.sub(self.folder + '/', read(script)), 0o755)
        env = dict(os.environ, PATH=self.path('bin') + ':' + os.environ['PATH'])
        process = subprocess.Popen(['/bin/sh', self.path('run.sh')] + list(args), env=env, stdin=subprocess.PIPE,
                                   stdout=subprocess.PIPE, stderr=subprocess.STDOUT, universal_newlines=True)
        out = process.communicate()[0]
        return process.returncode, out


@pytest.fixture
def host(tmpdir):
    return Host(str(tmpdir))


@pytest.fixture
def files():
    """``files(name)``: the text of a file of the package; ``files.folder``: where they are."""
    return read
