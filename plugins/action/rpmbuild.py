# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The controller's part of the module rpmbuild: a long build shows how far it is, leaves its log here, and ends with the run that started it.

Where there is something to build, the module runs apart, by Ansible's async wrapper, and short commands look after it.
So no connection has to live as long as a build, and one that is lost for a while does no harm. The module ends
the build when its lease is given up, and so also where nothing is left of the controller that could say so.
"""

from __future__ import annotations

import contextlib
import os
import re
import shlex
import signal
import time

from ansible.errors import AnsibleActionFail, AnsibleConnectionFailure
from ansible.module_utils.common.validation import check_type_int
from ansible.plugins.action import ActionBase
from ansible.plugins.loader import action_loader
from ansible.utils.display import Display

from ansible_collections.xenserver.openvswitch.plugins.module_utils._audience import LEASE
from ansible_collections.xenserver.openvswitch.plugins.plugin_utils._rpm_log_copy import LogCopy
from ansible_collections.xenserver.openvswitch.plugins.plugin_utils._rpm_progress import Progress, duration

# As the module's documentation says.
INTERVAL = 10
TIME_LIMIT = 7200
# Seconds beyond its time limit that the module may take in all: it also looks at the host, digests files, and ends what it started.
OVERTIME = 600
# Seconds between two looks at a build: soon at first, since many builds are short.
SOONEST, LATEST = 1, 5
# Seconds that an interrupted run waits for its build to end, and that a result may take to arrive from a module that is gone.
FAREWELL = 15
# Follows the command that reads the log, in the same shell and without a process more: whether the module is gone, or dead and nobody took note,
# as in a container without an init. Read as the module's own user, since a host may hide a process from others; one that shows none is believed.
GONE = '; if test -e /proc/self; then state=Z; read -r number name state rest 2>/dev/null </proc/%d/stat; test "$state" != Z || echo gone; fi'
# The module has a time limit of its own, and the lease.
UNLIMITED = 2 ** 31 - 1
# What Ansible adds to the result of a module that ran apart: never the module's, and the module's only where it says something.
ASYNC_KEYS = ('ansible_job_id', 'started', 'finished', 'results_file')
STREAM_KEYS = ('stdout', 'stdout_lines', 'stderr', 'stderr_lines')

display = Display()


class Interrupted(BaseException):
    """A signal that asks this process to end."""

    def __init__(self, number):
        super().__init__(f'signal {number}')
        self.number = number


class Killed(AnsibleActionFail):
    """The module that runs apart is gone and left no result."""


class NoAnswer(AnsibleActionFail):
    """Ansible's own module could not say how the module that runs apart is."""


@contextlib.contextmanager
def interruptible():
    """Have the first of the signals that ask for an end raise Interrupted, the others nothing; in the end it does what it did before."""
    def interrupt(number, frame):
        for one in before:
            signal.signal(one, signal.SIG_IGN)
        raise Interrupted(number)

    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    for number in before:
        signal.signal(number, interrupt)
    asked = None
    try:
        yield
    except Interrupted as reason:
        asked = reason.number
        raise
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        if asked:
            os.kill(os.getpid(), asked)


