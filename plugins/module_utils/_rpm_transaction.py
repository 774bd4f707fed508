# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One rpm transaction: planned from files and installed packages, refused early, tried, carried out, read again.

A plan is ``{commands, install, erase, steps}``: what rpm is called with, the packages that must be there afterwards,
those that must not, and one ``{path, package, action, replaces}`` for every file; packages are those of ``_rpm``.
There is one command, or none; more only where packages go before or after an installation, which rpm cannot do in one.
"""

from __future__ import absolute_import, division, print_function
__metaclass__ = type

import errno
import fcntl
import os
import re
import tempfile
import time

from ansible.module_utils.common.text.converters import to_native, to_text

from ansible_collections.xenserver.openvswitch.plugins.module_utils import _cli, _rpm

# Seconds between two attempts while another rpm holds the lock.
PAUSE = 1

_LOCKED = "can't create transaction lock"
_DENIED = re.compile(_LOCKED + r' on .* \(Permission denied\)')
_FLAGS = {'reinstall': '--replacepkgs', 'downgrade': '--oldpackage'}
# rpm takes what begins with / or . for a path.
_NAME = re.compile(r'[A-Za-z0-9_][A-Za-z0-9_.+~^:()@-]*\Z')
_NOISE = ('error: Failed dependencies:', 'Verifying...', 'Preparing...', 'rpm: RPM should not', 'rpm: However assuming')


def family(package):
    """The virtual names under which builds for several kernels are installed side by side.

    ``openvswitch-modules-3.10.0+2`` provides ``openvswitch-modules = 3.10.0+2``: the Provides and its version make up
    the package's own name, so that ``rpm -U`` adds such a build and never replaces the one for another kernel.
    """
    return [name for name, evr in package['provides'] if evr and '%s-%s' % (name, evr) == package['name']]


def names_to_ask(packages):
    """Every name under which something that concerns these packages may be installed."""
    names = set()
    for package in packages:
        names.update([package['name']], package['obsoletes'], family(package))
    return sorted(names)


def concerned(packages, installed):
    """The installed packages that these may replace: those of their names, and those they obsolete."""
    names = set(name for package in packages for name in [package['name']] + package['obsoletes'])
    return [have for have in installed if have['name'] in names]


def siblings(packages, installed):
    """Names of installed packages of the same family as one of these, such as the modules of other kernels."""
    families = set(name for package in packages for name in family(package))
    own = set(package['name'] for package in packages)
    return sorted(set(have['name'] for have in installed if have['name'] not in own and families.intersection(family(have))))


def obsolete(packages, installed, running):
    """The installed packages of the same family as one of these that serve only kernels which were left behind.

    A kernel was left behind where it is older than ``running``, as ``uname -r`` names that, and none of these packages
    serves it. One that is newer may have been prepared for the next boot. What kernel a package serves is told by its
    files, since names and Provides hold the package version of some kernels and not their ``uname -r``.
    """
    families = set(name for package in packages for name in family(package))
    own = set(package['name'] for package in packages)
    served = set(kernel for package in packages for kernel in package['kernels'])
    return [have for have in installed
            if have['name'] not in own and have['kernels'] and families.intersection(name for name, evr in have['provides'])
            and all(_rpm.vercmp(kernel, running) < 0 and kernel not in served for kernel in have['kernels'])]


def named_alone(names, packages, installed):
    """The installed packages that have one of these names and none of these packages'."""
    own = set(package['name'] for package in packages)
    return [have for have in installed if have['name'] in names and have['name'] not in own]


def obsoleted(path, package, installed, time_limit):
    """The installed packages that ``rpm -U`` of a file removes since it obsoletes them; a process only where one has the name."""
    named = [have for have in installed if have['name'] in package['obsoletes'] and have['name'] != package['name']]
    if not named:
        return []
    lines = _cli.run([_cli.find('rpm'), '-qp', '--obsoletes', path], time_limit).out.splitlines()
    return [have for have in named if any(_is_meant(have, line) for line in lines)]


def _is_meant(have, text):
    """Whether an Obsoletes such as ``name < 1:2.0-1`` is about a package; where it has no release, any is meant."""
    name, sign, evr = (text.split() + ['', '', ''])[:3]
    if name != have['name'] or not sign:
        return name == have['name']
    epoch, dummy, rest = evr.rpartition(':')
    version, dummy, release = rest.partition('-')
    return '<=>'[1 + _rpm.compare(have, dict(epoch=epoch, version=version, release=release or have['release']))] in sign


