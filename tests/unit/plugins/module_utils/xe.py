# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A pool behind `xe`, for tests: it prints, fails and exits as xapi-project/xen-api says."""

from __future__ import absolute_import, division, print_function
__metaclass__ = type

import json
import os

from ansible_collections.xenserver.openvswitch.plugins.module_utils import _cli

PATH = '/opt/xensource/bin/xe'
POOL = 'b1b2b3b4-0000-4000-8000-00000000000b'
A = '11111111-1111-4111-8111-111111111111'
B = '22222222-2222-4222-8222-222222222222'
RECORD = '33333333-3333-4333-8333-333333333333'
USAGE = "For usage run: 'xe help'\n"
NOT_ALLOWED = 'You attempted an operation that was not allowed.\nreason: %s\n'
OPENED = '-A INPUT -p tcp -m conntrack --ctstate NEW -m tcp --dport %s -j ACCEPT\n'
DOWN = 'Error: Connection refused (calling connect )\n'


def record(*pairs):
    """Fields as `xe` prints a record: labels in a column four wider than the longest, then two blank lines."""
    width = 4 + max(len(label) for label, dummy in pairs)
    lines = [pairs[0][0].ljust(width) + ': ' + pairs[0][1]] + [label.rjust(width) + ': ' + value for label, value in pairs[1:]]
    return '\n'.join(lines) + '\n\n\n'


def mapped(pairs):
    return '; '.join('%s: %s' % pair for pair in sorted(pairs.items()))


