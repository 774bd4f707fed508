# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import absolute_import, division, print_function
__metaclass__ = type

import re

import pytest

from labpool import A, B
from labxapi import cli
from labxapi.errors import ApiError

USAGE = "For usage run: 'xe help'\n"
PLUGIN = 'openvswitch-config-update'
UPDATES = [('call_plugin', A, PLUGIN, 'update', {}), ('call_plugin', '192.0.2.2', PLUGIN, 'update', {})]


def introduce(pool):
    return pool.xe('sdn-controller-introduce', 'protocol=ssl', 'address=192.0.2.10', 'tcp-port=6632')[0].strip()


# -- output -------------------------------------------------------------------------------------------------------

def test_pool_list(pool):
    """F1: 'stdout = data; errors on stderr, exit 1; success exit 0', ocaml/xapi-cli-server/xapi_cli.ml: exception_handler. F10: 'pool-list shows uuid,
    name-label, name-description, master, default-SR', ocaml/xapi-cli-server/cli_operations.ml: gen_cmds."""
    assert pool.xe('pool-list') == (
        'uuid ( RO)                : %s\n'
        '          name-label ( RW): \n'
        '    name-description ( RW): \n'
        '              master ( RO): %s\n'
        '          default-SR ( RW): <not in database>\n\n\n' % (pool.uuid, A), '', 0)


def test_pool_list_minimal(pool):
    """F11: 'xe pool-list --minimal -> U; xe pool-list params=master --minimal -> H', ocaml/xapi-cli-server/cli_operations.ml: gen_cmds."""
    assert pool.xe('pool-list', '--minimal') == (pool.uuid + '\n', '', 0)
    assert pool.xe('pool-list', 'params=master', '--minimal') == (A + '\n', '', 0)


def test_minimal_joins_records(pool):
    r"""F6: '`--minimal`: first field only, comma-joined, `,` and `\` backslash-escaped', ocaml/xapi-cli-server/cli_printer.ml: escape_commas."""
    assert pool.xe('host-list', '--minimal')[0].strip().split(',') == [A, B]


def test_empty_lists(pool):
    """F7: 'empty list = one empty line; non-minimal empty list = nothing', ocaml/xapi-cli-server/cli_printer.ml: make_printer."""
    assert pool.xe('sdn-controller-list') == ('', '', 0)
    assert pool.xe('sdn-controller-list', '--minimal') == ('\n', '', 0)
    assert pool.xe('sr-list') == ('', '', 0)


def test_what_a_list_shows(pool):
    """F9: 'a list shows the fields of params= in the order of the class, `all` for all of them, and filters on every other name=value',
    ocaml/xapi-cli-server/cli_operations.ml: make_param_funs."""
    assert pool.xe('host-list', 'params=address,uuid', 'name-label=xs-b') == (
        'uuid ( RO)       : %s\n    address ( RO): 192.0.2.2\n\n\n' % B, '', 0)
    assert 'API-version-major ( RO): 2\n' in pool.xe('host-list', 'params=all', 'uuid=' + A)[0]
    assert pool.xe('pif-list', 'MAC=' + pool.xe('pif-list', 'host-uuid=' + A, 'params=MAC', '--minimal')[0].strip().upper(), '--minimal')[0].strip()


def test_setting_a_controller_prints_nothing(pool):
    """F14: 'xe pool-set-vswitch-controller address=192.0.2.10 -> (no output)', ocaml/xapi-cli-server/cli_operations.ml: pool_set_vswitch_controller."""
    assert pool.xe('pool-set-vswitch-controller', 'address=192.0.2.10') == ('', '', 0)


def test_the_hidden_field(pool):
    """F13: 'vswitch-controller is a hidden field: absent from pool-param-list, and `pool-list params=vswitch-controller --minimal` is always empty; only
    param-get works', ocaml/xapi-cli-server/records.ml: pool_record."""
    pool.xe('pool-set-vswitch-controller', 'address=192.0.2.10')
    assert 'vswitch' not in pool.xe('pool-param-list', 'uuid=' + pool.uuid)[0]
    assert pool.xe('pool-list', 'params=vswitch-controller', '--minimal') == ('\n', '', 0)
    assert pool.xe('pool-param-get', 'uuid=' + pool.uuid, 'param-name=vswitch-controller') == ('192.0.2.10\n', '', 0)


