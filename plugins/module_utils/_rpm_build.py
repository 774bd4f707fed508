# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One build with rpmbuild: options judged, inputs fingerprinted, results kept with a manifest, failures explained.

Options are the module's: a dict with ``spec``, ``sources``, ``patches``, ``defines``, ``with``, ``without``, ``topdir``,
``target``, ``environment``, ``jobs`` and ``stage``. A manifest is ``{inputs, rpms, prepared, log}``, written only after
everything that it lists is in place, and removed before a build starts.
"""

from __future__ import absolute_import, division, print_function
__metaclass__ = type

import contextlib
import fcntl
import hashlib
import json
import os
import re
import shutil
import time

from ansible.module_utils.common.text.converters import to_bytes, to_native, to_text
from ansible.module_utils.six import integer_types

from ansible_collections.xenserver.openvswitch.plugins.module_utils import _cli, _rpm

STAGES = dict(binary='-bb', all='-ba', source='-bs', prep='-bp')
# What decides which build it is; the jobs do not, since they change only its speed.
PARAMETERS = ('stage', 'defines', 'with', 'without', 'target', 'environment')
FOLDERS = ('_topdir', '_sourcedir', '_specdir', '_rpmdir', '_srcrpmdir', '_builddir')
PARTIAL = '.partial'
TAIL = 40

# Names shorter than three characters are no macros to rpm.
_MACRO = re.compile(r'[A-Za-z_][A-Za-z0-9_]{2,}\Z')
_WORD = re.compile(r'[A-Za-z0-9_][A-Za-z0-9_.+-]*\Z')
_VARIABLE = re.compile(r'[A-Za-z_][A-Za-z0-9_]*\Z')
_OWN = dict([(name, 'topdir, from which rpm derives it') for name in FOLDERS], _smp_mflags='jobs', _build_name_fmt='no option; it stays as this host has it')
_VERSIONS = ('openvswitch_version',)
_MISSPELT = dict(kenel_uname='kernel_uname')


def bad_options(options):
    """What is wrong with the options, one text each; nothing is looked up on the host."""
    texts = _bad_defines(options['defines'])
    for option in ('with', 'without'):
        texts.extend('%s %r is no name of a build condition: letters, digits and _ only' % (option, to_native(name))
                     for name in options[option] if not _VARIABLE.match(name))
    texts.extend('%s is both in with and in without' % name for name in options['with'] if name in options['without'])
    if options['target'] is not None and not _WORD.match(options['target']):
        texts.append('target %r is no architecture such as i686 or x86_64' % to_native(options['target']))
    for name, value in sorted(options['environment'].items()):
        if not _VARIABLE.match(name) or '\0' in to_text(value):
            texts.append('environment: %r with this value can be no environment variable' % to_native(name))
    if options['jobs'] is not None and options['jobs'] < 1:
        texts.append('jobs is %d and must be at least 1' % options['jobs'])
    return texts


def bad_files(options):
    """What is wrong with the spec, sources and patches on this host, one text each."""
    paths = [options['spec']] + options['sources'] + options['patches']
    texts = ['%s is not there or is no file' % path for path in paths if not os.path.isfile(path)]
    texts.extend('%s is not readable' % path for path in paths if os.path.isfile(path) and not os.access(path, os.R_OK))
    names = [os.path.basename(path) for path in paths]
    texts.extend('%s is given more than once; rpmbuild keeps all sources in one folder' % name
                 for name in sorted(set(names)) if names.count(name) > 1)
    texts.extend('the file name %r would not arrive at rpmbuild as it is; use letters, digits and _.+-' % to_native(name)
                 for name in names if not _WORD.match(name))
    return texts


def arguments(options):
    """What says to rpmbuild which build it is, as separate words."""
    words = []
    if options['topdir']:
        words += ['--define', '_topdir ' + options['topdir']]
    for name, value in sorted(options['defines'].items()):
        words += ['--define', '%s %s' % (name, value)]
    for option in ('with', 'without'):
        for name in sorted(options[option]):
            words += ['--' + option, name]
    return words + (['--target', options['target']] if options['target'] else [])


def survey(options, time_limit):
    """Ask this host's rpmbuild and compiler: ``(folders, versions)``, dicts by macro and by tool.

    Three processes, the only ones of a build that is up to date.
    """
    rpmbuild = _cli.find('rpmbuild')
    asked = FOLDERS + ('__cc',)
    answer = _cli.run([rpmbuild] + arguments(options) + ['-E', '\n'.join('%%{%s}' % name for name in asked)], time_limit)
    folders = dict(zip(asked, answer.out.split('\n')))
    compiler = folders.pop('__cc').split() or ['gcc']
    unfit = sorted(set(folder for folder in folders.values() if not re.match(r'/[A-Za-z0-9_./+~-]+\Z', folder)))
    if unfit:
        raise _cli.CliError('rpmbuild would work in %s, and such a path would not arrive everywhere as it is; set topdir '
                            'to an absolute path of letters, digits and _./+~-' % ', '.join(unfit))
    return folders, dict(rpm=_version([rpmbuild], time_limit), compiler=_version(compiler, time_limit))


def inputs(options, versions):
    """Everything that decides what comes out: SHA-256 of the files, parameters, versions of rpm and compiler."""
    wanted = dict((name, options[name]) for name in PARAMETERS)
    wanted['defines'] = dict((name, to_text(value)) for name, value in options['defines'].items())
    wanted['environment'] = dict((name, to_text(value)) for name, value in options['environment'].items())
    wanted['with'], wanted['without'] = sorted(options['with']), sorted(options['without'])
    wanted['spec'] = {os.path.basename(options['spec']): _rpm.sha256(options['spec'])}
    for kind in ('sources', 'patches'):
        wanted[kind] = dict((os.path.basename(path), _rpm.sha256(path)) for path in options[kind])
    return dict(wanted, **versions)


def places(folders, wanted):
    """Where one build keeps its things: manifest, log, results; every spec with its parameters has its own."""
    spec = list(wanted['spec'])[0]
    identity = json.dumps([spec] + [wanted[name] for name in PARAMETERS], sort_keys=True)
    name = '%s-%s' % (os.path.splitext(spec)[0], hashlib.sha256(to_bytes(identity)).hexdigest()[:12])
    base = os.path.join(folders['_rpmdir'], name)
    return dict(folders, manifest=base + '.json', log=base + '.log', live_log=os.path.join(folders['_topdir'], 'rpmbuild.log'),
                prepared=os.path.join(folders['_builddir'], name))


def read_manifest(path):
    """The manifest at ``path``, or None where there is none that can be read."""
    try:
        with open(path, 'rb') as stream:
            manifest = json.loads(to_text(stream.read()))
    except (IOError, OSError, ValueError):
        return None
    return manifest if isinstance(manifest, dict) and 'inputs' in manifest and 'rpms' in manifest else None


def differences(manifest, wanted):
    """Why a build is needed, one text each: inputs that differ, results that are gone or altered; [] for none."""
    if manifest is None:
        return ['there is no manifest of an earlier build of this spec with these parameters']
    have = manifest['inputs']
    texts = ['%s changed' % name for name in sorted(flat(wanted)) if flat(wanted)[name] != flat(have).get(name)]
    texts.extend('%s is no longer an input' % name for name in sorted(set(flat(have)) - set(flat(wanted))))
    for rpm in manifest['rpms']:
        if not os.path.isfile(rpm['path']):
            texts.append('%s is gone' % rpm['path'])
        elif _rpm.sha256(rpm['path']) != rpm['sha256']:
            texts.append('%s is not the file that was built' % rpm['path'])
    if manifest.get('prepared') and not os.path.isdir(manifest['prepared']):
        texts.append('%s is gone' % manifest['prepared'])
    return texts


def flat(wanted):
    """Inputs by one name each, as a diff shows them: ``sources/openvswitch-3.1.0.tar.gz: <SHA-256>``."""
    result = {}
    for name, value in wanted.items():
        for key, item in (value.items() if isinstance(value, dict) else [(None, value)]):
            result[name if key is None else '%s/%s' % (name, key)] = item
    return result


def unlisted(options, time_limit):
    """The sources and patches that the spec names and nobody gave: a leftover of an earlier build would slip in as one.

    A spec that cannot be read by itself is left for rpmbuild to judge.
    """
    result = _cli.run([_cli.find('rpmspec'), '-q', '--srpm', '--qf', '[%{SOURCE}\\n][%{PATCH}\\n]'] + arguments(options) + [options['spec']],
                      time_limit, ok=None)
    if result.rc:
        return []
    given = set(os.path.basename(path) for path in options['sources'] + options['patches'])
    return sorted(set(result.out.split('\n')) - given - set(['', '(none)']))


@contextlib.contextmanager
def lock(where, spec):
    """Hold the folder tree for one build and yield its log, open for writing.

    The log is the lock: rpmbuild inherits it, so that the tree stays locked as long as a process of the build lives,
    even where this one was killed.

    :raises CliError: another build holds it; its first line says which.
    """
    stream = open(where['live_log'], 'a+b')
    try:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except (IOError, OSError):
            stream.seek(0)
            holder = to_text(stream.readline()).strip('# \n') or 'another build has just begun'
            raise _cli.CliError('%s is in use: %s. Wait until that build has ended (fuser -v %s shows its processes), '
                                'or give another topdir.' % (where['_topdir'], holder, where['live_log']))
        stream.truncate(0)
        stream.write(to_bytes('# process %d builds %s since %s\n' % (os.getpid(), spec, time.strftime('%Y-%m-%d %H:%M:%S'))))
        stream.flush()
        yield stream
    finally:
        stream.close()


def make_folders(where):
    """Create the folders that rpmbuild expects."""
    for name in FOLDERS:
        if not os.path.isdir(where[name]):
            os.makedirs(where[name])


def build(options, where, wanted, time_limit):
    """Run the build and return its manifest; results appear whole at their place, or not at all.

    :raises BuildError: rpmbuild failed or ran out of time.
    :raises CliError: another build is under way, or a result is no RPM.
    """
    make_folders(where)
    with lock(where, options['spec']) as log:
        forget(where)
        spec = collect(options, where, wanted)
        try:
            _rpmbuild(options, where, spec, log, time_limit)
        finally:
            log.flush()
            shutil.copyfile(where['live_log'], where['log'])
        return publish(options, where, wanted, time_limit)


def forget(where):
    """Remove the manifest that a build is about to outdate, and what an interrupted build left."""
    if os.path.lexists(where['manifest']):
        os.unlink(where['manifest'])
    for path in _partial(where).values():
        if os.path.lexists(path):
            shutil.rmtree(path)


def collect(options, where, wanted):
    """Bring sources, patches and spec to where rpmbuild looks for them; the spec's path there."""
    for kind in ('sources', 'patches'):
        for path in options[kind]:
            _bring(path, where['_sourcedir'], wanted[kind])
    return _bring(options['spec'], where['_specdir'], wanted['spec'])


