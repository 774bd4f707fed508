# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Know an Open vSwitch source: a Git tree, an unpacked tree or a tarball; its version, its content, what it needs.

A source is ``dict(kind, path, version, content, files)``: ``kind`` is ``git``, ``tree``, ``tarball`` (a packed tree, to be
bootstrapped) or ``release`` (a dist tarball already); ``content`` is the SHA-256 of all that goes into the result;
``files`` are the relative paths of a ``git`` or ``tree``, in bytes, since a file may have any name.
"""

from __future__ import absolute_import, division, print_function
__metaclass__ = type

import errno
import hashlib
import os
import re
import shutil
import tarfile
import tempfile
import zlib

try:
    from lzma import LZMAError  # novm
except ImportError:  # Python 2.7, which reads no xz
    LZMAError = EOFError

from ansible.module_utils.common.text.converters import to_bytes, to_native, to_text

from ansible_collections.xenserver.openvswitch.plugins.module_utils import _cli

_INIT = re.compile(r'^\s*AC_INIT\(\s*\[?openvswitch\]?\s*,\s*\[?([^\],\s)]+)', re.MULTILINE)
# What a version may be: it becomes part of file names.
_VERSION = re.compile(r'[0-9A-Za-z][0-9A-Za-z.+~_-]*\Z')
_CHUNK = 1 << 20
# What reading a tarball raises where it is none, or is damaged.
BROKEN_TARBALL = (tarfile.TarError, EOFError, IOError, OSError, zlib.error, LZMAError)


class SourceError(ValueError):
    """A source that no dist tarball can be made from; the message holds the remedy."""


def identify(path, patched):
    """What stands at ``path``: ``dict(kind, path, version)``, and the ``content`` of a tarball; no program is started.

    :arg patched: whether patches will be applied; a release is then unpacked and bootstrapped again.
    :raises SourceError: nothing there, or no Open vSwitch that could be bootstrapped.
    """
    if os.path.isdir(path):
        return _folder(path)
    if os.path.isfile(path):
        content = digest(path)  # before it is read: where it is replaced meanwhile, the copy does not match
        return dict(_tarball(path, patched), content=content)
    raise SourceError('There is no %s on this host. Put an Open vSwitch source tree or tarball there.' % path)


def measure(source, time_limit):
    """The identified source with ``content`` and ``files``; a Git tree takes one git.

    :raises SourceError: a part that could not be copied.
    """
    path = source['path']
    if source['kind'] in ('tarball', 'release'):
        return dict(source, files=None)
    files = _git_files(path, time_limit) if source['kind'] == 'git' else _tree_files(path)
    return dict(source, content=digest_tree(path, files), files=files)


def _folder(path):
    version = version_of(_text(os.path.join(path, 'configure.ac')), path)
    if not os.path.isfile(os.path.join(path, 'boot.sh')):
        raise SourceError('%s has no boot.sh, so that its configure script cannot be made. Give a whole source tree, or the release tarball itself.' % path)
    return dict(kind='git' if os.path.exists(os.path.join(path, '.git')) else 'tree', path=path, version=version)


def _text(path):
    if os.path.exists(path) and not os.path.isfile(path):
        return u''  # opening a FIFO would wait for ever
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
    version = to_native(match.group(1))
    if not _VERSION.match(version):
        raise SourceError('%s has the version %r in configure.ac, which cannot be part of a file name. Correct it there.' % (where, version))
    return version


def git(path, words, time_limit, ok=(0,)):
    """The :class:`_cli.Result` of a Git command that only looks at the tree at ``path``, whoever owns it.

    Nothing that its configuration names is run, and its index stays as it is, which ``git status`` would write anew (Git 2.15 and later heed that).
    """
    argv = [_cli.find('git'), '-C', path, '-c', 'safe.directory=%s' % os.path.realpath(path), '-c', 'core.fsmonitor=false'] + words
    return _cli.run(argv, time_limit, ok=ok, env=dict(GIT_OPTIONAL_LOCKS='0'))


def _git_files(path, time_limit):
    """What Git knows or would add: neither build products that it ignores nor files that were deleted."""
    out = git(path, ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], time_limit).out
    names = sorted(set(to_bytes(name) for name in out.split(u'\0') if name))
    stands = [name for name in names if _stands(join(path, name))]
    lost = [name for name in set(names).difference(stands) if u'\ufffd' in to_text(name)]
    if lost:  # not deleted: Python 2.7 has put that character where it could not read the name
        raise SourceError('%s holds a file with a name that is not UTF-8, %s, which Python 2.7 cannot handle in a Git tree. '
                          'Rename it, or have Ansible use Python 3 on this host.' % (path, to_native(to_text(lost[0]).encode('unicode_escape'))))
    return stands


def _tree_files(path):
    top, found = to_bytes(path), []
    for folder, folders, names in os.walk(top):
        links = [name for name in folders if os.path.islink(os.path.join(folder, name))]
        paths = [os.path.join(folder, name) for name in names + links]
        found += [os.path.relpath(each, top) for each in paths if _stands(each)]
    return sorted(found)


def _stands(path):
    """Whether a file, link or folder is there; anything else is no part of a source, and reading a FIFO would wait for ever."""
    return os.path.islink(path) or os.path.isfile(path) or os.path.isdir(path)


def join(path, name):
    """The path of a file of a tree, in bytes: no locale of the host is asked how its name is spelt."""
    return os.path.join(to_bytes(path), to_bytes(name))


def digest_tree(path, names):
    """SHA-256 over each file's name, kind and content; times and owners do not count."""
    total = hashlib.sha256()
    for name in names:
        total.update(name + b'\0' + _print_of(join(path, name)) + b'\n')
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
        old, new = join(source['path'], name), join(dest, name)
        if not os.path.isdir(os.path.dirname(new)):
            os.makedirs(os.path.dirname(new))
        if os.path.islink(old):
            os.symlink(os.readlink(old), new)
        else:
            shutil.copy2(old, new)
    if digest_tree(dest, source['files']) != source['content']:
        raise _changed(source['path'])


def copy_file(path, content, work):
    """The path of a copy of a tarball or patch, under its own name in a new folder inside ``work``.

    :arg content: its digest.
    :raises SourceError: the file was replaced meanwhile, so that the copy is not what its digest says.
    """
    copy = os.path.join(tempfile.mkdtemp(dir=work), os.path.basename(path))
    shutil.copyfile(path, copy)
    if digest(copy) != content:
        raise _changed(path)
    return copy


def _changed(path):
    return SourceError('%s changed while it was copied. Run again when nobody works in it.' % path)


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