def test_the_hidden_field_unset(pool):
    """F12: 'xe pool-param-get uuid=U param-name=vswitch-controller -> <not set> | 192.0.2.10', ocaml/xapi-cli-server/records.ml: pool_record."""
    assert pool.xe('pool-param-get', 'uuid=' + pool.uuid, 'param-name=vswitch-controller') == ('<not set>\n', '', 0)


def test_introduce_prints_the_uuid_and_list_shows_port(pool):
    """F15: 'sdn-controller-list shows uuid, protocol, address, port', ocaml/xapi-cli-server/records.ml: sdn_controller_record. F16: 'xe
    sdn-controller-introduce protocol=ssl address=192.0.2.10 tcp-port=6632 -> C', ocaml/xapi-cli-server/cli_operations.ml: SDN_controller."""
    identity = introduce(pool)
    assert pool.xe('sdn-controller-list') == (
        'uuid ( RO)        : %s\n    protocol ( RO): ssl\n     address ( RO): 192.0.2.10\n        port ( RO): 6632\n\n\n' % identity, '', 0)
    assert pool.xe('sdn-controller-param-get', 'uuid=' + identity, 'param-name=port') == ('6632\n', '', 0)


def test_introduce_without_parameters(pool):
    """F17: 'Introduce takes `tcp-port`; list shows `port`; defaults: protocol ssl, address "", port 0', ocaml/xapi-cli-server/cli_operations.ml:
    SDN_controller."""
    assert pool.xe('sdn-controller-introduce') == ('', 'The value given is invalid\nfield: address\nvalue: \n', 1)


def test_forget_prints_nothing(pool):
    """F18: 'xe sdn-controller-forget uuid=C -> (no output)', ocaml/xapi-cli-server/cli_operations.ml: SDN_controller."""
    assert pool.xe('sdn-controller-forget', 'uuid=' + introduce(pool)) == ('', '', 0)


def test_a_key_of_a_map(pool):
    """F20: 'xe host-param-get uuid=H param-name=software-version param-key=network_backend -> openvswitch', ocaml/xapi-cli-server/cli_operations.ml:
    make_param_funs."""
    assert pool.xe('host-param-get', 'uuid=' + A, 'param-name=software-version', 'param-key=network_backend') == ('openvswitch\n', '', 0)


def test_call_plugin_prints_its_result(pool):
    """F19: 'xe host-call-plugin host-uuid=H plugin=P fn=update -> result string', ocaml/xapi-cli-server/cli_operations.ml: host_call_plugin."""
    words = ['host-call-plugin', 'host-uuid=' + A, 'plugin=' + PLUGIN, 'fn=update', 'args:a=b']
    assert pool.xe(*words) == ('No change to configuration\n', '', 0)
    assert pool.done == [('call_plugin', A, PLUGIN, 'update', {'a': 'b'})]


# -- errors -------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize('word, forced', [('true', True), ('T', True), ('1', True), ('no', False), ('0', False)])
def test_flags(pool, word, forced):
    """F45: 'a flag is one of true, t, yes, y, 1, false, f, no, n, 0', ocaml/xapi-cli-server/record_util.ml: bool_of_string."""
    pool.xe('host-disable', 'uuid=' + A, 'auto-enable=' + word)
    assert pool.store._database.record('host', 'OpaqueRef:' + A)['auto_enable'] is forced


def test_a_flag_that_is_none(pool):
    assert pool.xe('host-disable', 'uuid=' + A, 'auto-enable=maybe') == (
        '', "Error: Failed to parse parameter 'auto-enable': Expected 'true','t','yes','y','1','false','f','no','n','0' got maybe\n", 1)


def test_unknown_command(pool):
    """F37: '"Unknown command: C", then "For usage run: 'xe help'"', ocaml/xapi-cli-server/xapi_cli.ml: param_error."""
    assert pool.xe('pool-lst') == ('', 'Unknown command: pool-lst\n' + USAGE, 1)


