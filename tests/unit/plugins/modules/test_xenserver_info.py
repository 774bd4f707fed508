# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function
__metaclass__ = type

import pytest

from ansible_collections.xenserver.openvswitch.plugins.module_utils import _cli, _xapi_host
from ansible_collections.xenserver.openvswitch.plugins.modules import xenserver_info
from ansible_collections.xenserver.openvswitch.tests.unit.plugins.module_utils.xe import A, DOWN, OPENED, POOL, Pool
from ansible_collections.xenserver.openvswitch.tests.unit.plugins.modules.utils import run_module


@pytest.fixture
def run(monkeypatch):
    def function(pool, is_xenserver=True, **params):
        monkeypatch.setattr(_xapi_host, 'facts', lambda: dict(brand='XCP-ng', role='coordinator', host_uuid=A) if is_xenserver else None)
        monkeypatch.setattr(_xapi_host, 'field_plugin', lambda: '')
        monkeypatch.setattr(_xapi_host, 'pending_reboot', lambda: ['because'])
        pool.install(monkeypatch)
        return run_module(xenserver_info.main, params)
    return function


def test_no_xenserver(run):
    pool = Pool()
    result, failed = run(pool, is_xenserver=False)
    assert not failed and not result['changed']
    assert (result['is_xenserver'], result['xenserver'], result['pending_reboot']) == (False, None, [])
    assert pool.calls == []


def test_a_managed_host(run):
    pool = Pool(('ssl', '192.0.2.10', 6632))
    pool.managers, pool.tls = ['ptcp:6640', 'ssl:192.0.2.10:6632'], True
    result, failed = run(pool)
    assert not failed and not result['changed'] and result['is_xenserver'] and result['pending_reboot'] == ['because']
    host = result['xenserver']
    assert (host['brand'], host['role']) == ('XCP-ng', 'coordinator')
    assert host['xapi'] == dict(reachable=True, error=None)
    assert host['pool'] == dict(uuid=POOL, name='lab', coordinator=A)
    assert host['manager'] == dict(api='SDN_controller', protocol='ssl', address='192.0.2.10', port=6632, target='ssl:192.0.2.10:6632')
    assert host['ovs_managers'] == ['ptcp:6640', 'ssl:192.0.2.10:6632']
    assert host['verdict'] == 'agrees' and 'ssl:192.0.2.10:6632' in host['verdict_reason']
    assert pool.commands == ['sdn-controller-list', 'pool-list', 'network-list']


@pytest.mark.parametrize('firewall, verdict', [
    (None, 'agrees'), (OPENED % '6640' + '-A INPUT -j REJECT\n', 'agrees'), ('-A INPUT -j REJECT\n', 'plugin_failed')])
def test_a_manager_that_connects_by_itself_and_the_firewall(run, firewall, verdict):
    pool = Pool(('pssl', '', 0))
    pool.managers, pool.tls, pool.firewall = ['pssl:6640'], True, firewall
    host = run(pool)[0]['xenserver']
    assert host['manager']['target'] == 'pssl:6640' and host['verdict'] == verdict
    assert ('the firewall keeps the manager from port 6640' in host['verdict_reason']) == (verdict == 'plugin_failed')


def test_bridges_that_xapi_has_made(run):
    pool = Pool(('ssl', '192.0.2.10', 6632))
    assert run(pool, bridges=True)[0]['xenserver']['plugged_bridges'] == ['xenbr0']
    assert pool.commands[-1] == 'pif-list'
    assert run(Pool())[0]['xenserver']['plugged_bridges'] is None


def test_bridges_without_xapi(run):
    pool = Pool()
    pool.fails['pif-list'] = DOWN
    assert run(pool, bridges=True)[0]['xenserver']['plugged_bridges'] is None
    pool.fails['sdn-controller-list'] = DOWN
    assert run(pool, bridges=True)[0]['xenserver']['plugged_bridges'] is None
    assert pool.commands[-1] == 'sdn-controller-list'


