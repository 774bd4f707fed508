# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r'''
name: simulated
short_description: Hosts that answer what a host of the lab has answered, so that only the control node works
author: The xenserver.openvswitch project (@xenserver-openvswitch)
extends_documentation_fragment:
  - connection_pipelining
description:
  - Everything above the connection is as ever, modules are made and their arguments templated. What would be sent to a host is looked up among the answers.
options:
  folder:
    description: Folder with the answers, a file each, and with a file for each host that has a line for each step that it was asked for.
    type: path
    required: true
    env: [{name: FLEET_FOLDER}]
  size:
    description: Of how many hosts the fleet is.
    type: int
    required: true
    env: [{name: FLEET_SIZE}]
  step_time:
    description: How long a host takes for each step, in seconds.
    type: float
    default: 0
    env: [{name: FLEET_STEP}]
  reboot_time:
    description: How long a host does not answer while it reboots, in seconds.
    type: float
    default: 0
    env: [{name: FLEET_REBOOT}]
'''

import time
from pathlib import Path

from simulation import hosts  # fleet.py puts its folder into Python's path

from ansible.errors import AnsibleConnectionFailure, AnsibleError
from ansible.plugins.connection import ConnectionBase


class Connection(ConnectionBase):
    transport = 'simulated'
    has_pipelining = True

    def _connect(self):
        return self

    def close(self):
        """There is nothing to close."""

    def exec_command(self, cmd, in_data=None, sudoable=True):
        super().exec_command(cmd, in_data=in_data, sudoable=sudoable)
        time.sleep(self.get_option('step_time'))
        name, asked = hosts.called(cmd, (in_data or b'').decode())
        file = Path(self.get_option('folder'), 'hosts', self._play_context.remote_addr)
        since, state = hosts.last(file)
        if state == 'booted' and time.time() < since + self.get_option('reboot_time'):
            raise AnsibleConnectionFailure('%s reboots.' % file.name)
        answer = self._answer(file.name, state, name, asked)
        hosts.note(file, hosts.following(state, name, asked), name or asked)
        return 0, answer.encode(), b''

    def _answer(self, host, state, name, asked):
        pool = next(pool for pool in hosts.pools(self.get_option('size')) if host in pool)
        question = hosts.question('coordinator' if host == pool[0] else 'supporter', state, name, asked)
        file = Path(self.get_option('folder'), 'answers', hosts.digest(question))
        if not file.is_file():
            raise AnsibleError('No host of the lab was asked this, so there is no answer. Record them anew with simulation/record.py: %s' % question)
        return hosts.answer(file.read_text(encoding='utf-8'), dict(hosts.marks(pool, host), FOLDER=hosts.folder(name, asked)))

    def put_file(self, in_path, out_path):
        super().put_file(in_path, out_path)
        time.sleep(self.get_option('step_time'))

    def fetch_file(self, in_path, out_path):
        raise AnsibleError('Simulated hosts have no files.')
