# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run everything that must pass: the checks without a lab beside molecule's scenarios on it; count all at the end.

A test is one test of a JUnit file (pytest, ansible-test, testinfra), one lint session or one action of a molecule
scenario. A phase that failed or counted nothing, and shows no failed test for it, counts as one failed.
"""

import json
import os
import shutil
import subprocess
import sys
import threading
import time
import xml.etree.ElementTree as ElementTree
from pathlib import Path

REPO = Path(__file__).resolve().parent.parent
CACHE = REPO / '.cache'
STARTED = float(os.environ.get('CI_STARTED') or time.time())

LINT_REPORT = CACHE / 'lint.json'
# Name, command, the JUnit files it leaves. Two lanes beside the lab, since unit tests wait for daemons, and hosts for their reboots, most of the time.
STATIC = (
    (('lint', ['nox', '--report', str(LINT_REPORT)], None),
     ('unit tests', ['nox', '-s', 'units'], 'units.xml')),
    (('ansible-test', ['nox', '-s', 'ansible-test'], '*-core-*.xml'),
     ('image', [sys.executable, '.ci/execution_environment.py', '--make-base'], 'execution-environment.xml')),
)
SCENARIOS = ('molecule', [sys.executable, '.ci/molecule.py'], 'molecule-*.xml')


def say(text):
    print('[%6.1f s] %s' % (time.time() - STARTED, text), flush=True)


class Phase:
    """One command: run it, then count what it tested."""

    def __init__(self, name, command, results):
        self.name, self.command, self.results = name, command, results
        self.passed = self.failed = 0
        self.status, self.seconds = None, 0

    def run(self, log=None):
        say('%s: start' % self.name)
        began = time.time()
        if log is None:
            self.status = subprocess.run(self.command, cwd=REPO, check=False, stdin=subprocess.DEVNULL).returncode
        else:
            with open(log, 'wb') as stream:  # beside the lab, which has the machine's time first
                self.status = subprocess.run(['nice', *self.command], cwd=REPO, check=False, stdin=subprocess.DEVNULL,
                                             stdout=stream, stderr=subprocess.STDOUT).returncode
        self.seconds = time.time() - began
        self.count()
        say('%s: %d passed, %d failed (%.0f s)' % (self.name, self.passed, self.failed, self.seconds))

    def count(self):
        counts = [junit_counts(path) for path in (CACHE / 'junit').glob(self.results)] if self.results else [lint_counts()]
        self.passed = sum(passed for passed, _ in counts)
        self.failed = sum(failed for _, failed in counts)
        if not self.failed and (self.status or not self.passed):
            self.failed = 1


def junit_counts(path):
    passed = failed = 0
    for suite in ElementTree.parse(path).getroot().iter('testsuite'):
        bad = int(suite.get('failures') or 0) + int(suite.get('errors') or 0)
        failed += bad
        passed += int(suite.get('tests') or 0) - bad - int(suite.get('skipped') or 0)
    return passed, failed


def lint_counts():
    if not LINT_REPORT.exists():
        return 0, 0
    results = [session['result'] for session in json.loads(LINT_REPORT.read_text(encoding='utf-8'))['sessions']]
    return results.count('success'), len(results) - results.count('success')


def main():
    for old in ('junit', 'log'):
        shutil.rmtree(CACHE / old, ignore_errors=True)
        (CACHE / old).mkdir(parents=True)
    LINT_REPORT.unlink(missing_ok=True)
    lanes = [[Phase(*phase) for phase in lane] for lane in STATIC]
    static = sum(lanes, [])
    logs = {phase: CACHE / 'log' / (phase.name.replace(' ', '-') + '.log') for phase in static}

    def run_lane(lane):
        for phase in lane:
            phase.run(logs[phase])

    beside = [threading.Thread(target=run_lane, args=[lane]) for lane in lanes]
    for thread in beside:
        thread.start()
    scenarios = Phase(*SCENARIOS)
    scenarios.run()
    for thread in beside:
        thread.join()
    for phase in static:
        print('\n--- %s ---\n%s' % (phase.name, logs[phase].read_text(encoding='utf-8', errors='replace').rstrip()))
    phases = [*static, scenarios]
    print('\n%-14s %7s %7s %8s' % ('', 'passed', 'failed', 'seconds'))
    for phase in phases:
        print('%-14s %7d %7d %8.0f' % (phase.name, phase.passed, phase.failed, phase.seconds))
    say('all done')
    failed = sum(phase.failed for phase in phases)
    summary = '%d passed, %d failed' % (sum(phase.passed for phase in phases), failed)
    (CACHE / 'summary').write_text(summary + '\n', encoding='utf-8')
    print(summary, flush=True)
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
