# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The command line of `xe`, as XAPI reads it: a command, then name=value, --flag and -x value."""

from __future__ import absolute_import, division, print_function
__metaclass__ = type

from collections import namedtuple

from .errors import Refusal

# Parameters that select or shape, and never are a field of a record.
STANDARD = ('server', 'password', 'port', 'username', 'minimal', 'force', 'multiple', 'all', 'message-priority', 'trace')
SWITCHES = {'-s': 'server', '-h': 'server', '-u': 'username', '-pw': 'password', '-pwf': 'passwordfile', '-p': 'port'}

TRUE, FALSE = ('true', 't', 'yes', 'y', '1'), ('false', 'f', 'no', 'n', '0')
UNITS = ('KiB', 'MiB', 'GiB', 'TiB')

Command = namedtuple('Command', ('name', 'params'))


class Malformed(Exception):
    """No command name, an unknown switch, a switch without its value."""


class Missing(Exception):
    """A required parameter is not there; the argument is its name."""


def parse(words):
    """``words`` without the program's name -> Command(name, [(parameter, value)])."""
    if not words or '=' in words[0]:
        raise Malformed('command name is missing')
    return Command(words[0], _params(list(words[1:])))


def _params(words):
    params = []
    while words:
        word = words.pop(0)
        if word.startswith('--'):
            params.append((word[2:], 'true'))
        elif word.startswith('-'):
            if word not in SWITCHES or not words:
                raise Malformed(word)
            params.append((SWITCHES[word], words.pop(0)))
        else:
            name, dummy, value = word.partition('=')
            params.append((name, value))
    return params


def get(params, name, default=None):
    """The first value given for ``name``; later ones do not count."""
    for key, value in params:
        if key == name:
            return value
    return default


def require(params, names):
    for name in names:
        if get(params, name) is None:
            raise Missing(name)


def flag(params, name, default=False):
    value = get(params, name)
    return default if value is None else boolean(name, value)


def boolean(name, text):
    if text.lower() not in TRUE + FALSE:
        wanted = ','.join("'%s'" % word for word in TRUE + FALSE)
        raise Refusal("Failed to parse parameter '%s': Expected %s got %s" % (name, wanted, text))
    return text.lower() in TRUE


def size(text):
    """Bytes, from a number that may end in KiB, MiB, GiB or TiB."""
    for power, unit in enumerate(UNITS, 1):
        if text.endswith(unit):
            return int(text[:-len(unit)]) << 10 * power
    return int(text)


def mapping(params, name):
    """``name:key=value`` parameters as a dict."""
    return {key[len(name) + 1:]: value for key, value in params if key.startswith(name + ':')}
