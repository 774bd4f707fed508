# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The action plugin on a host of its own: its commands run for real, its module is played by the test, its clock runs at once.

test_rpmbuild_playbook.py has the same with the real module below ansible-playbook.
"""

from __future__ import annotations

import copy
import os
import signal
import subprocess
from types import SimpleNamespace

import pytest

from ansible.errors import AnsibleActionFail, AnsibleConnectionFailure
from ansible.parsing.dataloader import DataLoader

from ansible_collections.xenserver.openvswitch.plugins.action import rpmbuild

# What a build prints from one second to the next; None is a second in which it prints nothing.
BUILD = [
    b'Executing(%build): /bin/sh -e /var/tmp/rpm-tmp.a\n', b'  CC       lib/a.lo\n  CC       li', b'b/b.lo\r\n\xff\xfe\n', None,
    b'Executing(%clean): /bin/sh -e /var/tmp/rpm-tmp.b\n']
RESULT = dict(changed=True, rpms=[dict(nevra='openvswitch-3.1.0-1.x86_64')])


class Clock:
    """Stands for the module time: sleeping takes no time, and something happens meanwhile."""

    def __init__(self):
        self.now, self.meanwhile = 1000.0, lambda: None

    def monotonic(self):
        return self.now

    def sleep(self, seconds):
        self.now += seconds
        self.meanwhile()


class Host:
    """A DDK below ``folder``, and the module on it."""

    def __init__(self, folder, output=tuple(BUILD), **result):
        self.folder, self.output, self.result = folder, list(output), dict(RESULT, log=str(folder / 'final.log'), **result)
        self.plan = dict(changed=True, live_log=str(folder / 'live.log'), log=str(folder / 'final.log'), rpms=[])
        self.runs, self.jobs, self.commands, self.lost = [], [], [], 0
        self.lease, self.process, self.broken, self.removed = None, os.getpid(), 0, []

    def run(self, check_mode, wrap_async, arguments, async_val):
        self.runs.append('check' if check_mode else 'async' if wrap_async else 'run')
        if check_mode:
            return dict(self.plan)
        if not wrap_async:
            return dict(self.result)
        assert async_val > 10 ** 6 and os.path.exists(arguments['lease'])
        self.lease = arguments['lease']
        return dict(started=1, finished=0, changed=True, ansible_job_id='j1.2', results_file='/root/.ansible_async/j1.2')

    def second(self):
        """The module works on for a second: it begins its log, adds to it, and in the end leaves it for good."""
        if self.lease and self.output is not None and not os.path.exists(self.lease):
            self.finish(dict(failed=True, msg='no longer waited for', log=self.result['log']))
        if not self.lease or self.output is None:
            return
        piece = self.output.pop(0) if self.output else self.finish(self.result)
        with open(self.plan['live_log'], 'rb') as stream:
            ours = self.lease.encode() in stream.readline()
        if not ours:
            with open(self.plan['live_log'], 'wb') as stream:
                stream.write(b'# process %d builds a.spec as long as %s is kept up\n' % (self.process, self.lease.encode()))
        with open(self.plan['live_log'], 'ab') as stream:
            stream.write(piece or b'')

    def finish(self, result):
        self.output, self.result = None, result
        with open(self.plan['live_log'], 'ab') as live:
            live.write(b'the end\n')
        with open(self.plan['live_log'], 'rb') as live, open(self.plan['log'], 'wb') as final:
            final.write(live.read())

    def status(self, mode):
        self.jobs.append(mode)
        if mode == 'cleanup':
            return dict(erased='/root/.ansible_async/j1.2')
        about = dict(ansible_job_id='j1.2', started=1, results_file='/root/.ansible_async/j1.2', stdout='', stderr='', stdout_lines=[], stderr_lines=[])
        if self.broken:
            self.broken -= 1
            return dict(about, finished=0, failed=True, msg='MODULE FAILURE', module_stderr='no room for a temporary file')
        return dict(about, finished=1, **self.result) if self.output is None else dict(about, finished=0)


class Plugin(rpmbuild.ActionModule):
    """The plugin with its two ways to the host led to this one."""

    def __init__(self, host, args, **task):
        self.host = host
        shell = SimpleNamespace(join_path=os.path.join, tmpdir=None)
        connection = SimpleNamespace(_shell=shell, reset=lambda: host.commands.append('reset'))
        loader = DataLoader()
        loader.set_basedir(str(host.folder))
        task = dict(dict(args=args, check_mode=False, async_val=0, delegate_to=None, diff=False, no_log=False, action='rpmbuild'), **task)
        super().__init__(SimpleNamespace(copy=lambda: copy.copy(self._task), **task), connection, SimpleNamespace(), loader, None, SimpleNamespace())

    def _make_tmp_path(self, remote_user=None):
        folder = self.host.folder / 'ansible-tmp-1'
        folder.mkdir()
        self._connection._shell.tmpdir = str(folder)
        return str(folder)

    def _remove_tmp_path(self, tmp_path, force=False):
        self.host.removed.append(tmp_path)

    def _execute_module(self, module_args, task_vars, wrap_async):
        """As Ansible's own: the folder of a module that runs apart is left to its wrapper."""
        if wrap_async:
            self._connection._shell.tmpdir, self._cleanup_remote_tmp = None, False
        return self.host.run(self._task.check_mode, wrap_async, module_args, self._task.async_val)

    def _low_level_execute_command(self, cmd, sudoable):
        self.host.commands.append(cmd)
        if self.host.lost and self.host.lease:
            self.host.lost -= 1
            raise AnsibleConnectionFailure('the network is gone')
        assert sudoable == ('ansible-tmp-' not in cmd), 'the lease lies in the folder of the remote user'
        done = subprocess.run(['sh', '-c', cmd], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)
        return dict(rc=done.returncode, stdout=done.stdout.decode('utf-8', 'surrogateescape'))


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(rpmbuild, 'time', clock)
    return clock


