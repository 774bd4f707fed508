# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function
__metaclass__ = type

import pytest

from ansible_collections.xenserver.openvswitch.plugins.module_utils import _cli, _xapi_host
from ansible_collections.xenserver.openvswitch.plugins.modules import xapi_sdn_controller
from ansible_collections.xenserver.openvswitch.tests.unit.plugins.module_utils.xe import A, B, DOWN, PATH, RECORD, Pool
from ansible_collections.xenserver.openvswitch.tests.unit.plugins.modules.utils import run_module

SSL = dict(protocol='ssl', address='192.0.2.10', port=6632)
HELD = ('ssl', '192.0.2.10', 6632)
DID = 'Successfully set controller to ssl:192.0.2.10:6632.  '


@pytest.fixture(autouse=True)
def no_plugin_here(monkeypatch):
    monkeypatch.setattr(_xapi_host, 'field_plugin', lambda: '')


@pytest.fixture
def run(monkeypatch):
    def function(pool, check_mode=False, **options):
        pool.install(monkeypatch)
        del pool.calls[:]
        return run_module(xapi_sdn_controller.main, options, check_mode=check_mode, diff=True)
    return function


def test_a_new_controller(run):
    pool = Pool()
    result, failed = run(pool, address='192.0.2.10')
    assert not failed and result['changed']
    assert (result['api'], result['sdn_controller'], result['target']) == ('SDN_controller', SSL, 'ssl:192.0.2.10:6632')
    assert result['diff'] == dict(before=dict(sdn_controller=None), after=dict(sdn_controller=SSL))
    assert result['commands'] == [[PATH, 'sdn-controller-introduce', 'protocol=ssl', 'address=192.0.2.10', 'tcp-port=6632']]
    assert pool.controller == HELD
    assert 'hosts' not in result


def test_a_converged_run_is_one_process(run):
    for held in (HELD, ('ssl', '192.0.2.10', 0)):
        pool = Pool(held)
        result, failed = run(pool, address='192.0.2.10')
        assert not failed and not result['changed']
        assert result['diff'] == dict(before={}, after={}) and result['commands'] == []
        assert pool.commands == ['sdn-controller-list']


def test_a_controller_that_differs(run):
    pool = Pool(('ssl', '192.0.2.11', 6632))
    result, dummy = run(pool, address='192.0.2.10')
    assert result['diff'] == dict(before=dict(sdn_controller=dict(SSL, address='192.0.2.11')), after=dict(sdn_controller=SSL))
    assert pool.commands == ['sdn-controller-list', 'pool-list', 'host-param-get', 'sdn-controller-forget', 'sdn-controller-introduce']
    assert pool.controller == HELD
    assert not run(pool, address='192.0.2.10')[0]['changed']


def test_pssl_and_back(run):
    pool = Pool(HELD)
    result, dummy = run(pool, protocol='pssl')
    assert pool.controller == ('pssl', '', 0)
    assert (result['sdn_controller'], result['target']) == (dict(protocol='pssl', address='', port=0), 'pssl:6640')
    assert not run(pool, protocol='pssl')[0]['changed']
    assert run(pool, address='192.0.2.10')[0]['changed'] and pool.controller == HELD


@pytest.mark.parametrize('sdn', [True, False])
def test_absent(run, sdn):
    pool = Pool(HELD, sdn=sdn)
    result, failed = run(pool, state='absent', address='', port=6632)
    assert not failed and result['changed'] and pool.controller is None
    assert (result['sdn_controller'], result['target']) == (None, None)
    assert result['diff']['before'] == dict(sdn_controller=SSL)
    assert not run(pool, state='absent')[0]['changed']


def test_the_field_of_old_releases(run):
    pool = Pool(sdn=False)
    result, failed = run(pool, address='192.0.2.10', port=6632)
    assert not failed and result['changed']
    assert (result['api'], result['sdn_controller']) == ('pool.vswitch_controller', SSL)
    assert result['commands'] == [[PATH, 'pool-set-vswitch-controller', 'address=192.0.2.10']]
    assert not run(pool, address='192.0.2.10')[0]['changed']
    assert 'pool-set-vswitch-controller' not in pool.commands


