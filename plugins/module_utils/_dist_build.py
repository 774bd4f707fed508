# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Make a dist tarball in a private copy of the source, and keep the record that tells whether it is still the right one.

Beside ``openvswitch-VERSION.tar.gz`` stand ``openvswitch-VERSION.tar.gz.json``, the manifest, and ``openvswitch-VERSION.log``.
The manifest is written last, so that a run that was interrupted leaves none that would vouch for its tarball.
"""

from __future__ import absolute_import, division, print_function
__metaclass__ = type

import errno
import fcntl
import io
import json
import os
import shutil
import tempfile
from contextlib import contextmanager

from ansible.module_utils.common.text.converters import to_bytes, to_text

from ansible_collections.xenserver.openvswitch.plugins.module_utils import _cli, _dist, _dist_tools

WORK = '.openvswitch-dist-'
TAIL = 20


class BuildError(_cli.CliError):
    """A step that failed; it tells which, and where the log is."""

    def __init__(self, stage, message, log, result=None):
        super(BuildError, self).__init__('%s failed: %s The log is %s.' % (stage, message, log), result)
        self._values = dict(stage=stage, log=log, log_tail=tail(log))

    def details(self):
        return dict(super(BuildError, self).details(), **self._values)


def paths(dest, version):
    """Where the results of a version go: ``dict(tarball, manifest, log)``."""
    tarball = os.path.join(dest, 'openvswitch-%s.tar.gz' % version)
    return dict(tarball=tarball, manifest=tarball + '.json', log=os.path.join(dest, 'openvswitch-%s.log' % version))


def inputs(source, patches):
    """What the result depends on; a manifest with other inputs is stale."""
    return dict(kind=source['kind'], content=source['content'], version=source['version'],
                patches=[dict(name=one['name'], strip=one['strip'], sha256=one['sha256']) for one in patches])


def standing(where, wanted):
    """The manifest, if it vouches for the tarball that is there and was made from ``wanted``; else None."""
    try:
        with io.open(where['manifest'], encoding='utf-8') as stream:
            manifest = json.load(stream)
        whole = _dist.digest(where['tarball']) == manifest['sha256']
        return manifest if whole and manifest['inputs'] == wanted else None
    except (IOError, OSError) as error:
        if error.errno != errno.ENOENT:
            raise
        return None
    except (ValueError, KeyError, TypeError):
        return None  # cut off or not ours: as good as none


@contextmanager
def locked(dest):
    """Hold the folder ``dest``, so that two runs cannot mix; it is made where it is not there.

    :raises CliError: another run holds it.
    """
    if not os.path.isdir(dest):
        os.makedirs(dest)
    with open(os.path.join(dest, '.openvswitch-dist.lock'), 'w') as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except (IOError, OSError):
            raise _cli.CliError('Another ovs_dist is at work in %s. Wait for it to end, or give another dest.' % dest)
        yield


def recorded(where):
    """The inputs that the manifest names, valid or not; None where there is none to read."""
    try:
        with io.open(where['manifest'], encoding='utf-8') as stream:
            return json.load(stream).get('inputs')
    except (IOError, OSError, ValueError, AttributeError):
        return None


def make(source, patches, there, where, jobs, time_limit):
    """Make the tarball, or hand a release on, and write its manifest; the caller holds the lock.

    :arg there: the tools, as :func:`_dist_tools.survey` found them.
    :arg where: what :func:`paths` returned.
    :returns: the manifest.
    :raises BuildError: a step failed. The results that were there before still stand.
    """
    dest = os.path.dirname(where['tarball'])
    _sweep(dest)
    work = tempfile.mkdtemp(prefix=WORK, dir=dest)
    try:
        record = _record(source, patches, there, time_limit)  # first: a tree may be worked in during the steps
        with open(where['log'], 'wb', 0) as log:
            steps = Steps(log, where['log'], time_limit)
            made = (_hand_on if source['kind'] == 'release' else _bootstrap)(source, patches, there, work, steps, jobs)
        return _settle(made, where, record)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _hand_on(source, patches, there, work, steps, jobs):
    """A copy of a release tarball, which is the result already."""
    steps.say('%s is a release already and is handed on as it is.' % source['path'])
    return _dist.copy_file(source['path'], source['content'], work)


class Steps(object):
    """Runs the steps of a build one after the other, each with its heading in the log."""

    def __init__(self, log, path, time_limit):
        self._log, self.path, self._time_limit = log, path, time_limit

    def say(self, line):
        self._log.write(to_bytes(line + '\n'))

    def run(self, stage, argv, cwd):
        self.say('\n$ %s' % _cli.quote(argv))
        try:
            _cli.run(argv, self._time_limit, cwd=cwd, output=self._log)
        except _cli.CliError as error:
            raise BuildError(stage, str(error), self.path, error.result)


def _bootstrap(source, patches, there, work, steps, jobs):
    """The tarball that ``make dist`` leaves in a copy of the source."""
    tree = os.path.join(work, 'source')
    if source['files'] is None:
        os.mkdir(tree)
        tarball = _dist.copy_file(source['path'], source['content'], work)
        steps.run('unpack', [there['tar'], '--extract', '--no-same-owner', '--strip-components=1', '--file', tarball, '--force-local'], tree)
    else:
        _dist.copy_tree(source, tree)
    for one in patches:
        patch = _dist.copy_file(one['path'], one['sha256'], work)
        argv = [there['patch'], '--strip=%d' % one['strip'], '--batch', '--forward', '--fuzz=0', '--input=%s' % patch]
        steps.run('patch %s' % one['name'], argv, tree)
    _same_version(source, tree, steps.path)
    steps.run('boot.sh', ['./boot.sh'], tree)
    steps.run('configure', ['./configure'], tree)
    steps.run('make dist', [there['make'], '-j%d' % jobs, 'dist'], tree)
    made = os.path.join(tree, 'openvswitch-%s.tar.gz' % source['version'])
    try:
        _dist.check_release(made, source['version'])
    except _dist.SourceError as error:
        raise BuildError('make dist', str(error), steps.path)
    return made


def _same_version(source, tree, log):
    with io.open(os.path.join(tree, 'configure.ac'), encoding='utf-8', errors='replace') as stream:
        version = _dist.version_of(stream.read(), tree)
    if version != source['version']:
        raise BuildError('patch', 'the patches turn version %s into %s. Change the version in the tree instead.' % (source['version'], version), log)


def _settle(made, where, record):
    """Move the tarball into place, then vouch for it."""
    manifest = dict(record, tarball=os.path.basename(where['tarball']), size=os.path.getsize(made), sha256=_dist.digest(made))
    if os.path.exists(where['manifest']):
        os.unlink(where['manifest'])
    os.rename(made, where['tarball'])
    draft = made + '.json'
    with io.open(draft, 'w', encoding='utf-8') as stream:
        stream.write(to_text(json.dumps(manifest, indent=2, sort_keys=True)) + u'\n')
    os.rename(draft, where['manifest'])
    return manifest


def _record(source, patches, there, time_limit):
    return dict(
        version=source['version'], inputs=inputs(source, patches), source=source['path'],
        git=_git(source, time_limit) if source['kind'] == 'git' else None, tools=_dist_tools.versions(there, time_limit))


def _git(source, time_limit):
    """The commit, and each file that differs from it with its SHA-256, or null where it was deleted."""
    head = _dist.git(source['path'], ['rev-parse', '--verify', 'HEAD'], time_limit, ok=None)
    status = _dist.git(source['path'], ['status', '--porcelain', '-z', '--no-renames', '--untracked-files=all'], time_limit).out
    dirty = [entry[3:] for entry in status.split(u'\0') if entry]
    prints = dict((name, _print(_dist.join(source['path'], name))) for name in dirty)
    return dict(head=head.out.strip() if head.rc == 0 else None, dirty=prints)


def _print(path):
    return _dist.digest(path) if os.path.isfile(path) else None


def _sweep(dest):
    """Remove what interrupted runs left; the lock says that none is at work."""
    for name in os.listdir(dest):
        if name.startswith(WORK):
            shutil.rmtree(os.path.join(dest, name), ignore_errors=True)


def tail(log):
    """The last lines of a log."""
    if not os.path.exists(log):
        return []
    with io.open(log, encoding='utf-8', errors='replace') as stream:
        return stream.read().splitlines()[-TAIL:]
