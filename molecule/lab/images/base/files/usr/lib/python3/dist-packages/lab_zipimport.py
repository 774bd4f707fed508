# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keep what Python compiles out of archives, as it does for files: lab.pth starts this with every Python 3 of the lab's hosts.

Each of Ansible's modules comes as an archive of some ten thousand lines that are compiled at every call, to the same code: two fifths of
the processor time of a small module here. Where the code cannot be kept, it is compiled as ever.
"""

import _imp
import marshal
import os
import sys
import zipimport

FOLDER = '/var/cache/lab-python'
compile_source = zipimport._compile_source


def kept(path, source):
    """What ``zipimport`` would make of the source: the kept code with the path that it has this time."""
    import hashlib  # not at the start of each Python, most of which read no archive
    name = os.path.join(FOLDER, '%s.%s' % (hashlib.sha256(source).hexdigest(), sys.implementation.cache_tag))
    try:
        with open(name, 'rb') as stream:
            code = marshal.load(stream)
    except OSError:
        code = compile_source(path, source)
        keep(name, code)
    _imp._fix_co_filename(code, path)
    return code


def keep(name, code):
    draft = '%s.%d' % (name, os.getpid())
    try:
        with open(draft, 'xb') as stream:
            marshal.dump(code, stream)
        os.rename(draft, name)
    except OSError:
        pass  # another user than root


zipimport._compile_source = kept