def test_the_port_of_the_old_plugin_is_asked_of_the_plugin(run, monkeypatch):
    monkeypatch.setattr(_xapi_host, 'field_plugin', lambda: "ovsdb_port = '6640'\n")
    result, failed = run(Pool(sdn=False), address='192.0.2.10')
    assert not failed and result['target'] == 'ssl:192.0.2.10:6640'
    result, failed = run(Pool(sdn=False), address='192.0.2.10', port=6632)
    assert failed and 'connects to port 6640, never to 6632' in result['msg']


@pytest.mark.parametrize('held', [None, HELD, ('ssl', '192.0.2.11', 6632)])
@pytest.mark.parametrize('sdn', [True, False])
@pytest.mark.parametrize('options', [dict(address='192.0.2.10'), dict(state='absent')])
def test_check_mode_predicts_and_changes_nothing(run, held, sdn, options):
    pool = Pool(held, sdn=sdn)
    foreseen, dummy = run(pool, check_mode=True, update_hosts=True, **options)
    assert pool.controller == held and 'host-call-plugin' not in pool.commands
    done, dummy = run(pool, **options)
    foreseen.pop('invocation', None)
    done.pop('invocation', None)
    assert foreseen == done


@pytest.mark.parametrize('options', [
    dict(), dict(address=''), dict(address='controller'), dict(address='2001:db8::1'), dict(protocol='tcp', address='192.0.2.10'), dict(protocol='ptcp'),
    dict(address='192.0.2.10', port=0), dict(address='192.0.2.10', port=65536), dict(protocol='pssl', address='192.0.2.10'), dict(protocol='pssl', port=6640),
    dict(address='192.0.2.10\nforce=true'), dict(address='--force')])
def test_refused_before_xapi_is_asked(run, options):
    pool = Pool(HELD)
    result, failed = run(pool, **options)
    assert failed and pool.calls == [] and pool.controller == HELD


@pytest.mark.parametrize('options', [dict(protocol='pssl'), dict(address='192.0.2.10', port=6653)])
def test_refused_by_an_old_release_before_anything_changed(run, options):
    pool = Pool(HELD, sdn=False)
    result, failed = run(pool, **options)
    assert failed and 'older than SDN controllers' in result['msg'] and pool.controller == HELD


@pytest.mark.parametrize('sdn', [True, False])
def test_the_bridge_backend_is_refused_before_anything_is_forgotten(run, sdn):
    pool = Pool(HELD, sdn=sdn, backend='bridge')
    result, failed = run(pool, address='192.0.2.11')
    assert failed and 'runs the network backend "bridge"' in result['msg'] and 'Nothing was changed' in result['msg']
    assert pool.controller == HELD


@pytest.mark.parametrize('sdn', [True, False])
def test_the_bridge_backend_is_a_warning_in_check_mode_where_an_earlier_task_may_be_about_to_select_another(run, sdn):
    pool = Pool(HELD, sdn=sdn, backend='bridge')
    result, failed = run(pool, check_mode=True, address='192.0.2.11')
    assert not failed and result['changed'] and result['target'] == 'ssl:192.0.2.11:6632'
    assert any('runs the network backend "bridge"' in warning for warning in result['warnings'])
    assert pool.controller == HELD


def test_on_the_bridge_backend_an_object_can_be_forgotten(run):
    pool = Pool(HELD, backend='bridge')
    assert not run(pool, state='absent')[1] and pool.controller is None


def test_xapi_down(run):
    pool = Pool()
    pool.fails['sdn-controller-list'] = DOWN
    result, failed = run(pool, address='192.0.2.10')
    assert failed and 'Connection refused' in result['msg'] and 'xe-toolstack-restart' in result['msg']
    assert (result['rc'], result['stderr']) == (1, DOWN)


