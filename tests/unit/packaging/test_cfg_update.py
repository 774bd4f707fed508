# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function
__metaclass__ = type

import pytest

PEM = '/etc/xensource/xapi-ssl.pem'
SET = ['--', 'del-manager', '--', 'del-ssl', '--', '--bootstrap', 'set-ssl', PEM, PEM, '/etc/openvswitch/vswitchd.cacert',
       '--', 'set-manager', 'ssl:192.0.2.10:6632']
MODE, IN_BAND = 'vswitch-controller-fail-mode', 'vswitch-disable-in-band'


@pytest.mark.parametrize('controller, managers, action', [
    ('', [], None),
    ('', ['ssl:192.0.2.10:6632'], 'remove'),
    ('', ['ptcp:6640'], 'remove'),
    ('', ['pssl:6640'], 'remove'),
    ('192.0.2.10', [], 'set'),
    ('192.0.2.10', ['ssl:192.0.2.10:6632'], None),
    ('192.0.2.10', ['ssl:192.0.2.10:6640'], None),
    ('192.0.2.10', ['ssl:192.0.2.10'], None),
    ('192.0.2.10', ['ptcp:6640', 'ssl:192.0.2.10:6632'], None),
    ('192.0.2.10', ['ssl:192.0.2.11:6632'], 'set'),
    ('192.0.2.10', ['ssl:192.0.2.100:6632'], 'set'),
    ('192.0.2.10', ['tcp:192.0.2.10:6632'], 'set'),
    ('192.0.2.10', ['pssl:6640'], 'set'),
])
def test_state_table(cfg_update, controller, managers, action):
    assert cfg_update.plan_manager(controller, managers) == action


def test_manager_commands(cfg_update):
    assert cfg_update.manager_command('remove', '') == ['--', 'del-manager', '--', 'del-ssl']
    assert cfg_update.manager_command('set', '192.0.2.10') == SET


@pytest.mark.parametrize('network, pool, mode', [
    (None, None, 'standalone'), ('secure', None, 'secure'), ('standalone', 'secure', 'standalone'),
    (None, 'secure', 'secure'), ('nonsense', 'secure', 'secure'), (None, 'nonsense', 'standalone'), ('', None, 'standalone')])
def test_fail_mode(cfg_update, network, pool, mode):
    def config(value):
        return {} if value is None else {MODE: value}
    assert cfg_update.wanted_fail_mode(config(network), config(pool)) == mode


def bridge(name, fail_mode='standalone', **other_config):
    return {'name': name, 'fail_mode': fail_mode, 'other_config': dict((key.replace('_', '-'), value) for key, value in other_config.items())}


def test_bridges_that_are_right_are_left(cfg_update):
    plan = cfg_update.plan_bridges([bridge('xenbr0'), bridge('xenbr1', 'secure', disable_in_band='true')],
                                   {'xenbr0': {}, 'xenbr1': {MODE: 'secure', IN_BAND: 'true'}}, {})
    assert plan == {'command': [], 'in_band': False, 'fail_mode': False, 'invalid': []}


def test_bridges_that_are_wrong_change_in_one_command(cfg_update):
    plan = cfg_update.plan_bridges([bridge('xenbr0', ''), bridge('xenbr1', disable_in_band='true'), bridge('xapi1', disable_in_band='true')],
                                   {'xenbr0': {IN_BAND: 'true'}, 'xenbr1': {IN_BAND: 'false'}, 'xapi1': {}}, {MODE: 'secure'})
    assert plan['command'] == [
        '--', 'set', 'Bridge', 'xenbr0', 'other_config:disable-in-band=true', '--', 'set', 'Bridge', 'xenbr0', 'fail_mode=secure',
        '--', 'set', 'Bridge', 'xenbr1', 'other_config:disable-in-band=false', '--', 'set', 'Bridge', 'xenbr1', 'fail_mode=secure',
        '--', 'remove', 'Bridge', 'xapi1', 'other_config', 'disable-in-band', '--', 'set', 'Bridge', 'xapi1', 'fail_mode=secure']
    assert plan['in_band'] and plan['fail_mode']


