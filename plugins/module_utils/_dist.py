# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Know an Open vSwitch source: a Git tree, an unpacked tree or a tarball; its version, its content, what it needs.

A source is ``dict(kind, path, version, content, files)``: ``kind`` is ``git``, ``tree``, ``tarball`` (a packed tree, to be
bootstrapped) or ``release`` (a dist tarball already); ``content`` is the SHA-256 of all that goes into the result;
``files`` are the relative paths of a ``git`` or ``tree``.
"""

from __future__ import absolute_import, division, print_function
__metaclass__ = type

import errno
import hashlib
import os
import re
import shutil
import tarfile
import zlib

try:
    from lzma import LZMAError  # novm
except ImportError:  # Python 2.7, which reads no xz
    LZMAError = EOFError

from ansible.module_utils.common.text.converters import to_bytes, to_native, to_text

from ansible_collections.xenserver.openvswitch.plugins.module_utils import _cli

_INIT = re.compile(r'^\s*AC_INIT\(\s*\[?openvswitch\]?\s*,\s*\[?([^\],\s)]+)', re.MULTILINE)
_CHUNK = 1 << 20
# What reading a tarball raises where it is none, or is damaged.
BROKEN_TARBALL = (tarfile.TarError, EOFError, IOError, OSError, zlib.error, LZMAError)


class SourceError(ValueError):
    """A source that no dist tarball can be made from; the message holds the remedy."""


def identify(path, patched):
    """What stands at ``path``: ``dict(kind, path, version)``; no program is started.

    :arg patched: whether patches will be applied; a release is then unpacked and bootstrapped again.
    :raises SourceError: nothing there, or no Open vSwitch that could be bootstrapped.
    """
    if os.path.isdir(path):
        return _folder(path)
    if os.path.isfile(path):
        return _tarball(path, patched)
    raise SourceError('There is no %s on this host. Put an Open vSwitch source tree or tarball there.' % path)


def measure(source, time_limit):
    """The identified source with ``content`` and ``files``; a Git tree takes one git.

    :raises SourceError: a part that could not be copied.
    """
    path = source['path']
    if source['kind'] in ('tarball', 'release'):
        return dict(source, content=digest(path), files=None)
    files = _git_files(path, time_limit) if source['kind'] == 'git' else _tree_files(path)
    return dict(source, content=digest_tree(path, files), files=files)


def _folder(path):
    version = version_of(_text(os.path.join(path, 'configure.ac')), path)
    if not os.path.isfile(os.path.join(path, 'boot.sh')):
        raise SourceError('%s has no boot.sh, so that its configure script cannot be made. Give a whole source tree, or the release tarball itself.' % path)
    return dict(kind='git' if os.path.exists(os.path.join(path, '.git')) else 'tree', path=path, version=version)


def _text(path):
    try:
        with open(path, 'rb') as stream:
            return to_text(stream.read(), errors='replace')
    except (IOError, OSError) as error:
        if error.errno not in (errno.ENOENT, errno.ENOTDIR):
            raise
        return u''


def version_of(configure_ac, where):
    """The version that a configure.ac names.

    :raises SourceError: it is not Open vSwitch's, or its version is no plain one.
    """
    match = _INIT.search(configure_ac)
    if not match:
        raise SourceError('%s is no Open vSwitch source: it has no configure.ac with AC_INIT(openvswitch, VERSION).' % where)
    return to_native(match.group(1))


def git(path, *words):
    """The vector of a Git command on the tree at ``path``, whoever owns it; nothing that its configuration names is run."""
    return [_cli.find('git'), '-C', path, '-c', 'safe.directory=%s' % os.path.realpath(path), '-c', 'core.fsmonitor=false'] + list(words)


def _git_files(path, time_limit):
    """What Git knows or would add: neither build products that it ignores nor files that were deleted."""
    out = _cli.run(git(path, 'ls-files', '-z', '--cached', '--others', '--exclude-standard'), time_limit).out
    return sorted(set(name for name in out.split(u'\0') if name and os.path.lexists(_join(path, name))))


def _tree_files(path):
    found = []
    for folder, folders, names in os.walk(to_bytes(path)):
        links = [name for name in folders if os.path.islink(os.path.join(folder, name))]
        found += [os.path.relpath(os.path.join(folder, name), to_bytes(path)) for name in names + links]
    return sorted(to_text(name, errors='surrogate_or_strict') for name in found)


def _join(path, name):
    return os.path.join(to_bytes(path), to_bytes(name))


def digest_tree(path, names):
    """SHA-256 over each file's name, kind and content; times and owners do not count."""
    total = hashlib.sha256()
    for name in names:
        total.update(to_bytes(u'%s\0%s\n' % (name, to_text(_print_of(_join(path, name))))))
    return total.hexdigest()


