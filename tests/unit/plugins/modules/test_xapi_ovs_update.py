# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function
__metaclass__ = type

import pytest

from ansible_collections.xenserver.openvswitch.plugins.module_utils import _cli, _xapi_host
from ansible_collections.xenserver.openvswitch.plugins.modules import xapi_ovs_update
from ansible_collections.xenserver.openvswitch.tests.unit.plugins.module_utils.xe import A, DOWN, PATH, POOL, Pool
from ansible_collections.xenserver.openvswitch.tests.unit.plugins.modules.utils import run_module

HELD = ('ssl', '192.0.2.10', 6632)
HAS, OLD = 'ssl:192.0.2.10:6632', 'ssl:192.0.2.11:6632'
LOOK = ['sdn-controller-list', 'pool-list', 'network-list']
OLD_LOOK = ['sdn-controller-list', 'pool-list', 'pool-param-get', 'network-list']
BOND = {'bond0': {'lacp-time': 'slow'}}


@pytest.fixture
def run(monkeypatch):
    """Run the module on host A of a pool, whose Open vSwitch has ``managers``."""
    def function(pool, check_mode=False, backend='openvswitch', **options):
        facts = dict(host_uuid=A, network_backend=backend)
        monkeypatch.setattr(_xapi_host, 'facts', lambda: facts)
        monkeypatch.setattr(_xapi_host, 'field_plugin', lambda: '')
        pool.install(monkeypatch)
        del pool.calls[:]
        options = dict(dict(address='192.0.2.10'), **options) if options.get('state') != 'absent' else options
        return run_module(xapi_ovs_update.main, options, check_mode=check_mode, diff=True)
    return function


def managed(controller=HELD, managers=(HAS,), **options):
    pool = Pool(controller, **options)
    pool.managers, pool.tls = list(managers), any(one.startswith('ssl:') for one in managers)
    return pool


def repairs(pool, managers, fail_mode='standalone'):
    """Let the plugin do its work when it is called."""
    def act():
        pool.managers, pool.tls, pool.bridges, pool.ports = managers, bool(managers), {'xenbr0': {'fail_mode': fail_mode}}, {}
    pool.before['host-call-plugin'] = act
    pool.plugin[A] = 'Successfully set controller to %s.  ' % managers
    return pool


@pytest.mark.parametrize('sdn, commands', [(True, LOOK), (False, OLD_LOOK)])
def test_a_host_that_follows_is_left_alone(run, sdn, commands):
    pool = managed(sdn=sdn)
    result, failed = run(pool)
    assert not failed and not result['changed'] and result['plugin'] is None
    assert (result['targets'], result['resets'], result['lost_words'], result['cut_off'], result['unread']) == ([HAS], False, '', [], None)
    assert (result['host_uuid'], result['pool']) == (A, dict(uuid=POOL, hosts=[], secured=[]))
    assert pool.commands == commands


@pytest.mark.parametrize('managers', [[], [OLD], ['ptcp:6640']])
def test_a_host_that_does_not_is_repaired_by_the_plugin(run, managers):
    pool = repairs(managed(managers=managers), [HAS])
    result, failed = run(pool)
    assert not failed and result['changed'] and result['targets'] == [HAS] and result['manager'] == HAS
    assert result['plugin']['plugin_ok'] and result['plugin']['result'].startswith('Successfully')
    assert result['diff']['before']['managers'] == managers and result['diff']['after']['managers'] == [HAS]
    assert result['commands'] == [[PATH, 'host-call-plugin', 'host-uuid=' + A, 'plugin=openvswitch-config-update', 'fn=update']]
    again, failed = run(pool)
    assert not failed and not again['changed'] and pool.commands == LOOK


def test_the_plugin_of_old_releases_is_called_by_its_name(run):
    pool = repairs(managed(managers=[], sdn=False), [HAS])
    assert run(pool)[0]['commands'][0][3] == 'plugin=openvswitch-cfg-update'