def publish(options, where, wanted, time_limit):
    """Move the results to their place, then write the manifest; what is returned is its content."""
    partial = _partial(where)
    moves = [(path, os.path.join(where[kind], os.path.relpath(path, partial[kind])))
             for kind in ('_rpmdir', '_srcrpmdir') for path in _files(partial[kind])]
    moves = sorted(set(moves), key=lambda move: move[1])
    packages = _rpm.read_files([path for path, final in moves], time_limit)
    rpms = [_describe(package, path, final) for package, (path, final) in zip(packages, moves)]
    for path, final in moves:
        if not os.path.isdir(os.path.dirname(final)):
            os.makedirs(os.path.dirname(final))
        os.rename(path, final)
    manifest = dict(inputs=wanted, rpms=rpms, log=where['log'], prepared=None)
    if options['stage'] == 'prep':
        manifest['prepared'] = where['prepared']
        if os.path.isdir(where['prepared']):
            shutil.rmtree(where['prepared'])
        os.rename(partial['_builddir'], where['prepared'])
    for path in partial.values():
        shutil.rmtree(path, ignore_errors=True)
    _write(where['manifest'], to_bytes(json.dumps(manifest, indent=2, sort_keys=True) + '\n'))
    return manifest


class BuildError(_cli.CliError):
    """rpmbuild failed; ``details()`` says in which stage and of what."""

    def __init__(self, message, log, text):
        super(BuildError, self).__init__(message)
        self._details = dict(explain(text), log=log, log_tail=text.rstrip().split('\n')[-TAIL:])

    def details(self):
        return self._details