def test_an_old_release(run):
    pool = Pool(('ssl', '192.0.2.10', 6632), sdn=False)
    pool.managers = []
    host = run(pool)[0]['xenserver']
    assert host['manager']['api'] == 'pool.vswitch_controller' and host['manager']['target'] == 'ssl:192.0.2.10:6632'
    assert host['verdict'] == 'ovs_lacks_manager' and 'openvswitch-cfg-update' in host['verdict_reason']
    assert pool.commands == ['sdn-controller-list', 'pool-list', 'pool-param-get', 'network-list']


def test_no_manager(run):
    pool = Pool()
    pool.managers = ['ssl:192.0.2.10:6632']
    host = run(pool)[0]['xenserver']
    assert host['manager'] == dict(api='SDN_controller', protocol=None, address=None, port=None, target=None)
    assert host['verdict'] == 'xapi_would_wipe_ovs'


def test_no_open_vswitch(run):
    host = run(Pool())[0]['xenserver']
    assert (host['ovs_managers'], host['verdict']) == (None, 'unknown')


def test_xapi_down(run):
    pool = Pool()
    pool.managers = []
    pool.fails['sdn-controller-list'] = DOWN
    result, failed = run(pool)
    assert not failed
    host = result['xenserver']
    assert host['xapi'] == dict(reachable=False, error=DOWN.strip())
    assert host['pool'] == dict(uuid=None, name=None, coordinator=None)
    assert host['manager'] == dict(api=None, protocol=None, address=None, port=None, target=None)
    assert host['verdict'] == 'unknown' and 'XAPI' in host['verdict_reason']


def test_a_dom0_whose_xe_is_gone(run, monkeypatch):
    def find(self, name, paths=()):
        raise _cli.CliError('not here')
    monkeypatch.setattr(Pool, 'find', find)
    result, failed = run(Pool())
    assert not failed and 'no xe on this host' in result['xenserver']['xapi']['error']


def test_what_an_emer_reset_would_take_is_told(run):
    pool = Pool(('ssl', '192.0.2.10', 6632))
    pool.managers, pool.ports = ['ssl:192.0.2.10:6632'], {'bond0': {'lacp-time': 'slow'}}
    pool.bridges = {'xenbr0': {'fail_mode': 'standalone'}, 'own': {'fail_mode': 'secure'}}
    host = run(pool)[0]['xenserver']
    assert host['emer_reset_would_lose'] == dict(ports={'bond0': {'lacp-time': 'slow'}}, bridges={'own': dict(fail_mode='secure')}, interfaces={})


def test_a_plugin_that_failed_halfway(run):
    pool = Pool(('ssl', '192.0.2.10', 6632))
    pool.managers, pool.networks = ['ssl:192.0.2.10:6632'], {'xenbr0': {'vswitch-controller-fail-mode': 'secure'}}
    host = run(pool)[0]['xenserver']
    assert host['verdict'] == 'plugin_failed' and 'xenbr0' in host['verdict_reason']
    assert host['fail_mode'] is None and host['networks'] == dict(xenbr0=dict(fail_mode='secure', disable_in_band=None))
    assert host['emer_reset_would_lose'] == dict(ports={}, bridges={}, interfaces={})


def test_a_manager_that_was_set_by_hand(run):
    pool = Pool(('ssl', '192.0.2.10', 6632))
    pool.managers = ['ssl:192.0.2.10:6632']
    host = run(pool)[0]['xenserver']
    assert host['verdict'] == 'plugin_failed' and 'no TLS material' in host['verdict_reason']


def test_without_xapi_everything_counts_as_lost(run):
    pool = Pool()
    pool.managers, pool.fails['sdn-controller-list'] = [], DOWN
    host = run(pool)[0]['xenserver']
    assert host['emer_reset_would_lose']['bridges'] == {'xenbr0': dict(fail_mode='standalone')}
    assert (host['fail_mode'], host['networks']) == (None, None)