@pytest.fixture
def lines(monkeypatch):
    lines = []
    monkeypatch.setattr(rpmbuild.display, 'display', lambda text, stderr: lines.append(text))
    return lines


@pytest.fixture
def host(tmp_path, clock, monkeypatch):
    def load(name, task, **options):
        assert name == 'ansible.builtin.async_status' and task.args['jid'] == 'j1.2'
        return SimpleNamespace(run=lambda task_vars: host.status(task.args['mode']))

    host = Host(tmp_path)
    monkeypatch.setattr(rpmbuild, 'action_loader', SimpleNamespace(get=load))
    (tmp_path / 'live.log').write_bytes(b'# process 1 builds a.spec since yesterday\nExecuting(%clean): what an earlier build left\n')
    clock.meanwhile = host.second
    return host


def act(host, task=None, **args):
    return Plugin(host, args, **(task or {})).run(task_vars=dict(inventory_hostname='ddk'))


def test_a_build_leaves_its_whole_log_and_nothing_of_ansible_in_the_result(host, lines):
    assert act(host, log_to='artifacts/systemd/rpmbuild.log') == dict(RESULT, log=str(host.folder / 'final.log'))
    copied = (host.folder / 'artifacts/systemd/rpmbuild.log').read_bytes()
    assert copied == (host.folder / 'final.log').read_bytes() and b'\xff\xfe' in copied and b'\r\n' in copied
    assert b'earlier' not in copied and copied.endswith(b'the end\n')
    assert host.runs == ['check', 'async'] and host.jobs[-1] == 'cleanup'


def test_a_log_of_an_earlier_run_is_replaced(host, lines, tmp_path):
    (tmp_path / 'log').write_text('old')
    act(host, log_to=str(tmp_path / 'log'))
    assert (tmp_path / 'log').read_bytes() == (tmp_path / 'final.log').read_bytes()


def test_lines_come_at_the_interval(host, lines):
    host.output = BUILD[:3] + [None] * 20 + BUILD[4:]
    act(host, progress_interval='8')
    assert lines[0].startswith('ddk: %build, 2 objects compiled, ')
    seconds = [int(line.rsplit(', ', 1)[1].split()[0]) for line in lines]
    assert len(lines) > 2 and all(later - earlier >= 8 for earlier, later in zip([0] + seconds, seconds))


