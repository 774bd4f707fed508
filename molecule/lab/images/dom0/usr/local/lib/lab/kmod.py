# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""kmod.py TOOL ARGUMENT...: modprobe, insmod, rmmod, lsmod, modinfo and depmod of a host whose kernel is not its own.

A module is a file NAME.ko below /lib/modules/RELEASE: lines "field: value", as modinfo prints them. It is loaded while
/run/lab/modules/NAME exists, hence until the next boot.
"""

import argparse
import glob
import os
import re
import shlex
import subprocess
import sys

LOADED = '/run/lab/modules'


def release():
    with open('/etc/lab/kernel-release', encoding='utf-8') as stream:
        return stream.read().strip()


def plain(name):
    """The kernel's spelling of a module's name."""
    return os.path.basename(name).replace('.ko', '').replace('-', '_')


def find(name):
    for path in glob.glob('/lib/modules/%s/**/*.ko' % glob.escape(release()), recursive=True):
        if plain(path) == plain(name):
            return path
    return None


def fields(path):
    with open(path, encoding='utf-8') as stream:
        return re.findall(r'^(\w+):[ \t]*(.*)$', stream.read(), re.MULTILINE)


def depends(path):
    return [name for name in dict(fields(path)).get('depends', '').split(',') if name]


def loaded():
    """Module -> the loaded modules that need it, the youngest first."""
    if not os.path.isdir(LOADED):
        return {}
    names = sorted(os.listdir(LOADED), key=lambda name: os.stat(os.path.join(LOADED, name)).st_mtime_ns, reverse=True)
    return {name: [other for other in names if name in map(plain, depends(find(other) or os.devnull))] for name in names}


def install_command(name):
    """What /etc/modprobe.d says to run in place of loading the module."""
    for path in sorted(glob.glob('/etc/modprobe.d/*')):
        with open(path, encoding='utf-8') as stream:
            for line in stream:
                words = line.split(None, 2)
                if words[:1] == ['install'] and len(words) == 3 and plain(words[1]) == plain(name):
                    return shlex.split(words[2])
    return None


def load(name, dry_run=False):
    command = install_command(name)
    if command:
        return subprocess.call(command) if not dry_run else 0
    path = find(name)
    if path is None:
        print('modprobe: FATAL: Module %s not found in directory /lib/modules/%s' % (name, release()), file=sys.stderr)
        return 1
    if any(load(needed, dry_run) for needed in depends(path)):
        return 1
    marker = os.path.join(LOADED, plain(name))
    if not dry_run and not os.path.exists(marker):
        os.makedirs(LOADED, exist_ok=True)
        with open(marker, 'w', encoding='utf-8'):
            pass
    return 0


def unload(name, tool):
    users = loaded().get(plain(name))
    if users is None:
        print('%s: ERROR: Module %s is not currently loaded' % (tool, plain(name)), file=sys.stderr)
        return 1
    if users:
        print('%s: ERROR: Module %s is in use by: %s' % (tool, plain(name), ' '.join(users)), file=sys.stderr)
        return 1
    os.unlink(os.path.join(LOADED, plain(name)))
    return 0


def modprobe(arguments):
    parser = argparse.ArgumentParser(prog='modprobe')
    parser.add_argument('-r', '--remove', action='store_true')
    parser.add_argument('-n', '--dry-run', '--show', action='store_true')
    parser.add_argument('-q', '--quiet', action='store_true')
    parser.add_argument('-v', '--verbose', action='store_true')
    parser.add_argument('-a', '--all', action='store_true')
    parser.add_argument('words', nargs='+')
    options = parser.parse_args(arguments)
    if options.quiet:
        sys.stderr = open(os.devnull, 'w', encoding='utf-8')
    # Without -r and -a the words after the first are the module's parameters.
    names = options.words if options.all or options.remove else options.words[:1]
    return max(unload(name, 'modprobe') if options.remove else load(name, options.dry_run) for name in names)


def insmod(arguments):
    return load(plain(arguments[0]))


def rmmod(arguments):
    return max(unload(name, 'rmmod') for name in arguments if not name.startswith('-'))


def lsmod(_arguments):
    print('Module                  Size  Used by')
    for name, users in loaded().items():
        print(('%-19s %8d  %d %s' % (name, os.path.getsize(find(name) or os.devnull), len(users), ','.join(users))).rstrip())
    return 0


def modinfo(arguments):
    parser = argparse.ArgumentParser(prog='modinfo')
    parser.add_argument('-F', '--field')
    parser.add_argument('-n', '--filename', action='store_true')
    parser.add_argument('name')
    options = parser.parse_args(arguments)
    path = options.name if os.path.isfile(options.name) else find(options.name)
    if path is None:
        print('modinfo: ERROR: Module %s not found.' % options.name, file=sys.stderr)
        return 1
    wanted = 'filename' if options.filename else options.field
    for field, value in [('filename', path), *fields(path)]:
        if wanted is None:
            print('%-15s %s' % (field + ':', value))
        elif wanted == field:
            print(value)
    return 0


def depmod(_arguments):
    return 0


if __name__ == '__main__':
    TOOLS = {'modprobe': modprobe, 'insmod': insmod, 'rmmod': rmmod, 'lsmod': lsmod, 'modinfo': modinfo, 'depmod': depmod}
    sys.exit(TOOLS[sys.argv[1]](sys.argv[2:]))
