# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A pool behind `xe`, for tests: it prints, fails and exits as xapi-project/xen-api says."""

from __future__ import absolute_import, division, print_function
__metaclass__ = type

from ansible_collections.xenserver.openvswitch.plugins.module_utils import _cli

PATH = '/opt/xensource/bin/xe'
POOL = 'b1b2b3b4-0000-4000-8000-00000000000b'
A = '11111111-1111-4111-8111-111111111111'
B = '22222222-2222-4222-8222-222222222222'
RECORD = '33333333-3333-4333-8333-333333333333'
USAGE = "For usage run: 'xe help'\n"
NOT_ALLOWED = 'You attempted an operation that was not allowed.\nreason: %s\n'
DOWN = 'Error: Connection refused (calling connect )\n'


def record(*pairs):
    """Fields as `xe` prints a record: labels in a column four wider than the longest, then two blank lines."""
    width = 4 + max(len(label) for label, dummy in pairs)
    lines = [pairs[0][0].ljust(width) + ': ' + pairs[0][1]] + [label.rjust(width) + ': ' + value for label, value in pairs[1:]]
    return '\n'.join(lines) + '\n\n\n'


class Pool(object):
    """Two hosts: ``controller`` is (protocol, address, port) or None; set attributes to make it fail.

    ``calls`` holds the words of each call, ``plugin`` what the plugin answers on each host: a text, or an
    (exit status, standard error) of its failure; ``fails`` maps a command to the standard error it fails with.
    """

    def __init__(self, controller=None, sdn=True, backend='openvswitch'):
        self.controller = controller
        self.sdn = sdn
        self.backend = backend
        self.calls = []
        self.fails = {}
        self.plugin = {A: 'No change to configuration', B: 'No change to configuration'}
        self.managers = None
        self.before = {}

    def install(self, monkeypatch):
        monkeypatch.setattr(_cli, 'find', self.find)
        monkeypatch.setattr(_cli, 'run', self.run)
        return self

    def find(self, name, paths=()):
        if name == 'xe':
            assert list(paths) == ['/opt/xensource/bin']
            return PATH
        if self.managers is None:
            raise _cli.CliError('The program %s is not on this host' % name)
        return '/usr/bin/' + name

    def run(self, argv, time_limit, ok=(0,)):
        if argv[0] != PATH:
            assert argv[0] == '/usr/bin/ovs-vsctl' and argv[2] == 'get-manager'
            return _cli.Result(argv, 0, ''.join(one + '\n' for one in self.managers), '')
        command, params = argv[1], dict(word.split('=', 1) for word in argv[2:])
        self.calls.append(argv[1:])
        if command in self.before:
            self.before.pop(command)()
        out, err = '', self.fails.get(command, '')
        if not err:
            out, err = getattr(self, 'do_' + command.replace('-', '_'))(params)
        return _cli.Result(argv, 1 if err else 0, out, err)

    @property
    def commands(self):
        return [words[0] for words in self.calls]

    def do_sdn_controller_list(self, dummy):
        if not self.sdn:
            return '', 'Unknown command: sdn-controller-list\n' + USAGE
        if self.controller is None:
            return '', ''
        protocol, address, port = self.controller
        return record(('uuid ( RO)', RECORD), ('protocol ( RO)', protocol), ('address ( RO)', address), ('port ( RO)', str(port))), ''

    def do_sdn_controller_forget(self, params):
        if self.controller is None or params['uuid'] != RECORD:
            return '', 'The uuid you supplied was invalid.\ntype: SDN_controller\nuuid: %s\n' % params['uuid']
        self.controller = None
        return '', ''

    def do_sdn_controller_introduce(self, params):
        if self.backend != 'openvswitch':
            return '', NOT_ALLOWED % 'host not configured for vswitch operation'
        if self.controller is not None:
            return '', NOT_ALLOWED % 'SDN controller has been configured. Please forget it first.'
        self.controller = (params.get('protocol', 'ssl'), params.get('address', ''), int(params.get('tcp-port', 0)))
        return RECORD + '\n', ''

    def do_pool_list(self, params):
        assert params == {'params': 'uuid,name-label,master'}
        return record(('uuid ( RO)', POOL), ('name-label ( RW)', 'lab'), ('master ( RO)', A)), ''

    def do_pool_param_get(self, params):
        assert params == {'uuid': POOL, 'param-name': 'vswitch-controller'}
        return (self.controller[1] if self.controller else '<not set>') + '\n', ''

    def do_pool_set_vswitch_controller(self, params):
        if self.backend != 'openvswitch':
            return '', NOT_ALLOWED % 'host not configured for vswitch operation'
        self.controller = ('ssl', params['address'], 6632) if params['address'] else None
        return '', ''

    def do_host_param_get(self, params):
        assert params == {'uuid': A, 'param-name': 'software-version', 'param-key': 'network_backend'}
        return self.backend + '\n', ''

    def do_host_list(self, params):
        assert params == {'params': 'uuid,name-label'}
        return ''.join(record(('uuid ( RO)', uuid), ('name-label ( RW)', name)) for uuid, name in ((A, 'xs-a'), (B, 'xs-b'))), ''

    def do_host_call_plugin(self, params):
        assert params['plugin'] == ('openvswitch-config-update' if self.sdn else 'openvswitch-cfg-update') and params['fn'] == 'update'
        answer = self.plugin[params['host-uuid']]
        return ('', answer[0]) if isinstance(answer, tuple) else (answer + '\n', '')