def test_a_bridge_unknown_to_xapi_is_left_alone(cfg_update):
    plan = cfg_update.plan_bridges([bridge('by-hand', '')], {'xenbr0': {}}, {MODE: 'secure'})
    assert plan['command'] == []


def test_an_invalid_in_band_value_is_reported_and_changes_nothing(cfg_update):
    plan = cfg_update.plan_bridges([bridge('xenbr0')], {'xenbr0': {IN_BAND: 'maybe'}}, {})
    assert plan['command'] == []
    assert cfg_update.report(None, '', plan) == '"maybe" is an invalid value for vswitch-disable-in-band on xenbr0  '


@pytest.mark.parametrize('manager, in_band, fail_mode, text', [
    (None, False, False, 'No change to configuration'),
    ('remove', False, False, 'Successfully removed controller config.  '),
    ('set', False, True, 'Successfully set controller to 192.0.2.10.  Updated fail_mode.  '),
    (None, True, True, 'Updated in-band management.  Updated fail_mode.  '),
])
def test_report(cfg_update, manager, in_band, fail_mode, text):
    assert cfg_update.report(manager, '192.0.2.10', {'invalid': [], 'in_band': in_band, 'fail_mode': fail_mode}) == text


def test_management_bridge(cfg_update):
    bridges = [bridge('xenbr1', hwaddr='02:00:00:00:00:02'), bridge('xenbr0', hwaddr='02:00:00:00:00:0A')]
    pifs = [{'MAC': '02:00:00:00:00:0a', 'device': 'eth0'}, {'MAC': '02:00:00:00:00:0b', 'device': 'eth0'}]
    networks = {'xenbr0': {}, 'xenbr1': {}}
    assert cfg_update.management_bridge(bridges, networks, pifs) == ('xenbr0', 'eth0', '02:00:00:00:00:0a')
    assert cfg_update.management_bridge(bridges, networks, []) is None
    assert cfg_update.management_bridge(bridges, {}, pifs) is None


def test_management_flows(cfg_update):
    assert cfg_update.management_flows('1', '02:00:00:00:00:0a') == [
        'idle_timeout=0,priority=0,in_port=1,arp,nw_proto=1,actions=local',
        'idle_timeout=0,priority=0,in_port=local,arp,dl_src=02:00:00:00:00:0a,actions=1',
        'idle_timeout=0,priority=0,in_port=1,dl_dst=02:00:00:00:00:0a,actions=local',
        'idle_timeout=0,priority=0,in_port=local,dl_src=02:00:00:00:00:0a,actions=1']


def test_bridges_as_ovs_vsctl_prints_them(cfg_update, captured):
    assert cfg_update.parse_bridges(captured('ovs-vsctl-3.1.0-list-bridge.json')) == [
        {'name': 'xapi1', 'fail_mode': '', 'other_config': {}},
        {'name': 'xenbr0', 'fail_mode': 'secure', 'other_config': {'disable-in-band': 'true', 'hwaddr': '02:8f:5b:8f:11:11'}}]


class Records(object):
    def __init__(self, *records):
        self.records = records

    def get_all(self):
        return list(range(len(self.records)))

    def get_record(self, ref):
        return self.records[ref]

    def get_all_records(self):
        return dict(enumerate(self.records))

    def get_all_records_where(self, query):
        assert query == 'field "management"="true"'
        return self.get_all_records()


class Session(object):
    """XAPI with one pool, the network of xenbr0 and one management PIF."""

    def __init__(self, controller, pool_config=None, pools=1):
        self.xenapi = self
        self.pool = Records(*[{'vswitch_controller': controller, 'other_config': pool_config or {}}] * pools)
        self.network = Records({'bridge': 'xenbr0', 'other_config': {}})
        self.PIF = Records({'MAC': '02:8f:5b:8f:11:11', 'device': 'eth1'})