def test_missing_parameter(pool):
    """F38: '"Required parameter not found: uuid", then "For usage run: 'xe help'"', ocaml/xapi-cli-server/xapi_cli.ml: param_error."""
    assert pool.xe('sdn-controller-forget') == ('', 'Required parameter not found: uuid\n' + USAGE, 1)


def test_wrong_password(pool):
    """F39: '"Authentication failed", then "For usage run: 'xe help'"; without a user "Username/password must be specified"',
    ocaml/xapi-cli-server/xapi_cli.ml: exception_handler."""
    assert pool.xe('pool-list', 'username=root', 'password=x', trusted=False) == ('', 'Authentication failed\n' + USAGE, 1)
    assert pool.xe('pool-list', 'username=root', 'password=secret', '--minimal', trusted=False) == (pool.uuid + '\n', '', 0)


def test_bad_protocol(pool):
    """F40: 'Bad protocol: "Error: Expected 'ssl','pssl', got x"', ocaml/xapi-cli-server/record_util.ml: sdn_protocol_of_string, until v24.27.0."""
    assert pool.xe('sdn-controller-introduce', 'protocol=x') == ('', "Error: Expected 'ssl','pssl', got x\n", 1)


def test_bad_port(pool):
    """F28: 'VALUE_NOT_SUPPORTED for port range (field, value, reason "Port out of range")', ocaml/xapi/helpers.ml: assert_is_valid_tcp_udp_port."""
    out, err, status = pool.xe('sdn-controller-introduce', 'address=192.0.2.10', 'tcp-port=65536')
    assert (out, err.splitlines()[1:], status) == ('', ['field: port', 'value: 65536', 'reason: Port out of range'], 1)
    assert pool.xe('sdn-controller-introduce', 'tcp-port=x') == ('', 'Error: port field should be an integer\n', 1)


def test_no_such_host(pool):
    """F41: 'what xe itself refuses reads "Error: No matching hosts found", without a code', ocaml/xapi-cli-server/cli_operations.ml: failwith."""
    assert pool.xe('host-disable', 'uuid=x') == ('', 'Error: No matching hosts found\n', 1)


def test_unknown_uuid(pool):
    """F29: 'UUID_INVALID: "The uuid you supplied was invalid." / "type: SDN_controller" / "uuid: X"', ocaml/idl/datamodel_errors.ml: uuid_invalid."""
    assert pool.xe('sdn-controller-forget', 'uuid=X') == ('', 'The uuid you supplied was invalid.\ntype: SDN_controller\nuuid: X\n', 1)


def test_unknown_field(pool):
    """F36: 'Unknown field: "Error code: Missing parameter" / "Error parameters: NAME"', ocaml/xapi-cli-server/xapi_cli.ml: exception_handler."""
    assert pool.xe('host-param-get', 'uuid=' + A, 'param-name=colour') == ('', 'Error code: Missing parameter\nError parameters: colour\n', 1)


def test_unknown_key(pool):
    out, err, status = pool.xe('host-param-get', 'uuid=' + A, 'param-name=other-config', 'param-key=k')
    assert (out, err, status) == ('', 'Error: Key k not found in map\n', 1)


def test_a_plugins_own_error(pool):
    """F33: 'Code unknown to xapi (plugin's own): "Error code: VSWITCH_CONFIG_MOD_FAILURE" / "Error parameters: 1, [...]"', ocaml/xe-cli/newcli.ml:
    main_loop."""
    pool.host.failures = [ApiError('VSWITCH_CONFIG_MOD_FAILURE', '1', '[...]')]
    assert pool.xe('host-call-plugin', 'host-uuid=' + A, 'plugin=p', 'fn=f') == (
        '', 'Error code: VSWITCH_CONFIG_MOD_FAILURE\nError parameters: 1, [...]\n', 1)