@pytest.mark.parametrize('managers', [[], [OLD], [HAS]])
@pytest.mark.parametrize('fail_mode', [[], 'standalone'])
def test_check_mode_predicts_the_repair(run, managers, fail_mode):
    pool = managed(managers=managers)
    if fail_mode == []:
        pool.bridges = {'xenbr0': {}}
    foreseen, failed = run(pool, check_mode=True)
    assert not failed and 'host-call-plugin' not in pool.commands and pool.managers == managers
    done, failed = run(repairs(pool, [HAS]))
    assert not failed
    for name in ('changed', 'diff', 'commands', 'targets', 'switch', 'lost'):
        assert foreseen[name] == done[name], name


def test_an_extra_manager_survives(run):
    result, dummy = run(managed(managers=['ptcp:6640', HAS]))
    assert not result['changed'] and result['targets'] == [HAS]


def test_an_old_plugin_takes_any_port_of_the_address_for_its_own(run):
    result, dummy = run(managed(managers=['ssl:192.0.2.10:6640'], sdn=False))
    assert not result['changed'] and result['targets'] == ['ssl:192.0.2.10:6640']


@pytest.mark.parametrize('check_mode', [True, False])
def test_what_would_be_lost_needs_consent(run, check_mode):
    pool = repairs(managed(managers=[]), [HAS])
    pool.ports = BOND
    result, failed = run(pool, check_mode=check_mode)
    assert failed and 'port bond0: lacp-time' in result['msg'] and 'emer_reset_consent' in result['msg'] and 'Nothing was changed' in result['msg']
    assert result['lost'] == dict(bridges={}, ports=BOND, interfaces={}) and 'host-call-plugin' not in pool.commands
    result, failed = run(pool, check_mode=check_mode, emer_reset_consent=True)
    assert not failed and result['changed'] and result['diff']['before']['lost']['ports'] == BOND and result['diff']['after']['lost']['ports'] == {}


def test_no_consent_is_asked_where_the_plugin_does_no_reset(run):
    pool = managed()
    pool.ports = BOND
    assert run(pool)[1] is False
    pool.bridges = {'xenbr0': {}}
    result, failed = run(pool, check_mode=True)
    assert not failed and result['changed'] and not result['resets'] and result['lost_words'] == ''


def test_a_change_of_xapi_to_come_is_foreseen_and_not_made(run):
    pool = managed(('ssl', '192.0.2.11', 6632), [OLD])
    pool.ports = BOND
    result, failed = run(pool, check_mode=True, emer_reset_consent=True)
    assert not failed and result['changed'] and result['commands'] == [] and result['resets'] and result['lost']['ports'] == BOND
    assert (result['diff']['before']['managers'], result['diff']['after']['managers']) == ([OLD], [HAS])
    assert [one['name'] for one in result['pool']['hosts']] == ['xs-a', 'xs-b']
    result, failed = run(pool, emer_reset_consent=True)
    assert failed and 'xapi_sdn_controller' in result['msg'] and pool.managers == [OLD]


SECURE = {'vswitch-controller-fail-mode': 'secure'}
OTHER = ('ssl', '192.0.2.11', 6632)