@pytest.fixture
def tools(cfg_update, captured):
    """The tools of a host: ``answers`` (last word of the command -> exit code, output) for what is not simply a success."""
    class Tools(object):
        calls = []
        answers = {'get-manager': (0, ''), 'Bridge': (0, captured('ovs-vsctl-3.1.0-list-bridge.json')), 'ofport': (0, '1\n')}

        def run(self, argv):
            self.calls.append([word for word in argv if word not in ('--timeout=5', '-vconsole:off')])
            return self.answers.get(argv[-1], (0, ''))

    tools = Tools()
    tools.calls = []
    tools.answers = dict(Tools.answers)
    cfg_update.run = tools.run
    cfg_update.CACERT = '/nowhere/vswitchd.cacert'
    return tools


def test_update_sets_the_controller_and_keeps_a_secure_host_in_reach(cfg_update, tools):
    text = cfg_update.update(Session('192.0.2.10', {MODE: 'secure'}), {})
    assert text == 'Successfully set controller to 192.0.2.10.  Updated in-band management.  '
    words = [' '.join(call[1:4]) for call in tools.calls]
    assert words[:4] == ['rewrite', 'get-manager', 'emer-reset', '-- del-manager --']
    assert [call[:3] for call in tools.calls if 'add-flow' in call] == [['/usr/bin/ovs-ofctl', 'add-flow', 'xenbr0']] * 4


def test_update_that_finds_everything_right_changes_nothing(cfg_update, tools):
    tools.answers['Bridge'] = (0, '{"data":[["xenbr0","standalone",["map",[]]]],"headings":["name","fail_mode","other_config"]}')
    tools.answers['get-manager'] = (0, 'ssl:192.0.2.10:6632\n')
    assert cfg_update.update(Session('192.0.2.10'), {}) == 'No change to configuration'
    assert [call[1] for call in tools.calls] == ['rewrite', 'get-manager', '--format=json']


def test_update_goes_on_after_a_failed_reset(cfg_update, tools):
    tools.answers['get-manager'] = (0, 'ptcp:6640\n')
    tools.answers['emer-reset'] = (1, '')
    assert cfg_update.update(Session(''), {}).startswith('Successfully removed controller config.  ')
    assert [call for call in tools.calls if 'del-manager' in call] == [['/usr/bin/ovs-vsctl', '--', 'del-manager', '--', 'del-ssl']]


def failed(failure, function, *args):
    with pytest.raises(failure) as caught:
        function(*args)
    return caught.value.params


def test_failures(cfg_update, tools, failure):
    tools.answers['get-manager'] = (1, '')
    assert failed(failure, cfg_update.update, Session(''), {}) == ['VSWITCH_CONFIG_MOD_FAILURE', '1', "['get-manager']"]
    tools.answers['emer-reset'] = (2, '')
    assert failed(failure, cfg_update.emergency_reset, None, {}) == ['VSWITCH_EMER_RESET_FAILURE', '2']
    tools.answers['get-manager'] = (0, '')
    tools.answers['ofport'] = (0, '\n')
    assert failed(failure, cfg_update.update, Session('192.0.2.10', {MODE: 'secure'}), {})[0] == 'VSWITCH_ADD_FLOW_FAILURE'
    assert failed(failure, cfg_update.update, Session('', pools=0), {}) == ['NO_POOL_FOR_HOST']
    assert failed(failure, cfg_update.update, Session('', pools=2), {}) == ['MORE_THAN_ONE_POOL_FOR_HOST']


def test_emergency_reset(cfg_update, tools):
    assert cfg_update.emergency_reset(None, {}) == 'Successfully reset configuration'


def test_a_missing_tool_is_a_failure_and_no_crash(cfg_update):
    assert cfg_update.run(['/nowhere/ovs-vsctl']) == (127, '')


def test_output_of_tools_is_kept_from_xapi(cfg_update, capfd):
    assert cfg_update.run(['/bin/echo', 'hello']) == (0, 'hello\n')
    assert capfd.readouterr()[0] == ''
