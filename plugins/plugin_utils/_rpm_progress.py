# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How far a build is, by the log of rpmbuild as it grows."""

from __future__ import annotations

import posixpath
import re

_STAGE = re.compile(r'^(?:Executing\(%(\w+)\)|Processing (files):)')
_OBJECT = re.compile(r'^(?:(?!libtool: ).* -c -o (\S+\.l?o)(?: |$)| +CC +(?:\[M\] +)?(\S+\.l?o)$)')
_FOLDER = re.compile(r"^make(?:\[\d+\])?: Entering directory [`'](.+)'$")
# make prints how it starts Autotest, in two lines: the suite, then the words for it.
_SUITE = re.compile(r"^set \S+ '(\S+)' -C \S+ AUTOTEST_PATH=")
_SUITE_WORDS = re.compile(r'^"\$@" (.*?) *\|\|')
_BANNER = re.compile(r'^## .+ test suite\. ##$')
_TEST = re.compile(r'^ *\d+: .*?\s(ok|FAILED|skipped|expected failure|UNEXPECTED PASS)(?: \(.*\))?$')
_BAD = ('FAILED', 'UNEXPECTED PASS')


class Progress:
    """Fed with the log piece by piece, it tells how far the build is.

    >>> progress = Progress()
    >>> progress.feed('Executing(%build): /bin/sh -e /var/tmp/rpm-tmp.a\\n  CC       lib/util.o\\n')
    >>> progress.describe()
    '%build, 1 object compiled'
    """

    def __init__(self):
        self.stage = None
        # The script that holds the unit tests, where all of them are run.
        self.suite = None
        self.objects = {}
        self._rest = ''
        self._folder = ''
        self._suites = []

    @property
    def at_end(self):
        """Whether rpmbuild has nothing left to do but to clean up."""
        return self.stage == 'clean'

    def feed(self, text):
        lines = (self._rest + text).split('\n')
        self._rest = lines.pop()
        for line in lines:
            self._take(line.rstrip('\r'))

    def describe(self, before=None, tests=None):
        """One line; ``before`` is the Progress of the whole log of an earlier build, ``tests`` the number of tests in the suite."""
        if self._suites:
            return self._describe_tests(tests)
        if not self.stage:
            return 'starts'
        done = len(self.objects.get(self.stage, ()))
        total = len(before.objects.get(self.stage, ())) if before and before.at_end else 0
        if not done:
            return f'%{self.stage}'
        if done <= total:
            return f'%{self.stage}, {done} of {total} objects compiled ({100 * done // total} %)'
        return f'%{self.stage}, {done} object{"s" if done > 1 else ""} compiled'

    def _describe_tests(self, total):
        run = self._suites[-1]
        if len(self._suites) > 1:
            total = len([result for result in self._suites[-2] if result in _BAD])
        failed = len([result for result in run if result in _BAD])
        again = ', the failed ones again' if len(self._suites) > 1 else ''
        known = f' of {total} ({100 * len(run) // total} %)' if total and len(run) <= total else ''
        number = min(len(run) + 1, total) if known else len(run) + 1
        return f'%{self.stage}, unit test {number}{known}{again}' + (f', {failed} failed' if failed else '')

    def _take(self, line):
        stage, made, folder, test = (pattern.match(line) for pattern in (_STAGE, _OBJECT, _FOLDER, _TEST))
        if stage:
            self.stage = stage[1] or stage[2]
            self._suites = []
        elif made:
            self.objects.setdefault(self.stage, set()).add(made[1] or made[2])
        elif folder:
            self._folder = folder[1]
        elif test and self._suites:
            self._suites[-1].append(test[1])
        elif _BANNER.match(line):
            self._suites.append([])
        elif _SUITE.match(line):
            self.suite = posixpath.normpath(posixpath.join(self._folder, _SUITE.match(line)[1]))
        elif _SUITE_WORDS.match(line) and not re.fullmatch(r'(-j\d*)?', _SUITE_WORDS.match(line)[1].strip()):
            self.suite = None


def duration(seconds):
    """
    >>> duration(59), duration(125), duration(3725)
    ('59 s', '2 min 5 s', '1 h 2 min')
    """
    minutes, seconds = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f'{hours} h {minutes} min'
    return f'{minutes} min {seconds} s' if minutes else f'{seconds} s'