def test_a_host_without_xapi(run, monkeypatch):
    pool = Pool()

    def find(name, paths=()):
        raise _cli.CliError('not here')
    monkeypatch.setattr(Pool, 'find', lambda self, name, paths=(): find(name))
    result, failed = run(pool, address='192.0.2.10')
    assert failed and 'host without XAPI' in result['msg'] and 'ovs_manager directly' in result['msg']


def test_a_run_killed_between_forget_and_introduce_is_completed_by_the_next(run):
    class Killed(BaseException):
        pass

    def kill():
        raise Killed()

    pool = Pool(('ssl', '192.0.2.11', 6632))
    pool.before['sdn-controller-introduce'] = kill
    with pytest.raises(Killed):
        run(pool, address='192.0.2.10')
    assert pool.controller is None
    result, failed = run(pool, address='192.0.2.10')
    assert not failed and result['changed'] and pool.controller == HELD


def test_every_host_reports(run):
    pool = Pool(HELD)
    result, failed = run(pool, address='192.0.2.10', update_hosts=True)
    assert not failed and not result['changed']
    assert [host['uuid'] for host in result['hosts']] == [A, B]
    assert result['hosts'][0] == dict(uuid=A, name='xs-a', plugin_ok=True, changed=False, result='No change to configuration', error=None)


def test_a_host_that_is_repaired_is_a_change(run):
    pool = Pool(HELD)
    pool.plugin[B] = DID
    result, failed = run(pool, address='192.0.2.10', update_hosts=True)
    assert not failed and result['changed']
    assert [(host['changed'], host['result']) for host in result['hosts']] == [(False, 'No change to configuration'), (True, DID.strip())]


def test_a_warning_of_the_plugin_is_no_change(run):
    pool = Pool(HELD)
    pool.plugin[B] = '"maybe" is an invalid value for vswitch-disable-in-band on xenbr0  '
    assert not run(pool, address='192.0.2.10', update_hosts=True)[0]['changed']


@pytest.mark.parametrize('said, told', [
    ('Error code: VSWITCH_CONFIG_MOD_FAILURE\nError parameters: 1, [ovs-vsctl]\n', 'VSWITCH_CONFIG_MOD_FAILURE'),
    ('The requested plug-in could not be found.\nname: openvswitch-config-update\n', 'name: openvswitch-config-update'),
    ("There was a failure.\nstatus: non-zero exit\nstdout: \nstderr: Traceback\nKeyError: 'xenbr9'\n", "KeyError: 'xenbr9'"),
])
def test_a_plugin_that_fails_fails_the_task_and_the_others_run(run, said, told):
    pool = Pool()
    pool.plugin[A] = (said,)
    result, failed = run(pool, address='192.0.2.10', update_hosts=True)
    assert failed and result['changed'] and pool.controller == HELD
    assert 'XAPI holds the manager' in result['msg'] and 'failed on 1 of 2 hosts' in result['msg'] and 'xs-a: ' in result['msg'] and told in result['msg']
    assert [host['plugin_ok'] for host in result['hosts']] == [False, True]
    assert told in result['hosts'][0]['error']
    assert result['diff']['after'] == dict(sdn_controller=SSL)


def test_a_stale_field_is_never_written_where_there_are_objects(run):
    pool = Pool()
    run(pool, address='192.0.2.10')
    run(pool, state='absent')
    run(pool, address='192.0.2.10')
    assert pool.controller == HELD
    assert 'pool-set-vswitch-controller' not in pool.commands


def test_what_is_forgotten_is_the_record_that_was_found(run):
    pool = Pool(HELD)
    assert run(pool, state='absent')[0]['commands'] == [[PATH, 'sdn-controller-forget', 'uuid=' + RECORD]]


FAIL_MODE, IN_BAND = 'vswitch-controller-fail-mode', 'vswitch-disable-in-band'


