# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`xe`, the half that runs inside XAPI: commands over the API, answered as lines for the client's two streams."""

from __future__ import absolute_import, division, print_function
__metaclass__ = type

from . import arguments, commands, errors, record_commands, records
from .commands import Failed, Several
from .errors import ApiError, Refusal

OUT, ERR = 1, 2
USAGE = "For usage run: 'xe help'"


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
    except UnknownCommand as error:
        _usage(output, 'Unknown command: %s' % error)
    except Failed as error:
        output.append((ERR, '%s\n' % error))
    except Refusal as error:
        output.append((ERR, 'Error: %s\n' % error))
    except Several as error:
        output.extend((OUT, 'operation failed on %s: %s' % pair) for pair in error.args[0])
    except records.UnknownField as error:
        _server_error(output, 'Missing parameter', [str(error)])
    except ApiError as error:
        if error.code == 'SESSION_AUTHENTICATION_FAILED':
            _usage(output, 'Authentication failed' if error.params[0] else 'Username/password must be specified')
        else:
            _server_error(output, error.code, [records.plain(param, api) for param in error.params])
    return output, 1


def refusal(error):
    """What :func:`run` returns where XAPI cannot even begin with a command."""
    output = []
    _server_error(output, error.code, error.params)
    return output, 1


def _usage(output, message):
    output.extend([(ERR, message + '\n'), (ERR, USAGE + '\n')])


def _server_error(output, code, params):
    output.extend((ERR, line + '\n') for line in errors.lines(code, params))


def _execute(api, sdn, words, files, trusted, output):
    command = arguments.parse(words)
    wants_minimal = arguments.flag(command.params, 'minimal')
    known = table(sdn)
    if command.name == 'help':
        _Run(None, '', command.params, files, output).say(_help(known, command.params))
        return
    if command.name not in known:
        raise UnknownCommand(command.name)
    spec = known[command.name]
    arguments.require(command.params, spec.required)
    login = [arguments.get(command.params, 'username', ''), arguments.get(command.params, 'password', ''), '', 'cli']
    session = api.call('session.login_with_password', login, trusted)
    this = _Run(api, session, command.params, files, output if not wants_minimal else [])
    try:
        spec.function(this)
        if wants_minimal:
            output.append((OUT, ','.join(reversed(this.minimal))))
    finally:
        api.call('session.logout', [session])


class UnknownCommand(Exception):
    """The generation has no such command; the argument is its name."""


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

    def chosen(self, defaults):
        """The names of the fields to print; none for all of them."""
        wanted = self.get('params', ','.join(defaults))
        return [] if wanted == 'all' else wanted.split(',')

    def call(self, method, *params):
        return self._api.call(method, [self._session] + list(params))

    def say(self, *values):
        """Print a list of values, one a line; --minimal has what was printed last come first."""
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


def table(sdn):
    """{name: Spec} of the generation's commands."""
    known = {name: spec for name, spec in commands.COMMANDS.items() if sdn or not spec.needs}
    for kind in records.FIELDS:
        for verb in record_commands.verbs(kind) if sdn or kind != 'sdn-controller' else []:
            known['%s-%s' % (kind, verb)] = commands.Spec(
                record_commands.FUNCTIONS[verb](kind), record_commands.REQUIRED[verb], '', '%s of class %s.' % (verb, kind))
    return known


def _help(known, params):
    asked = [name for name, dummy in params if name not in arguments.STANDARD]
    if not asked:
        return 'Commands: ' + ', '.join(sorted(known))
    texts = []
    for name in asked:
        if name in known:
            texts.append('command name: %s\nreqd params: %s\ndescription: %s' % (name, ', '.join(known[name].required), known[name].help))
        else:
            texts.append("Unknown command '%s'" % name)
    return '\n'.join(texts)