class Pool(object):
    """Two hosts: ``controller`` is (protocol, address, port) or None; set attributes to make it fail.

    ``calls`` holds the words of each call, ``plugin`` what the plugin answers on each host: a text, or an
    (exit status, standard error) of its failure; ``fails`` maps a command to the standard error it fails with.
    ``managers`` are those of this host's Open vSwitch, None where it has none, ``tls`` whether it has XAPI's material;
    ``bridges`` are its bridges' columns by name, ``ports`` the other_config of ports. ``other_config`` is the pool's, and
    ``networks`` holds those of the networks by their bridges. ``firewall`` is what iptables-save prints, None where there is none;
    XAPI's firewall-port opens a port in it.
    """

    def __init__(self, controller=None, sdn=True, backend='openvswitch'):
        self.controller = controller
        self.sdn = sdn
        self.backend = backend
        self.calls = []
        self.fails = {}
        self.plugin = {A: 'No change to configuration', B: 'No change to configuration'}
        self.managers = None
        self.bridges = {'xenbr0': {'fail_mode': 'standalone'}}
        self.ports = {}
        self.tls = False
        self.other_config = {}
        self.networks = {'xenbr0': {}, 'xenbr1': {}}
        self.certificates = {}
        self.firewall = None
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

    def run(self, argv, time_limit, ok=(0,), data=None):
        if argv[0] == '/usr/bin/ovs-vsctl':
            if 'del-manager' in argv:
                self.managers = []
                return _cli.Result(argv, 0, '', '')
            names = [argv[number + 1] for number, word in enumerate(argv) if word == 'list']
            return _cli.Result(argv, 0, ''.join(json.dumps(self.table(name)) + '\n' for name in names), '')
        if argv[0] == '/usr/bin/iptables-save':
            if self.firewall is None:
                raise _cli.CliError('no firewall')
            return _cli.Result(argv, 0, self.firewall, '')
        if argv[0] == '/etc/xapi.d/plugins/firewall-port':
            assert argv[1] == 'open'
            self.firewall = OPENED % argv[2] + self.firewall
            return _cli.Result(argv, 0, '', '')
        assert argv[0] == PATH
        command, params = argv[1], dict(word.split('=', 1) for word in argv[2:])
        self.calls.append(argv[1:])
        if command in self.before:
            self.before.pop(command)()
        out, err = '', self.fails.get(command, '')
        if not err:
            out, err = getattr(self, 'do_' + command.replace('-', '_'))(params)
        return _cli.Result(argv, 1 if err else 0, out, err)

    def table(self, name):
        """A table of this host's database, as ovs-vsctl prints it."""
        rows = getattr(self, 'rows_of_' + name, list)()
        headings = sorted(rows[0]) if rows else []
        return dict(headings=headings, data=[[row[heading] for heading in headings] for row in rows])

    def rows_of_Open_vSwitch(self):
        managers, ssl = ['set', [['uuid', one] for one in self.managers]], ['uuid', 'tls'] if self.tls else ['set', []]
        return [dict(manager_options=managers, ssl=ssl, next_cfg=1, cur_cfg=1)]

    def rows_of_Manager(self):
        empty = dict((name, ['set', []]) for name in ('inactivity_probe', 'max_backoff', 'connection_mode'))
        empty.update((name, ['map', []]) for name in ('other_config', 'external_ids', 'status'))
        return [dict(empty, _uuid=['uuid', one], target=one, is_connected=True) for one in self.managers]

    def rows_of_SSL(self):
        """As XAPI's plugins set it for ssl."""
        key = '/etc/xensource/xapi-ssl.pem'
        row = dict(_uuid=['uuid', 'tls'], private_key=key, certificate=key, ca_cert='/etc/openvswitch/vswitchd.cacert', bootstrap_ca_cert=True)
        return [row] if self.tls else []

    def rows_of_Bridge(self):
        empty = dict((name, ['set', []]) for name in ('controller', 'mirrors', 'netflow', 'sflow', 'ipfix', 'fail_mode', 'flood_vlans'))
        return [dict(empty, name=name, **dict(dict(other_config=['map', []]), **columns)) for name, columns in sorted(self.bridges.items())]

    def rows_of_Port(self):
        return [dict(name=name, other_config=['map', sorted(config.items())]) for name, config in sorted(self.ports.items())]

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
        assert params == {'params': 'uuid,name-label,master,other-config'}
        fields = ('uuid ( RO)', POOL), ('name-label ( RW)', 'lab'), ('master ( RO)', A), ('other-config (MRW)', mapped(self.other_config))
        return record(*fields), ''

    def do_network_list(self, params):
        assert params == {'params': 'uuid,name-label,bridge,other-config'}
        return ''.join(record(
            ('uuid ( RO)', 'network-of-' + bridge), ('name-label ( RW)', 'Network of ' + bridge), ('bridge ( RO)', bridge),
            ('other-config (MRW)', mapped(config))) for bridge, config in sorted(self.networks.items())), ''

    def _config_of(self, params):
        uuid = params.pop('uuid')
        return self.other_config if uuid == POOL else self.networks[uuid[len('network-of-'):]]

    def do_pool_param_set(self, params):
        config = self._config_of(params)
        for name, value in params.items():
            assert name.startswith('other-config:')
            config[name[len('other-config:'):]] = value
        return '', ''

    def do_pool_param_remove(self, params):
        config = self._config_of(params)
        assert params['param-name'] == 'other-config'
        if params['param-key'] not in config:
            return '', 'There was an error.\nmessage: Failure: Key %s is not in map\n' % params['param-key']
        del config[params['param-key']]
        return '', ''

    do_network_param_set, do_network_param_remove = do_pool_param_set, do_pool_param_remove

    def do_pool_install_ca_certificate(self, params):
        name = os.path.basename(params['filename'])
        if name in self.certificates:
            return '', 'There is one.\nname: %s\n' % name
        with open(params['filename']) as stream:
            self.certificates[name] = stream.read()
        return '', ''

    def do_pool_uninstall_ca_certificate(self, params):
        if params['name'] not in self.certificates:
            return '', 'The specified certificate does not exist.\nname: %s\n' % params['name']
        del self.certificates[params['name']]
        return '', ''

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

    def do_pif_list(self, params):
        assert (params.pop('host-uuid'), params.pop('currently-attached')) == (A, 'true') and params.pop('params').startswith('uuid,') and not params
        return record(('uuid ( RO)', 'P'), ('bond-slave-of ( RO)', '<not in database>'), ('network-uuid ( RO)', 'network-of-xenbr0')), ''