def test_the_percentage_comes_from_the_log_of_the_build_before(host, lines):
    objects = ''.join('  CC       lib/%d.lo\n' % number for number in range(4))
    (host.folder / 'final.log').write_text('Executing(%build): x\n' + objects + 'Executing(%clean): x\n')
    host.output = BUILD[:3] + [None] * 9
    act(host)
    assert '%build, 2 of 4 objects compiled (50 %)' in lines[0]


def test_the_tests_of_a_suite_are_counted_on_the_host(host, lines):
    suite = host.folder / 'suite'
    suite.write_text(''.join('#AT_START_%d\n' % number for number in range(1, 5)))
    host.output = [
        b'Executing(%%check): x\nset /bin/sh \'%s\' -C tests AUTOTEST_PATH=; \\\n"$@" -j2 || \\\n## a 1 test suite. ##\n  1: one   ok\n' % str(suite).encode(),
    ] + [None] * 9
    act(host)
    assert lines[0].startswith('ddk: %check, unit test 2 of 4 (25 %), ')
    assert len([command for command in host.commands if 'AT_START' in command]) == 1


def test_a_suite_that_cannot_be_read_has_no_number(host, lines):
    host.output = [b'Executing(%check): x\nset /bin/sh \'/nothere/suite\' -C tests AUTOTEST_PATH=; \\\n## a 1 test suite. ##\n'] + [None] * 9
    act(host)
    assert lines[0].startswith('ddk: %check, unit test 1, ')


def test_a_quiet_build_brings_its_log_all_the_same(host, lines, tmp_path):
    act(host, progress_interval=0, log_to=str(tmp_path / 'log'))
    assert lines == [] and (tmp_path / 'log').read_bytes().endswith(b'the end\n')


def test_the_lines_name_both_hosts_of_a_delegated_task(host, lines):
    act(host, task=dict(delegate_to='other'), progress_interval=1)
    assert lines[0].startswith('ddk -> other: ')


def test_a_failed_build_is_handed_on_with_its_log(host, lines, tmp_path):
    host.result = dict(failed=True, msg='The build failed', stderr='said', log=host.plan['log'])
    assert act(host, log_to=str(tmp_path / 'log')) == host.result
    assert (tmp_path / 'log').read_bytes().endswith(b'the end\n')


def test_where_nothing_is_to_be_built_there_is_one_run_and_the_log_is_brought_if_it_is_missing(host, lines, tmp_path):
    host.plan['changed'] = False
    (tmp_path / 'final.log').write_text('the log\n')
    assert act(host, log_to=str(tmp_path / 'log')) == host.plan and (tmp_path / 'log').read_text() == 'the log\n'
    (tmp_path / 'log').write_text('kept')
    assert act(host, log_to=str(tmp_path / 'log')) == host.plan and (tmp_path / 'log').read_text() == 'kept'
    assert host.runs == ['check', 'check'] and host.jobs == [] and len(host.commands) == 1


@pytest.mark.parametrize('task, run', [(dict(check_mode=True), 'check'), (dict(async_val=30), 'async')])
def test_check_mode_and_async_are_the_modules_alone(host, task, run):
    host.run = lambda check_mode, wrap_async, arguments, async_val: host.runs.append('check' if check_mode else 'async') or dict(changed=True)
    assert act(host, task=task, spec='a.spec') == dict(changed=True) and host.runs == [run] and host.commands == []


def test_what_the_module_refuses_is_refused(host):
    host.plan = dict(failed=True, msg='Nothing was built: no')
    assert act(host) == host.plan and host.runs == ['check'] and host.commands == []


def test_a_file_that_is_missing_is_left_to_the_module(host):
    host.plan.update(log=None, live_log=None)
    assert act(host) == host.result and host.runs == ['check', 'run']


