# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a host needs to bootstrap a version of Open vSwitch, and what of it is missing."""

from __future__ import absolute_import, division, print_function
__metaclass__ = type

import re

from ansible_collections.xenserver.openvswitch.plugins.module_utils import _cli

# Names of a program, any of which will do, and the package that usually holds it.
BOOTSTRAP = (
    (('autoreconf',), 'autoconf'),
    (('aclocal',), 'automake'),
    (('libtoolize', 'glibtoolize'), 'libtool'),
    (('make',), 'make'),
    (('gcc', 'cc', 'clang'), 'gcc'),
    (('tar',), 'tar'),
    (('gzip',), 'gzip'),
)
GIT = (('git',), 'git')
PATCH = (('patch',), 'patch')

# The lowest Python that configure takes, by the release that began to ask for it.
_PYTHONS = (((3, 5), (3, 7)), ((3, 2), (3, 6)), ((2, 13), (3, 4)), ((2, 5), (2, 7)), ((0, 0), (2, 4)))
PYTHON_NAMES = {2: ('python2.7', 'python2', 'python'), 3: ('python3', 'python3.12', 'python3.11', 'python3.9', 'python3.8', 'python3.7', 'python3.6')}
# Between these releases the sources' own Python needs six; configure tries it so.
SIX = ((2, 6), (2, 13))
_SIX_TRIAL = 'import six; six.moves.range'
_PYTHON_SAYS = 'import sys; print("%d.%d.%d" % sys.version_info[:3])'


def numbers(version):
    """The first two numbers of a version.

    >>> numbers('2.17.7')
    (2, 17)
    """
    found = [int(part) for part in re.findall(r'\d+', version)[:2]]
    return tuple((found + [0, 0])[:2])


def python_for(version):
    """The lowest Python, as (major, minor), that this version's configure takes; another major one does not do."""
    return [python for since, python in _PYTHONS if since <= numbers(version)][0]


def survey(source, patched, time_limit):
    """The tools that an identified source needs.

    :returns: those that are there, as a dict of paths by name, and a text for each that is missing.
    """
    there, missing, version = {}, [], source['version']
    if source['kind'] == 'release':
        return there, missing
    for names, package in BOOTSTRAP + ((GIT,) if source['kind'] == 'git' else ()) + ((PATCH,) if patched else ()):
        path = first(names)
        if path:
            there[names[0]] = path
        else:
            missing.append(names[0] if names[0] == package else '%s (package %s)' % (names[0], package))
    wanted = python_for(version)
    there['python'] = _python(wanted, time_limit)
    if not there['python']:
        missing.append('Python %d.%d or later (package python%s)' % (wanted + ('3' if wanted[0] == 3 else '2',)))
    elif SIX[0] <= numbers(version) < SIX[1] and _cli.run([there['python'], '-c', _SIX_TRIAL], time_limit, ok=None).rc:
        missing.append('six for %s (package python-six)' % there['python'])
    return there, missing


def first(names):
    """The path of the first program that is there, or None."""
    for name in names:
        try:
            return _cli.find(name)
        except _cli.CliError:
            continue
    return None


def _python(wanted, time_limit):
    """The first interpreter of the wanted major version that is recent enough."""
    for name in PYTHON_NAMES[wanted[0]]:
        path = first([name])
        if path and suits(numbers(_cli.run([path, '-c', _PYTHON_SAYS], time_limit).out), wanted):
            return path
    return None


def suits(found, wanted):
    """Whether a Python of one version, as (major, minor), does where another is asked for."""
    return found[0] == wanted[0] and found >= wanted


def refusal(version, missing):
    """What a host that lacks tools is told."""
    return ('This host cannot bootstrap Open vSwitch %s: it lacks %s. It looks like a DDK or a dom0. '
            'Run this on a builder, a host of any recent distribution, or install them all here. Nothing was changed.' % (version, ', '.join(missing)))


def versions(there, time_limit):
    """What each tool says of its version, in one line; for the record."""
    said = {}
    for name, path in there.items():
        result = _cli.run([path, '--version'], time_limit, ok=None)
        said[name] = ((result.out or result.err).strip().splitlines() or [''])[0]
    return said
