# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function
__metaclass__ = type

import os
import re
import signal
import sys
import threading
import time

import pytest
from ansible.module_utils.common.text.converters import to_text

from ansible_collections.xenserver.openvswitch.plugins.module_utils import _cli

HOSTILE = ['two words', "it's", 'a"b', '--', '-x', '$HOME', '`id`', 'a;b', 'a\\b', 'a\nb', u'h\xe9']


def python(code, *arguments):
    return [sys.executable, '-c', code] + list(arguments)


@pytest.mark.parametrize('value', HOSTILE)
def test_an_argument_arrives_unchanged(value):
    code = 'import os, sys; os.write(1, os.fsencode(sys.argv[1]) if sys.version_info[0] > 2 else sys.argv[1])'
    assert _cli.run(python(code, value), 10).out == value


def test_the_locale_is_c_and_other_variables_stay():
    code = 'import os; print(os.environ["LC_ALL"], os.environ["LANGUAGE"], os.environ["OVS_X"], "PATH" in os.environ)'
    assert _cli.run(python(code), 10, env={'OVS_X': '1'}).out.replace("'", '').replace(',', '').strip('()\n') == 'C C 1 True'


def test_the_locale_can_be_set_for_one_tool():
    code = 'import os; print(os.environ["LC_ALL"], os.environ["LANGUAGE"])'
    assert _cli.run(python(code), 10, env=dict(LC_ALL='C.UTF-8', LANGUAGE='de')).out.replace("'", '').replace(',', '').strip('()\n') == 'C.UTF-8 de'


def test_a_tool_that_writes_to_nobody_is_ended():
    """On Python 2.7 too, which ignores that signal and has its children ignore it."""
    ignored = re.search(r'SigIgn:\s*(\w+)', _cli.run(['cat', '/proc/self/status'], 10).out).group(1)
    assert not int(ignored, 16) & 1 << signal.SIGPIPE - 1


def test_the_standard_input_is_what_was_given_and_else_empty():
    code = 'import sys; sys.stdout.write(sys.stdin.read())'
    assert _cli.run(python(code), 10).out == ''
    assert _cli.run(python(code), 10, data=u'r\xe9ad\n').out == u'r\xe9ad\n'


def test_a_failure_tells_the_command_the_status_and_what_was_said():
    with pytest.raises(_cli.CliError) as caught:
        _cli.run(python('import sys; sys.stderr.write("no such bridge"); sys.exit(3)'), 10)
    assert 'status 3: no such bridge' in str(caught.value)
    assert caught.value.details()['rc'] == 3
    assert caught.value.details()['stderr'] == 'no such bridge'


def test_a_failure_in_another_language_is_told_on_every_python():
    code = 'import os, sys, time; os.write(2, b"\\xc3\\xa9chec"); time.sleep(float(sys.argv[2])); sys.exit(3)'
    for seconds, limit in (('0', 10), ('30', 1)):
        with pytest.raises(_cli.CliError) as caught:
            _cli.run(python(code, u'gr\xfc\xdfe', seconds), limit)
        assert u'gr\xfc\xdfe' in to_text(str(caught.value)) and caught.value.details()['stderr'] == u'\xe9chec'


def test_statuses_that_are_no_failure():
    assert _cli.run(python('raise SystemExit(3)'), 10, ok=(0, 3)).rc == 3
    assert _cli.run(python('raise SystemExit(9)'), 10, ok=None).rc == 9


def test_a_program_that_is_not_there():
    with pytest.raises(_cli.CliError) as caught:
        _cli.run(['/nonexistent/ovs-vsctl', 'show'], 10)
    assert '/nonexistent/ovs-vsctl show could not be started' in str(caught.value)
    assert caught.value.details() == {}
    with pytest.raises(_cli.CliError) as caught:
        _cli.find('ovs-nonexistent', ['/opt/xensource/bin'])
    assert 'ovs-nonexistent is not on this host (searched: /opt/xensource/bin, PATH)' in str(caught.value)


def test_a_program_is_found_in_the_extra_folders(tmp_path):
    tool = tmp_path / 'ovs-sometool'
    tool.write_text(u'#!/bin/sh\n')
    tool.chmod(0o755)
    assert _cli.find('ovs-sometool', [str(tmp_path)]) == str(tool)