def test_reboot_of_an_enabled_host(pool):
    """F30: 'HOST_NOT_DISABLED: "This operation cannot be performed because the host is not disabled. Please disable the host and then try again."',
    ocaml/xapi/xapi_host.ml: prepare_for_poweroff_precheck. F49: 'fails with HOST_NOT_DISABLED unless disabled first', ocaml/xapi/xapi_host_helpers.ml:
    assert_host_disabled."""
    out, err, status = pool.xe('host-reboot', 'uuid=' + A)
    assert (out, status) == ('', 1) and err.startswith('This operation cannot be performed because the host is not disabled.')
    assert pool.done == []


def test_no_command(pool):
    assert pool.xe('uuid=x') == ('', 'Syntax error: \n' + USAGE, 1)


# -- hosts --------------------------------------------------------------------------------------------------------

def test_the_life_of_a_reboot(pool):
    """F21: 'xe host-disable|host-evacuate|host-reboot|host-enable uuid=H -> (no output)', ocaml/xapi-cli-server/cli_operations.ml: do_host_op."""
    for command in ('host-disable', 'host-evacuate', 'host-reboot'):
        assert pool.xe(command, 'uuid=' + B) == ('', '', 0)
    assert pool.done == [('reboot', '192.0.2.2')]
    assert pool.xe('host-param-get', 'uuid=' + B, 'param-name=enabled') == ('false\n', '', 0)
    assert pool.xe('host-enable', 'uuid=' + B) == ('', '', 0)
    assert pool.xe('host-param-get', 'uuid=' + B, 'param-name=enabled') == ('true\n', '', 0)


def test_enable_ends_maintenance_mode(pool):
    """F51: 'host-enable also drops other-config MAINTENANCE_MODE', ocaml/xapi-cli-server/cli_operations.ml: host_enable."""
    pool.xe('host-param-set', 'uuid=' + A, 'other-config:MAINTENANCE_MODE=true', 'other-config:keep=1')
    pool.xe('host-enable', 'uuid=' + A)
    config = pool.xe('host-param-get', 'uuid=' + A, 'param-name=other-config')[0]
    assert 'keep: 1' in config and 'MAINTENANCE_MODE' not in config


def test_evacuate_takes_one_host(pool):
    """F50: 'host-evacuate takes one host', ocaml/xapi-cli-server/cli_operations.ml: host_evacuate."""
    out, err, status = pool.xe('host-evacuate', '--multiple')
    assert status == 1 and 'only be performed on one host at a time' in err.replace('Operation can ', '')


def test_several_hosts_need_multiple(pool):
    assert pool.xe('host-disable')[2] == 1
    assert pool.xe('host-disable', '--multiple') == ('', '', 0)
    assert pool.xe('host-list', 'enabled=true', '--minimal') == ('\n', '', 0)


def test_multiple_says_the_last_failure_first(pool):
    out = pool.xe('host-reboot', '--multiple')[0]
    assert out.index(B) < out.index(A)


def test_multiple_says_what_failed_on_stdout(pool):
    """F2: '`--multiple` partial failures print "operation failed on U: msg" on stdout, exit 1', ocaml/xapi-cli-server/xapi_cli.ml: multiple_error."""
    pool.xe('host-disable', 'uuid=' + A)
    out, err, status = pool.xe('host-reboot', '--multiple')
    assert (err, status) == ('', 1)
    assert out.startswith('operation failed on %s: This operation cannot be performed' % B)
    assert pool.done == [('reboot', A)]


def test_a_failure_among_several(pool):
    """F43: 'a failure among several has its sentence and labels as a whole, a code unknown to xapi as "CODE: [ p; q ]"',
    ocaml/xapi-cli-server/cli_operations.ml: do_multiple."""
    pool.xe('host-disable', '--multiple')
    pool.host.reboot = lambda: fail('PLUGIN_S_OWN', '1', '2')
    assert pool.xe('host-reboot', '--multiple') == ('operation failed on %s: PLUGIN_S_OWN: [ 1; 2 ]\n' % A, '', 1)
    pool.xe('host-enable', 'uuid=' + B)
    pool.host.reboot = lambda: None
    sentence = 'This operation cannot be performed because the host is not disabled. Please disable the host and then try again.'
    assert pool.xe('host-reboot', '--multiple') == ('operation failed on %s: %s\n\n' % (B, sentence), '', 1)


