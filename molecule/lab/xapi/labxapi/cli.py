# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`xe`, the half that runs inside XAPI: commands over the API, answered as lines for the client's two streams."""

from __future__ import absolute_import, division, print_function
__metaclass__ = type

import os
from collections import namedtuple

from . import arguments, errors, records
from .errors import ApiError, internal

OUT, ERR = 1, 2
USAGE = "For usage run: 'xe help'"
# A record command is CLASS-VERB for each class; these need parameters.
VERBS = {
    'list': (), 'param-list': ('uuid',), 'param-get': ('uuid', 'param-name'), 'param-set': ('uuid',),
    'param-add': ('uuid', 'param-name'), 'param-remove': ('uuid', 'param-name', 'param-key'), 'param-clear': ('uuid', 'param-name'),
}

# function: taking a Run, printing by it; required: parameter names; needs: the generation's capability, or ''.
Spec = namedtuple('Spec', ('function', 'required', 'needs', 'help'))


class Failed(Exception):
    """A message for the standard error stream as it is."""


class Some(Exception):
    """--multiple, and some hosts failed: [(uuid, message)]."""


def run(api, sdn, words, files, trusted=True):
    """Run one command line.

    :arg api: an :class:`api.Api`, or anything with its ``call`` and ``attribute``.
    :arg sdn: whether this generation knows SDN controllers.
    :arg words: the command line without the program's name.
    :arg files: {name: text} for the files named on it, None for an unreadable one.
    :returns: ([(stream, text)], exit status); each text on OUT is one print, which ends a line.
    """
    output = []
    try:
        _execute(api, sdn, words, files, trusted, output)
        return output, 0
    except arguments.Malformed:
        _usage(output, 'Syntax error: ')
    except arguments.Missing as error:
        _usage(output, 'Required parameter not found: %s' % error)
    except LookupError as error:
        _usage(output, 'Unknown command: %s' % error.args[0])
    except Failed as error:
        output.append((ERR, '%s\n' % error))
    except Some as error:
        output.extend((OUT, 'operation failed on %s: %s' % pair) for pair in error.args[0])
    except records.UnknownField as error:
        _server_error(output, 'Missing parameter', [str(error)])
    except ApiError as error:
        if error.code == 'SESSION_AUTHENTICATION_FAILED':
            _usage(output, 'Authentication failed' if error.params[0] else 'Username/password must be specified')
        else:
            _server_error(output, error.code, _plain(error, api))
    return output, 1


def refusal(error):
    """What :func:`run` returns where XAPI cannot even begin with a command."""
    output = []
    _server_error(output, error.code, error.params)
    return output, 1


def _usage(output, message):
    output.extend([(ERR, message + '\n'), (ERR, USAGE + '\n')])


def _plain(error, database):
    return [records.plain(param, database) for param in error.params]


def _server_error(output, code, params):
    output.extend((ERR, line + '\n') for line in errors.lines(code, params))


def _execute(api, sdn, words, files, trusted, output):
    command = arguments.parse(words)
    wants_minimal = arguments.flag(command.params, 'minimal')
    commands = table(sdn)
    if command.name == 'help':
        _Run(None, '', command.params, files, output).say(_help(commands, command.params))
        return
    if command.name not in commands:
        raise UnknownCommand(command.name)
    spec = commands[command.name]
    arguments.require(command.params, spec.required)
    login = [arguments.get(command.params, 'username', ''), arguments.get(command.params, 'password', ''), '', 'cli']
    session = api.call('session.login_with_password', login, trusted)
    this = _Run(api, session, command.params, files, output if not wants_minimal else [])
    try:
        spec.function(this)
        if wants_minimal:
            output.append((OUT, ','.join(this.minimal)))
    finally:
        api.call('session.logout', [session])


class UnknownCommand(LookupError):
    pass


class _Run:
    """One command that runs: its parameters, calls with its session, its prints."""

    def __init__(self, api, session, params, files, output):
        self._api = api
        self._session = session
        self.params = params
        self.files = files
        self.output = output
        self.minimal = []

    def get(self, name, default=None):
        return arguments.get(self.params, name, default)

    def call(self, method, *params):
        return self._api.call(method, [self._session] + list(params))

    def say(self, *values):
        """Print a list of values, one a line."""
        self.output.extend((OUT, value) for value in values)
        self.minimal.append(records.minimal(values))

    def show(self, rows):
        """Print records."""
        self.output.extend((OUT, text) for text in records.table(rows))
        if rows and all(rows):
            self.minimal.append(records.minimal([pairs[0][1] for pairs in rows]))

    def attribute(self, reference, name, default):
        """What records.py asks of a database; XAPI's index of references answers it without a call."""
        return self._api.attribute(reference, name, default)


# -- records ----------------------------------------------------------------------------------------------------

