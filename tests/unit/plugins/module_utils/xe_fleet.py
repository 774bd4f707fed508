# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A pool with virtual machines and high availability behind `xe`, for tests: it prints, fails and exits as xapi-project/xen-api says."""

from __future__ import absolute_import, division, print_function
__metaclass__ = type

from ansible_collections.xenserver.openvswitch.plugins.module_utils import _cli
from ansible_collections.xenserver.openvswitch.tests.unit.plugins.module_utils.xe import A, B, PATH, POOL, record

KEY = 'xenserver-openvswitch-maintenance'
WEB, DNS = '0fb5d9f1-7a39-4ab8-b0ab-2f5e1d3b7c11', '1fb5d9f1-7a39-4ab8-b0ab-2f5e1d3b7c12'
SR, VDI = '77777777-0000-4000-8000-000000000007', '88888888-0000-4000-8000-000000000008'
UNKNOWN = '<not in database>'


def texts(mapping):
    return '; '.join('%s: %s' % pair for pair in sorted(mapping.items()))


class Fleet(object):
    """Two hosts and two virtual machines. ``where`` has those that are not down, ``stuck`` the reason why a machine cannot leave its host."""

    def __init__(self):
        self.enabled = {A: True, B: True}
        self.config = {A: {'agent_start_time': '1700000100.', 'boot_time': '1700000000.'}, B: {}, POOL: {}}
        self.where = {WEB: A, DNS: B}
        self.names = {WEB: 'web', DNS: 'dns: the old; one'}
        self.ha = None
        self.stuck, self.fails, self.calls = {}, {}, []

    def install(self, monkeypatch):
        monkeypatch.setattr(_cli, 'find', lambda name, paths=(): PATH)
        monkeypatch.setattr(_cli, 'run', self.run)
        return self

    def run(self, argv, time_limit, ok=(0,)):
        command, params = argv[1], dict(word.split('=', 1) for word in argv[2:])
        self.calls.append(argv[1:])
        out, err = '', self.fails.get(command, '')
        if not err:
            out, err = getattr(self, 'do_' + command.replace('-', '_'))(params)
        return _cli.Result(argv, 1 if err else 0, out, err)

    @property
    def commands(self):
        return [words[0] for words in self.calls]

    def do_host_list(self, dummy):
        return ''.join(record(
            ('uuid ( RO)', uuid), ('name-label ( RW)', 'xs-a' if uuid == A else 'xs-b'), ('enabled ( RO)', str(enabled).lower()),
            ('other-config (MRW)', texts(self.config[uuid])), ('host-metrics-live ( RO)', 'true')) for uuid, enabled in sorted(self.enabled.items())), ''

    def do_vm_list(self, params):
        assert params['is-control-domain'] == 'false' and 'power-state' not in params
        return ''.join(record(('uuid ( RO)', vm), ('name-label ( RW)', name), ('resident-on ( RO)', self.where.get(vm, UNKNOWN)))
                       for vm, name in sorted(self.names.items())), ''

    def do_host_get_vms_which_prevent_evacuation(self, params):
        return ''.join(record(('uuid ( RO)', vm), ('name-label ( RW)', self.names[vm]), ('reason ( RO)', reason))
                       for vm, reason in sorted(self.stuck.items()) if self.where[vm] == params['uuid']), ''

    def do_host_disable(self, params):
        self.enabled[params['uuid']] = False
        return '', ''

    def do_host_enable(self, params):
        self.enabled[params['uuid']] = True
        return '', ''

    def do_host_evacuate(self, params):
        for vm, host in self.where.items():
            if host == params['uuid']:
                self.where[vm] = B if host == A else A
        return '', ''

    def do_vm_start(self, params):
        self.where[params['uuid']] = params['on']
        return '', ''

    def do_vm_migrate(self, params):
        assert params['live'] == 'true'
        self.where[params['uuid']] = params['host-uuid']
        return '', ''

    def _param_set(self, params):
        uuid = params.pop('uuid')
        for name, value in params.items():
            if name == 'ha-host-failures-to-tolerate':
                self.ha['failures'] = value
            else:
                self.config[uuid][name.split(':', 1)[1]] = value
        return '', ''

    do_host_param_set = do_pool_param_set = _param_set

    def _param_remove(self, params):
        assert params['param-name'] == 'other-config'
        self.config[params['uuid']].pop(params['param-key'])
        return '', ''

    do_host_param_remove = do_pool_param_remove = _param_remove

    def do_pool_list(self, params):
        ha = self.ha or dict(configuration={}, failures='0')
        return record(('uuid ( RO)', POOL), ('other-config (MRW)', texts(self.config[POOL])), ('ha-enabled ( RO)', str(self.ha is not None).lower()),
                      ('ha-configuration ( RO)', texts(ha['configuration'])), ('ha-statefiles ( RO)', VDI if self.ha else ''),
                      ('ha-host-failures-to-tolerate ( RW)', ha['failures'])), ''

    def do_vdi_param_get(self, params):
        assert params == {'uuid': VDI, 'param-name': 'sr-uuid'}
        return SR + '\n', ''

    def do_pool_ha_disable(self, dummy):
        self.ha = None
        return '', ''

    def do_pool_ha_enable(self, params):
        assert params.pop('heartbeat-sr-uuids') == SR
        self.ha = dict(configuration=dict((name.split(':', 1)[1], value) for name, value in params.items()), failures='0')
        return '', ''