def fail(*description):
    raise ApiError(*description)


# -- references in errors -----------------------------------------------------------------------------------------

def no_route(*dummy):
    raise OSError('no route')


def offline(pool, uuid):
    """A call to a host of the pool that cannot be reached."""
    pool.api._remote = no_route
    return pool.xe('host-call-plugin', 'host-uuid=' + uuid, 'plugin=p', 'fn=f')


def test_a_reference_reads_as_uuid_and_name(pool):
    """F44: 'a reference among the parameters reads as its UUID and, where it has one, (name)', ocaml/xapi-cli-server/cli_util.ml: ref_convert."""
    out, err, status = offline(pool, B)
    assert (out, err.splitlines()[1:], status) == ('', ['host: %s (xs-b)' % B], 1)


def test_a_reference_whose_object_has_an_empty_name(pool):
    assert pool.xe('host-param-set', 'uuid=' + B, 'name-label=') == ('', '', 0)
    assert offline(pool, B)[1].splitlines()[1:] == ['host: %s ()' % B]


def test_a_reference_of_a_class_without_names_reads_as_uuid(pool):
    identity = introduce(pool)
    pool.host.failures = [ApiError('HANDLE_INVALID', 'SDN_controller', 'OpaqueRef:' + identity)]
    assert pool.xe('host-call-plugin', 'host-uuid=' + A, 'plugin=p', 'fn=f')[1].splitlines()[1:] == [
        'class: SDN_controller', 'handle: ' + identity]


def test_references_that_name_nothing_and_other_texts_stay(pool):
    pool.host.failures = [ApiError('HANDLE_INVALID', 'host', 'OpaqueRef:gone')]
    assert pool.xe('host-call-plugin', 'host-uuid=' + A, 'plugin=p', 'fn=f')[1].splitlines()[1:] == ['class: host', 'handle: OpaqueRef:gone']
    assert pool.xe('host-param-list', 'uuid=OpaqueRef:' + A)[1].splitlines()[1:] == ['type: host', 'uuid: %s (xs-a)' % A]


def test_references_in_the_parameters_of_a_code_that_xapi_does_not_know(pool):
    pool.host.failures = [ApiError('PLUGIN_S_OWN', '1', 'OpaqueRef:' + A)]
    assert pool.xe('host-call-plugin', 'host-uuid=' + A, 'plugin=p', 'fn=f')[1] == (
        'Error code: PLUGIN_S_OWN\nError parameters: 1, %s (xs-a)\n' % A)


def test_references_when_several_hosts_were_asked(pool):
    pool.xe('host-disable', '--multiple')
    pool.api._remote = no_route
    out, err, status = pool.xe('host-reboot', '--multiple')
    assert (err, status) == ('', 1)
    assert out.startswith('operation failed on %s: ' % B)
    assert out.endswith('\nhost: %s (xs-b)\n' % B)


def test_on_the_wire_a_reference_stays_one(pool):
    pool.api._remote = no_route
    with pytest.raises(ApiError) as error:
        pool.call('host.call_plugin', 'OpaqueRef:' + B, 'p', 'f', {})
    assert error.value.description == ['HOST_OFFLINE', 'OpaqueRef:' + B]


# -- parameters ---------------------------------------------------------------------------------------------------

def test_set_add_remove_clear(pool):
    uuid, name = 'uuid=' + pool.uuid, 'param-name=other-config'
    assert pool.xe('pool-param-set', uuid, 'other-config:k=v', 'name-label=lab') == ('', '', 0)
    assert pool.xe('pool-param-set', uuid, 'other-config:k=w') == ('', '', 0)
    assert pool.xe('pool-param-add', uuid, name, 'l=x') == ('', '', 0)
    assert pool.xe('pool-param-get', uuid, name) == ('k: w; l: x\n', '', 0)
    assert pool.xe('pool-param-remove', uuid, name, 'param-key=l') == ('', '', 0)
    assert pool.xe('pool-param-remove', uuid, name, 'param-key=l')[2] == 1
    assert pool.xe('pool-param-clear', uuid, name) == ('', '', 0)
    assert pool.xe('pool-param-get', uuid, name) == ('\n', '', 0)
    assert pool.xe('pool-list', 'name-label=lab', '--minimal') == (pool.uuid + '\n', '', 0)