def _list(kind):
    def function(this):
        rows = list(this.call(records.API_CLASS[kind] + '.get_all_records_where', 'true').values())
        for word, wanted in this.params:
            if word != 'params' and word not in arguments.STANDARD and not word.startswith('database:'):
                rows = [record for record in rows if records.matches(kind, record, word, wanted, this)]
        wanted = this.get('params', ','.join(records.DEFAULTS[kind]))
        names = [] if wanted == 'all' else wanted.split(',')
        this.show([records.rows(kind, record, names, this) for record in rows])
    return function


def _find(this, kind):
    reference = this.call(records.API_CLASS[kind] + '.get_by_uuid', this.get('uuid'))
    return reference, this.call(records.API_CLASS[kind] + '.get_record', reference)


def _param_list(kind):
    def function(this):
        this.show([records.rows(kind, _find(this, kind)[1], [], this)])
    return function


def _param_get(kind):
    def function(this):
        record = _find(this, kind)[1]
        field = records.lookup(kind, this.get('param-name'))
        key = this.get('param-key')
        if key is None or field.kind != 'map':
            this.say(field.show(record[field.api], this))
        elif key in record[field.api]:
            this.say(record[field.api][key])
        else:
            raise internal('Failure: Key %s not found in map' % key)
    return function


def _param_set(kind):
    def function(this):
        reference, record = _find(this, kind)
        for word, value in this.params:
            if word != 'uuid' and word not in arguments.STANDARD:
                _assign(this, kind, reference, record, word, value)
    return function


def _assign(this, kind, reference, record, word, value):
    field, key = records.split(kind, word)
    prefix = records.API_CLASS[kind] + '.'
    if field.kind == 'set':
        raise internal('Failure: Cannot param-set on set fields')
    if key is None and field.kind == 'map' and field.settable:
        raise internal("Failure: Field '%s' is a map or set. use the 'name:key=value' syntax." % word)
    if not field.settable:
        raise internal("Failure: %s '%s' is read-only." % ('Map field' if key else 'Field', field.name))
    if key is None:
        this.call(prefix + 'set_' + field.api, reference, value)
        return
    if key in record[field.api]:
        this.call(prefix + 'remove_from_' + field.api, reference, key)
    this.call(prefix + 'add_to_' + field.api, reference, key, value)


def _map_field(this, kind, refusal):
    field = records.lookup(kind, this.get('param-name'))
    if field.kind == 'value':
        raise internal('Failure: ' + refusal)
    if field.kind == 'set' or not field.settable:
        raise internal('Failure: Parameter is read-only')
    return field, records.API_CLASS[kind] + '.%s_' + field.api


def _param_add(kind):
    def function(this):
        reference = _find(this, kind)[0]
        method = _map_field(this, kind, 'Can only add to parameters of type Set or Map')[1]
        for key, value in this.params:
            if key not in ('uuid', 'param-name', 'param-key') + arguments.STANDARD:
                this.call(method % 'add_to', reference, key, value)
    return function


def _param_remove(kind):
    def function(this):
        reference, record = _find(this, kind)
        field, method = _map_field(this, kind, 'Can only remove from parameters of type Set or Map')
        key = this.get('param-key')
        if key not in record[field.api]:
            raise internal('Failure: Key %s is not in map' % key)
        this.call(method % 'remove_from', reference, key)
    return function


def _param_clear(kind):
    def function(this):
        reference, record = _find(this, kind)
        field, method = _map_field(this, kind, 'Can only clear RW parameters')
        for key in record[field.api]:
            this.call(method % 'remove_from', reference, key)
    return function


# -- hosts ------------------------------------------------------------------------------------------------------

def _on_hosts(operation, ignored=(), several=True):
    """A command that picks its hosts by `host=`, or by fields as *-list does."""
    def function(this):
        hosts = list(this.call('host.get_all_records').items())
        for word, wanted in this.params:
            if word == 'host':
                hosts = [(one, host) for one, host in hosts if wanted in (host['uuid'], host['hostname'], host['name_label'])]
            elif word.partition(':')[0] not in arguments.STANDARD + tuple(ignored):
                hosts = [(one, host) for one, host in hosts if records.matches('host', host, word, wanted, this)]
        if not hosts:
            raise internal('Failure: No matching hosts found')
        if len(hosts) == 1:
            operation(this, hosts[0][0])
        elif several and arguments.flag(this.params, 'multiple'):
            _each(this, operation, hosts)
        elif several:
            raise internal('Failure: Multiple matching hosts found. --multiple required to complete the operation')
        else:
            raise internal('Failure: Multiple matching hosts found. Operation can only be performed on one host at a time')
    return function


def _each(this, operation, hosts):
    failures = []
    for reference, host in hosts:
        try:
            operation(this, reference)
        except ApiError as error:
            failures.insert(0, (host['uuid'], '\n'.join(errors.lines(error.code, _plain(error, this)))))
    if failures:
        raise Some(failures)