def test_a_module_that_does_not_start_is_told(host, monkeypatch):
    real = host.run
    monkeypatch.setattr(host, 'run', lambda check_mode, wrap_async, *rest: dict(failed=True, msg='no') if wrap_async else real(check_mode, wrap_async, *rest))
    plugin = Plugin(host, {})
    assert plugin.run(task_vars=dict(inventory_hostname='ddk')) == dict(failed=True, msg='no')
    assert plugin._connection._shell.tmpdir == str(host.folder / 'ansible-tmp-1') and plugin._cleanup_remote_tmp, 'there is no wrapper to remove it'


@pytest.mark.parametrize('interval, words', [(-1, 'progress_interval is -1'), ('soon', 'progress_interval: ')])
def test_a_bad_interval_is_told_before_anything_is_done(host, interval, words):
    with pytest.raises(AnsibleActionFail) as caught:
        act(host, progress_interval=interval)
    assert words in str(caught.value) and host.runs == []


def test_a_place_for_the_log_that_is_none_is_told_before_the_build(host, tmp_path):
    (tmp_path / 'file').write_text('')
    with pytest.raises(AnsibleActionFail) as caught:
        act(host, log_to=str(tmp_path / 'file/log'))
    assert 'log_to: the log cannot be written on the controller' in str(caught.value) and 'async' not in host.runs


def test_a_log_that_can_no_longer_be_written_ends_the_build(host, tmp_path):
    with pytest.raises(AnsibleActionFail):
        act(host, log_to=str(tmp_path))
    assert not os.path.exists(host.lease) and host.result['msg'] == 'no longer waited for' and host.jobs[-1] == 'cleanup'


def test_a_connection_that_is_lost_for_a_while_does_no_harm(host, lines):
    host.lost = 5
    assert act(host) == host.result and host.commands.count('reset') == 5


def test_one_that_is_lost_for_longer_fails_the_task(host, lines, clock):
    host.lost = 1000
    host.output = [None] * 1000
    begun = clock.now
    with pytest.raises(AnsibleConnectionFailure):
        act(host)
    assert rpmbuild.LEASE < clock.now - begun < 2 * rpmbuild.LEASE and host.commands[-1].startswith('rm -f ')


def test_a_job_that_cannot_be_asked_for_a_while_does_no_harm(host, lines):
    host.broken = 5
    host.output = BUILD + [None] * 9
    assert act(host) == host.result and host.jobs.count('status') > 5


def test_one_that_cannot_be_asked_for_longer_fails_the_task(host, lines, clock):
    host.broken, host.output = 1000, [None] * 1000
    begun = clock.now
    with pytest.raises(AnsibleActionFail) as caught:
        act(host)
    assert 'MODULE FAILURE' in str(caught.value) and 'no room for a temporary file' in str(caught.value)
    assert rpmbuild.LEASE < clock.now - begun < 2 * rpmbuild.LEASE and not os.path.exists(host.lease)


@pytest.fixture
def module(host):
    """A process that stands for the module."""
    process = subprocess.Popen(['sleep', '300'])
    host.process = process.pid
    yield process
    process.kill()
    process.wait()


def killed(host, clock, module, afterwards=lambda: None, reaped=True):
    """Kill the module when it has built for two seconds."""
    def meanwhile():
        host.second()
        if len(host.output or ()) == 3:
            module.kill()
            os.waitid(os.P_PID, module.pid, os.WEXITED | (0 if reaped else os.WNOWAIT))
            clock.meanwhile = afterwards
    clock.meanwhile = meanwhile


@pytest.mark.parametrize('reaped', [True, False], ids=['reaped', 'as in a container without an init'])
@pytest.mark.parametrize('afterwards', [b'', b'  CC       lib/orphan.lo\n'], ids=['all of it', 'rpmbuild lives on'])
def test_a_module_that_was_killed_with_its_wrapper_fails_the_task(host, lines, clock, module, reaped, afterwards):
    def go_on():
        with open(host.plan['live_log'], 'ab') as stream:
            stream.write(afterwards)
    killed(host, clock, module, go_on, reaped)
    begun = clock.now
    with pytest.raises(AnsibleActionFail) as caught:
        act(host)
    assert 'was killed' in str(caught.value) and 'restarted' in str(caught.value) and host.plan['live_log'] in str(caught.value)
    assert clock.now - begun < 2 * rpmbuild.FAREWELL and host.jobs[-1] == 'cleanup' and not os.path.exists(os.path.dirname(host.lease))


