# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One build with rpmbuild: the host surveyed, the tree locked, sources brought, rpmbuild run, results put in place."""

from __future__ import absolute_import, division, print_function
__metaclass__ = type

import contextlib
import fcntl
import os
import shutil
import signal
import time

from ansible.module_utils.common.text.converters import to_bytes, to_text

from ansible_collections.xenserver.openvswitch.plugins.module_utils import _audience, _cli, _processes, _rpm, _rpm_log, _rpm_origin
from ansible_collections.xenserver.openvswitch.plugins.module_utils._rpm_manifest import PARTIAL, write_manifest
from ansible_collections.xenserver.openvswitch.plugins.module_utils._rpm_options import FOLDERS, STAGES, arguments, fit_folder
from ansible_collections.xenserver.openvswitch.plugins.module_utils._rpm_origin import environment

# Folders that one build has to itself: for its results, and for what a source package holds.
_RESULTS = ('_rpmdir', '_srcrpmdir')
_UNPACKED = ('_sourcedir', '_specdir')
# The bundled spec compiles with a macro of its own, where it is given; all others compile with rpm's.
_COMPILER = '%{?openvswitch_cc}%{!?openvswitch_cc:%{__cc}}'


def survey(options, time_limit):
    """Ask this host's rpmbuild and compiler: ``(folders, versions)``, dicts by macro and by tool.

    Three processes, the only ones of a build that is up to date. They see the environment of the build, since macros and tools may depend on it.
    """
    rpmbuild, env = _cli.find('rpmbuild'), environment(options)
    asked = ['%%{%s}' % name for name in FOLDERS] + [_COMPILER]
    told = _cli.run([rpmbuild] + arguments(options) + ['-E', '\n'.join(asked)], time_limit, env=env).out.split('\n')
    folders, compiler = dict(zip(FOLDERS, told)), told[len(FOLDERS)].split() or ['gcc']
    unfit = sorted(set(folder for folder in folders.values() if not fit_folder(folder)))
    if unfit:
        raise _cli.CliError('rpmbuild would work in %s, and such a path would not arrive everywhere as it is; set topdir '
                            'to an absolute path of letters, digits and _./+~-' % ', '.join(unfit))
    return folders, dict(rpm=_version([rpmbuild], env, time_limit), compiler=_version(compiler, env, time_limit))


def commands(options, where, spec):
    """The commands of a build as the module returns them: without the folders that keep it apart while it runs."""
    unpack = [['rpm', '-i', options['srpm']]] if options['srpm'] else []
    return unpack + [['rpmbuild', STAGES[options['stage']]] + arguments(options) + [os.path.join(where['_specdir'], spec)]]


@contextlib.contextmanager
def lock(where, built, lease):
    """Hold the folder tree for one build and yield its log, open for writing.

    The log is the lock: rpmbuild inherits it, so that the tree stays locked as long as a process of the build lives,
    even where this one was killed. The first line of the log says whose it is, with the ``lease`` where there is one.

    :raises CliError: another build holds it; its first line says which.
    """
    stream = open(where['live_log'], 'a+b')
    try:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except (IOError, OSError):
            stream.seek(0)
            holder = to_text(stream.readline(), errors='surrogate_or_replace').strip('# \n') or 'another build has just begun'
            raise _cli.CliError('%s is in use: %s. Wait until that build has ended (fuser -v %s shows its processes), '
                                'or give another topdir.' % (where['_topdir'], holder, where['live_log']))
        stream.truncate(0)
        watched = ' as long as %s is kept up' % lease if lease else ''
        stream.write(to_bytes('# process %d builds %s since %s%s\n' % (os.getpid(), built, time.strftime('%Y-%m-%d %H:%M:%S'), watched)))
        stream.flush()
        yield stream
    finally:
        stream.close()


@contextlib.contextmanager
def orderly_end():
    """Have a signal that asks this process to end unwind it, so that it ends what it started and puts away what it left."""
    def leave(number, frame):
        raise _cli.Ended('a signal asked for the end (number %d)' % number)

    before = dict((number, signal.signal(number, leave)) for number in (signal.SIGTERM, signal.SIGHUP))
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def build(options, where, wanted, time_limit):
    """Run the build and return its manifest; results appear whole at their place, or not at all.

    :raises BuildError: rpmbuild failed or ran out of time.
    :raises CliError: another build is under way, or a result is no RPM.
    """
    for name in FOLDERS:
        _make(where[name])
    with orderly_end(), lock(where, options['srpm'] or options['spec'], options['lease']) as log:
        forget(where)
        try:
            spec = collect(options, where, wanted, time_limit)
            _rpmbuild(options, where, spec, log, time_limit)
            return publish(options, where, wanted, time_limit)
        finally:
            log.flush()
            shutil.copyfile(where['live_log'], where['log'])
            _remove_partial(where)


def forget(where):
    """Remove the manifest that a build is about to outdate, and what an interrupted build left."""
    if os.path.lexists(where['manifest']):
        os.unlink(where['manifest'])
    _remove_partial(where)


def collect(options, where, wanted, time_limit):
    """Bring sources, patches and spec to where rpmbuild looks for them; the spec's path there.

    A source package is unpacked into folders of its own, so that no leftover passes for one of its sources.
    """
    if options['srpm']:
        return _unpack(options['srpm'], where, wanted['srpm'], time_limit)
    for kind in ('sources', 'patches'):
        for path in options[kind]:
            _bring(path, where['_sourcedir'], wanted[kind])
    return _bring(options['spec'], where['_specdir'], wanted['spec'])


