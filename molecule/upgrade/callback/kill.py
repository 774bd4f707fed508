"""Ends a run of Ansible at one moment as a loss of power would: every process of its group, without a word.

``KILL_AT`` is that moment: ``before NAME OF A TASK``, when no host has begun it, or ``after NAME OF A TASK``, when a host has ended it.
"""

import os
import signal

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
name: kill
type: aggregate
short_description: kill the run at a moment
description: For tests.
"""


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "kill"
    CALLBACK_NEEDS_ENABLED = True

    def v2_playbook_on_task_start(self, task, is_conditional):
        self._reached("before", task)

    def v2_runner_on_ok(self, result):
        self._reached("after", result._task)

    def _reached(self, moment, task):
        if os.environ.get("KILL_AT") == f"{moment} {task.name}":
            os.killpg(0, signal.SIGKILL)