class ActionModule(ActionBase):
    _supports_check_mode = True
    _supports_async = True

    def run(self, tmp=None, task_vars=None):
        super().run(tmp, task_vars)
        self._task_vars = task_vars
        interval, log_to = self._options()
        if self._task.check_mode or self._task.async_val:
            return self._module(wrap_async=self._task.async_val)
        with self._task_as(check_mode=True):
            plan = self._module()
        if plan.get('failed'):
            return plan
        if not plan.get('changed'):
            if log_to and not os.path.exists(log_to):
                LogCopy(log_to).add(self._read(plan['log']))
            return plan
        if not plan.get('log'):
            return self._module()  # a file is missing: let the module refuse
        return self._build(plan, interval, log_to)

    def _options(self):
        """Those of the options that are for this plugin, before anything was done."""
        try:
            interval = check_type_int(self._task.args.get('progress_interval', INTERVAL))
        except TypeError as error:
            raise AnsibleActionFail(f'progress_interval: {error}') from error
        if interval < 0:
            raise AnsibleActionFail(f'progress_interval is {interval}; it must be a number of seconds, or 0 for no lines.')
        log_to = self._task.args.get('log_to')
        return interval, self._loader.path_dwim(log_to) if log_to else None

    def _build(self, plan, interval, log_to):
        """Start the build, look after it, and return its result; whatever goes wrong here ends it."""
        before = Progress()
        before.feed(self._read(plan['log']).decode('latin-1'))
        folder = self._connection._shell.tmpdir or self._make_tmp_path()
        lease = self._connection._shell.join_path(folder, 'lease')
        self._command('touch', lease, sudoable=False)
        copy = LogCopy(log_to, lease)
        job = {}
        with interruptible():
            try:
                job = self._start(folder, lease)
                if job.get('failed'):
                    return job
                lines = Lines(interval, self._name(), before)
                pulse = Pulse(plan['live_log'], check_type_int(self._task.args.get('time_limit', TIME_LIMIT)))
                return self._attend(job, lease, pulse, copy, lines)
            except Killed:
                self._bury(job, folder)
                raise
            except BaseException:
                self._give_up(job, lease, copy)
                raise

    def _start(self, folder, lease):
        """Start the module apart. Its wrapper removes the folder, and Ansible the one of the looks that follow, which it has to be told."""
        with self._task_as(async_val=UNLIMITED):
            job = self._module(wrap_async=True, lease=lease)
        self._cleanup_remote_tmp = True
        if job.get('failed'):
            self._connection._shell.tmpdir = folder  # there is no wrapper
        return job

    def _attend(self, job, lease, pulse, copy, lines):
        """Keep up the lease, read the log as it grows and say so, until the module has ended; its result."""
        parent, heard = os.getppid(), time.monotonic()
        while True:
            time.sleep(min(LATEST, SOONEST + lines.elapsed / 20))
            if os.getppid() != parent:
                raise Interrupted(signal.SIGTERM)  # ansible-playbook is gone
            try:
                self._command('touch', '-c', lease, sudoable=False)
                grown = self._read_on(copy, pulse)
                lines.show(copy.progress, self._count_tests)
                result = None if grown and not copy.progress.at_end and not pulse.gone else self._result(job, copy)
            except (AnsibleConnectionFailure, NoAnswer):
                if time.monotonic() - heard > LEASE:
                    raise
                with contextlib.suppress(AttributeError):
                    self._connection.reset()
                continue
            heard = time.monotonic()
            if result:
                return result
            pulse.judge(lines.elapsed)

    def _read_on(self, copy, pulse):
        """Add to the copy what the log has grown by, and see whether the module lives; whether there was something new."""
        said = self._dump(pulse.log, copy.size, then=pulse.question)
        pulse.hear(said)
        data = _bytes(said)
        grown = copy.add(data)
        if grown:
            pulse.begin(data)
        return grown

    def _bury(self, job, folder):
        """Remove what Ansible's wrapper would have removed, had it not been killed too."""
        with contextlib.suppress(AnsibleConnectionFailure):
            if self._should_remove_tmp_path(folder):
                self._command('rm', '-rf', folder, sudoable=False)
            self._job(job, 'cleanup')

    def _give_up(self, job, lease, copy):
        """Have the module end the build, and see it end, so that the next run finds everything free."""
        with contextlib.suppress(AnsibleConnectionFailure, AnsibleActionFail):
            self._command('rm', '-f', lease, sudoable=False)
            end = time.monotonic() + FAREWELL
            while job.get('ansible_job_id') and time.monotonic() < end and not self._result(job, copy):
                time.sleep(SOONEST)
        with contextlib.suppress(AnsibleConnectionFailure):
            self.cleanup()  # a signal leaves Ansible no time for it

    def _result(self, job, copy):
        """The result of the module that runs apart, with the rest of its log and nothing left of it on the host; None while it runs."""
        status = self._job(job, 'status')
        if status.get('failed') and not status.get('finished'):
            reasons = [str(status[name]).strip() for name in ('msg', 'module_stdout', 'module_stderr') if status.get(name)]
            raise NoAnswer(f'The host cannot be asked whether the build is over, so it was given up: {" ".join(reasons)}')
        if not status.get('finished'):
            return None
        rest = self._read(status['log'], copy.size) if status.get('log') else b''
        try:
            copy.add(rest)
        finally:
            with contextlib.suppress(AnsibleConnectionFailure):  # the result is here and must not be lost on the last step
                self._job(job, 'cleanup')
        return {name: value for name, value in status.items() if name not in ASYNC_KEYS and (value or name not in STREAM_KEYS)}

    def _module(self, wrap_async=False, **arguments):
        return self._execute_module(module_args=dict(self._task.args, **arguments), task_vars=self._task_vars, wrap_async=wrap_async)

    def _job(self, job, mode):
        """Ask for the module that runs apart, or remove what Ansible keeps of it."""
        task = self._task.copy()
        task.args = dict(jid=job['ansible_job_id'], mode=mode)
        action = action_loader.get(
            'ansible.builtin.async_status', task=task, connection=self._connection, play_context=self._play_context,
            loader=self._loader, templar=self._templar, shared_loader_obj=self._shared_loader_obj)
        return action.run(task_vars=self._task_vars)

    def _command(self, *words, sudoable=True, then=''):
        return self._low_level_execute_command(shlex.join(words) + then, sudoable=sudoable)

    def _read(self, path, offset=0):
        return _bytes(self._dump(path, offset))

    def _dump(self, path, offset=0, then=''):
        """The lines that show what a file on the host holds from ``offset`` on. As numbers, since a terminal on the way changes line ends."""
        return self._command('od', '-A', 'n', '-v', '-t', 'x1', '-j', str(offset), path, then=then)['stdout'].splitlines()

    def _count_tests(self, suite):
        """The number of tests in a suite that Autotest made, or 0 where it cannot be told."""
        answer = self._command('grep', '-c', '^#AT_START_', suite)['stdout'].strip()
        return int(answer) if answer.isdigit() else 0

    @contextlib.contextmanager
    def _task_as(self, **settings):
        before = {name: getattr(self._task, name) for name in settings}
        try:
            for name, value in settings.items():
                setattr(self._task, name, value)
            yield
        finally:
            for name, value in before.items():
                setattr(self._task, name, value)

    def _name(self):
        delegated = f' -> {self._task.delegate_to}' if self._task.delegate_to else ''
        return f'{self._task_vars["inventory_hostname"]}{delegated}'


