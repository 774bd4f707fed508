# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function
__metaclass__ = type

import pytest

from ansible.module_utils.common.text.converters import to_text

from ansible_collections.xenserver.openvswitch.plugins.module_utils import _cli, _xapi
from ansible_collections.xenserver.openvswitch.plugins.module_utils._xapi import Refused, Xe, XeError, read_error, read_map, read_records
from ansible_collections.xenserver.openvswitch.tests.unit.plugins.module_utils.xe import DOWN, PATH, USAGE, Pool, record

POOL_LIST = (
    'uuid ( RO)                : 0d5c3a0e-4d6c-4b43-8f0e-3f0f2ad5a3d1\n'
    '          name-label ( RW): \n'
    '    name-description ( RW): \n'
    '              master ( RO): 11111111-1111-4111-8111-111111111111\n'
    '          default-SR ( RW): <not in database>\n'
    '\n\n'
)
SDN_LIST = (
    'uuid ( RO)        : 3c1d8b0e-6d54-4d3c-9d35-8f37b6c6b0aa\n'
    '    protocol ( RO): ssl\n'
    '     address ( RO): 192.0.2.10\n'
    '        port ( RO): 6632\n'
    '\n\n'
)


def test_the_test_double_prints_a_record_as_xe_does():
    assert record(('uuid ( RO)', '3c1d8b0e-6d54-4d3c-9d35-8f37b6c6b0aa'), ('protocol ( RO)', 'ssl'), ('address ( RO)', '192.0.2.10'),
                  ('port ( RO)', '6632')) == SDN_LIST


def test_one_record():
    assert read_records(SDN_LIST) == [
        {'uuid': '3c1d8b0e-6d54-4d3c-9d35-8f37b6c6b0aa', 'protocol': 'ssl', 'address': '192.0.2.10', 'port': '6632'}]


def test_empty_values_and_several_records():
    found = read_records(POOL_LIST + POOL_LIST)
    assert len(found) == 2 and found[0] == found[1]
    assert found[0]['name-label'] == '' and found[0]['default-SR'] == '<not in database>'
    assert sorted(found[0]) == ['default-SR', 'master', 'name-description', 'name-label', 'uuid']


def test_no_records():
    assert read_records('') == []


@pytest.mark.parametrize('value', [
    'two\nlines', 'a\n\nb', 'uuid ( RO): x', 'a\nport ( RO): 1', 'a\nport ( RO)', 'a\n\nuuid ( RO): x', 'colon: here', '    deep\n   : x', 'x\n\n  y'])
def test_a_value_keeps_its_lines_and_colons(value):
    text = record(('uuid ( RO)', 'U'), ('name-description ( RW)', value), ('port ( RO)', '1'))
    assert read_records(text + SDN_LIST)[0] == {'uuid': 'U', 'name-description': value, 'port': '1'}
    assert len(read_records(text + SDN_LIST)) == 2


@pytest.mark.parametrize('text, expected', [
    ('', {}), ('a: 1', dict(a='1')), ('a: 1; b: x: y', dict(a='1', b='x: y')), ('a: one; two; b: 2', dict(a='one; two', b='2')),
    ('agent_start_time: 1700000100.; boot_time: 1700000000.', dict(agent_start_time='1700000100.', boot_time='1700000000.')),
    ('a: x: y; z', dict(a='x: y; z')),
    ('a: ; iscsi_iqn: iqn.2026-11.com.example:1', dict(a='', iscsi_iqn='iqn.2026-11.com.example:1')),
    ('auto_poweron: true; xo:clientInfo:a1: {"lastConnected":1,"networkInterfaces":[]}; agent_start_time: 1700000100.',
     {'auto_poweron': 'true', 'xo:clientInfo:a1': '{"lastConnected":1,"networkInterfaces":[]}', 'agent_start_time': '1700000100.'}),
    ('auto_poweron: true; XenCenter.CustomFields.My Rack: r1', {'auto_poweron': 'true', 'XenCenter.CustomFields.My Rack': 'r1'}),
    ('a: two\nlines; b: 1', dict(a='two\nlines', b='1')),
])
def test_maps_are_read_as_xe_prints_them(text, expected):
    assert read_map(text) == expected


def test_maps_sets_and_deprecated_fields():
    text = record(('uuid ( RO)', 'U'), ('other-config (MRW)', 'a: 1; b: 2'), ('allowed-operations (SRO)', 'x; y'), ('old ( RO) [DEPRECATED]', 'z'))
    assert read_records(text) == [{'uuid': 'U', 'other-config': 'a: 1; b: 2', 'allowed-operations': 'x; y', 'old': 'z'}]