def torn(package, installed, time_limit):
    """The installed packages that a killed transaction has left beside the build that was to replace them; processes only where there may be one.

    rpm puts the new package into its database before it takes the old one out. Kernels are side by side on purpose, and share no file.
    """
    replaces = _replaced(package, installed)
    others = [have for have in replaces if not _rpm.same_build(package, have)]
    if not others or len(others) == len(replaces):
        return []
    own = _files(package, time_limit)
    return [have for have in others if own & _files(have, time_limit)]


def _files(package, time_limit):
    query = ['-q', '--queryformat', '[%{FILEMODES:perms} %{FILENAMES}\n]', _rpm.label(package)]
    lines = _cli.run([_cli.find('rpm')] + query, time_limit, ok=None).out.splitlines()
    return set(line for line in lines if not line.startswith('d'))


def plan_install(paths, packages, installed, keep_newer, leftover=(), outdated=None, halves=(), excess=()):
    """The plan that makes every given build installed; with ``keep_newer`` an installed newer one is as good.

    :arg leftover: installed packages that go afterwards, ``excess`` those that go before.
    :arg outdated: what :func:`obsoleted` found, by path.
    :arg halves: what :func:`torn` found.
    """
    steps, flags = [], set()
    for path, package in zip(paths, packages):
        replaces = _replaced(package, installed)
        here = _among(package, replaces)
        others = [have for have in replaces if have in halves] if here else replaces
        action = _action(package, others, here)
        if action and not (keep_newer and action == 'downgrade'):
            steps.append(dict(path=path, package=package, action=action, replaces=others + (outdated or {}).get(path, [])))
            flags.update([_FLAGS[action]] if action in _FLAGS else [], ['--replacepkgs'] if here else [])
    commands = [['-U'] + sorted(flags) + [step['path'] for step in steps]] if steps else []
    return dict(
        commands=_erasure(excess) + commands + _erasure(leftover), steps=steps, install=[step['package'] for step in steps],
        erase=_once(list(excess) + [have for step in steps for have in step['replaces']] + list(leftover)))


def plan_erase(names, installed):
    """The plan that removes what is called, or where nothing is called so provides, each of ``names``."""
    erase = []
    for name in names:
        called = [have for have in installed if have['name'] == name]
        found = called or [have for have in installed if name in [provided for provided, evr in have['provides']]]
        erase.extend(have for have in found if have not in erase)
    return dict(commands=_erasure(erase), steps=[], install=[], erase=erase)


def bad_names(names):
    """What is wrong with the names of packages to remove, one text each."""
    return ['%r is no name of a package or Provides: give exact names, no options, paths or patterns' % to_native(name)
            for name in names if not _NAME.match(name)]


def bad_files(paths, packages, checksums, digest=_rpm.sha256):
    """What is wrong with the files given, one text each: two of one package, or another content than promised."""
    texts, seen = [], {}
    for path, package in zip(paths, packages):
        key = (package['name'], package['arch'])
        if key in seen:
            texts.append('%s and %s are both files of package %s.%s; give one' % ((seen[key], path) + key))
        seen[key] = path
        promised = checksums.get(os.path.basename(path))
        if promised and digest(path) != promised.lower():
            texts.append('%s has the SHA-256 %s, not %s as in checksums; copy or build it again' % (path, digest(path), promised))
    return texts


def bad_checksums(checksums):
    """What is wrong with the promised checksums, one text each; an empty one would vouch for any content."""
    return ['checksums: %r of %s is no SHA-256 of 64 hexadecimal digits' % (value, to_native(name))
            for name, value in sorted(checksums.items()) if not re.match('[0-9A-Fa-f]{64}\\Z', to_text(value))]