_STAGE = re.compile(r'^(?:Executing\(%(\w+)\)|Processing (files):)', re.M)
_ENDED = re.compile(r'^error: Bad exit status from \S+ \(%(\w+)\)', re.M)
_NEEDED = re.compile(r'^\t(\S.*?) is needed by \S+$', re.M)
# Autotest's line of a test that failed, or passed against expectation.
_TEST = re.compile(r'^ *(\d+): (.*?)\s+(?:FAILED|UNEXPECTED PASS)(?: \(.*\))?$', re.M)
_TOOL_ERROR = re.compile('|'.join((
    r'^configure: error: (?!in `).*',
    r'^\S+?:\d+(?::\d+)?: (?:fatal )?error: .*',  # compilers
    r'^\S+?: undefined reference to .*', r'^\S*ld: cannot find .*',  # the linker
    r'^(?:\S+/)?g?make(?:\[\d+\])?: \*\*\* .*',
    r"^can't find file to patch.*", r'^\d+ out of \d+ hunks? .*',  # patch
    r'^\S*rpm-tmp\S*: (?:line )?\d+: .*')), re.M)  # the section's own shell
_REMEDIES = (
    (r'Version required: Requires: kernel', 'the spec found no kernel-devel package; give kernel_uname, or kernel_name with kernel_version, in defines'),
    (r'File not found: .*\.gz', 'nothing compressed the manual pages; install redhat-rpm-config'),
    (r'Installed \(but unpackaged\)', 'name them in %files, or define _unpackaged_files_terminate_build as 0'),
    (r'command not found|: not found', 'install the package that holds this program'))
