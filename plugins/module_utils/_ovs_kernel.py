# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The kernel's openvswitch module: the one that is loaded against the one that modprobe would load; no process is started."""

from __future__ import absolute_import, division, print_function
__metaclass__ = type

import gzip
import io
import os
import re
import zlib

try:
    import lzma  # novm
except ImportError:  # Python 2
    lzma = None

# Until 1.6 the module was called openvswitch_mod.
_FILE = re.compile(r'(?:^|/)openvswitch(?:_mod)?\.ko(?:\.(gz|xz|zst))?$')
_TEXTS = re.compile(br'(?<![\x20-\x7e])(version|srcversion)=([\w.+~-]+)\0')
_NAMES = ('openvswitch', 'openvswitch_mod')


def state(root='/', release=None):
    """The module as ``dict(loaded, version, srcversion, file, file_version, file_srcversion)``.

    ``version`` and ``srcversion`` are the loaded module's, ``file`` is the path that modprobe would load for the running
    kernel. A value that the module or the kernel does not tell is None; modules of the kernel's own tree have no version.
    """
    loaded = [path for path in [os.path.join(root, 'sys/module', name) for name in _NAMES] if os.path.isdir(path)]
    path = _installed(os.path.join(root, 'lib/modules', release or os.uname()[2]))
    inside = _modinfo(path) if path else {}
    return dict(
        loaded=bool(loaded),
        version=_line(loaded, 'version'), srcversion=_line(loaded, 'srcversion'),
        file=path, file_version=inside.get('version'), file_srcversion=inside.get('srcversion'))


def mismatch(module):
    """Why the loaded module is not the installed one, as a sentence, or None where it is or nobody can tell."""
    if not module['loaded']:
        return None
    for name in ('version', 'srcversion'):
        loaded, installed = module[name], module['file_' + name]
        if loaded and installed and loaded != installed:
            return 'the kernel runs the openvswitch module with the %s %s, and %s has %s' % (name, loaded, module['file'], installed)
    return None


def _line(folders, name):
    for folder in folders:
        path = os.path.join(folder, name)
        if os.path.isfile(path):
            with io.open(path, encoding='ascii', errors='replace') as stream:
                return stream.read().strip() or None
    return None


def _installed(folder):
    """The module's file as depmod has listed it, or None."""
    listing = os.path.join(folder, 'modules.dep')
    if not os.path.isfile(listing):
        return None
    with io.open(listing, encoding='utf-8', errors='replace') as stream:
        found = [line.split(':')[0] for line in stream if _FILE.search(line.split(':')[0])]
    return os.path.join(folder, found[0]) if found else None


def _modinfo(path):
    """The module's version and srcversion, which its .modinfo section holds as NUL-ended ``name=value`` texts."""
    try:
        content = _content(path)
    except (IOError, OSError, EOFError, ValueError, zlib.error):
        return {}  # absent, cut off or packed in a way that this Python cannot read
    return dict((name.decode('ascii'), value.decode('ascii')) for name, value in _TEXTS.findall(content))


def _content(path):
    packing = _FILE.search(path).group(1)
    if packing == 'gz':
        with gzip.open(path, 'rb') as stream:
            return stream.read()
    with open(path, 'rb') as stream:
        content = stream.read()
    if packing is None:
        return content
    if packing == 'xz' and lzma:
        try:
            return lzma.decompress(content)
        except lzma.LZMAError as error:
            raise ValueError(str(error))
    raise ValueError('cannot unpack %s' % path)
