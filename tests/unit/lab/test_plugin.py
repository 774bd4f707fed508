# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import absolute_import, division, print_function
__metaclass__ = type

import pytest

from ansible_collections.xenserver.openvswitch.tests.unit.plugins.modules import ovs_host
from ansible_collections.xenserver.openvswitch.tests.unit.plugins.modules.rpm_host import path_of

SSL = 'ssl:192.0.2.10:6632'
KEY = '/etc/xensource/xapi-ssl.pem'


@pytest.fixture
def plugin(load, tmp_path, monkeypatch):
    load('xapi/python/XenAPI.py', 'XenAPI')
    load('xapi/python/XenAPIPlugin.py', 'XenAPIPlugin')
    module = load('xapi/plugins/openvswitch_config_update.py', 'openvswitch_config_update')
    monkeypatch.setattr(module, 'BOOTSTRAP_CA', str(tmp_path / 'vswitchd.cacert'))
    monkeypatch.setattr(module, 'FIREWALL', str(tmp_path / 'no-firewall-port'))
    return module


class Switch(object):
    """What the plugin asks Open vSwitch, and what it tells it."""

    def __init__(self, plugin, monkeypatch, managers=(), bridges=(), fail_mode='standalone', in_band='', hwaddr=''):
        self.told = []
        self.answers = {
            'get-manager': '\n'.join(managers), 'list-br': '\n'.join(bridges), 'fail_mode': fail_mode,
            'other_config:disable-in-band': in_band, 'other-config': '{hwaddr="%s"}' % hwaddr, 'ofport': '1'}
        self.codes = {}
        monkeypatch.setattr(plugin, 'query', self.query)
        monkeypatch.setattr(plugin, 'status', self.status)

    def query(self, *words):
        return words[1] if words[0] == 'br-to-parent' else self.answers[words[-1]]

    def status(self, argv):
        self.told.append(argv[1:])
        return self.codes.get(argv[-1], 0)

    @property
    def verbs(self):
        return [words[-1] if words[0] == '--timeout=5' else words[0] for words in self.told]


class Session(object):
    """A pool with one network; ``controller`` is a record or None."""

    def __init__(self, controller=None, pool=(), network=(), macs=()):
        self.tables = dict(
            pool=[dict(other_config=dict(pool))], SDN_controller=[controller] if controller else [],
            network=[dict(bridge='xenbr0', other_config=dict(network))], PIF=[dict(MAC=mac, device='eth0') for mac in macs])
        self.xenapi = self

    def __getattr__(self, name):
        table = self.tables[name]

        class Class(object):
            get_all = staticmethod(lambda: list(range(len(table))))
            get_record = staticmethod(lambda reference: table[reference])
            get_all_records = staticmethod(lambda: dict(enumerate(table)))
            get_all_records_where = staticmethod(lambda expression: dict(enumerate(table)))
        return Class


def ssl(address='192.0.2.10', port='6632'):
    return dict(protocol='ssl', address=address, port=port)


# -- the state table, planner ---------------------------------------------------------------------------------------

@pytest.mark.parametrize('wanted, managers, expected', [
    ('', [], 'nothing'),                               # unset / none: nothing
    ('', ['tcp:192.0.2.1:6640'], 'remove'),            # unset / any
    ('', ['ptcp:6640'], 'remove'),                     # ... 'incl. ptcp/pssl'
    ('', ['pssl:6640'], 'remove'),
    (SSL, [], 'set'),                                  # set / none
    (SSL, [SSL], 'nothing'),                           # set / match
    (SSL, ['ssl:192.0.2.11:6632'], 'set'),             # set / different
    (SSL, ['ssl:192.0.2.10:6640'], 'set'),             # 'config-update: exact line (ssl:IP:PORT or pssl:6640), port matters'
    (SSL, ['tcp:192.0.2.10:6632'], 'set'),
    (SSL, ['ptcp:6640', SSL], 'nothing'),              # 'Extra managers survive a match.'
    ('pssl:6640', ['pssl:6640'], 'nothing'),
    ('pssl:6640', ['pssl:6641'], 'set'),
    ('ssl:192.0.2.1:6632', ['ssl:192.0.2.1:66320'], 'set'),
])
def test_the_state_table(plugin, wanted, managers, expected):
    """D4: 'the state table: XAPI unset or set, Open vSwitch none, match, different', python3/plugins/openvswitch-config-update: update. D5: 'config-update:
    exact line (ssl:IP:PORT or pssl:6640), port matters. Extra managers survive a match', python3/plugins/openvswitch-config-update: update."""
    assert plugin.verdict(wanted, managers) == expected


@pytest.mark.parametrize('controller, expected', [
    (None, ''), (ssl(), SSL), (ssl(port='6640'), 'ssl:192.0.2.10:6640'), (dict(protocol='pssl', address='', port='0'), 'pssl:6640')])