_RPM_ERROR = re.compile(r'^error: (?!Bad exit status|Failed build dependencies).*(?:\n +\S.*)*', re.M)


def explain(log):
    """What a log of rpmbuild says of its failure: ``{stage, errors, failed_tests, missing_requires}``.

    ``stage`` is a section of the spec such as ``%build``, or None where rpmbuild ended before the first.
    ``errors`` starts with the first error of a tool in that section, or where none is known by its form with the
    section's last line; rpmbuild's own errors come after.
    """
    ended, begun = _ENDED.search(log), list(_STAGE.finditer(log))
    part = log[begun[-1].start():] if begun else ''
    stage = ended.group(1) if ended else (begun[-1].group(1) or begun[-1].group(2)) if begun else None
    tests = [dict(number=int(number), name=name) for number, name in _TEST.findall(part)]
    first = _TOOL_ERROR.search(part)
    errors = [first.group(0)] if first else []
    if ended and not errors and not tests:
        errors = [line for line in log[:ended.start()].split('\n') if line.strip()][-1:]
    errors += [re.sub(r'\s*\n\s+', ' ', text) for text in _RPM_ERROR.findall(log)]
    return dict(stage='%' + stage if stage else None, errors=_once(errors), failed_tests=_once(tests),
                missing_requires=_once(_NEEDED.findall(log)) if 'Failed build dependencies' in log else [])


def _rpmbuild(options, where, spec, log, time_limit):
    """Run rpmbuild with folders of its own for the results."""
    partial = _partial(where)
    words = [_cli.find('rpmbuild'), STAGES[options['stage']]] + arguments(options)
    kinds = ('_rpmdir', '_srcrpmdir') + (('_builddir',) if options['stage'] == 'prep' else ())
    for kind in kinds:
        os.makedirs(partial[kind])
        words += ['--define', '%s %s' % (kind, partial[kind])]
    if options['jobs']:
        words += ['--define', '_smp_mflags -j%d' % options['jobs']]
    environment = dict((name, to_text(value)) for name, value in options['environment'].items())
    try:
        _cli.run(words + [spec], time_limit, env=environment, output=log)
    except _cli.CliError as error:
        raise _failure(error, where, spec)