def test_tags(pool):
    uuid, name = 'uuid=' + pool.uuid, 'param-name=tags'
    assert pool.xe('pool-param-add', uuid, name, 'param-key=a') == pool.xe('pool-param-add', uuid, name, 'param-key=b') == ('', '', 0)
    assert pool.xe('pool-param-get', uuid, name) == ('a, b\n', '', 0)
    assert pool.xe('pool-param-remove', uuid, name, 'param-key=c') == ('', 'Error: Key c is not in the set\n', 1)
    assert pool.xe('pool-param-remove', uuid, name, 'param-key=a') == ('', '', 0)
    assert pool.xe('pool-list', 'tags:contains=b', '--minimal') == (pool.uuid + '\n', '', 0)
    assert pool.xe('pool-param-clear', uuid, name) == ('', '', 0)
    assert pool.xe('pool-param-get', uuid, name) == ('\n', '', 0)


def test_a_cleared_value_is_empty(pool):
    pool.xe('pool-param-set', 'uuid=' + pool.uuid, 'name-label=lab')
    assert pool.xe('pool-param-clear', 'uuid=' + pool.uuid, 'param-name=name-label') == ('', '', 0)
    assert pool.xe('pool-param-get', 'uuid=' + pool.uuid, 'param-name=name-label') == ('\n', '', 0)


def test_references_are_set_by_uuid(pool):
    uuid = '99999999-9999-4999-8999-999999999999'
    assert pool.xe('pool-param-set', 'uuid=' + pool.uuid, 'default-SR=' + uuid) == (
        '', 'The uuid you supplied was invalid.\ntype: SR\nuuid: %s\n' % uuid, 1)
    assert pool.xe('sr-introduce', 'name-label=shared', 'type=nfs', 'shared=true', 'uuid=' + uuid) == (uuid + '\n', '', 0)
    assert pool.xe('pool-param-set', 'uuid=' + pool.uuid, 'default-SR=' + uuid) == ('', '', 0)
    assert pool.xe('pool-list', 'params=default-SR', '--minimal') == (uuid + '\n', '', 0)
    assert pool.xe('pool-param-set', 'uuid=' + pool.uuid, 'default-SR=') == ('', '', 0)
    assert pool.xe('pool-list', 'params=default-SR', '--minimal') == ('<not in database>\n', '', 0)


@pytest.mark.parametrize('kind, verbs', [
    ('sdn-controller', ['list', 'param-get', 'param-list']),
    ('pbd', ['list', 'param-add', 'param-clear', 'param-get', 'param-list', 'param-remove', 'param-set'])])
def test_what_cannot_be_set_has_no_command_for_it(kind, verbs):
    assert sorted(name[len(kind) + 1:] for name in cli.table(True) if re.match(kind + '-(list|param-)', name)) == verbs


@pytest.mark.parametrize('words, message', [
    (['add', 'param-name=tags'], 'When adding a key to a set, use the syntax: *-param-add param-name=<name> param-key=<key>'),
    (['add', 'param-name=master', 'k=v'], 'Can only add to parameters of type Set or Map'),
    (['remove', 'param-name=master', 'param-key=k'], 'Can only remove from parameters of type Set or Map'),
    (['remove', 'param-name=other-config', 'param-key=k'], 'Key k is not in map'),
    (['clear', 'param-name=master'], 'Can only clear RW parameters')])
def test_what_cannot_be_edited(pool, words, message):
    assert pool.xe('pool-param-' + words[0], 'uuid=' + pool.uuid, *words[1:]) == ('', 'Error: ' + message + '\n', 1)