def test_the_target(plugin, controller, expected):
    """'ssl:IP:PORT or pssl:6640'"""
    assert plugin.target(controller) == expected


@pytest.mark.parametrize('network, pool, expected', [
    ('secure', None, 'secure'), ('standalone', 'secure', 'standalone'), (None, 'secure', 'secure'), ('odd', 'secure', 'secure'),
    (None, 'odd', 'standalone'), (None, None, 'standalone')])
def test_the_fail_mode(plugin, network, pool, expected):
    """D8: 'fail_mode from network other_config vswitch-controller-fail-mode, else pool's, else standalone', python3/plugins/openvswitch-config-update:
    update."""
    key = 'vswitch-controller-fail-mode'
    assert plugin.fail_mode({key: network} if network else {}, {key: pool} if pool else {}) == expected


@pytest.mark.parametrize('wanted, found, expected', [
    ('', '', []), ('true', 'true', []), ('odd', 'true', []),
    ('true', '', ['--', 'set', 'Bridge', 'b', 'other_config:disable-in-band=true']),
    ('false', 'true', ['--', 'set', 'Bridge', 'b', 'other_config:disable-in-band=false']),
    ('', 'true', ['--', 'remove', 'Bridge', 'b', 'other_config', 'disable-in-band'])])
def test_in_band(plugin, wanted, found, expected):
    """D7: 'other_config:disable-in-band from network other_config vswitch-disable-in-band (true/false/absent)', python3/plugins/openvswitch-config-update:
    update."""
    assert plugin.in_band_command('b', wanted, found) == expected


def test_material_of_ssl(plugin):
    """D6: 'delete cacert, emer-reset, del-manager, del-ssl, --bootstrap set-ssl, set-manager ssl:IP:PORT', python3/plugins/openvswitch-config-update:
    setControllerCfg. D13: 'key and cert both /etc/xensource/xapi-ssl.pem; ssl CA /etc/openvswitch/vswitchd.cacert (trust on first use); pssl CA
    /etc/stunnel/certs/sdn-controller-ca.pem', python3/plugins/openvswitch-config-update: preinstalled_cacert."""
    assert plugin.manager_command(SSL) == [
        '--', 'del-manager', '--', 'del-ssl', '--', '--bootstrap', 'set-ssl', KEY, KEY, plugin.BOOTSTRAP_CA, '--', 'set-manager', SSL]


def test_material_of_pssl(plugin):
    """D13: 'key and cert both /etc/xensource/xapi-ssl.pem; ssl CA /etc/openvswitch/vswitchd.cacert (trust on first use); pssl CA
    /etc/stunnel/certs/sdn-controller-ca.pem', python3/plugins/openvswitch-config-update: preinstalled_cacert."""
    assert plugin.manager_command('pssl:6640') == [
        '--', 'del-manager', '--', 'del-ssl', '--', 'set-ssl', KEY, KEY, '/etc/stunnel/certs/sdn-controller-ca.pem', '--', 'set-manager', 'pssl:6640']


# -- the state table, whole runs ------------------------------------------------------------------------------------

def test_nothing_to_do(plugin, monkeypatch):
    """D10: '"Successfully removed controller config.  ", "Successfully set controller to X.  ", "Updated in-band management.  ", "Updated fail_mode.  ",
    else "No change to configuration"', python3/plugins/openvswitch-config-update: update."""
    switch = Switch(plugin, monkeypatch)
    assert plugin.update(Session(), {}) == 'No change to configuration'
    assert switch.told == []


def test_removal(plugin, monkeypatch, tmp_path):
    """D6: 'delete cacert, emer-reset, del-manager, del-ssl, --bootstrap set-ssl, set-manager ssl:IP:PORT', python3/plugins/openvswitch-config-update:
    setControllerCfg."""
    (tmp_path / 'vswitchd.cacert').write_text(u'CA')
    switch = Switch(plugin, monkeypatch, managers=['ptcp:6640'])
    assert plugin.update(Session(), {}) == 'Successfully removed controller config.  '
    assert switch.verbs == ['emer-reset', 'del-ssl']
    assert not (tmp_path / 'vswitchd.cacert').exists()


def test_a_new_manager(plugin, monkeypatch, tmp_path):
    """D6: 'delete cacert, emer-reset, del-manager, del-ssl, --bootstrap set-ssl, set-manager ssl:IP:PORT', python3/plugins/openvswitch-config-update:
    setControllerCfg."""
    (tmp_path / 'vswitchd.cacert').write_text(u'CA')
    switch = Switch(plugin, monkeypatch, managers=['ssl:192.0.2.11:6632'])
    assert plugin.update(Session(ssl()), {}) == 'Successfully set controller to ssl:192.0.2.10:6632.  '
    assert switch.verbs == ['emer-reset', SSL]
    assert not (tmp_path / 'vswitchd.cacert').exists()


