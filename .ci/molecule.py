# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run molecule on all scenarios, or on those named, and note each action's end as a test in .cache/junit."""

import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

REPO = Path(__file__).resolve().parent.parent
CACHE = REPO / '.cache'
ENDED = re.compile(r'\[(\S+) > (\S+)\] Executed: (Successful|Failed)')


def write_junit(ends):
    """``ends``: (scenario, action, 'Successful' or 'Failed') in their order."""
    suite = ElementTree.Element('testsuite', name='molecule', tests=str(len(ends)), errors='0', skipped='0',
                                failures=str(sum(end == 'Failed' for _, _, end in ends)))
    for scenario, action, end in ends:
        case = ElementTree.SubElement(suite, 'testcase', classname=scenario, name=action)
        if end == 'Failed':
            ElementTree.SubElement(case, 'failure', message='see .cache/log/molecule.log')
    root = ElementTree.Element('testsuites')
    root.append(suite)
    ElementTree.ElementTree(root).write(CACHE / 'junit/molecule-actions.xml', encoding='utf-8')


def main(scenarios):
    for folder in ('junit', 'log'):
        (CACHE / folder).mkdir(parents=True, exist_ok=True)
    for old in (CACHE / 'junit').glob('molecule-*.xml'):
        old.unlink()
    which = [word for name in scenarios for word in ('--scenario-name', name)] or ['--all']
    environment = dict(os.environ, NO_COLOR='1', ANSIBLE_FORCE_COLOR='0', PYTHONUNBUFFERED='1')
    # molecule keeps in the home folder what it believes was created; the lab may have gone since.
    subprocess.run(['molecule', 'reset', *which], cwd=REPO, env=environment, check=False,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    ends = []
    with open(CACHE / 'log/molecule.log', 'w', encoding='utf-8') as log, subprocess.Popen(
            ['molecule', 'test', *which], cwd=REPO, env=environment, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors='replace') as molecule:
        for line in molecule.stdout:
            sys.stdout.write(line)
            sys.stdout.flush()
            log.write(line)
            ends += ENDED.findall(re.sub(r'\x1b\[[0-9;]*m', '', line))
    write_junit(ends)
    if molecule.returncode == 0 and not ends:
        print('molecule answered 0 but ran no action')
        return 1
    return molecule.returncode


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