@pytest.mark.parametrize('word, message', [
    ('uuidx=1', "Unknown field 'uuidx'"), ('master=1', "Field 'master' is read-only."),
    ('tags=1', "Field 'tags' is read-only."), ('tags:1=2', 'Cannot param-set on set fields'),
    ('ha-host-failures-to-tolerate=x', 'Parameter ha-host-failures-to-tolerate must be an integer'),
    ('other-config=1', "Field 'other-config' is a map or set. use the 'name:key=value' syntax.")])
def test_what_cannot_be_set(pool, word, message):
    """F46: '*-param-set, -add, -remove and -clear say what is read-only, a set or a map', ocaml/xapi-cli-server/cli_operations.ml: make_param_funs."""
    assert pool.xe('pool-param-set', 'uuid=' + pool.uuid, word) == ('', 'Error: ' + message + '\n', 1)


# -- the manager --------------------------------------------------------------------------------------------------

def test_introduce_and_forget_run_the_plugin_on_all_hosts(pool):
    """D2: 'XAPI triggers: pool.set_vswitch_controller, SDN_controller.introduce/forget (all hosts, from the coordinator)',
    ocaml/xapi/xapi_sdn_controller.ml: introduce."""
    identity = introduce(pool)
    assert pool.done == UPDATES
    pool.xe('sdn-controller-forget', 'uuid=' + identity)
    assert pool.done == UPDATES * 2


def test_a_controller_is_not_changed_in_place(pool):
    """D22: 'immutable, so change = forget + introduce', ocaml/idl/datamodel.ml: SDN_controller."""
    identity = introduce(pool)
    assert pool.xe('sdn-controller-param-set', 'uuid=' + identity, 'address=192.0.2.11')[1].startswith('Unknown command: ')
    with pytest.raises(ApiError) as error:
        pool.call('SDN_controller.set_address', 'OpaqueRef:' + identity, '192.0.2.11')
    assert error.value.code == 'MESSAGE_METHOD_UNKNOWN'
    assert pool.xe('sdn-controller-introduce', 'address=192.0.2.11')[2] == 1


def test_a_failing_plugin_is_swallowed(pool):
    """D3: 'Exceptions are logged and swallowed: xe returns 0 even if a host's plugin failed', ocaml/xapi/helpers.ml: update_vswitch_controller."""
    pool.host.failures = [ApiError('XENAPI_MISSING_PLUGIN', PLUGIN)]
    assert pool.xe('sdn-controller-introduce', 'address=192.0.2.10')[1:] == ('', 0)
    assert pool.done == UPDATES


def test_setting_the_field_forgets_and_introduces(pool):
    """D18: 'On >= 7.2 it forgets the existing SDN controller and introduces ssl:6632', ocaml/xapi/xapi_pool.ml: set_vswitch_controller."""
    pool.xe('sdn-controller-introduce', 'protocol=pssl')
    assert pool.xe('pool-set-vswitch-controller', 'address=192.0.2.11') == ('', '', 0)
    assert pool.xe('sdn-controller-list', 'params=protocol,address,port') == (
        'protocol ( RO)    : ssl\n     address ( RO): 192.0.2.11\n        port ( RO): 6632\n\n\n', '', 0)
    assert pool.done == UPDATES * 3


def test_the_stale_field(pool):
    """D19: 'introduce/forget never update pool.vswitch_controller: after sdn-controller-forget, setting the same address again does nothing',
    ocaml/xapi/xapi_sdn_controller.ml: forget."""
    pool.xe('pool-set-vswitch-controller', 'address=192.0.2.10')
    pool.xe('sdn-controller-forget', 'uuid=' + pool.xe('sdn-controller-list', '--minimal')[0].strip())
    del pool.done[:]
    assert pool.xe('pool-set-vswitch-controller', 'address=192.0.2.10') == ('', '', 0)
    assert pool.xe('sdn-controller-list') == ('', '', 0)
    assert pool.done == []


def test_clearing_the_field(pool):
    """D16: 'IPv4 only; "" clears', ocaml/xapi/xapi_pool.ml: set_vswitch_controller."""
    pool.xe('pool-set-vswitch-controller', 'address=192.0.2.10')
    assert pool.xe('pool-set-vswitch-controller', 'address=') == ('', '', 0)
    assert pool.xe('sdn-controller-list') == ('', '', 0)