def test_a_failed_reset_stops_nothing(plugin, monkeypatch):
    switch = Switch(plugin, monkeypatch)
    switch.codes['emer-reset'] = 1
    assert plugin.update(Session(ssl()), {}).startswith('Successfully set')


def test_a_match_changes_no_manager_but_bridges(plugin, monkeypatch):
    """D10: '"Successfully removed controller config.  ", "Successfully set controller to X.  ", "Updated in-band management.  ", "Updated fail_mode.  ",
    else "No change to configuration"', python3/plugins/openvswitch-config-update: update."""
    switch = Switch(plugin, monkeypatch, managers=[SSL], bridges=['xenbr0'], fail_mode='[]')
    session = Session(ssl(), network={'vswitch-disable-in-band': 'true'})
    assert plugin.update(session, {}) == 'Updated in-band management.  Updated fail_mode.  '
    assert switch.verbs == ['other_config:disable-in-band=true', 'fail_mode=standalone']


def test_an_unknown_bridge_is_skipped(plugin, monkeypatch):
    """D12: 'cfg-update raises KeyError if OVS has a bridge unknown to XAPI (after the manager change); config-update skips it',
    python3/plugins/openvswitch-config-update: update."""
    switch = Switch(plugin, monkeypatch, bridges=['br-mine'], fail_mode='secure')
    assert plugin.update(Session(), {}) == 'No change to configuration'
    assert switch.told == []


def test_an_invalid_value_is_told(plugin, monkeypatch):
    Switch(plugin, monkeypatch, bridges=['xenbr0'])
    words = plugin.update(Session(network={'vswitch-disable-in-band': 'odd'}), {})
    assert words == '"odd" is an invalid value for vswitch-disable-in-band on xenbr0  '


def test_flows_that_keep_management_alive(plugin, monkeypatch):
    """D9: 'New manager + pool secure: four management flows added', python3/plugins/openvswitch-config-update: addFlow."""
    mac = '02:00:00:00:00:01'
    switch = Switch(plugin, monkeypatch, bridges=['xenbr0'], hwaddr=mac)
    words = plugin.update(Session(ssl(), pool={'vswitch-controller-fail-mode': 'secure'}, macs=[mac]), {})
    assert words == 'Successfully set controller to %s.  Updated fail_mode.  ' % SSL
    assert switch.verbs[-4:] == ['add-flow'] * 4
    assert all(flow[1] == 'xenbr0' for flow in switch.told[-4:])


def test_no_flows_without_a_new_manager(plugin, monkeypatch):
    switch = Switch(plugin, monkeypatch, managers=[SSL], bridges=['xenbr0'], hwaddr='02:00:00:00:00:01')
    plugin.update(Session(ssl(), pool={'vswitch-controller-fail-mode': 'secure'}, macs=['02:00:00:00:00:01']), {})
    assert switch.verbs == ['fail_mode=secure']


@pytest.mark.parametrize('last, code', [(SSL, 'VSWITCH_CONFIG_MOD_FAILURE'), ('emer-reset', 'VSWITCH_EMER_RESET_FAILURE')])
def test_failures(plugin, monkeypatch, last, code):
    """F34: 'also VSWITCH_EMER_RESET_FAILURE, VSWITCH_ADD_FLOW_FAILURE', python3/plugins/openvswitch-config-update: VSWITCH_ADD_FLOW_FAILURE."""
    switch = Switch(plugin, monkeypatch)
    switch.codes[last] = 1
    with pytest.raises(plugin.XenAPIPlugin.Failure) as error:
        plugin.emergency_reset(None, {}) if last == 'emer-reset' else plugin.update(Session(ssl()), {})
    assert error.value.params[:2] == [code, '1']


def test_emergency_reset(plugin, monkeypatch):
    """D11: 'fn=emergency_reset: "Successfully reset configuration"', python3/plugins/openvswitch-config-update: emergency_reset."""
    Switch(plugin, monkeypatch)
    assert plugin.emergency_reset(None, {}) == 'Successfully reset configuration'


# -- on a real database -------------------------------------------------------------------------------------------

def test_managers_as_open_vswitch_prints_them(plugin, monkeypatch):
    """F53: 'ovs-vsctl get-manager: one per line, sorted, empty when none', python3/plugins/openvswitch-config-update: update."""
    host = ovs_host.Host()
    try:
        host.start_server(serve_managers=False)
        host.vsctl('--no-wait', 'init')
        monkeypatch.setattr(plugin, 'VSCTL', path_of('ovs-vsctl'))
        monkeypatch.setenv('OVS_RUNDIR', host.rundir)
        assert plugin.query('get-manager') == ''
        assert plugin.query('--no-wait', 'set-manager', SSL, 'pssl:6640', 'ptcp:6641') == ''
        assert plugin.query('get-manager').splitlines() == ['pssl:6640', 'ptcp:6641', SSL]
    finally:
        host.close()