# What XAPI holds, what is asked for, and whether the manager changes and a bridge of any host may be cut off.
@pytest.mark.parametrize('controller, config, networks, options, resets, secures', [
    (HELD, {}, {}, dict(fail_mode='standalone'), False, False),
    (HELD, {}, {}, dict(fail_mode='secure'), False, True),
    (HELD, {}, {}, dict(networks=[dict(network='xenbr1', fail_mode='secure')]), False, True),
    (HELD, {}, SECURE, dict(fail_mode='secure'), False, False),
    (HELD, SECURE, {}, dict(networks=[dict(network='xenbr1', disable_in_band='true')]), False, False),
    (HELD, SECURE, {}, dict(fail_mode='default'), False, False),
    (OTHER, {}, {}, {}, True, False),
    (OTHER, SECURE, {}, {}, True, True),
    (OTHER, SECURE, {}, dict(fail_mode='standalone'), True, False),
    (OTHER, SECURE, {}, dict(state='absent'), True, True),
])
def test_the_hosts_of_the_pool_are_told_where_they_may_lose_settings_or_be_cut_off(run, controller, config, networks, options, resets, secures):
    pool = managed(controller)
    pool.other_config, pool.networks = dict(config), {'xenbr0': dict(networks), 'xenbr1': dict(networks)}
    result, failed = run(pool, check_mode=True, emer_reset_consent=True, secure_consent=True, **options)
    names = dict((key, [one['name'] for one in result['pool'][key]]) for key in ('hosts', 'secured'))
    assert not failed and names == dict(hosts=['xs-a', 'xs-b'] if resets else [], secured=['xs-a', 'xs-b'] if secures else [])


def test_what_changed_since_an_earlier_look_is_the_tasks_change(run):
    pool = managed(('ssl', '192.0.2.11', 6632), [OLD])
    foreseen, dummy = run(pool, check_mode=True)
    pool.controller, pool.managers = HELD, [HAS]
    result, failed = run(pool, before=foreseen['switch'])
    assert not failed and result['changed'] and result['plugin'] is None
    assert result['diff'] == foreseen['diff']


def test_a_manager_that_was_set_by_hand_without_tls_is_taken_off_for_the_plugin(run):
    pool = repairs(managed(), [HAS])
    pool.tls, pool.ports = False, BOND
    assert run(pool, check_mode=True)[1]  # it needs consent, since the plugin does a reset then
    foreseen, dummy = run(pool, check_mode=True, emer_reset_consent=True)
    assert foreseen['resets'] and pool.managers == [HAS]
    result, failed = run(pool, emer_reset_consent=True)
    assert not failed and result['changed'] and pool.tls and pool.managers == [HAS]
    assert [argv[-1] for argv in result['commands']] == ['del-manager', 'fn=update']
    assert (foreseen['diff'], foreseen['commands']) == (result['diff'], result['commands'])
    assert not run(pool)[0]['changed']


def test_a_port_that_the_plugin_left_closed_for_a_manager_that_was_there_is_opened_without_a_reset(run):
    pool = repairs(managed(('pssl', '', 0), ['pssl:6640']), ['pssl:6640'])
    pool.tls, pool.ports, pool.firewall = True, BOND, '-A INPUT -j REJECT\n'
    options = dict(protocol='pssl', address=None)
    foreseen, failed = run(pool, check_mode=True, **options)
    assert not failed and foreseen['changed'] and not foreseen['resets'] and pool.firewall == '-A INPUT -j REJECT\n'
    result, failed = run(pool, **options)
    assert not failed and result['changed'] and result['diff'] == foreseen['diff']
    assert (result['diff']['before'], result['diff']['after']) == (dict(port_open=False), dict(port_open=True))
    assert result['commands'] == foreseen['commands'] and result['commands'][0] == ['/etc/xapi.d/plugins/firewall-port', 'open', '6640']
    again, failed = run(pool, **options)
    assert not failed and not again['changed'] and again['switch']['port_open']


def test_absent(run):
    pool = repairs(managed(None, [OLD]), [])
    result, failed = run(pool, state='absent')
    assert not failed and result['changed'] and result['targets'] == [] and result['diff']['after']['managers'] == []
    assert not run(pool, state='absent')[0]['changed']


def test_a_bridge_that_would_be_cut_off_needs_consent(run):
    pool = managed()
    result, failed = run(pool, check_mode=True, fail_mode='secure')
    assert failed and 'xenbr0 would become secure' in result['msg'] and result['cut_off'] == ['xenbr0']
    result, failed = run(pool, check_mode=True, fail_mode='secure', secure_consent=True)
    assert not failed and result['diff']['after']['bridges']['xenbr0']['fail_mode'] == 'secure'