def publish(options, where, wanted, time_limit):
    """Move the results to their place, then write the manifest; what is returned is its content.

    :raises CliError: there is no result, which would pass for up to date from then on.
    """
    moves = _moves(where)
    if not moves and options['stage'] != 'prep':
        raise _cli.CliError('rpmbuild ended well and made no package: nothing was written to %s, where it was told to. Either the spec has no %%files '
                            'section, or it defines _rpmdir itself. See %s.' % (where['_rpmdir'], where['log']))
    packages = _rpm.read_files([path for path, final in moves], time_limit)
    rpms = [_describe(package, path, final) for package, (path, final) in zip(packages, moves)]
    for path, final in moves:
        _make(os.path.dirname(final))
        os.rename(path, final)
    prepared = _keep_prepared(where) if options['stage'] == 'prep' else None
    manifest = dict(inputs=wanted, rpms=rpms, log=where['log'], prepared=prepared)
    write_manifest(where['manifest'], manifest)
    return manifest


def _rpmbuild(options, where, spec, log, time_limit):
    """Run rpmbuild with folders of its own for the results."""
    kinds = _RESULTS + (_UNPACKED if options['srpm'] else ()) + (('_builddir',) if options['stage'] == 'prep' else ())
    words = [_cli.find('rpmbuild'), STAGES[options['stage']]] + arguments(options)
    for kind in kinds:
        _make(_partial(where, kind))
        words += ['--define', '%s %s' % (kind, _partial(where, kind))]
    if options['jobs']:
        words += ['--define', '_smp_mflags -j%d' % options['jobs']]
    mark = _processes.new_mark()
    try:
        _cli.run(words + [spec], time_limit, env=dict(environment(options), **mark), output=log, wanted=_audience.Audience(options['lease']).waits)
    except _cli.CliError as error:
        with open(where['live_log'], 'rb') as stream:
            text = to_text(stream.read(), errors='surrogate_or_replace')
        raise _rpm_log.failure(text, error, spec, where['log'])
    finally:
        _processes.end_all(mark)  # unit tests start daemons, which are in no group that could be ended with rpmbuild


def _version(tool, env, time_limit):
    """The first line that a tool says of its version, or "none" where it is not on this host."""
    try:
        return _cli.run(tool + ['--version'], time_limit, env=env).out.split('\n')[0]
    except _cli.CliError as error:
        if error.result is None:
            return 'none'
        raise


def _partial(where, kind):
    """A folder for what is under way, beside the final one so that a rename moves it."""
    return os.path.join(where[kind], PARTIAL + kind)


def _remove_partial(where):
    for kind in _RESULTS + _UNPACKED + ('_builddir',):
        if os.path.lexists(_partial(where, kind)):
            shutil.rmtree(_partial(where, kind))


def _moves(where):
    """``(path, final path)`` of every result, in the order of the final paths."""
    moves = []
    for kind in _RESULTS:
        partial = _partial(where, kind)
        paths = [os.path.join(parent, name) for parent, folders, names in os.walk(partial) for name in names]
        moves += [(path, os.path.join(where[kind], os.path.relpath(path, partial))) for path in paths]
    return sorted(moves, key=lambda move: move[1])


def _keep_prepared(where):
    """Move the unpacked and patched sources to their place and return it."""
    if os.path.isdir(where['prepared']):
        shutil.rmtree(where['prepared'])
    os.rename(_partial(where, '_builddir'), where['prepared'])
    return where['prepared']


def _bring(path, folder, digests):
    """Copy a file into ``folder`` unless the same content is there; its path there."""
    name = os.path.basename(path)
    target = os.path.join(folder, name)
    if not (os.path.isfile(target) and _rpm.sha256(target) == digests[name]):
        shutil.copyfile(path, target + PARTIAL)
        os.rename(target + PARTIAL, target)
        _demand_unchanged(path, target, digests)
    return target


def _unpack(srpm, where, digests, time_limit):
    """Unpack a source package; the path of its spec."""
    sources, specs = [_partial(where, kind) for kind in _UNPACKED]
    _make(sources)
    _make(specs)
    _rpm_origin.unpack_package(srpm, sources, specs, time_limit)
    _demand_unchanged(srpm, srpm, digests)
    return os.path.join(specs, os.listdir(specs)[0])


def _demand_unchanged(given, taken, digests):
    if _rpm.sha256(taken) != digests[os.path.basename(given)]:
        raise _cli.CliError('%s changed while it was copied; nothing was built. Start again when it is complete.' % given)


def _describe(package, path, final):
    """One result as the module returns it; a source package is of the architecture "src"."""
    if final.endswith('src.rpm'):
        package = dict(package, arch='src')
    entry = dict((name, package[name]) for name in ('name', 'epoch', 'version', 'release', 'arch'))
    return dict(entry, nevra=_rpm.nevra(package), path=final, size=os.path.getsize(path), sha256=_rpm.sha256(path),
                header_sha256=package['sha256_header'], header_sha1=package['sha1_header'], kernels=package['kernels'])


def _make(folder):
    if not os.path.isdir(folder):
        os.makedirs(folder)
