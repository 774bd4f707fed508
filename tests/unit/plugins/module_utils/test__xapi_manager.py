# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function
__metaclass__ = type

import pytest

from ansible.module_utils.common.text.converters import to_native

from ansible_collections.xenserver.openvswitch.plugins.module_utils import _xapi_manager as manager
from ansible_collections.xenserver.openvswitch.plugins.module_utils._cli import CliError
from ansible_collections.xenserver.openvswitch.plugins.module_utils._xapi import Refused, Xe, XeError
from ansible_collections.xenserver.openvswitch.tests.unit.plugins.module_utils.xe import A, DOWN, POOL, RECORD, Pool

SSL = dict(protocol='ssl', address='192.0.2.10', port=6632)
OTHER = dict(protocol='ssl', address='192.0.2.11', port=6632)
PSSL = dict(protocol='pssl', address='', port=0)


@pytest.mark.parametrize('controller, expected', [
    (None, None), (SSL, 'ssl:192.0.2.10:6632'), (dict(SSL, port=0), 'ssl:192.0.2.10:6632'), (dict(SSL, port=6653), 'ssl:192.0.2.10:6653'),
    (PSSL, 'pssl:6640'),
])
def test_target(controller, expected):
    assert manager.target(controller) == expected


@pytest.mark.parametrize('address', ['1.0.0.1', '192.0.2.10', '127.0.0.1', '223.255.255.255'])
def test_addresses_that_xapi_holds(address):
    assert manager.wanted('ssl', address) == dict(protocol='ssl', address=address, port=None)


@pytest.mark.parametrize('address', [
    'controller.example.org', '2001:db8::1', '[2001:db8::1]', '192.0.2', '192.0.2.10.1', '192.0.2.256', '192.0.2.010', ' 192.0.2.10', '192.0.2.10\n',
    'ssl:192.0.2.10:6632', 'tcp:192.0.2.10', '192.0.2.10:6632', '0.0.0.0', '224.0.0.1', '255.255.255.255', '-- x',
    '192.0.2.10 force=true', to_native(u'\u0661.1.1.1')])
def test_addresses_that_it_does_not(address):
    with pytest.raises(Refused) as caught:
        manager.wanted('ssl', address)
    assert 'IPv4 address' in str(caught.value) and 'pssl' in str(caught.value)


@pytest.mark.parametrize('address', [None, ''])
def test_ssl_needs_an_address(address):
    with pytest.raises(Refused) as caught:
        manager.wanted('ssl', address)
    assert 'needs an address' in str(caught.value)


@pytest.mark.parametrize('protocol', ['tcp', 'ptcp', 'unix', 'punix', '', 'SSL', 'ssl '])
def test_protocols_that_xapi_does_not_hold(protocol):
    with pytest.raises(Refused) as caught:
        manager.wanted(protocol, '192.0.2.10', 6640)
    assert 'use ssl, or pssl' in str(caught.value)


@pytest.mark.parametrize('port', [0, -1, 65536])
def test_ports_out_of_range(port):
    with pytest.raises(Refused) as caught:
        manager.wanted('ssl', '192.0.2.10', port)
    assert 'out of range' in str(caught.value)


@pytest.mark.parametrize('port', [1, 65535])
def test_ports_in_range(port):
    assert manager.wanted('ssl', '192.0.2.10', port)['port'] == port


def test_pssl_takes_nothing_else():
    assert manager.wanted('pssl') == manager.wanted('pssl', '', 0) == PSSL
    for address, port, said in (('192.0.2.10', None, 'no address:'), (None, 6640, 'no port:'), ('192.0.2.10', 6640, 'no address and no port:')):
        with pytest.raises(Refused) as caught:
            manager.wanted('pssl', address, port)
        assert said in str(caught.value)


def test_the_port_is_filled_in():
    assert manager.fitted(dict(SSL, port=None), manager.OBJECT, 6640) == SSL
    assert manager.fitted(dict(SSL, port=6653), manager.OBJECT, 6640)['port'] == 6653
    assert manager.fitted(dict(SSL, port=None), manager.FIELD, 6640)['port'] == 6640
    assert manager.fitted(SSL, manager.FIELD, 6632) == SSL
    assert manager.fitted(PSSL, manager.OBJECT, 6632) == PSSL
    assert manager.fitted(None, manager.FIELD, 6632) is None


