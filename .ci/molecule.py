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


def run(scenarios, log):
    """molecule's status, and how each action ended: (scenario, action, 'Successful' or 'Failed')."""
    which = [word for name in scenarios for word in ('--scenario-name', name)]
    environment = dict(os.environ, NO_COLOR='1', ANSIBLE_FORCE_COLOR='0', PYTHONUNBUFFERED='1')
    # molecule keeps in the home folder what it believes was created; the lab may have gone since.
    subprocess.run(['molecule', 'reset', '--all'], cwd=REPO, env=environment, check=False,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    ends = []
    with subprocess.Popen(['molecule', 'test', *which], cwd=REPO, env=environment, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors='replace') as molecule:
        for line in molecule.stdout:
            sys.stdout.write(line)
            sys.stdout.flush()
            log.write(line)
            ends += ENDED.findall(re.sub(r'\x1b\[[0-9;]*m', '', line))
    return molecule.returncode, ends


def run_all(scenarios, log):
    """The same over several runs: molecule ends at the first scenario that fails, so those that it left are begun again."""
    status, ends = 0, []
    while scenarios:
        code, ended = run(scenarios, log)
        begun = {scenario for scenario, _, _ in ended}
        left = [name for name in scenarios if name not in begun]
        status, ends = status or code, ends + ended
        if code == 0 or left == scenarios:
            break
        scenarios = left
    return status, ends


def main(named):
    for folder in ('junit', 'log'):
        (CACHE / folder).mkdir(parents=True, exist_ok=True)
    for old in (CACHE / 'junit').glob('molecule-*.xml'):
        old.unlink()
    known = sorted(path.parent.name for path in REPO.glob('molecule/*/molecule.yml'))
    with open(CACHE / 'log/molecule.log', 'w', encoding='utf-8') as log:
        status, ends = run_all(named or [name for name in known if name != 'default'], log)
    write_junit(ends)
    if status == 0 and not ends:
        print('molecule answered 0 but ran no action')
        return 1
    return status


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