def _bytes(lines):
    """What the lines of od show, without all that is not its own."""
    return bytes.fromhex(''.join(line for line in lines if re.fullmatch(r'( [0-9a-f]{2})+\s*', line)))


class Pulse:
    """Whether the module that runs apart lives. What killed it, as a reboot, may have killed Ansible's wrapper too; then nothing else ever tells."""

    def __init__(self, log, limit):
        self.log, self.gone = log, False
        self._limit, self._process, self._since = limit, None, None

    @property
    def question(self):
        return GONE % self._process if self._process else ''

    def begin(self, data):
        """Take from the first line of the log which process it is."""
        first = re.match(rb'# process (\d+) ', data)
        if first and not self._process:
            self._process = int(first[1])

    def hear(self, lines):
        self.gone = 'gone' in [line.strip() for line in lines]

    def judge(self, elapsed):
        """To be called where there is no result yet.

        :raises Killed: the module is gone for longer than its result could take. :raises AnsibleActionFail: it should be over since long.
        """
        now = time.monotonic()
        self._since = (self._since or now) if self.gone else None
        if self.gone and now - self._since > FAREWELL:
            raise Killed('The module rpmbuild is no longer on the host and left no result: it was killed, as for want of memory or room on a disk, '
                         f'or the host restarted. See {self.log} there for what was printed until then, and run again.')
        if elapsed > self._limit + OVERTIME:
            raise AnsibleActionFail(f'The build is not over {duration(elapsed)} after its start, and time_limit is {self._limit} seconds: the module that was '
                                    'to end it hangs or was killed. See what became of it on the host, and run again.')


class Lines:
    """The lines about one build, not more often than every ``interval`` seconds."""

    def __init__(self, interval, name, before):
        self._interval, self._name, self._before = interval, name, before
        self._begun = self._last = time.monotonic()
        self._suite, self._tests = None, 0

    @property
    def elapsed(self):
        return time.monotonic() - self._begun

    def show(self, progress, count_tests):
        now = time.monotonic()
        if not self._interval or now - self._last < self._interval:
            return
        self._last = now
        if progress.suite != self._suite:
            self._suite = progress.suite
            self._tests = count_tests(self._suite) if self._suite else 0
        # On the standard error output, since callbacks such as json have the other one to themselves.
        display.display(f'{self._name}: {progress.describe(self._before, self._tests)}, {duration(self.elapsed)}', stderr=True)