def refusals(steps, checksums, allow_downgrade, allow_vendor_change, allow_unsigned):
    """What lacks consent, one text each that names the option which gives it."""
    texts = []
    for step in steps:
        package = step['package']
        name = _rpm.nevra(package)
        if step['action'] == 'downgrade' and not allow_downgrade:
            texts.append('%s is older than the installed %s; allow_downgrade=true replaces it, state=latest keeps it' % (
                name, ', '.join(_rpm.nevra(have) for have in step['replaces'])))
        for have in step['replaces']:
            if have['vendor'] != package['vendor'] and not allow_vendor_change:
                texts.append('%s by %s would replace %s by %s; allow_vendor_change=true consents' % (
                    name, _vendor(package), _rpm.nevra(have), _vendor(have)))
        if not (package['signed'] or allow_unsigned or os.path.basename(step['path']) in checksums):
            texts.append('%s is not signed; give its SHA-256 in checksums, sign it, or set allow_unsigned=true' % step['path'])
    return texts


def host_architectures(steps, time_limit):
    """The architectures that this host's rpm installs, asked only where one of the steps needs the answer."""
    if all(step['package']['arch'] == 'noarch' for step in steps):
        return ['noarch']
    result = _cli.run([_cli.find('rpm'), '--showrc'], time_limit)
    for line in result.out.splitlines():
        if line.startswith('compatible archs'):
            return line.split(':', 1)[1].split()
    raise _cli.CliError('rpm --showrc names no compatible architectures.', result)


def foreign(steps, architectures):
    """Which files are for another architecture, one text each; rpm itself would speak of missing libraries first."""
    return ['%s is built for %s and this host installs %s; build or choose the package for this host' % (
        step['path'], step['package']['arch'], ' '.join(architectures))
        for step in steps if step['package']['arch'] not in architectures]


def unproven(steps, checksums):
    """The paths of signed files that no checksum vouches for, so that their signature must."""
    return [step['path'] for step in steps if step['package']['signed'] and os.path.basename(step['path']) not in checksums]


def check_signatures(paths, time_limit):
    """Refuse files whose signature or digest rpm does not confirm with the keys of this host.

    ``rpm -K`` is ``rpmkeys -K`` since rpm 4.9; an rpm that is wrapped with options of its own fails there.
    """
    if not paths:
        return
    try:
        tool = _cli.find('rpmkeys')
    except _cli.CliError:
        tool = _cli.find('rpm')
    result = _cli.run([tool, '-K'] + paths, time_limit, ok=None)
    if result.rc:
        raise _cli.CliError('rpm does not confirm every signature; import the key (rpm --import), give the SHA-256 in '
                            'checksums, or set allow_unsigned=true. It said: %s' % said(result), result)


def problems(text):
    """What rpm holds against a transaction, one text each, with a remedy where rpm's words leave it open."""
    found = []
    for line in text.splitlines():
        line = line.strip()
        if line and not line.startswith(_NOISE) and _explain(line) not in found:
            found.append(_explain(line))
    return found


def transact(arguments, time_limit, pause=PAUSE):
    """Run rpm and return its result, whatever its status; while another rpm holds the lock, wait and try again.

    :raises CliError: no end within ``time_limit`` seconds, the waiting included, or a user who never gets the lock.
    """
    argv = [_cli.find('rpm')] + arguments
    end = time.time() + time_limit
    while True:
        result = _run(argv, max(end - time.time(), 1))
        if result.rc == 0 or _LOCKED not in result.out:  # the scripts of a package may call an rpm of their own in vain
            return result
        if _DENIED.search(result.out):
            raise _cli.CliError('This user may not change packages. Run the task as root (become: true). rpm said: %s' % said(result), result)
        if time.time() + pause >= end:
            raise _cli.CliError('Another rpm held the package database for all of %s seconds; try again when it has ended, or raise '
                                'time_limit. fuser -v shows who holds the file that rpm names: %s' % (time_limit, said(result)), result)
        time.sleep(pause)


def _run(argv, time_limit):
    """Run rpm with both its streams in one file, so that what the scripts of packages say stays in its order."""
    with tempfile.TemporaryFile() as spool:
        try:
            return _said_in(spool, _cli.run(argv, time_limit, ok=None, output=spool))
        except _cli.CliError as error:
            error.result = error.result and _said_in(spool, error.result)
            raise


def _said_in(spool, result):
    spool.seek(0)
    return result._replace(out=to_text(spool.read(), errors='surrogate_or_replace'))