def test_settings_that_xapi_holds_are_brought_to_the_bridges(run):
    pool = repairs(managed(), [HAS], 'secure')
    pool.networks['xenbr0'] = {'vswitch-controller-fail-mode': 'secure'}
    result, failed = run(pool, secure_consent=True)
    assert not failed and result['changed'] and pool.bridges['xenbr0']['fail_mode'] == 'secure'


@pytest.mark.parametrize('said', ['No change to configuration', 'Successfully set controller to nowhere.  '])
def test_a_plugin_that_says_it_worked_and_did_not(run, said):
    pool = managed(managers=[])
    pool.plugin[A] = said
    result, failed = run(pool)
    assert failed and 'did not do its work' in result['msg'] and 'managers' in result['msg'] and said.strip() in result['msg']
    assert result['plugin']['plugin_ok']


def test_a_plugin_that_fails_tells_what_it_said(run):
    pool = managed(managers=[])
    pool.plugin[A] = ('Error code: VSWITCH_CONFIG_MOD_FAILURE\nError parameters: 1, [ovs-vsctl]\n',)
    result, failed = run(pool)
    assert failed and 'VSWITCH_CONFIG_MOD_FAILURE' in result['msg'] and not result['plugin']['plugin_ok']


def test_a_plugin_that_fails_after_the_manager_is_no_success(run):
    # xapi 23.31 to 24.21: config-update crashed after set-manager, before the fail modes
    pool = managed(managers=[])
    pool.before['host-call-plugin'] = lambda: (setattr(pool, 'managers', [HAS]), setattr(pool, 'bridges', {'xenbr0': {}}))
    pool.plugin[A] = ("There was a failure.\nstatus: non-zero exit\nstdout: \nstderr: AttributeError: 'dict' object has no attribute 'itervalues'\n",)
    result, failed = run(pool)
    assert failed and 'itervalues' in result['msg'] and 'bridges' in result['msg']


def test_a_host_on_the_bridge_backend_is_left_alone(run):
    pool = managed()
    result, failed = run(pool, backend='bridge')
    assert not failed and not result['changed'] and 'bridge' in result['unread'] and result['switch'] is None
    result, failed = run(pool, backend='bridge', check_mode=True)
    assert not failed and result['changed'] and result['diff']['after'] == dict(managers=[HAS])


def test_open_vswitch_down(run):
    pool = managed()
    pool.managers = None
    result, failed = run(pool)
    assert failed and 'ovs-vsctl is not on this host' in result['msg']
    result, failed = run(pool, check_mode=True)
    assert not failed and result['changed'] and 'ovs-vsctl' in result['unread'] and result['targets'] == []


def test_xapi_down(run):
    pool = managed()
    pool.fails['sdn-controller-list'] = DOWN
    result, failed = run(pool)
    assert failed and 'xe-toolstack-restart' in result['msg']


def test_no_xenserver(run, monkeypatch):
    pool = managed().install(monkeypatch)
    monkeypatch.setattr(_xapi_host, 'facts', lambda: None)
    result, failed = run_module(xapi_ovs_update.main, dict(address='192.0.2.10'))
    assert failed and 'neither XenServer nor XCP-ng' in result['msg'] and pool.calls == []


@pytest.mark.parametrize('options', [dict(address='controller'), dict(protocol='tcp'), dict(networks=[dict(network='xenbr9', fail_mode='secure')])])
def test_what_xapi_cannot_hold_is_refused(run, options):
    result, failed = run(managed(), **options)
    assert failed and result['msg']


def test_a_failure_to_read_is_told(run, monkeypatch):
    def broken(argv, time_limit, ok=(0,), data=None):
        raise _cli.CliError('%s could not be started' % argv[0])
    pool = managed()
    monkeypatch.setattr(Pool, 'run', lambda self, *words, **options: broken(*words))
    result, failed = run(pool)
    assert failed and 'could not be started' in result['msg']