@pytest.mark.parametrize('want, said', [(PSSL, 'older than SDN controllers'), (dict(SSL, port=6653), 'connects to port 6632, never to 6653')])
def test_what_the_field_cannot_hold(want, said):
    with pytest.raises(Refused) as caught:
        manager.fitted(want, manager.FIELD, 6632)
    assert said in str(caught.value)


@pytest.mark.parametrize('text, port', [
    ('', 6632), ('no number here', 6632),
    ("vswitchCfgMod(['--', 'set-manager', 'ssl:' + controller + ':6632'])", 6632),
    ("'--', 'set-manager', 'ssl:' + controller + ':6640'])", 6640),
    ("ovsdb_port = '6640'\nx = 'ssl:' + controller + ':' + ovsdb_port", 6640),
    ("TIME_LIMIT = '--timeout=5'\nPORT = '6632'", 6632),
])
def test_the_port_of_a_plugin(text, port):
    assert manager.plugin_port(text) == port


FORGET = ('sdn-controller-forget', [('uuid', RECORD)])
INTRODUCE = ('sdn-controller-introduce', [('protocol', 'ssl'), ('address', '192.0.2.10'), ('tcp-port', 6632)])


@pytest.mark.parametrize('have, want, steps', [
    (None, None, []),
    (SSL, SSL, []),
    (dict(SSL, port=0), SSL, []),
    (PSSL, PSSL, []),
    (None, SSL, [INTRODUCE]),
    (None, PSSL, [('sdn-controller-introduce', [('protocol', 'pssl')])]),
    (OTHER, SSL, [FORGET, INTRODUCE]),
    (dict(SSL, port=6653), SSL, [FORGET, INTRODUCE]),
    (PSSL, SSL, [FORGET, INTRODUCE]),
    (SSL, None, [FORGET]),
])
def test_the_plan_for_an_object(have, want, steps):
    assert manager.plan(dict(api=manager.OBJECT, uuid=RECORD, controller=have), want) == steps


@pytest.mark.parametrize('have, want, steps', [
    (None, None, []), (SSL, SSL, []),
    (None, SSL, [('pool-set-vswitch-controller', [('address', '192.0.2.10')])]),
    (OTHER, SSL, [('pool-set-vswitch-controller', [('address', '192.0.2.10')])]),
    (SSL, None, [('pool-set-vswitch-controller', [('address', '')])]),
])
def test_the_plan_for_the_field(have, want, steps):
    assert manager.plan(dict(api=manager.FIELD, uuid=POOL, controller=have), want) == steps


@pytest.mark.parametrize('controller, expected', [
    (None, None), (('ssl', '192.0.2.10', 6632), SSL), (('pssl', '', 0), PSSL)])
def test_reading_an_object_takes_one_process(monkeypatch, controller, expected):
    pool = Pool(controller).install(monkeypatch)
    have = manager.read(Xe(9), 6632)
    assert (have['api'], have['controller']) == ('SDN_controller', expected)
    assert have['uuid'] == (RECORD if controller else None)
    assert pool.commands == ['sdn-controller-list']


@pytest.mark.parametrize('controller, expected', [(None, None), (('ssl', '192.0.2.10', 6632), dict(SSL, port=6640))])
def test_reading_the_field(monkeypatch, controller, expected):
    pool = Pool(controller, sdn=False).install(monkeypatch)
    assert manager.read(Xe(9), 6640) == dict(api='pool.vswitch_controller', uuid=POOL, controller=expected)
    assert pool.commands == ['sdn-controller-list', 'pool-list', 'pool-param-get']


def test_an_error_is_not_taken_for_an_old_release(monkeypatch):
    pool = Pool(sdn=False).install(monkeypatch)
    pool.fails['sdn-controller-list'] = DOWN
    with pytest.raises(XeError):
        manager.read(Xe(9), 6632)
    assert pool.commands == ['sdn-controller-list']


def change(pool, monkeypatch, want):
    pool.install(monkeypatch)
    xe = Xe(9)
    have = manager.read(xe, 6632)
    manager.apply(xe, have, want, manager.plan(have, want))


def test_a_record_forgotten_by_another_run_meanwhile(monkeypatch):
    pool = Pool(('ssl', '192.0.2.11', 6632))
    pool.before['sdn-controller-forget'] = lambda: setattr(pool, 'controller', None)
    change(pool, monkeypatch, SSL)
    assert pool.controller == ('ssl', '192.0.2.10', 6632)


