# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run one tool: an argument vector, the C locale, a time limit, a typed error.

Every process that the collection starts on a target goes through :func:`run`.
"""

from __future__ import absolute_import, division, print_function
__metaclass__ = type

import errno
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections import namedtuple

from ansible.module_utils.common.process import get_bin_path
from ansible.module_utils.common.text.converters import to_bytes, to_native, to_text
from ansible.module_utils.six.moves import shlex_quote

# Seconds between SIGTERM and SIGKILL for a tool that is ended.
GRACE = 5
# Seconds between two looks at a tool that runs.
TICK = 1

Result = namedtuple('Result', ('argv', 'rc', 'out', 'err'))


class CliError(Exception):
    """A tool that is missing, failed or ran out of time.

    ``result`` is the :class:`Result`, or None where nothing ran.
    """

    def __init__(self, message, result=None):
        super(CliError, self).__init__(to_native(message))  # on Python 2.7 str() of it must not fail on what a tool said
        self.result = result

    def details(self):
        """What a module adds to its failure: rc, stdout, stderr and the command."""
        if self.result is None:
            return {}
        return dict(cmd=self.result.argv, rc=self.result.rc, stdout=self.result.out, stderr=self.result.err)


class Ended(CliError):
    """A tool that was ended before it was done: its time was up, or nobody waited for it any more."""


def find(name, paths=()):
    """The path of a tool; ``paths`` are searched beside PATH and the sbin folders."""
    try:
        return get_bin_path(name, opt_dirs=list(paths))
    except ValueError:
        where = ', '.join(list(paths) + ['PATH'])
        raise CliError('The program %s is not on this host (searched: %s). Install the package that holds it.' % (name, where))


def check_path(option, path):
    """:raises CliError: a path that no file can have."""
    if '\0' in path:
        raise CliError('%s: %r holds a NUL character, which no path can.' % (option, to_native(path)))


def run(argv, time_limit, ok=(0,), data=None, cwd=None, env=None, output=None, wanted=None):
    """Run ``argv`` and return its :class:`Result`.

    :arg time_limit: seconds, after which the tool and its children are ended.
    :arg ok: the exit statuses that are no failure; None accepts every one.
    :arg data: text for the standard input, which is empty otherwise.
    :arg env: variables set beside those of this process.
    :arg output: an open binary file that receives both output streams as they come.
    :arg wanted: a function that is asked every second; once it says no, the tool and its children are ended.
    :raises CliError: no such program, or a status that is not ``ok``; as :class:`Ended` no end in time, or no longer wanted.
    """
    argv = [to_native(word) for word in argv]
    # Files and no pipes: a pipe has its end only with the last process that holds it, and a daemon may hold it for ever.
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        process = _start(argv, time_limit, cwd, env, (output, subprocess.STDOUT) if output else (out, err), wanted)
        try:
            process.communicate(to_bytes(data) if data is not None else None)
        except BaseException:
            process.end()
            raise
        finally:
            process.dismiss_guard()
        result = Result(argv, process.returncode, _text(out), _text(err))
    if process.fault:
        raise Ended('%s %s and was ended.' % (quote(argv), process.fault), result)
    if ok is not None and result.rc not in ok:
        said = (result.err or result.out).strip()
        raise CliError('%s failed with status %d%s' % (quote(argv), result.rc, ': ' + said if said else '.'), result)
    return result


def quote(argv):
    """The vector as one line of text that a person can paste into a shell; never run."""
    return to_text(' '.join(shlex_quote(to_native(word)) for word in argv))


def _start(argv, time_limit, cwd, env, streams, wanted):
    try:
        return _Process(
            time_limit, wanted, argv, cwd=cwd, env=dict(dict(os.environ, LC_ALL='C', LANGUAGE='C'), **(env or {})), stdin=subprocess.PIPE,
            stdout=streams[0], stderr=streams[1])
    except OSError as error:
        raise CliError('%s could not be started: %s' % (quote(argv), to_native(error)))


def _text(stream):
    stream.seek(0)
    return to_text(stream.read(), errors='surrogate_or_replace')


class _Process(subprocess.Popen):
    """A process that leads a group of its own. A guard ends the group when ``limit`` seconds have passed or ``wanted()`` says no.

    AnsibleModule.run_command has no time limit and leaves children behind.
    """

    def __init__(self, limit, wanted, argv, **options):
        super(_Process, self).__init__(argv, close_fds=True, **dict(_apart(), **options))
        self.fault = None
        self._dismissed = threading.Event()
        self._guard = threading.Thread(target=self._watch, args=[limit, wanted])
        self._guard.daemon = True
        self._guard.start()

    def dismiss_guard(self):
        """See it gone, too: Python 2.7 ends noisily with a thread that still waits."""
        self._dismissed.set()
        self._guard.join()

    def end(self):
        """For an interrupt: nothing that was started stays behind."""
        self._signal(signal.SIGTERM)
        self.wait()

    def _watch(self, limit, wanted):
        end = seconds() + limit
        while not self._dismissed.wait(max(0, min(TICK, end - seconds()))):
            if seconds() >= end:
                # Often what remains of a longer limit, with many digits.
                self.fault = 'did not finish within %d seconds' % max(1, round(limit))
            elif wanted and not wanted():
                self.fault = 'is no longer waited for by anybody'
            if self.fault:
                self._signal(signal.SIGTERM)
                if not self._dismissed.wait(GRACE):
                    self._signal(signal.SIGKILL)
                return

    def _signal(self, number):
        try:
            os.killpg(self.pid, number)
        except OSError as error:
            if error.errno != errno.ESRCH:
                raise


def _apart():
    """The options of a new process that leads a group, and is ended where it writes to nobody, which Python switches off for itself.

    Python 3 does both of its own. A function of ours between fork and exec copies the whole process, and may hang it where there are threads.
    """
    if sys.version_info[0] > 2:
        return dict(start_new_session=True, restore_signals=True)

    def begin():
        os.setsid()
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    return dict(preexec_fn=begin)


def seconds():
    """A clock that nobody sets; Python 2.7 has no time.monotonic."""
    return os.times()[4]
