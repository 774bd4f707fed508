# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import absolute_import, division, print_function
__metaclass__ = type

import pytest

from labpool import A, B
from labxapi.errors import ApiError

USAGE = "For usage run: 'xe help'\n"
INTERNAL = 'The server failed to handle your request, due to an internal error. The given message may give details useful for debugging the problem.\n'
PLUGIN = 'openvswitch-config-update'
UPDATES = [('call_plugin', A, PLUGIN, 'update', {}), ('call_plugin', '192.0.2.2', PLUGIN, 'update', {})]


def introduce(pool):
    return pool.xe('sdn-controller-introduce', 'protocol=ssl', 'address=192.0.2.10', 'tcp-port=6632')[0].strip()


# -- output -------------------------------------------------------------------------------------------------------

def test_pool_list(pool):
    """'stdout = data; ... success exit 0'; the record of facts F."""
    assert pool.xe('pool-list') == (
        'uuid ( RO)                : %s\n'
        '          name-label ( RW): \n'
        '    name-description ( RW): \n'
        '              master ( RO): %s\n'
        '          default-SR ( RW): <not in database>\n\n\n' % (pool.uuid, A), '', 0)


def test_pool_list_minimal(pool):
    """'xe pool-list --minimal -> U', 'xe pool-list params=master --minimal -> H'"""
    assert pool.xe('pool-list', '--minimal') == (pool.uuid + '\n', '', 0)
    assert pool.xe('pool-list', 'params=master', '--minimal') == (A + '\n', '', 0)


def test_minimal_joins_records(pool):
    assert pool.xe('host-list', '--minimal')[0].strip().split(',') == [A, B]


def test_empty_lists(pool):
    """'empty list = one empty line; non-minimal empty list = nothing'"""
    assert pool.xe('sdn-controller-list') == ('', '', 0)
    assert pool.xe('sdn-controller-list', '--minimal') == ('\n', '', 0)
    assert pool.xe('vm-list') == ('', '', 0)


def test_the_hidden_field(pool):
    """'vswitch-controller is a hidden field: absent from pool-param-list, and `pool-list params=vswitch-controller --minimal`
    is always empty; only param-get works'"""
    pool.xe('pool-set-vswitch-controller', 'address=192.0.2.10')
    assert 'vswitch' not in pool.xe('pool-param-list', 'uuid=' + pool.uuid)[0]
    assert pool.xe('pool-list', 'params=vswitch-controller', '--minimal') == ('\n', '', 0)
    assert pool.xe('pool-param-get', 'uuid=' + pool.uuid, 'param-name=vswitch-controller') == ('192.0.2.10\n', '', 0)


def test_the_hidden_field_unset(pool):
    """'xe pool-param-get uuid=U param-name=vswitch-controller -> <not set> | 192.0.2.10'"""
    assert pool.xe('pool-param-get', 'uuid=' + pool.uuid, 'param-name=vswitch-controller') == ('<not set>\n', '', 0)


def test_introduce_prints_the_uuid_and_list_shows_port(pool):
    """'Introduce takes `tcp-port`; list shows `port`'; 'sdn-controller-introduce ... -> C'"""
    identity = introduce(pool)
    assert pool.xe('sdn-controller-list') == (
        'uuid ( RO)        : %s\n    protocol ( RO): ssl\n     address ( RO): 192.0.2.10\n        port ( RO): 6632\n\n\n' % identity, '', 0)
    assert pool.xe('sdn-controller-param-get', 'uuid=' + identity, 'param-name=port') == ('6632\n', '', 0)


def test_introduce_without_parameters(pool):
    """'defaults: protocol ssl, address "", port 0'"""
    assert pool.xe('sdn-controller-introduce') == ('', 'The value given is invalid\nfield: address\nvalue: \n', 1)


def test_forget_prints_nothing(pool):
    """'xe sdn-controller-forget uuid=C -> (no output)'"""
    assert pool.xe('sdn-controller-forget', 'uuid=' + introduce(pool)) == ('', '', 0)


def test_a_key_of_a_map(pool):
    """'xe host-param-get uuid=H param-name=software-version param-key=network_backend -> openvswitch'"""
    assert pool.xe('host-param-get', 'uuid=' + A, 'param-name=software-version', 'param-key=network_backend') == ('openvswitch\n', '', 0)


def test_call_plugin_prints_its_result(pool):
    """'xe host-call-plugin host-uuid=H plugin=P fn=update -> result string'"""
    words = ['host-call-plugin', 'host-uuid=' + A, 'plugin=' + PLUGIN, 'fn=update', 'args:a=b']
    assert pool.xe(*words) == ('No change to configuration\n', '', 0)
    assert pool.done == [('call_plugin', A, PLUGIN, 'update', {'a': 'b'})]