def _failure(error, where, spec):
    with open(where['live_log'], 'rb') as stream:
        text = to_text(stream.read(), errors='surrogate_or_replace')
    found = explain(text)
    causes = ['missing BuildRequires, install them: ' + ', '.join(found['missing_requires'])] if found['missing_requires'] else []
    causes += ['failed unit tests: ' + ', '.join('%(number)d %(name)s' % test for test in found['failed_tests'])] if found['failed_tests'] else []
    causes += found['errors'][:1]
    causes += [remedy for pattern, remedy in _REMEDIES if re.search(pattern, ' '.join(found['errors']))]
    if not causes:
        causes = [str(error)]
    return BuildError('The build of %s failed in %s: %s. The whole log: %s' % (
        os.path.basename(spec), found['stage'] or 'preparation, before its first stage', '; '.join(causes), where['log']), where['log'], text)


def _bad_defines(defines):
    texts = []
    for name, value in sorted(defines.items()):
        if name in _MISSPELT:
            texts.append('defines: no spec knows %s; the name is %s' % (name, _MISSPELT[name]))
        elif name in _OWN:
            texts.append('defines: %s is given by %s' % (name, _OWN[name]))
        elif not _MACRO.match(name):
            texts.append('defines: %r is no macro name: a letter or _, then two or more letters, digits or _' % to_native(name))
        else:
            reason = _bad_value(name, value)
            texts.extend(['defines: %s %s' % (name, reason)] if reason else [])
    return texts


def _bad_value(name, value):
    """Why the value of a macro would not arrive in the spec as it is written, or None."""
    if isinstance(value, bool) or not isinstance(value, (type(u''), str) + integer_types):
        return 'must be text or a whole number; put it in quotes'
    text = to_text(value)
    if not text:
        return 'is empty; leave it out, or write %{nil} where the spec wants it empty'
    if name in _VERSIONS and not re.match(r'[A-Za-z0-9._+~^]+\Z', text):
        return 'is %r; rpm allows no - and only letters, digits and ._+~^ in a version' % to_native(text)
    if text == '%{nil}':
        return None
    if text != text.strip() or text.startswith('-') or re.search(u'[%\\\\{}\\x00-\\x1f\\x7f]', text):
        return 'has a value that rpm would expand, cut or take for an option: no %, backslash, brace, control character, leading - or blank around it'
    return None


def _version(tool, time_limit):
    """The first line that a tool says of its version, or "none" where it is not on this host."""
    try:
        return _cli.run(tool + ['--version'], time_limit).out.split('\n')[0]
    except _cli.CliError as error:
        if error.result is None:
            return 'none'
        raise


def _partial(where):
    """Folders for results under way, beside the final ones so that a rename moves them."""
    return dict((kind, os.path.join(where[kind], PARTIAL)) for kind in ('_rpmdir', '_srcrpmdir', '_builddir'))


def _files(folder):
    return [os.path.join(parent, name) for parent, folders, names in os.walk(folder) for name in names]


def _bring(path, folder, digests):
    """Copy a file into ``folder`` unless the same content is there; its path there."""
    name = os.path.basename(path)
    target = os.path.join(folder, name)
    if not (os.path.isfile(target) and _rpm.sha256(target) == digests[name]):
        shutil.copyfile(path, target + PARTIAL)
        os.rename(target + PARTIAL, target)
        if _rpm.sha256(target) != digests[name]:
            raise _cli.CliError('%s changed while it was copied; nothing was built. Start again when it is complete.' % path)
    return target


def _describe(package, path, final):
    """One result as the module returns it; a source package is of the architecture "src"."""
    if final.endswith('src.rpm'):
        package = dict(package, arch='src')
    entry = dict((name, package[name]) for name in ('name', 'epoch', 'version', 'release', 'arch'))
    return dict(entry, nevra=_rpm.nevra(package), path=final, size=os.path.getsize(path), sha256=_rpm.sha256(path),
                header_sha256=package['sha256_header'])


def _write(path, data):
    with open(path + PARTIAL, 'wb') as stream:
        stream.write(data)
        stream.flush()
        os.fsync(stream.fileno())
    os.rename(path + PARTIAL, path)


def _once(items):
    return [item for position, item in enumerate(items) if item not in items[:position]]