def test_the_same_record_introduced_by_another_run_meanwhile(monkeypatch):
    pool = Pool()
    pool.before['sdn-controller-introduce'] = lambda: setattr(pool, 'controller', ('ssl', '192.0.2.10', 6632))
    change(pool, monkeypatch, SSL)


def test_another_record_introduced_by_another_run_meanwhile(monkeypatch):
    pool = Pool()
    pool.before['sdn-controller-introduce'] = lambda: setattr(pool, 'controller', ('ssl', '192.0.2.99', 6632))
    with pytest.raises(manager.Unfinished) as caught:
        change(pool, monkeypatch, SSL)
    assert 'Another run has set the manager ssl:192.0.2.99:6632' in str(caught.value) and 'ssl:192.0.2.10:6632 was not set' in str(caught.value)


def test_a_failure_after_the_forget_says_what_is_left_and_the_next_run_completes_it(monkeypatch):
    pool = Pool(('ssl', '192.0.2.11', 6632))
    pool.fails['sdn-controller-introduce'] = DOWN
    with pytest.raises(manager.Unfinished) as caught:
        change(pool, monkeypatch, SSL)
    assert caught.value.details()['changed'] and caught.value.details()['stderr'] == DOWN
    assert 'already forgotten ssl:192.0.2.11:6632' in str(caught.value) and 'completes the change to ssl:192.0.2.10:6632' in str(caught.value)
    assert pool.controller is None
    pool.fails.clear()
    change(pool, monkeypatch, SSL)
    assert pool.controller == ('ssl', '192.0.2.10', 6632)


REFUSAL = 'You attempted an operation that was not allowed.\nreason: because\n'


@pytest.mark.parametrize('held, want, command', [
    (('ssl', '192.0.2.11', 6632), SSL, 'sdn-controller-forget'), (None, SSL, 'sdn-controller-introduce')])
def test_a_refusal_of_the_first_call_leaves_all_as_it_was(monkeypatch, held, want, command):
    pool = Pool(held)
    pool.fails[command] = REFUSAL
    with pytest.raises(XeError) as caught:
        change(pool, monkeypatch, want)
    assert caught.value.code == 'OPERATION_NOT_ALLOWED' and 'changed' not in caught.value.details()
    assert pool.controller == held


@pytest.mark.parametrize('sdn, want, goal', [(True, SSL, 'ssl:192.0.2.10:6632'), (True, None, 'no manager'), (False, SSL, 'ssl:192.0.2.10:6632')])
def test_a_call_that_is_cut_off_leaves_it_open_what_xapi_holds(monkeypatch, sdn, want, goal):
    pool = Pool(('ssl', '192.0.2.11', 6632), sdn=sdn)
    for command in ('sdn-controller-forget', 'pool-set-vswitch-controller'):
        pool.fails[command] = 'Lost connection to the server.\n'
    with pytest.raises(manager.Unfinished) as caught:
        change(pool, monkeypatch, want)
    assert 'may have changed the manager' in str(caught.value) and 'completes the change to %s.' % goal in str(caught.value)


def test_a_call_that_takes_too_long_leaves_it_open_too(monkeypatch):
    pool = Pool(('ssl', '192.0.2.11', 6632))

    def expire():
        raise CliError('xe did not finish within 9 seconds and was ended.')
    pool.before['sdn-controller-forget'] = expire
    with pytest.raises(manager.Unfinished) as caught:
        change(pool, monkeypatch, SSL)
    assert '9 seconds' in str(caught.value) and caught.value.details() == dict(changed=True)


def test_the_backend_is_asked_for_before_anything_but_a_mere_forget(monkeypatch):
    pool = Pool(backend='bridge').install(monkeypatch)
    manager.require_backend(Xe(9), [FORGET])
    manager.require_backend(Xe(9), [])
    assert pool.calls == []
    for steps in ([INTRODUCE], [FORGET, INTRODUCE], [('pool-set-vswitch-controller', [('address', '')])]):
        with pytest.raises(Refused) as caught:
            manager.require_backend(Xe(9), steps)
        assert 'network backend "bridge"' in str(caught.value) and A in str(caught.value)