def _host_disable(this, host):
    this.call('host.disable', host, arguments.flag(this.params, 'auto-enable', True))


def _host_enable(this, host):
    this.call('host.remove_from_other_config', host, 'MAINTENANCE_MODE')
    this.call('host.enable', host)


def _host_evacuate(this, host):
    this.call('host.evacuate', host)


def _host_reboot(this, host):
    this.call('host.reboot', host)


def _host_call_plugin(this):
    host = this.call('host.get_by_uuid', this.get('host-uuid'))
    this.say(this.call('host.call_plugin', host, this.get('plugin'), this.get('fn'), arguments.mapping(this.params, 'args')))


# -- the pool ---------------------------------------------------------------------------------------------------

def _set_vswitch_controller(this):
    this.call('pool.set_vswitch_controller', this.get('address'))


def _sdn_introduce(this):
    try:
        port = int(this.get('tcp-port', '0'))
    except ValueError:
        raise internal('Failure: port field should be an integer')
    protocol = this.get('protocol', 'ssl')
    if protocol not in ('ssl', 'pssl'):
        raise Failed("Error: Expected 'ssl','pssl', got %s" % protocol)
    reference = this.call('SDN_controller.introduce', protocol, this.get('address', ''), str(port))
    this.say(this.call('SDN_controller.get_uuid', reference))


def _sdn_forget(this):
    this.call('SDN_controller.forget', this.call('SDN_controller.get_by_uuid', this.get('uuid')))


def _install_certificate(this):
    text = this.files.get(this.get('filename'))
    if text is None:
        raise Failed('Failed to read certificate')
    this.call('pool.install_ca_certificate', os.path.basename(this.get('filename')), text)


def _uninstall_certificate(this):
    this.call('pool.uninstall_ca_certificate', this.get('name'))


COMMANDS = {
    'host-disable': Spec(_on_hosts(_host_disable, ['auto-enable']), (), '', 'Disable hosts.'),
    'host-enable': Spec(_on_hosts(_host_enable), (), '', 'Enable hosts.'),
    'host-evacuate': Spec(_on_hosts(_host_evacuate, ['network-uuid', 'batch-size'], several=False), (), '', 'Move all VMs off a host.'),
    'host-reboot': Spec(_on_hosts(_host_reboot), (), '', 'Reboot disabled hosts.'),
    'host-call-plugin': Spec(_host_call_plugin, ('host-uuid', 'plugin', 'fn'), '', 'Call a plugin on a host.'),
    'pool-set-vswitch-controller': Spec(_set_vswitch_controller, ('address',), '', 'Set the switch\'s controller, or clear it.'),
    'pool-certificate-install': Spec(_install_certificate, ('filename',), '', 'Install a CA certificate on all hosts.'),
    'pool-certificate-uninstall': Spec(_uninstall_certificate, ('name',), '', 'Remove a CA certificate from all hosts.'),
    'pool-install-ca-certificate': Spec(_install_certificate, ('filename',), 'sdn', 'Install a CA certificate on all hosts.'),
    'pool-uninstall-ca-certificate': Spec(_uninstall_certificate, ('name',), 'sdn', 'Remove a CA certificate from all hosts.'),
    'sdn-controller-introduce': Spec(_sdn_introduce, (), 'sdn', 'Introduce the SDN controller.'),
    'sdn-controller-forget': Spec(_sdn_forget, ('uuid',), 'sdn', 'Forget the SDN controller.'),
}
RECORD_COMMANDS = {
    'list': _list, 'param-list': _param_list, 'param-get': _param_get, 'param-set': _param_set,
    'param-add': _param_add, 'param-remove': _param_remove, 'param-clear': _param_clear,
}


def table(sdn):
    """{name: Spec} of the generation's commands."""
    commands = {name: spec for name, spec in COMMANDS.items() if sdn or not spec.needs}
    for kind in records.FIELDS:
        if sdn or kind != 'sdn-controller':
            settable = any(field.settable for field in records.FIELDS[kind])
            for verb, required in VERBS.items():
                if settable or verb in ('list', 'param-list', 'param-get'):
                    commands['%s-%s' % (kind, verb)] = Spec(RECORD_COMMANDS[verb](kind), required, '', '%s of class %s.' % (verb, kind))
    return commands


def _help(commands, params):
    asked = [name for name, dummy in params if name not in arguments.STANDARD]
    if not asked:
        return 'Commands: ' + ', '.join(sorted(commands))
    texts = []
    for name in asked:
        if name in commands:
            texts.append('command name: %s\nreqd params: %s\ndescription: %s' % (name, ', '.join(commands[name].required), commands[name].help))
        else:
            texts.append("Unknown command '%s'" % name)
    return '\n'.join(texts)