def test_the_bridge_backend(bridge_pool):
    """F25: '"reason: host not configured for vswitch operation"', ocaml/xapi/xapi_sdn_controller.ml: introduce. D17: 'needs openvswitch backend, else
    OPERATION_NOT_ALLOWED', ocaml/xapi/xapi_pool.ml: set_vswitch_controller."""
    expected = ('', 'You attempted an operation that was not allowed.\nreason: host not configured for vswitch operation\n', 1)
    assert bridge_pool.xe('pool-set-vswitch-controller', 'address=192.0.2.10') == expected
    assert bridge_pool.xe('sdn-controller-introduce', 'address=192.0.2.10') == expected


def test_no_name_as_address(pool):
    """F27: 'INVALID_IP_ADDRESS_SPECIFIED: "A required parameter contained an invalid IP address" / "parameter: address"', ocaml/xapi/helpers.ml:
    assert_is_valid_ip."""
    assert pool.xe('pool-set-vswitch-controller', 'address=controller') == (
        '', 'A required parameter contained an invalid IP address\nparameter: address\n', 1)


def test_the_old_generation_has_no_sdn_controller(old_pool):
    """'Capability test is better: does `xe sdn-controller-list` exist?'"""
    assert old_pool.xe('sdn-controller-list') == ('', 'Unknown command: sdn-controller-list\n' + USAGE, 1)
    with pytest.raises(ApiError) as error:
        old_pool.call('SDN_controller.get_all')
    assert error.value.description == ['MESSAGE_METHOD_UNKNOWN', 'SDN_controller.get_all']


def test_the_old_generation_calls_its_own_plugin(old_pool):
    """'plugin called by XAPI: openvswitch-cfg-update (OVS RPM)', on all hosts"""
    old_pool.xe('pool-set-vswitch-controller', 'address=192.0.2.10')
    assert [(one[1], one[2]) for one in old_pool.done] == [(A, 'openvswitch-cfg-update'), ('192.0.2.2', 'openvswitch-cfg-update')]
    old_pool.xe('pool-set-vswitch-controller', 'address=192.0.2.10')
    assert len(old_pool.done) == 2


# -- certificates -------------------------------------------------------------------------------------------------

def test_a_certificate_goes_to_every_host(pool):
    """D26: 'installed with `xe pool-install-ca-certificate filename=...`, name must be sdn-controller-ca.pem', ocaml/xapi/certificates.ml:
    validate_name."""
    files = {'/root/sdn-controller-ca.pem': 'PEM'}
    assert pool.xe('pool-install-ca-certificate', 'filename=/root/sdn-controller-ca.pem', files=files) == ('', '', 0)
    assert pool.done == [
        ('install_certificate', A, 'sdn-controller-ca.pem', 'PEM'), ('install_certificate', '192.0.2.2', 'PEM')]


def test_a_certificate_that_cannot_be_read(pool):
    assert pool.xe('pool-install-ca-certificate', 'filename=x', files={'x': None}) == ('', 'Failed to read certificate\n', 1)


# -- the record of calls ------------------------------------------------------------------------------------------

def test_calls_are_recorded_in_order_and_without_sessions(pool):
    del pool.recorded[:]
    introduce(pool)
    names = [method for method, dummy in pool.recorded]
    assert names == ['session.login_with_password', 'SDN_controller.introduce', 'SDN_controller.get_uuid', 'session.logout']
    assert pool.recorded[1] == ('SDN_controller.introduce', ['ssl', '192.0.2.10', '6632'])


def test_printing_names_for_references_is_no_call(pool):
    del pool.recorded[:]
    pool.xe('pool-list')
    assert [method for method, dummy in pool.recorded] == ['session.login_with_password', 'pool.get_all_records_where', 'session.logout']


def test_help(pool):
    assert 'sdn-controller-introduce' in pool.xe('help')[0]
    assert 'reqd params: uuid, param-name' in pool.xe('help', 'pool-param-get')[0]