def test_the_time_limit_ends_the_program_and_its_children(tmp_path, monkeypatch):
    monkeypatch.setattr(_cli, 'GRACE', 60)
    mark = tmp_path / 'pid'
    code = (
        'import subprocess, sys\n'
        'child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(300)"])\n'
        'open(%r, "w").write(str(child.pid))\n'
        'child.wait()\n' % str(mark)
    )
    started = time.time()
    with pytest.raises(_cli.CliError) as caught:
        _cli.run(python(code), 5)
    assert time.time() - started < 60, 'SIGTERM was enough'
    assert 'did not finish within 5 seconds' in str(caught.value)
    child = int(mark.read_text())
    for dummy in range(50):
        if not _is_alive(child):
            return
        time.sleep(0.1)
    raise AssertionError('the child still runs')


@pytest.mark.parametrize('limit, told', [(0.1, 1), (1.6000000238418579, 2)])
def test_what_remains_of_a_limit_is_told_in_whole_seconds(limit, told):
    with pytest.raises(_cli.Ended) as caught:
        _cli.run(['sleep', '60'], limit)
    assert 'did not finish within %d seconds and was ended' % told in str(caught.value)


@pytest.mark.parametrize('rest, fault', [('echo done', ''), ('sleep 300', 'did not finish within 5 seconds')])
def test_a_daemon_that_a_program_leaves_behind_keeps_nobody_waiting(rest, fault):
    code = 'import os, subprocess, sys; print(subprocess.Popen(["sleep", "300"], preexec_fn=os.setsid).pid)'
    started, result = time.time(), None
    try:
        result = _cli.run(['sh', '-c', '"$0" -c "$1"; ' + rest, sys.executable, code], 5 if fault else 200)
    except _cli.Ended as error:
        result = error.result
        assert fault in str(error)
    assert time.time() - started < 100, 'the daemon was not waited for'
    os.kill(int(result.out.split()[0]), 9)
    assert fault or result.out.split()[1:] == ['done']


def test_a_program_that_nobody_wants_any_more_is_ended(monkeypatch):
    monkeypatch.setattr(_cli, 'TICK', 0.1)
    answers = [True, True, False]
    with pytest.raises(_cli.Ended) as caught:
        _cli.run(python('import time; time.sleep(60)'), 50, wanted=lambda: answers.pop(0))
    assert 'is no longer waited for by anybody and was ended' in str(caught.value) and answers == []
    assert _cli.run(python('import time; time.sleep(0.5)'), 50, wanted=lambda: True).rc == 0


def test_a_program_that_ignores_the_signal_is_ended_all_the_same(monkeypatch):
    monkeypatch.setattr(_cli, 'GRACE', 0.5)
    code = 'import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(60)'
    with pytest.raises(_cli.CliError) as caught:
        _cli.run(python(code), 0.5)
    assert caught.value.details()['rc'] == -9


def test_an_interrupt_leaves_nothing_behind(monkeypatch):
    started = []

    def interrupted(process, data=None):
        started.append(process)
        raise KeyboardInterrupt
    monkeypatch.setattr(_cli._Process, 'communicate', interrupted)
    with pytest.raises(KeyboardInterrupt):
        _cli.run(python('import time; time.sleep(60)'), 50)
    assert started[0].returncode == -15


def test_the_output_goes_to_a_file_as_it_comes(tmp_path):
    with open(str(tmp_path / 'log'), 'wb') as log:
        result = _cli.run(python('import os; os.write(1, b"out\\n"); os.write(2, b"err\\n")'), 10, output=log)
    assert (result.out, result.err) == ('', '')
    assert (tmp_path / 'log').read_text() == u'out\nerr\n'


def test_no_thread_is_left_when_a_tool_has_ended():
    """On Python 2.7 one that is left when the module ends writes a traceback."""
    before = threading.active_count()
    for argv, limit in ((['true'], 10), (['sleep', '60'], 0.2)):
        try:
            _cli.run(argv, limit)
        except _cli.Ended:
            pass
        assert threading.active_count() == before


def test_the_command_line_in_messages_can_be_pasted():
    assert _cli.quote(['ovs-vsctl', 'set', 'a b', '$x']) == "ovs-vsctl set 'a b' '$x'"


def _is_alive(pid):
    try:
        with open('/proc/%d/stat' % pid) as stat:
            return stat.read().split()[2] != 'Z'
    except (IOError, OSError):
        return os.path.exists('/proc/%d' % pid)