def _print_of(path):
    if os.path.islink(path):
        return b'link ' + os.readlink(path)
    if os.path.isdir(path):
        raise SourceError('%s is a repository inside the tree, which is not supported. Take it out, or give an unpacked tree.' % to_native(path))
    return to_bytes('%s %s' % ('program' if os.access(path, os.X_OK) else 'file', digest(path)))


def digest(path):
    """The SHA-256 of a file, in hexadecimal."""
    total = hashlib.sha256()
    with open(path, 'rb') as stream:
        for chunk in iter(lambda: stream.read(_CHUNK), b''):
            total.update(chunk)
    return total.hexdigest()


def _tarball(path, patched):
    top, texts, names = _members(path)
    version = version_of(texts.get('configure.ac', u''), path)
    release = top == 'openvswitch-%s' % version and 'configure' in names
    if (patched or not release) and 'boot.sh' not in names:
        raise SourceError('%s has no boot.sh, so that its configure script cannot be made. Give a whole source tree.' % path)
    kind = 'release' if release and not patched else 'tarball'
    return dict(kind=kind, path=path, version=version)


def _members(path):
    """The one folder at a tarball's top, the text of its configure.ac, the names of the files in that folder."""
    tops, texts, names = set(), {}, set()
    try:
        with tarfile.open(path) as archive:
            for member in archive:
                top, slash, name = member.name.partition('/')
                tops.add(top)
                if member.isfile() and name and '/' not in name:
                    names.add(name)
                    if name == 'configure.ac':
                        texts[name] = to_text(archive.extractfile(member).read(), errors='replace')
            while archive.fileobj.read(_CHUNK):
                pass  # the check sum of what is compressed stands at its end
    except BROKEN_TARBALL as error:
        raise SourceError('%s is no whole tar archive (%s). Fetch it again.' % (path, to_native(error)))
    if len(tops) != 1:
        raise SourceError('%s is no source tarball: it holds %d folders at its top instead of one.' % (path, len(tops)))
    return tops.pop(), texts, names


def check_release(path, version):
    """Refuse a tarball that is not the release of ``version``; for what ``make dist`` has left.

    :raises SourceError: saying what it is.
    """
    found = _tarball(path, False)
    if found['kind'] != 'release' or found['version'] != version:
        raise SourceError('%s is no dist tarball of Open vSwitch %s.' % (path, version))


def copy_tree(source, dest):
    """Copy a ``git`` or ``tree`` source's files, links and modes into the new folder ``dest``.

    :raises SourceError: the source changed meanwhile, so that the copy is not what its digest says.
    """
    os.mkdir(dest)
    for name in source['files']:
        old, new = _join(source['path'], name), _join(dest, name)
        if not os.path.isdir(os.path.dirname(new)):
            os.makedirs(os.path.dirname(new))
        if os.path.islink(old):
            os.symlink(os.readlink(old), new)
        else:
            shutil.copy2(old, new)
    if digest_tree(dest, source['files']) != source['content']:
        raise SourceError('%s changed while it was copied. Run again when nobody works in it.' % source['path'])


def patches(asked):
    """Each patch as ``dict(name, path, strip, sha256)``, in order.

    :arg asked: dicts with path, strip and the sha256 that the file must have, or None.
    :raises SourceError: a file that is not there, or not the one meant.
    """
    return [_patch(one) for one in asked]


def _patch(one):
    if not os.path.isfile(one['path']):
        raise SourceError('There is no patch %s on this host. Copy it there first.' % one['path'])
    found = digest(one['path'])
    if one['sha256'] and one['sha256'].lower() != found:
        raise SourceError('The patch %s has the SHA-256 %s and not %s. It is another file, or was changed.' % (one['path'], found, one['sha256']))
    return dict(name=os.path.basename(one['path']), path=one['path'], strip=one['strip'], sha256=found)
