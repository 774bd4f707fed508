# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""chkconfig of CentOS 5: links in /etc/rcN.d after the header "# chkconfig: LEVELS START STOP" of a script in /etc/init.d."""

import glob
import os
import re
import subprocess
import sys

LEVELS = '0123456'
USAGE = """\
usage:   chkconfig --list [name]
         chkconfig --add <name>
         chkconfig --del <name>
         chkconfig [--level <levels>] <name> <on|off|reset>"""


class ChkconfigError(Exception):
    pass


def header(name):
    """Levels the service is on at by default, start and stop priority."""
    try:
        with open('/etc/init.d/' + name, encoding='utf-8', errors='replace') as stream:
            text = stream.read()
    except (FileNotFoundError, IsADirectoryError):
        raise ChkconfigError('error reading information on service %s: No such file or directory' % name)
    found = re.search(r'^#\s*chkconfig:\s*([0-6]+|-)\s+(\d+)\s+(\d+)', text, re.MULTILINE)
    if not found:
        raise ChkconfigError('service %s does not support chkconfig' % name)
    levels, start, stop = found.groups()
    return set(levels) - {'-'}, int(start), int(stop)


def links(name, level):
    return [path for path in glob.glob('/etc/rc%s.d/[SK][0-9][0-9]*' % level) if os.path.basename(path)[3:] == name]


def is_on(name, level):
    return any(os.path.basename(path).startswith('S') for path in links(name, level))


def unlink(name, level):
    for path in links(name, level):
        os.unlink(path)


def link(name, level, started):
    _levels, start, stop = header(name)
    unlink(name, level)
    os.symlink('../init.d/' + name, '/etc/rc%s.d/%s%02d%s' % (level, 'S' if started else 'K', start if started else stop, name))


def known(name):
    return any(links(name, level) for level in LEVELS)


def add(name):
    """Links where there are none; those that are there stay, as chkconfig leaves an administrator's choice."""
    default = header(name)[0]
    for level in LEVELS:
        if not links(name, level):
            link(name, level, level in default)


def delete(name):
    header(name)
    for level in LEVELS:
        unlink(name, level)


def switch(name, state, levels):
    default = header(name)[0]
    for level in levels:
        link(name, level, {'on': True, 'off': False, 'reset': level in default}[state])


def row(name):
    return '%-15s\t%s' % (name, '\t'.join('%s:%s' % (level, 'on' if is_on(name, level) else 'off') for level in LEVELS))


def listing(name=None):
    if name:
        header(name)
        if not known(name):
            raise ChkconfigError("service %s supports chkconfig, but is not referenced in any runlevel (run 'chkconfig --add %s')" % (name, name))
        print(row(name))
        return
    for name in sorted(os.listdir('/etc/init.d')):
        try:
            header(name)
        except ChkconfigError:
            continue
        if known(name):
            print(row(name))


def runlevel():
    return subprocess.run(['/sbin/runlevel'], stdout=subprocess.PIPE, universal_newlines=True, check=False).stdout.split()[-1:] or ['3']


def main(words):
    levels = None
    if '--level' in words[:-1]:
        at = words.index('--level')
        levels = words[at + 1]
        words = words[:at] + words[at + 2:]
    if words[:1] == ['--list'] and len(words) < 3:
        listing(*words[1:])
    elif words[:1] == ['--add'] and len(words) == 2:
        add(words[1])
    elif words[:1] == ['--del'] and len(words) == 2:
        delete(words[1])
    elif len(words) == 2 and words[1] in ('on', 'off', 'reset') and not set(levels or '') - set(LEVELS):
        switch(words[0], words[1], levels or (LEVELS if words[1] == 'reset' else '2345'))
    elif len(words) == 1 and not words[0].startswith('-'):
        return 0 if is_on(words[0], (levels or runlevel())[0]) else 1
    else:
        print(USAGE, file=sys.stderr)
        return 1
    return 0


if __name__ == '__main__':
    try:
        sys.exit(main(sys.argv[1:]))
    except ChkconfigError as exc:
        print(exc, file=sys.stderr)
        sys.exit(1)
