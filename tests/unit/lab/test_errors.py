# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import absolute_import, division, print_function
__metaclass__ = type

import pytest

from labxapi import errors


@pytest.mark.parametrize('code, params, expected', [
    ('OPERATION_NOT_ALLOWED', ['host not configured for vswitch operation'],
     ['You attempted an operation that was not allowed.', 'reason: host not configured for vswitch operation']),
    ('INVALID_VALUE', ['address', 'x'], ['The value given is invalid', 'field: address', 'value: x']),
    ('INVALID_IP_ADDRESS_SPECIFIED', ['address'], ['A required parameter contained an invalid IP address', 'parameter: address']),
    ('UUID_INVALID', ['SDN_controller', 'X'], ['The uuid you supplied was invalid.', 'type: SDN_controller', 'uuid: X']),
    ('HOST_NOT_DISABLED', [],
     ['This operation cannot be performed because the host is not disabled. Please disable the host and then try again.']),
    ('XENAPI_MISSING_PLUGIN', ['P'], ['The requested plug-in could not be found.', 'name: P']),
    ('HOST_IN_EMERGENCY_MODE', [], ['Cannot perform operation as the host is running in emergency mode.']),
])
def test_a_known_code_is_its_sentence_then_one_line_per_parameter(code, params, expected):
    """F22: 'known code = doc sentence, then one `label: value` line per parameter', ocaml/xapi-cli-server/cli_util.ml: get_server_error. F24:
    'OPERATION_NOT_ALLOWED: "You attempted an operation that was not allowed." / "reason: SDN controller has been configured. Please forget it first."',
    ocaml/xapi/xapi_sdn_controller.ml: db_introduce. F26: 'INVALID_VALUE: "The value given is invalid" / "field: address" / "value: X"',
    ocaml/idl/datamodel_errors.ml: invalid_value."""
    assert errors.lines(code, params) == expected


def test_a_plugin_failure_has_three_labels():
    """F32: 'XENAPI_PLUGIN_FAILURE: status, stdout, stderr lines', ocaml/xapi/xapi_plugins.ml: call_plugin."""
    assert errors.lines('XENAPI_PLUGIN_FAILURE', ['non-zero exit', 'o', 'e'])[1:] == ['status: non-zero exit', 'stdout: o', 'stderr: e']


def test_a_port_out_of_range_has_three_labels():
    """F28: 'VALUE_NOT_SUPPORTED for port range (field, value, reason "Port out of range")', ocaml/xapi/helpers.ml: assert_is_valid_tcp_udp_port."""
    assert errors.lines('VALUE_NOT_SUPPORTED', ['port', '70000', 'Port out of range'])[1:] == [
        'field: port', 'value: 70000', 'reason: Port out of range']


def test_more_parameters_than_labels():
    """F23: 'more values than labels read `<extra>: v`, more labels than values `label: <unknown>`', ocaml/xapi-cli-server/cli_util.ml: get_server_error."""
    assert errors.lines('HOST_NOT_DISABLED', ['v'])[1:] == ['<extra>: v']


def test_fewer_parameters_than_labels():
    """F23: 'more values than labels read `<extra>: v`, more labels than values `label: <unknown>`', ocaml/xapi-cli-server/cli_util.ml: get_server_error."""
    assert errors.lines('UUID_INVALID', ['pool'])[1:] == ['type: pool', 'uuid: <unknown>']


def test_a_code_that_xapi_does_not_know():
    """F33: 'Code unknown to xapi (plugin's own): "Error code: VSWITCH_CONFIG_MOD_FAILURE" / "Error parameters: 1, [...]"', ocaml/xe-cli/newcli.ml:
    main_loop."""
    assert errors.lines('VSWITCH_CONFIG_MOD_FAILURE', ['1', '[...]']) == [
        'Error code: VSWITCH_CONFIG_MOD_FAILURE', 'Error parameters: 1, [...]']


def test_the_description_on_the_wire():
    assert errors.ApiError('INVALID_VALUE', 'port', 7).description == ['INVALID_VALUE', 'port', '7']