def test_a_result_that_comes_late_is_taken(host, lines, clock, module):
    seconds = []

    def late():
        seconds.append(1)
        if len(seconds) == 5:
            host.finish(host.result)
    killed(host, clock, module, late)
    assert act(host) == host.result


def test_a_host_that_does_not_show_its_processes_is_believed(host, lines, monkeypatch):
    host.process = 2 ** 22 + 1
    monkeypatch.setattr(rpmbuild, 'GONE', rpmbuild.GONE.replace('/proc', '/nothere'))
    host.output = [None] * 60
    assert act(host) == host.result


def test_a_look_takes_no_process_more_for_the_module_itself(host, lines):
    act(host)
    assert {command.split()[0] for command in host.commands if '/proc/' in command} == {'od'}


@pytest.mark.parametrize('options', [dict(time_limit='60'), dict()], ids=['given', 'default'])
def test_a_module_that_died_before_its_log_began_is_told_by_its_time_limit(host, lines, clock, monkeypatch, options):
    monkeypatch.setattr(rpmbuild, 'TIME_LIMIT', 60)
    clock.meanwhile = lambda: None
    begun = clock.now
    with pytest.raises(AnsibleActionFail) as caught:
        act(host, **options)
    assert 'time_limit is 60 seconds' in str(caught.value)
    assert 60 + rpmbuild.OVERTIME < clock.now - begun < 90 + rpmbuild.OVERTIME and host.commands[-1].startswith('rm -f ')


def test_the_folder_of_the_plan_serves_the_build_too(host, lines):
    plugin = Plugin(host, {})
    folder = plugin._make_tmp_path()
    plugin.run(task_vars=dict(inventory_hostname='ddk'))
    assert host.lease == os.path.join(folder, 'lease') and plugin._cleanup_remote_tmp, 'what the looks leave is for Ansible to remove'


@pytest.fixture
def signals():
    """The signals that arrive after the plugin has done its part, where Ansible has its own handlers."""
    arrived = []
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = [signal.signal(number, lambda number, frame: arrived.append(number)) for number in numbers]
    yield arrived
    for number, handler in zip(numbers, before):
        signal.signal(number, handler)


@pytest.mark.parametrize('number', [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_the_build_and_goes_on_to_ansible(host, lines, clock, signals, number):
    def interrupted():
        host.second()
        if len(host.output or ()) == 2:
            os.kill(os.getpid(), number)
    clock.meanwhile = interrupted
    with pytest.raises(rpmbuild.Interrupted):
        act(host)
    assert not os.path.exists(host.lease) and host.result['msg'] == 'no longer waited for' and host.jobs[-1] == 'cleanup'
    assert signals == [number]


def test_a_second_signal_does_not_cut_the_end_short(host, lines, clock, signals):
    def impatient():
        os.kill(os.getpid(), signal.SIGINT)
        host.second()
    clock.meanwhile = impatient
    with pytest.raises(rpmbuild.Interrupted):
        act(host)
    assert host.result['msg'] == 'no longer waited for' and host.jobs[-1] == 'cleanup' and signals == [signal.SIGINT]


def test_a_build_does_not_outlive_the_run_that_started_it(host, lines, monkeypatch, signals):
    parents = [10, 10, 10]
    monkeypatch.setattr(rpmbuild.os, 'getppid', lambda: parents.pop() if parents else 1)
    with pytest.raises(rpmbuild.Interrupted):
        act(host)
    assert host.result['msg'] == 'no longer waited for' and signals == [signal.SIGTERM]


def test_a_build_that_does_not_end_is_left_to_its_lease(host, lines, clock, signals):
    clock.meanwhile = lambda: os.kill(os.getpid(), signal.SIGINT)
    with pytest.raises(rpmbuild.Interrupted):
        act(host)
    assert not os.path.exists(host.lease) and 'cleanup' not in host.jobs and clock.now < 1000 + 2 * rpmbuild.FAREWELL


def test_handlers_are_put_back(host, lines, signals):
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)]
    act(host)
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)] == before and signals == []