@pytest.mark.parametrize('text, code, parameters', [
    ('You attempted an operation that was not allowed.\nreason: host not configured for vswitch operation\n',
     'OPERATION_NOT_ALLOWED', {'reason': 'host not configured for vswitch operation'}),
    ('The value given is invalid\nfield: address\nvalue: X\n', 'INVALID_VALUE', {'field': 'address', 'value': 'X'}),
    ('A required parameter contained an invalid IP address\nparameter: address\n', 'INVALID_IP_ADDRESS_SPECIFIED', {'parameter': 'address'}),
    ('You attempted to set a value that is not supported.\nfield: port\nvalue: 70000\nreason: Port out of range\n',
     'VALUE_NOT_SUPPORTED', {'field': 'port', 'value': '70000', 'reason': 'Port out of range'}),
    ('The uuid you supplied was invalid.\ntype: SDN_controller\nuuid: x\n', 'UUID_INVALID', {'type': 'SDN_controller', 'uuid': 'x'}),
    ('The requested plug-in could not be found.\nname: openvswitch-config-update\n', 'XENAPI_MISSING_PLUGIN', {'name': 'openvswitch-config-update'}),
    ('There was a failure communicating with the plug-in.\nstatus: non-zero exit\nstdout: \nstderr: Traceback:\n  x\nKeyError: \'xenbr9\'\n',
     'XENAPI_PLUGIN_FAILURE', {'status': 'non-zero exit', 'stdout': '', 'stderr': "Traceback:\n  x\nKeyError: 'xenbr9'"}),
    ('The server failed to handle your request, due to an internal error. The given message may give details useful for debugging the problem.\n'
     'message: Failure: No matching hosts found\n', 'INTERNAL_ERROR', {'message': 'Failure: No matching hosts found'}),
    ('Error code: VSWITCH_CONFIG_MOD_FAILURE\nError parameters: 1, [...]\n', 'VSWITCH_CONFIG_MOD_FAILURE', {'parameters': '1, [...]'}),
    ('Unknown command: sdn-controller-list\n' + USAGE, 'UNKNOWN_COMMAND', {'command': 'sdn-controller-list'}),
    ('Authentication failed\n' + USAGE, 'UNAUTHENTICATED', {}),
    (DOWN, 'UNREACHABLE', {}),
    ('Lost connection to the server.\n', 'UNREACHABLE', {}),
    ('Cannot perform operation as the host is running in emergency mode.\n', 'HOST_IN_EMERGENCY_MODE', {}),
    ("Error: Expected 'ssl','pssl', got tcp\n", None, {}),
    ('Error: No matching hosts found\n', None, {}),
    ('This operation cannot be performed because the host is not disabled. Please disable the host and then try again.\n', None, {}),
    ('', None, {}),
])
def test_errors_are_told_apart_by_their_labels(text, code, parameters):
    assert read_error(text.strip()) == (code, parameters)


def test_the_sentence_of_an_error_does_not_matter():
    assert read_error('Whatever a later release says.\nreason: no') == ('OPERATION_NOT_ALLOWED', {'reason': 'no'})


def test_values_are_single_words(monkeypatch):
    Pool().install(monkeypatch)
    assert Xe(9).argv('sdn-controller-introduce', [('address', '-- host-reboot'), ('tcp-port', 6632)]) == [
        PATH, 'sdn-controller-introduce', 'address=-- host-reboot', 'tcp-port=6632']


def test_a_newline_cannot_smuggle_a_parameter(monkeypatch):
    pool = Pool().install(monkeypatch)
    with pytest.raises(Refused) as caught:
        Xe(9).call('pool-set-vswitch-controller', [('address', 'x\nforce=true')])
    assert 'xe cannot carry a newline' in str(caught.value)
    assert pool.calls == []


def test_a_host_without_xe(monkeypatch):
    def find(name, paths=()):
        raise _cli.CliError('not here')
    monkeypatch.setattr(_cli, 'find', find)
    with pytest.raises(Refused) as caught:
        Xe(9)
    assert 'host without XAPI' in str(caught.value) and 'xenserver.openvswitch.ovs_manager directly' in str(caught.value)


@pytest.mark.parametrize('said, remedy', [
    (DOWN, 'xe-toolstack-restart'),
    ('Username/password must be specified\n' + USAGE, 'become: true'),
    ('Direct calls are refused.\nMaster IP address: 192.0.2.1\n', 'lost its coordinator'),
])
def test_a_failure_says_the_remedy(monkeypatch, said, remedy):
    pool = Pool().install(monkeypatch)
    pool.fails['pool-list'] = said
    with pytest.raises(XeError) as caught:
        Xe(9).pool()
    assert remedy in str(caught.value) and said.strip() in str(caught.value)
    assert 'xe pool-list params=uuid,name-label,master,other-config failed with status 1' in str(caught.value)
    assert caught.value.details()['stderr'] == said


def test_a_failure_may_say_anything(monkeypatch):
    pool = Pool().install(monkeypatch)
    pool.fails['pool-list'] = u'caf\xe9 \u2019\n'
    with pytest.raises(XeError) as caught:
        Xe(9).pool()
    assert to_text(str(caught.value)).endswith(u'failed with status 1: caf\xe9 \u2019')


def test_a_failure_without_a_word(monkeypatch):
    monkeypatch.setattr(_cli, 'find', lambda name, paths: PATH)
    monkeypatch.setattr(_cli, 'run', lambda argv, limit, ok: _cli.Result(argv, 1, '', ''))
    with pytest.raises(XeError) as caught:
        Xe(9).call('pool-list')
    assert str(caught.value).endswith('nothing was said')


def test_the_time_limit_reaches_the_runner(monkeypatch):
    seen = []
    monkeypatch.setattr(_cli, 'find', lambda name, paths: PATH)
    monkeypatch.setattr(_cli, 'run', lambda argv, limit, ok: seen.append(limit) or _cli.Result(argv, 0, '', ''))
    Xe(17).call('pool-list')
    assert seen == [17]


def test_the_pool_is_asked_for_once(monkeypatch):
    pool = Pool().install(monkeypatch)
    xe = Xe(9)
    assert xe.pool()['name-label'] == 'lab'
    assert xe.backend() == 'openvswitch'
    assert pool.commands == ['pool-list', 'host-param-get']


def test_the_labels_that_are_matched_first_are_the_longest():
    lengths = [len(labels) for dummy, labels in _xapi.LABELS]
    assert lengths == sorted(lengths, reverse=True)
