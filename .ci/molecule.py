# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run molecule on all scenarios, or on those named, and note each action's end as a test in .cache/junit."""

import concurrent.futures
import os
import re
import shutil
import subprocess
import sys
import threading
import xml.etree.ElementTree as ElementTree
from pathlib import Path

REPO = Path(__file__).resolve().parent.parent
CACHE = REPO / '.cache'
ENDED = re.compile(r'\[(\S+) > (\S+)\] Executed: (Successful|Failed)')
# The longest scenarios go beside the others, each on a lab of its own, as soon as what they install was built and no build is under way.
BESIDE, BUILT = ('manager_states', 'upgrade', 'packaging'), ('build_options', 'verify')

sys.path.insert(0, str(REPO / 'molecule/lab'))
import lab


class Lane:
    """Scenarios that run one after another on one lab. ``ends``: (scenario, action, 'Successful' or 'Failed') of each action, in their order."""

    def __init__(self, scenarios, number, log, shown):
        self.scenarios, self.number, self.log, self.shown = scenarios, number, CACHE / 'log' / log, shown
        self.status, self.ends = 0, []
        self.built = threading.Event()

    def run(self):
        """molecule ends at the first scenario that fails, so those that it left are begun again."""
        left = self.scenarios
        try:
            with open(self.log, 'w', encoding='utf-8') as stream:
                while left:
                    status = self._molecule(left, stream)
                    self.status = self.status or status
                    begun = {scenario for scenario, _, _ in self.ends}
                    before, left = left, [name for name in left if name not in begun]
                    if status == 0 or left == before:
                        break
        finally:
            self.built.set()

    def _molecule(self, scenarios, log):
        # Where molecule keeps what it believes was created; the lab may have gone since.
        folder = CACHE / 'molecule' / str(self.number)
        shutil.rmtree(folder, ignore_errors=True)
        environment = dict(os.environ, NO_COLOR='1', ANSIBLE_FORCE_COLOR='0', PYTHONUNBUFFERED='1',
                           OVS_LAB=str(self.number), MOLECULE_EPHEMERAL_DIRECTORY=str(folder))
        which = [word for name in scenarios for word in ('--scenario-name', name)]
        with subprocess.Popen(['molecule', 'test', *which], cwd=REPO, env=environment, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors='replace') as molecule:
            for line in molecule.stdout:
                log.write(line)
                if self.shown:
                    sys.stdout.write(line)
                    sys.stdout.flush()
                self._note(ENDED.findall(re.sub(r'\x1b\[[0-9;]*m', '', line)))
        return molecule.returncode

    def _note(self, ends):
        self.ends += ends
        if any(end[:2] == BUILT for end in ends):
            self.built.set()


def run_beside(first, others):
    """All lanes, the others from where the first has built what they need; their output comes after that of the first."""
    def follow(lane):
        first.built.wait()
        lab.copy_volumes(first.number, lane.number)
        lane.run()
    with concurrent.futures.ThreadPoolExecutor() as threads:
        following = [threads.submit(follow, lane) for lane in others]
        first.run()
    for future, lane in zip(following, others):
        future.result()
        print('\n--- beside the others: %s ---\n%s' % (' '.join(lane.scenarios), lane.log.read_text(encoding='utf-8').rstrip()))


def write_junit(ends):
    suite = ElementTree.Element('testsuite', name='molecule', tests=str(len(ends)), errors='0', skipped='0',
                                failures=str(sum(end == 'Failed' for _, _, end in ends)))
    for scenario, action, end in ends:
        case = ElementTree.SubElement(suite, 'testcase', classname=scenario, name=action)
        if end == 'Failed':
            ElementTree.SubElement(case, 'failure', message='see the output of molecule')
    root = ElementTree.Element('testsuites')
    root.append(suite)
    ElementTree.ElementTree(root).write(CACHE / 'junit/molecule-actions.xml', encoding='utf-8')


def main(named):
    for folder in ('junit', 'log'):
        (CACHE / folder).mkdir(parents=True, exist_ok=True)
    for old in (CACHE / 'junit').glob('molecule-*.xml'):
        old.unlink()
    known = sorted(path.parent.name for path in REPO.glob('molecule/*/molecule.yml'))
    number, *numbers = lab.free_numbers()
    first = Lane(named or [name for name in known if name not in ('default', *BESIDE)], number, 'molecule.log', True)
    others = [] if named else [Lane([name], number, 'molecule-%s.log' % name, False) for name, number in zip(BESIDE, numbers)]
    run_beside(first, others)
    lanes = [first, *others]
    ends = [end for lane in lanes for end in lane.ends]
    write_junit(ends)
    if not ends:
        print('molecule ran no action')
        return 1
    return max(lane.status for lane in lanes)


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
