# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a spec comes from: a file, a member of a tarball, or a source package; and whether all is given that it names."""

from __future__ import absolute_import, division, print_function
__metaclass__ = type

import contextlib
import os
import tarfile

from ansible.module_utils.common.text.converters import to_native, to_text

from ansible_collections.xenserver.openvswitch.plugins.module_utils import _cli, _dist_tools
from ansible_collections.xenserver.openvswitch.plugins.module_utils._dist import BROKEN_TARBALL
from ansible_collections.xenserver.openvswitch.plugins.module_utils._rpm_options import arguments

_FILES = '%{SOURCEPACKAGE}\\n[%{FILEFLAGS:fflags} %{FILENAMES}\\n]'


def absolute(options):
    """The options with absolute paths, so that none can be taken for an option of rpmbuild; a tarball that holds the spec is a source."""
    result = dict(options)
    for name in ('sources', 'patches'):
        result[name] = [os.path.abspath(path) for path in options[name]]
    for name in ('spec', 'srpm'):
        result[name] = os.path.abspath(options[name]) if options[name] else None
    if result['spec'] and options['spec_member'] is not None and result['spec'] not in result['sources']:
        result['sources'].append(result['spec'])
    return result


def environment(options):
    """The variables for whatever reads the spec: macros can ask for them."""
    return dict((to_native(name), to_native(to_text(value))) for name, value in options['environment'].items())


def extract(options, folder):
    """The options with the spec as a file of its own in ``folder``, where it is a member of a tarball."""
    if options['spec_member'] is None:
        return options
    return dict(options, spec=_extract(options['spec'], options['spec_member'], folder))


def judge(options, time_limit):
    """Refuse a source package that is none, and a spec with sources or patches that nobody gave; the spec's name otherwise.

    A leftover of an earlier build would slip in as such a source. A spec that cannot be read by itself is left for rpmbuild to judge.

    :raises CliError: what is missing.
    """
    if options['srpm']:
        return _spec_in_package(options['srpm'], time_limit)
    missing = unlisted(options, time_limit)
    if missing:
        raise _cli.CliError('Nothing was built: %s names %s as source or patch; give it in sources or patches.' % (
            options['spec'], ', '.join(missing)))
    return os.path.basename(options['spec'])


def unlisted(options, time_limit):
    """The sources and patches that the spec names and nobody gave; of none where rpm is older than 4.9, which has no rpmspec to tell."""
    rpmspec = _dist_tools.first(['rpmspec'])
    if not rpmspec:
        return []
    result = _cli.run([rpmspec, '-q', '--srpm', '--qf', '[%{SOURCE}\\n][%{PATCH}\\n]'] + arguments(options) + [options['spec']],
                      time_limit, ok=None, env=environment(options))
    if result.rc:
        return []
    given = set(os.path.basename(path) for path in options['sources'] + options['patches'])
    return sorted(set(result.out.split('\n')) - given - set(['', '(none)']))


def unpack_package(srpm, sources, specs, time_limit):
    """Unpack a source package: its spec into folder ``specs``, all else into ``sources``."""
    _cli.run([_cli.find('rpm'), '-i', '--define', '_sourcedir ' + sources, '--define', '_specdir ' + specs, srpm], time_limit)


def _spec_in_package(srpm, time_limit):
    result = _cli.run([_cli.find('rpm'), '-qp', '--qf', _FILES, srpm], time_limit)
    lines = result.out.splitlines()
    specs = [line.split(' ', 1)[1] for line in lines[1:] if 's' in line.split(' ', 1)[0]]
    if lines[:1] != ['1'] or not specs:
        raise _cli.CliError('Nothing was built: %s is no source package; give one that ends in .src.rpm.' % srpm, result)
    return specs[0]


def _extract(tarball, member, folder):
    """Write the spec ``member`` into ``folder``: a regular file of exactly this name, of several the last, as tar does."""
    try:
        with contextlib.closing(tarfile.open(tarball, 'r:*')) as archive:
            found = dict((to_native(item.name), item) for item in archive if item.isfile())
            if member not in found:
                raise _cli.CliError('Nothing was built: %s holds no file %s; %s.' % (tarball, to_native(member), _specs(found)))
            content = archive.extractfile(found[member]).read()
    except BROKEN_TARBALL as error:
        raise _cli.CliError('Nothing was built: %s is no whole tarball that Python can read on this host: %s. Copy it again, '
                            'or unpack it and give the spec itself.' % (tarball, to_native(error)))
    path = os.path.join(folder, os.path.basename(member))
    with open(path, 'wb') as stream:
        stream.write(content)
    return path


def _specs(names):
    specs = sorted(name for name in names if name.endswith('.spec'))
    return 'its specs are ' + ', '.join(specs) if specs else 'it holds no spec at all'
