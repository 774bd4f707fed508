# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""XAPI through `xe`: calls, records, typed errors.

The formats are those of xapi-project/xen-api (cli_printer.ml, cli_util.ml, newcli.ml), stable since 2012.
"""

from __future__ import absolute_import, division, print_function
__metaclass__ = type

import re

from ansible.module_utils.common.text.converters import to_native

from ansible_collections.xenserver.openvswitch.plugins.module_utils import _cli
from ansible_collections.xenserver.openvswitch.plugins.module_utils._cli import CliError

FOLDER = '/opt/xensource/bin'
NOT_SET = '<not set>'
# What `xe` shows for a reference that leads nowhere.
NOT_IN_DATABASE = '<not in database>'
UNREACHABLE = 'UNREACHABLE'
UNKNOWN_COMMAND = 'UNKNOWN_COMMAND'
UNAUTHENTICATED = 'UNAUTHENTICATED'

# XAPI's own codes never show in xe's output, and sentences drift from release to release:
# what tells errors apart are the labels of their parameters. Longer lists first, since a value may span lines.
LABELS = (
    ('XENAPI_PLUGIN_FAILURE', ('status', 'stdout', 'stderr')),
    ('VALUE_NOT_SUPPORTED', ('field', 'value', 'reason')),
    ('INVALID_VALUE', ('field', 'value')),
    ('UUID_INVALID', ('type', 'uuid')),
    ('OPERATION_NOT_ALLOWED', ('reason',)),
    ('INVALID_IP_ADDRESS_SPECIFIED', ('parameter',)),
    ('XENAPI_MISSING_PLUGIN', ('name',)),
    ('INTERNAL_ERROR', ('message',)),
    ('HOST_IS_SLAVE', ('Master IP address',)),
    ('HOST_OFFLINE', ('host',)),
)
# Said by the client itself when nobody answers it.
SILENCE = re.compile(r'Error: .* \(calling |Lost connection to the server|Failed to contact a running|Unable to contact server|Server internal error')
REFUSED_LOGIN = re.compile('Authentication failed|Username/password must be specified')
# Has no parameters, so that only its sentence tells it.
EMERGENCY = re.compile('[^\n]* emergency mode')
LOST = 'This supporter has lost its coordinator. Bring that back, or appoint another, and run again.'
REMEDIES = {
    UNREACHABLE: 'XAPI does not answer. Start it with xe-toolstack-restart, on the coordinator of the pool first, and run again; '
                 'its log is /var/log/xensource.log.',
    UNAUTHENTICATED: 'Only root may speak to XAPI without a password: run the task as root (become: true).',
    'HOST_IS_SLAVE': LOST,
    'HOST_IN_EMERGENCY_MODE': LOST,
}

FIRST = re.compile(r'([\w-]+) \([A-Z ]+\).*?(?=: )')
LABEL = re.compile(r' *([\w-]+) \([A-Z ]+\)[^:]*\Z')


class Refused(CliError):
    """What XAPI cannot do; found out before anything was changed."""


class XeError(CliError):
    """A call that failed.

    ``code`` is XAPI's, or UNREACHABLE, UNKNOWN_COMMAND, UNAUTHENTICATED, or None for what is not known here;
    ``parameters`` maps labels to values.
    """

    def __init__(self, result):
        said = (result.err or result.out).strip()
        self.code, self.parameters = read_error(said)
        text = '%s failed with status %d: %s' % (_cli.quote(result.argv), result.rc, said or 'nothing was said')
        super(XeError, self).__init__(to_native(text + '\n' + REMEDIES[self.code] if self.code in REMEDIES else text), result)
        self.said = said


def read_error(text):
    """What `xe` printed on its standard error stream -> (code or None, {label: value})."""
    found = re.match(r'Error code: (.*)\nError parameters: (.*)', text)
    if found:
        return found.group(1), dict(parameters=found.group(2))
    found = re.match(r'Unknown command: (.*)', text)
    if found:
        return UNKNOWN_COMMAND, dict(command=found.group(1))
    if REFUSED_LOGIN.search(text):
        return UNAUTHENTICATED, {}
    if SILENCE.match(text):
        return UNREACHABLE, {}
    if EMERGENCY.match(text):
        return 'HOST_IN_EMERGENCY_MODE', {}
    for code, labels in LABELS:
        found = re.match('[^\n]*' + ''.join('\n%s: (.*?)' % label for label in labels) + r'\s*\Z', text, re.DOTALL)
        if found:
            return code, dict(zip(labels, found.groups()))
    return None, {}


def read_records(text):
    r"""The records that a list command prints, each a dict of texts by field.

    >>> read_records('uuid ( RO)        : C\n    protocol ( RO): ssl\n\n\n') == [{'uuid': 'C', 'protocol': 'ssl'}]
    True
    """
    records, blanks, width, name = [], 2, 0, None
    for line in text.split('\n'):
        first = FIRST.match(line) if blanks >= 2 else None
        if first:
            records.append({})
            width = first.end()
        label = LABEL.match(line[:width]) if width and line[width:width + 2] == ': ' else None
        if label:
            name = label.group(1)
            records[-1][name] = line[width + 2:]
        elif name:
            records[-1][name] += '\n' + line  # a value of several lines
        blanks = 0 if line else blanks + 1
    return [dict((field, value.rstrip('\n')) for field, value in record.items()) for record in records]


def read_map(text):
    """A map as a list command prints it, ``key: value; key: value``; a value that holds such a pair itself cannot be told from one.

    Keys are anything: Xen Orchestra writes ``xo:clientInfo:ID`` into a pool, XenCenter ``XenCenter.CustomFields.Some name``.
    get_from_map of xen-api's records.ml escapes nothing.
    """
    return dict(re.findall(r'(?:\A|; )([^;]+?): (.*?)(?=; [^;]+?: |\Z)', text, re.DOTALL))


class Xe(object):
    """`xe` of this host; on a supporter it speaks to the coordinator by itself.

    :raises Refused: there is no `xe`, so no XAPI.
    """

    def __init__(self, time_limit):
        try:
            self._path = _cli.find('xe', [FOLDER])
        except CliError:
            raise Refused(
                'There is no xe on this host (searched: %s, PATH): it is a host without XAPI, so neither XenServer nor XCP-ng. '
                'Write the manager of such a host into its own database: use xenserver.openvswitch.ovs_manager directly.' % FOLDER)
        self._time_limit = time_limit
        self._pool = None

    def argv(self, command, params=()):
        """The vector for a command with its (name, value) pairs, each one word."""
        return [self._path, command] + [_word(name, value) for name, value in params]

    def call(self, command, params=()):
        """Run a command and return what it printed.

        :raises XeError: the call failed.
        :raises CliError: no answer within the time limit.
        """
        result = _cli.run(self.argv(command, params), self._time_limit, ok=None)
        if result.rc != 0:
            raise XeError(result)
        return result.out

    def records(self, command, params=()):
        return read_records(self.call(command, params))

    def pool(self):
        """uuid, name-label, master (the coordinator's UUID) and other-config of the pool; asked for once."""
        if self._pool is None:
            self._pool = self.records('pool-list', [('params', 'uuid,name-label,master,other-config')])[0]
        return self._pool

    def hosts(self):
        """uuid and name-label of every host of the pool."""
        return self.records('host-list', [('params', 'uuid,name-label')])

    def backend(self):
        """The network backend that the coordinator runs, as XAPI found it when it started."""
        params = [('uuid', self.pool()['master']), ('param-name', 'software-version'), ('param-key', 'network_backend')]
        return self.call('host-param-get', params).strip()


def _word(name, value):
    # xe hands its words to XAPI line by line: a newline would begin another parameter.
    if '\n' in '%s' % value:
        raise Refused('xe cannot carry a newline, and %s has one: %r' % (name, value))
    return '%s=%s' % (name, value)
