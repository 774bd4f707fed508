# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Errors of the XenAPI: a code with parameters, and the lines that `xe` makes of them."""

from __future__ import absolute_import, division, print_function
__metaclass__ = type

INTERNAL_ERROR = 'INTERNAL_ERROR'

# code: (sentence, a label for each parameter). Sentences drift from release to release, labels do not.
CODES = {
    INTERNAL_ERROR: (
        'The server failed to handle your request, due to an internal error. '
        'The given message may give details useful for debugging the problem.', ['message']),
    'OPERATION_NOT_ALLOWED': ('You attempted an operation that was not allowed.', ['reason']),
    'INVALID_VALUE': ('The value given is invalid', ['field', 'value']),
    'INVALID_IP_ADDRESS_SPECIFIED': ('A required parameter contained an invalid IP address', ['parameter']),
    'UUID_INVALID': ('The uuid you supplied was invalid.', ['type', 'uuid']),
    'HOST_NOT_DISABLED': (
        'This operation cannot be performed because the host is not disabled. Please disable the host and then try again.', []),
    'XENAPI_MISSING_PLUGIN': ('The requested plug-in could not be found.', ['name']),
    'HOST_IN_EMERGENCY_MODE': ('Cannot perform operation as the host is running in emergency mode.', []),
    # From here on the sentence is this project's own; code and labels are XAPI's.
    'XENAPI_PLUGIN_FAILURE': ('The plug-in could not be talked to.', ['status', 'stdout', 'stderr']),
    'VALUE_NOT_SUPPORTED': ('This value is not supported.', ['field', 'value', 'reason']),
    'HANDLE_INVALID': ('No object has this reference.', ['class', 'handle']),
    'SESSION_INVALID': ('No session has this reference.', ['handle']),
    'MAP_DUPLICATE_KEY': ('The map holds this key already.', ['type', 'param_name', 'uuid', 'key']),
    'MESSAGE_METHOD_UNKNOWN': ('There is no such method.', ['method']),
    'MESSAGE_PARAMETER_COUNT_MISMATCH': ('The method takes another number of parameters.', ['method', 'expected', 'received']),
    'HOST_OFFLINE': ('The host could not be contacted.', ['host']),
    'HOST_IS_SLAVE': ('Regular calls go to the coordinator, not to a supporter.', ['Master IP address']),
    'CERTIFICATE_ALREADY_EXISTS': ('There is a certificate of this name already.', ['name']),
    'CERTIFICATE_DOES_NOT_EXIST': ('A certificate of this name does not exist.', ['name']),
    'CERTIFICATE_NAME_INVALID': ('A certificate cannot have this name.', ['name']),
    'HOST_DISABLED': ('The host is disabled.', ['host']),
    'HOST_NOT_LIVE': ('The host is not live.', []),
    'HOST_NOT_ENOUGH_FREE_MEMORY': ('The host has too little free memory.', ['needed', 'available']),
    'NO_HOSTS_AVAILABLE': ('No host can do this.', []),
    'VM_BAD_POWER_STATE': ('The virtual machine is in another power state.', ['vm', 'expected', 'actual']),
    'VM_REQUIRES_SR': ('The host does not have storage that the virtual machine needs.', ['vm', 'sr']),
    'OPERATION_BLOCKED': ('The object blocks this operation.', ['ref', 'code']),
    'HOST_EVACUATE_VM_NOT_HA_PROTECTED': ('High availability is on, and does not protect a virtual machine of the host.', ['vm']),
    'HA_IS_ENABLED': ('High availability is on.', []),
    'HA_NOT_ENABLED': ('High availability is off.', []),
    'CANNOT_CREATE_STATE_FILE': ('No storage can take the state file of high availability.', []),
}


class ApiError(Exception):
    """What an API call fails with: ``ErrorDescription`` is the code, then the parameters."""

    def __init__(self, code, *params):
        super().__init__(code, *params)
        self.code = code
        self.params = [str(param) for param in params]

    @property
    def description(self):
        return [self.code] + self.params


class Refusal(Exception):
    """What `xe` itself refuses; it reads as ``Error: TEXT``, without a code."""


def internal(message):
    return ApiError(INTERNAL_ERROR, message)


def lines(code, params):
    """The lines on the standard error stream for an error."""
    if code not in CODES:
        return ['Error code: ' + code, 'Error parameters: ' + ', '.join(params)]
    sentence, labels = CODES[code]
    pairs = []
    for i in range(max(len(labels), len(params))):
        label = labels[i] if i < len(labels) else '<extra>'
        value = params[i] if i < len(params) else '<unknown>'
        pairs.append('%s: %s' % (label, value))
    return [sentence] + pairs