# -- errors -------------------------------------------------------------------------------------------------------

def test_unknown_command(pool):
    """'"Unknown command: C" ... then "For usage run: 'xe help'"', on stderr, exit 1"""
    assert pool.xe('pool-lst') == ('', 'Unknown command: pool-lst\n' + USAGE, 1)


def test_missing_parameter(pool):
    """'"Required parameter not found: uuid"'"""
    assert pool.xe('sdn-controller-forget') == ('', 'Required parameter not found: uuid\n' + USAGE, 1)


def test_wrong_password(pool):
    """'"Authentication failed"', which only one that comes from afar can get"""
    assert pool.xe('pool-list', 'username=root', 'password=x', trusted=False) == ('', 'Authentication failed\n' + USAGE, 1)
    assert pool.xe('pool-list', 'username=root', 'password=secret', '--minimal', trusted=False) == (pool.uuid + '\n', '', 0)


def test_bad_protocol(pool):
    """'Bad protocol: "Error: Expected 'ssl','pssl', got x" (8.2)'"""
    assert pool.xe('sdn-controller-introduce', 'protocol=x') == ('', "Error: Expected 'ssl','pssl', got x\n", 1)


def test_bad_port(pool):
    """'VALUE_NOT_SUPPORTED for port range (field, value, reason "Port out of range")'"""
    out, err, status = pool.xe('sdn-controller-introduce', 'address=192.0.2.10', 'tcp-port=65536')
    assert (out, err.splitlines()[1:], status) == ('', ['field: port', 'value: 65536', 'reason: Port out of range'], 1)
    assert pool.xe('sdn-controller-introduce', 'tcp-port=x') == ('', INTERNAL + 'message: Failure: port field should be an integer\n', 1)


def test_no_such_host(pool):
    """'Failure: INTERNAL_ERROR sentence + "message: Failure: No matching hosts found"'"""
    assert pool.xe('host-disable', 'uuid=x') == ('', INTERNAL + 'message: Failure: No matching hosts found\n', 1)


def test_unknown_uuid(pool):
    """'UUID_INVALID: "The uuid you supplied was invalid." / "type: SDN_controller" / "uuid: X"'"""
    assert pool.xe('sdn-controller-forget', 'uuid=X') == ('', 'The uuid you supplied was invalid.\ntype: SDN_controller\nuuid: X\n', 1)


def test_unknown_field(pool):
    """'Unknown field: "Error code: Missing parameter" / "Error parameters: NAME"'"""
    assert pool.xe('host-param-get', 'uuid=' + A, 'param-name=colour') == ('', 'Error code: Missing parameter\nError parameters: colour\n', 1)


def test_unknown_key(pool):
    out, err, status = pool.xe('host-param-get', 'uuid=' + A, 'param-name=other-config', 'param-key=k')
    assert (out, err, status) == ('', INTERNAL + 'message: Failure: Key k not found in map\n', 1)


def test_a_plugins_own_error(pool):
    """'"Error code: VSWITCH_CONFIG_MOD_FAILURE" / "Error parameters: 1, [...]"'"""
    pool.host.failures = [ApiError('VSWITCH_CONFIG_MOD_FAILURE', '1', '[...]')]
    assert pool.xe('host-call-plugin', 'host-uuid=' + A, 'plugin=p', 'fn=f') == (
        '', 'Error code: VSWITCH_CONFIG_MOD_FAILURE\nError parameters: 1, [...]\n', 1)


def test_reboot_of_an_enabled_host(pool):
    """'HOST_NOT_DISABLED: "This operation cannot be performed because the host is not disabled. ..."'"""
    out, err, status = pool.xe('host-reboot', 'uuid=' + A)
    assert (out, status) == ('', 1) and err.startswith('This operation cannot be performed because the host is not disabled.')
    assert pool.done == []


def test_no_command(pool):
    assert pool.xe('uuid=x') == ('', 'Syntax error: \n' + USAGE, 1)


# -- hosts --------------------------------------------------------------------------------------------------------

def test_the_life_of_a_reboot(pool):
    """'xe host-disable|host-evacuate|host-reboot|host-enable uuid=H -> (no output)'"""
    for command in ('host-disable', 'host-evacuate', 'host-reboot'):
        assert pool.xe(command, 'uuid=' + B) == ('', '', 0)
    assert pool.done == [('reboot', '192.0.2.2')]
    assert pool.xe('host-param-get', 'uuid=' + B, 'param-name=enabled') == ('false\n', '', 0)
    assert pool.xe('host-enable', 'uuid=' + B) == ('', '', 0)
    assert pool.xe('host-param-get', 'uuid=' + B, 'param-name=enabled') == ('true\n', '', 0)