def test_settings_are_set_before_the_manager_so_that_the_plugin_takes_them_up(run):
    pool = Pool()
    result, failed = run(pool, address='192.0.2.10', fail_mode='secure', networks=[dict(network='xenbr1', fail_mode='standalone', disable_in_band='true')])
    assert not failed and result['changed'] and pool.controller == HELD
    assert pool.other_config == {FAIL_MODE: 'secure'} and pool.networks == {'xenbr0': {}, 'xenbr1': {FAIL_MODE: 'standalone', IN_BAND: 'true'}}
    assert [argv[1] for argv in result['commands']] == ['pool-param-set', 'network-param-set', 'network-param-set', 'sdn-controller-introduce']
    assert pool.commands[-4:] == ['pool-param-set', 'network-param-set', 'network-param-set', 'sdn-controller-introduce']
    assert result['diff']['before']['settings']['fail_mode'] is None and result['diff']['after']['settings'] == result['settings'] == dict(
        fail_mode='secure', networks=dict(
            xenbr0=dict(fail_mode=None, disable_in_band=None), xenbr1=dict(fail_mode='standalone', disable_in_band='true')))


def test_settings_are_set_once_and_taken_out(run):
    pool = Pool(HELD)
    pool.other_config = {'memory-ratio': '1'}
    options = dict(address='192.0.2.10', fail_mode='standalone', networks=[dict(network='xenbr0', disable_in_band='false')])
    assert run(pool, **options)[0]['changed']
    again, failed = run(pool, **options)
    assert not failed and not again['changed'] and pool.commands == ['sdn-controller-list', 'pool-list', 'network-list']
    result, failed = run(pool, address='192.0.2.10', fail_mode='default', networks=[dict(network='xenbr0', disable_in_band='default')])
    assert not failed and result['changed'] and pool.other_config == {'memory-ratio': '1'} and pool.networks['xenbr0'] == {}
    assert not run(pool, address='192.0.2.10', fail_mode='default')[0]['changed']


def test_settings_of_a_pool_without_objects(run):
    pool = Pool(sdn=False)
    assert not run(pool, address='192.0.2.10', fail_mode='secure')[1] and pool.other_config == {FAIL_MODE: 'secure'} and pool.controller == HELD


def test_settings_alone_need_no_backend(run):
    pool = Pool(HELD, backend='bridge')
    result, failed = run(pool, address='192.0.2.10', fail_mode='secure')
    assert not failed and result['changed'] and 'host-param-get' not in pool.commands


def test_settings_in_check_mode(run):
    pool = Pool(HELD)
    foreseen, dummy = run(pool, check_mode=True, address='192.0.2.10', fail_mode='secure')
    assert foreseen['changed'] and pool.other_config == {}
    done, dummy = run(pool, address='192.0.2.10', fail_mode='secure')
    assert (foreseen['diff'], foreseen['commands']) == (done['diff'], done['commands'])


@pytest.mark.parametrize('networks, said', [
    ([dict(network='xenbr9', fail_mode='secure')], 'no network "xenbr9"'), ([dict(network='xenbr0', fail_mode='open')], 'value of fail_mode must be one of')])
def test_settings_that_cannot_be_are_refused_before_anything_changed(run, networks, said):
    pool = Pool(HELD)
    result, failed = run(pool, address='192.0.2.11', networks=networks)
    assert failed and said in result['msg'] and pool.controller == HELD


def test_a_manager_that_xapi_refuses_after_the_settings_is_an_unfinished_change(run):
    pool = Pool()
    pool.fails['sdn-controller-introduce'] = 'There was an error.\nmessage: no\n'
    result, failed = run(pool, address='192.0.2.10', fail_mode='secure')
    assert failed and result['changed'] and 'Run the task again' in result['msg'] and pool.other_config == {FAIL_MODE: 'secure'}
    del pool.fails['sdn-controller-introduce']
    assert not run(pool, address='192.0.2.10', fail_mode='secure')[1] and pool.controller == HELD


def test_yaml_makes_true_of_true(run):
    pool = Pool(HELD)
    assert not run(pool, address='192.0.2.10', networks=[dict(network='xenbr0', disable_in_band=True)])[1]
    assert pool.networks['xenbr0'] == {IN_BAND: 'true'}
