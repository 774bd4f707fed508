# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How far a build is, by logs of the lab's DDK, shortened, and by what Autotest prints."""

from __future__ import annotations

import pytest

from ansible_collections.xenserver.openvswitch.plugins.plugin_utils._rpm_progress import Progress, duration

OPENVSWITCH = 'rpmbuild-4.16-openvswitch-3.1.0.log'
# The suite's first lines in the log of a build; the part of Autotest stands behind them.
CHECK = "Executing(%check): /bin/sh -e /var/tmp/rpm-tmp.jJ36jE\nmake[2]: Entering directory '/b/hello-1'\n"


def fed(text):
    progress = Progress()
    progress.feed(text)
    return progress


def until(text, line):
    """The text up to and with this line."""
    assert line in text
    return text[:text.index(line) + len(line)] + '\n'


@pytest.mark.parametrize('line, told', [
    ('since 2026-11-24 15:28:42', 'starts'),
    ('Executing(%prep): /bin/sh -e /var/tmp/rpm-tmp.NldQuD', '%prep'),
    ('checking whether gcc understands -c and -o together... yes', '%build'),
    ('-c -o lib/mpsc-queue.lo lib/mpsc-queue.c', '%build, 1 object compiled'),
    ('-c -o lib/netdev-dummy.lo lib/netdev-dummy.c', '%build, 4 objects compiled'),
    ('make install DESTDIR=', '%install'),
    ('-c -o tests/test-lib.o tests/test-lib.c', '%check, 4 objects compiled'),
    ('## openvswitch 3.1.0 test suite. ##', '%check, unit test 1'),
    ('  2: appctl-bashcomp - complex completion check 1    ok', '%check, unit test 2'),
    (' 35: bfd - liveness propagation - OF1.4              ok', '%check, unit test 36'),
])
def test_a_build_of_openvswitch_on_its_way(captured, line, told):
    assert fed(until(captured(OPENVSWITCH), line)).describe() == told


def test_it_comes_to_the_same_in_whatever_pieces_the_log_comes(captured):
    text = captured(OPENVSWITCH)
    progress = Progress()
    for start in range(0, len(text), 7):
        progress.feed(text[start:start + 7])
    assert vars(progress) == vars(fed(text))


def test_a_terminal_on_the_way_changes_nothing(captured):
    text = captured(OPENVSWITCH)
    assert fed(text.replace('\n', '\r\n')).describe() == fed(text).describe()


def test_the_number_of_objects_is_known_from_a_whole_log_of_the_same_build_alone(captured):
    text = captured(OPENVSWITCH)
    half = fed(until(text, '-c -o lib/multipath.lo lib/multipath.c'))
    whole = fed(text + 'Executing(%clean): /bin/sh -e /var/tmp/rpm-tmp.jc1nzB\n')
    assert whole.at_end and half.describe(whole) == '%build, 2 of 4 objects compiled (50 %)'
    assert half.describe(fed(text)) == half.describe() == '%build, 2 objects compiled', 'a log that ends early tells no total'
    more = fed(text + ''.join('gcc -c -o more%d.o more.c\n' % number for number in range(9)))
    assert more.describe(fed('')) == more.describe()


def test_more_objects_than_before_are_told_without_a_percentage():
    now = fed('Executing(%build): x\n' + ''.join('  CC       lib/a%d.lo\n' % number for number in range(3)))
    before = fed('Executing(%build): x\n  CC       lib/a.lo\nExecuting(%clean): x\n')
    assert now.describe(before) == '%build, 3 objects compiled'


@pytest.mark.parametrize('line', [
    '  CC       lib/util.lo',  # automake with silent rules
    '  CC [M]  /b/datapath/linux/actions.o',  # the kernel's build
    'gcc -DHAVE_CONFIG_H -O2 -c -o utilities/nlmon.o utilities/nlmon.c',
])
def test_the_ways_to_print_a_compilation(line):
    assert fed('Executing(%%build): x\n%s\n%s\n' % (line, line)).describe() == '%build, 1 object compiled'


def test_unit_tests_are_counted_against_the_whole_suite(captured):
    progress = fed(captured(OPENVSWITCH))
    assert progress.suite == '/usr/src/redhat/BUILD/openvswitch-3.1.0/tests/testsuite'
    assert progress.describe(tests=2533) == '%check, unit test 36 of 2533 (1 %)'
    assert progress.describe(tests=35) == '%check, unit test 35 of 35 (100 %)'
    assert progress.describe(tests=34) == '%check, unit test 36', 'a number that cannot be is not told'


def test_failed_tests_are_told_and_run_again(captured):
    text = CHECK + captured('autotest-2.69-recheck.log')
    first = fed(until(text, '  3: bonding - always fails                          FAILED (suite.at:9)'))
    assert first.suite == '/b/hello-1/./testsuite'.replace('/./', '/') and first.describe(tests=4) == '%check, unit test 4 of 4 (100 %), 2 failed'
    assert fed(until(text, 'passes alone                                    ok')).describe(tests=4) == '%check, unit test 2 of 2 (50 %), the failed ones again'
    assert fed(text).describe(tests=4) == '%check, unit test 2 of 2 (100 %), the failed ones again, 1 failed'


def test_of_a_selection_of_the_tests_the_number_is_not_known(captured):
    assert fed(CHECK + captured('autotest-2.69-subset.log')).suite is None


def test_the_next_stage_is_no_longer_the_tests(captured):
    assert fed(captured(OPENVSWITCH) + 'Processing files: openvswitch-3.1.0-1.systemd.x86_64\n').describe() == '%files'


@pytest.mark.parametrize('seconds, text', [(0.4, '0 s'), (59.9, '59 s'), (60, '1 min 0 s'), (3599, '59 min 59 s'), (7260, '2 h 1 min')])
def test_durations(seconds, text):
    assert duration(seconds) == text