def test_enable_ends_maintenance_mode(pool):
    """'host-enable also drops other-config MAINTENANCE_MODE'"""
    pool.xe('host-param-set', 'uuid=' + A, 'other-config:MAINTENANCE_MODE=true', 'other-config:keep=1')
    pool.xe('host-enable', 'uuid=' + A)
    assert pool.xe('host-param-get', 'uuid=' + A, 'param-name=other-config') == ('keep: 1\n', '', 0)


def test_evacuate_takes_one_host(pool):
    """'host-evacuate takes one host'"""
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
    """'`--multiple` partial failures print "operation failed on U: msg" on stdout, exit 1'"""
    pool.xe('host-disable', 'uuid=' + A)
    out, err, status = pool.xe('host-reboot', '--multiple')
    assert (err, status) == ('', 1)
    assert out.startswith('operation failed on %s: This operation cannot be performed' % B)
    assert pool.done == [('reboot', A)]


# -- references in errors -----------------------------------------------------------------------------------------

def no_route(*dummy):
    raise OSError('no route')


def offline(pool, uuid):
    """A call to a host of the pool that cannot be reached."""
    pool.api._remote = no_route
    return pool.xe('host-call-plugin', 'host-uuid=' + uuid, 'plugin=p', 'fn=f')


def test_a_reference_reads_as_uuid_and_name(pool):
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


@pytest.mark.parametrize('word, message', [
    ('uuidx=1', "Unknown field 'uuidx'"), ('master=1', "Field 'master' is read-only."),
    ('other-config=1', "Field 'other-config' is a map or set. use the 'name:key=value' syntax.")])
def test_what_cannot_be_set(pool, word, message):
    assert pool.xe('pool-param-set', 'uuid=' + pool.uuid, word) == ('', INTERNAL + 'message: Failure: ' + message + '\n', 1)


# -- the manager --------------------------------------------------------------------------------------------------

def test_introduce_and_forget_run_the_plugin_on_all_hosts(pool):
    """'XAPI triggers: ... SDN_controller.introduce/forget (all hosts, from the coordinator)'"""
    identity = introduce(pool)
    assert pool.done == UPDATES
    pool.xe('sdn-controller-forget', 'uuid=' + identity)
    assert pool.done == UPDATES * 2


def test_a_failing_plugin_is_swallowed(pool):
    """'Exceptions are logged and swallowed: xe returns 0 even if a host's plugin failed.'"""
    pool.host.failures = [ApiError('XENAPI_MISSING_PLUGIN', PLUGIN)]
    assert pool.xe('sdn-controller-introduce', 'address=192.0.2.10')[1:] == ('', 0)
    assert pool.done == UPDATES


def test_setting_the_field_forgets_and_introduces(pool):
    """'On >= 7.2 it forgets the existing SDN controller and introduces ssl:6632'"""
    pool.xe('sdn-controller-introduce', 'protocol=pssl')
    assert pool.xe('pool-set-vswitch-controller', 'address=192.0.2.11') == ('', '', 0)
    assert pool.xe('sdn-controller-list', 'params=protocol,address,port') == (
        'protocol ( RO)    : ssl\n     address ( RO): 192.0.2.11\n        port ( RO): 6632\n\n\n', '', 0)
    assert pool.done == UPDATES * 3


def test_the_stale_field(pool):
    """'after sdn-controller-forget, setting the same address again does nothing'"""
    pool.xe('pool-set-vswitch-controller', 'address=192.0.2.10')
    pool.xe('sdn-controller-forget', 'uuid=' + pool.xe('sdn-controller-list', '--minimal')[0].strip())
    del pool.done[:]
    assert pool.xe('pool-set-vswitch-controller', 'address=192.0.2.10') == ('', '', 0)
    assert pool.xe('sdn-controller-list') == ('', '', 0)
    assert pool.done == []


def test_clearing_the_field(pool):
    """'"" clears'"""
    pool.xe('pool-set-vswitch-controller', 'address=192.0.2.10')
    assert pool.xe('pool-set-vswitch-controller', 'address=') == ('', '', 0)
    assert pool.xe('sdn-controller-list') == ('', '', 0)


def test_the_bridge_backend(bridge_pool):
    """'reason: host not configured for vswitch operation'"""
    expected = ('', 'You attempted an operation that was not allowed.\nreason: host not configured for vswitch operation\n', 1)
    assert bridge_pool.xe('pool-set-vswitch-controller', 'address=192.0.2.10') == expected
    assert bridge_pool.xe('sdn-controller-introduce', 'address=192.0.2.10') == expected


def test_no_name_as_address(pool):
    """'"A required parameter contained an invalid IP address" / "parameter: address"'"""
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
    """'installed with `xe pool-install-ca-certificate filename=...` ..., name must be sdn-controller-ca.pem'"""
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
