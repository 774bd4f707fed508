# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a log of rpmbuild says of a failed build: the stage, the first error, failed unit tests, a remedy."""

from __future__ import absolute_import, division, print_function
__metaclass__ = type

import os
import re

from ansible_collections.xenserver.openvswitch.plugins.module_utils import _cli

TAIL = 40

_STAGE = re.compile(r'^(?:Executing\(%(\w+)\)|Processing (files):)', re.M)
_ENDED = re.compile(r'^error: Bad exit status from \S+ \(%(\w+)\)', re.M)
_NEEDED = re.compile(r'^\t(\S.*?) is needed by \S+$', re.M)
# Autotest's line of a test that failed, or passed against expectation.
_TEST = re.compile(r'^ *(\d+): (.*?)\s+(?:FAILED|UNEXPECTED PASS)(?: \(.*\))?$', re.M)
# A suite that failed is run again with the failed tests alone (RECHECK of Open vSwitch): the last run counts.
_SUITE = re.compile(r'^## .+ test suite\. ##$', re.M)
_TOOL_ERROR = re.compile('|'.join((
    r'^configure: error: (?!in `).*',
    r'^\S+?:\d+(?::\d+)?: (?:fatal )?error: .*',  # compilers
    r'^\S+?: undefined reference to .*', r'^\S*ld: cannot find .*',  # the linker
    r'^(?:\S+/)?g?make(?:\[\d+\])?: \*\*\* .*',
    r"^can't find file to patch.*", r'^\d+ out of \d+ hunks? .*',  # patch
    r'^\S*rpm-tmp\S*: (?:line )?\d+: .*')), re.M)  # the section's own shell
_RPM_ERROR = re.compile(r'^error: (?!Bad exit status|Failed build dependencies).*(?:\n +\S.*)*', re.M)
_REMEDIES = (
    (r'Version required: Requires: kernel', 'the spec found no kernel-devel package; give kernel_uname, or kernel_name with kernel_version, in defines'),
    (r'File not found: .*\.gz', 'nothing compressed the manual pages; install redhat-rpm-config'),
    (r'Installed \(but unpackaged\)', 'name them in %files, or define _unpackaged_files_terminate_build as 0'),
    (r'command not found|: not found', 'install the package that holds this program'))


class BuildError(_cli.CliError):
    """rpmbuild failed; ``details()`` says in which stage and of what."""

    def __init__(self, message, found, log, text):
        super(BuildError, self).__init__(message)
        self._details = dict(found, log=log, log_tail=text.rstrip().split('\n')[-TAIL:])

    def details(self):
        return self._details


def failure(text, error, spec, log):
    """The :class:`BuildError` for a build of ``spec`` whose log holds ``text`` and is kept at ``log``; ``error`` is what ended it."""
    found = explain(text)
    causes = [] if isinstance(error, _cli.Ended) else _causes(found)  # what tools say of being ended is no cause
    return BuildError('The build of %s failed in %s: %s. The whole log: %s' % (
        os.path.basename(spec), found['stage'] or 'preparation, before its first stage',
        '; '.join(causes or [str(error).rstrip('.')]), log), found, log, text)


def explain(log):
    """What a log of rpmbuild says of its failure: ``{stage, errors, failed_tests, missing_requires}``.

    ``stage`` is a section of the spec such as ``%build``, or None where rpmbuild ended before the first.
    ``errors`` starts with the first error of a tool in that section, or where none is known by its form with the
    section's last line; rpmbuild's own errors come after.
    """
    ended, begun = _ENDED.search(log), list(_STAGE.finditer(log))
    part = log[begun[-1].start():] if begun else ''
    stage = ended.group(1) if ended else (begun[-1].group(1) or begun[-1].group(2)) if begun else None
    tests = [dict(number=int(number), name=name) for number, name in _TEST.findall(_SUITE.split(part)[-1])]
    first = _TOOL_ERROR.search(part)
    errors = [first.group(0)] if first else []
    if ended and not errors and not tests:
        errors = [line for line in log[:ended.start()].split('\n') if line.strip()][-1:]
    errors += [re.sub(r'\s*\n\s+', ' ', text) for text in _RPM_ERROR.findall(log)]
    return dict(stage='%' + stage if stage else None, errors=_once(errors), failed_tests=_once(tests),
                missing_requires=_once(_NEEDED.findall(log)) if 'Failed build dependencies' in log else [])


def _causes(found):
    """The causes that were found, the most telling first, and what to do about them."""
    causes = []
    if found['missing_requires']:
        causes.append('missing BuildRequires, install them: ' + ', '.join(found['missing_requires']))
    if found['failed_tests']:
        causes.append('failed unit tests: ' + ', '.join('%(number)d %(name)s' % test for test in found['failed_tests']))
    causes += found['errors'][:1]
    return causes + [remedy for pattern, remedy in _REMEDIES if re.search(pattern, ' '.join(found['errors']))]


def _once(items):
    return [item for position, item in enumerate(items) if item not in items[:position]]