def wait_for_others(time_limit, pause=PAUSE):
    """Wait until no other rpm is at work, such as one that has outlived the run that started it; what is installed is not settled before.

    :raises CliError: it still is after ``time_limit`` seconds.
    """
    path = _cli.run([_cli.find('rpm'), '-E', '%{?_rpmlock_path}'], time_limit).out.strip()
    end = time.time() + time_limit
    while path and _held(path):
        if time.time() + pause >= end:
            raise _cli.CliError('Another rpm holds the package database for %s seconds already; fuser -v %s shows which. '
                                'Nothing was changed; run again when it has ended.' % (time_limit, path))
        time.sleep(pause)


def _held(path):
    """Whether a process holds the lock.

    :raises IOError: this user could not get it either.
    """
    if not os.path.exists(path):
        return False
    with open(path, 'rb+') as stream:
        try:
            fcntl.lockf(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except (IOError, OSError) as error:
            return error.errno in (errno.EACCES, errno.EAGAIN)
    return False


def rehearse(plan, time_limit):
    """Let rpm check the whole plan without carrying it out.

    A removal that comes after an installation may take what the new packages provide as well, and what is removed before one needs nothing
    any more; rpm cannot know that yet.

    :raises CliError: everything that rpm holds against it, at once.
    """
    provided = set(name for package in plan['install'] for name, evr in package['provides'])
    found, gone = [], set()
    for command in plan['commands']:
        result = transact(command[:1] + ['--test'] + command[1:], time_limit)
        if result.rc:
            found += [text for text in problems(result.out) or ['no reason given'] if not _settled(text, provided, gone)]
        gone.update(command[1:] if command[0] == '-e' else [])
    if found:
        raise _cli.CliError('rpm would refuse this transaction, nothing was changed: %s.' % '; '.join(found), result)


def _settled(text, provided, gone):
    found = re.match(r'(.*?) is needed by (?:\(installed\) ([^;]*))?', text)
    return bool(found) and (found.group(1) in provided or found.group(2) in gone)


def unmet(plan, installed):
    """What of a plan does not hold among the packages that are now installed, one text each."""
    missing = ['%s is not installed' % _rpm.nevra(want) for want in plan['install'] if not _among(want, installed)]
    return missing + ['%s is still installed' % _rpm.nevra(old) for old in plan['erase'] if _among(old, installed)]


def outcome(plan, before):
    """What will be installed once the plan is carried out."""
    return [have for have in before if not _among(have, plan['erase'])] + plan['install']


def difference(before, after):
    """``(installed, removed)`` as sorted NEVRAs; a rebuild of the same version is in both."""
    return (nevras([package for package in after if not _among(package, before)]),
            nevras([package for package in before if not _among(package, after)]))


def nevras(packages):
    """Sorted NEVRAs."""
    return sorted(_rpm.nevra(package) for package in packages)


def builds(packages):
    """Sorted NEVRAs, each with the start of its header digest: what a diff shows, since a rebuild differs in nothing else."""
    return sorted('%s (%s)' % (_rpm.nevra(package), (package['sha256_header'] or package['sha1_header'] or package['md5'])[:12]) for package in packages)


def said(result):
    """All that a tool printed, without empty lines."""
    return '\n'.join(line for line in (result.out + '\n' + result.err).splitlines() if line.strip())


def _erasure(packages):
    return [['-e'] + [_rpm.label(have) for have in packages]] if packages else []


def _action(package, others, here):
    """install, upgrade, reinstall, downgrade, or None where the very build is installed (``here``) and no other."""
    if not others:
        return None if here else 'install'
    order = max(_rpm.compare(have, package) for have in others)
    return {-1: 'upgrade', 0: 'reinstall', 1: 'downgrade'}[order]


def _replaced(package, installed):
    """The installed packages that ``rpm -U`` of this one replaces: of its name, and of its architecture unless one is noarch."""
    return [have for have in installed if have['name'] == package['name']
            and (have['arch'] == package['arch'] or 'noarch' in (have['arch'], package['arch']))]


def _once(packages):
    return [package for number, package in enumerate(packages) if package not in packages[:number]]


def _among(package, packages):
    return any(_rpm.same_build(package, other) for other in packages)


def _vendor(package):
    return package['vendor'] or 'no vendor'


def _explain(line):
    line = re.sub(r'^(error|warning): ', '', line)
    if ' does not verify: ' in line or 'cannot be installed' in line:
        return '%s; the file is damaged, copy or build it again' % line
    if ' is needed by (installed) ' in line:
        return '%s; name that package in the same task' % line
    return line
