# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The task as users have it: ansible-playbook, connection local, the real rpmbuild; shown, interrupted and started again."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml

from ansible_collections.xenserver.openvswitch.tests.unit.plugins.modules import rpm_host
from ansible_collections.xenserver.openvswitch.tests.unit.plugins.modules.rpm_host import Host, require

# Where the collection was imported from: this file itself may lie in a clone of any depth.
COLLECTIONS = Path(rpm_host.__file__).absolute().parents[7]
SPEC = '''Name: tiny
Version: 1
Release: 1
Summary: tiny
License: GPL
BuildArch: noarch
%%description
tiny
%%build
echo "  CC       lib/a.lo"
%s
%%install
mkdir -p %%{buildroot}/opt
echo x > %%{buildroot}/opt/tiny
%%files
/opt/tiny
'''
# As unit tests do, it starts a daemon that leaves its process group.
ENDLESS = '''setsid sh -c 'echo $$ > %s/daemon; exec sleep 300' &
while [ ! -s %s/daemon ]; do sleep 0.1; done
touch %s/begun
sleep 300'''


class Run:
    """ansible-playbook with one task, in a process group of its own, as a shell starts it."""

    def __init__(self, folder, *arguments):
        self.begun = str(folder / 'begun')
        self.output = folder / 'output'
        environment = dict(os.environ, ANSIBLE_COLLECTIONS_PATH=str(COLLECTIONS), ANSIBLE_STDOUT_CALLBACK='ansible.builtin.default', ANSIBLE_NOCOLOR='1',
                           ANSIBLE_LOCAL_TEMP=str(folder / 'local'), ANSIBLE_REMOTE_TEMP=str(folder / 'remote'), ANSIBLE_ASYNC_DIR=str(folder / 'async'))
        # A test run that a script started in the background ignores SIGINT, and so would all that it starts.
        command = ['env', '--default-signal=INT', sys.executable, '-m', 'ansible.cli.playbook', '-i', 'ddk,', str(folder / 'play.yml')] + list(arguments)
        with open(self.output, 'wb') as stream:
            self.process = subprocess.Popen(
                command, env=environment, stdin=subprocess.DEVNULL, stdout=stream, stderr=subprocess.STDOUT, start_new_session=True)

    def until_it_builds(self):
        self._wait(lambda: os.path.exists(self.begun))
        return self

    def end(self):
        self._wait(lambda: False)
        return self.process.returncode, self.output.read_text()

    def _wait(self, met):
        end = time.monotonic() + 120
        while self.process.poll() is None and not met():
            assert time.monotonic() < end, self.output.read_text()
            time.sleep(0.1)


@pytest.fixture
def ddk(tmp_path, monkeypatch):
    require('rpm', 'rpmbuild', 'rpmspec')
    host = Host(tmp_path)
    host.enter(monkeypatch)
    task = {'xenserver.openvswitch.rpmbuild': dict(spec=str(tmp_path / 'tiny.spec'), progress_interval=1, log_to='log'), 'register': 'build'}
    told = {'ansible.builtin.debug': dict(msg='{{ build | to_json }}')}
    play = dict(hosts='ddk', gather_facts=False, connection='local', tasks=[task, told], vars=dict(ansible_python_interpreter=sys.executable))
    (tmp_path / 'play.yml').write_text(yaml.safe_dump([play]))
    return tmp_path


def spec(ddk, build):
    (ddk / 'tiny.spec').write_text(SPEC % build)


def runs(pid):
    try:
        return Path('/proc/%s/stat' % pid).read_text().split()[2] != 'Z'
    except OSError:
        return False


def nothing_is_left(ddk, *processes):
    """Ansible's wrapper looks only every few seconds whether it has something to put away."""
    end = time.monotonic() + 30
    while True:
        left = [path for path in ddk.glob('top/**/*') if '.partial' in path.name] + [path for path in ddk.glob('async/*') if path.is_file()]
        left += list(ddk.glob('remote/*')) + [pid for pid in processes if runs(pid)]
        if not left:
            return True
        assert time.monotonic() < end, left
        time.sleep(0.1)


def test_a_build_is_shown_and_leaves_its_log_and_then_nothing_more(ddk):
    spec(ddk, 'sleep 4')
    status, output = Run(ddk).end()
    assert status == 0 and 'ddk: %build, 1 object compiled, ' in output and 'changed=1' in output, output
    log = (ddk / 'log').read_text()
    assert 'CC       lib/a.lo' in log and 'Executing(%clean)' in log and nothing_is_left(ddk)
    told = json.loads(output[output.index('"msg": ') + len('"msg": '):].split('\n')[0])
    result = told if isinstance(told, dict) else json.loads(told)
    assert Path(result['log']).read_text() == log and not {'ansible_job_id', 'started', 'finished', 'stdout', 'results_file'} & set(result)
    status, output = Run(ddk).end()
    assert status == 0 and 'changed=0' in output and 'ddk: ' not in output, output


@pytest.mark.parametrize('number, whole_group', [(signal.SIGINT, True), (signal.SIGINT, False), (signal.SIGTERM, False), (signal.SIGKILL, False)],
                         ids=['Ctrl-C', 'SIGINT', 'SIGTERM', 'SIGKILL'])
def test_an_interrupted_run_leaves_nothing_behind_and_can_be_started_again(ddk, number, whole_group):
    spec(ddk, ENDLESS.replace('%s', str(ddk)))
    run = Run(ddk).until_it_builds()
    daemon = (ddk / 'daemon').read_text().strip()
    assert runs(daemon)
    (os.killpg if whole_group else os.kill)(run.process.pid, number)
    assert run.end()[0] != 0
    assert nothing_is_left(ddk, daemon)
    assert 'Executing(%build)' in (ddk / 'log').read_text()
    spec(ddk, '')
    status, output = Run(ddk).end()
    assert status == 0 and 'changed=1' in output, output


def parent(pid):
    return int(Path('/proc/%d/stat' % pid).read_text().split()[3])


def test_a_build_whose_module_and_wrapper_were_killed_fails(ddk):
    """As by the kernel for want of memory: nothing is left that could say how it ended."""
    spec(ddk, ENDLESS.replace('%s', str(ddk)))
    run = Run(ddk).until_it_builds()
    module = int((ddk / 'top/rpmbuild.log').read_text().split()[2])
    rpmbuild = int(Path('/proc/%d/task/%d/children' % (module, module)).read_text().split()[0])
    runner = parent(module)
    for pid in (parent(runner), runner, module):
        os.kill(pid, signal.SIGKILL)
    status, output = run.end()
    for group in (rpmbuild, int((ddk / 'daemon').read_text())):
        os.killpg(group, signal.SIGKILL)
    assert status != 0 and 'was killed' in output and 'run again' in output, output
    assert not list(ddk.glob('remote/*')) + [path for path in ddk.glob('async/*') if path.is_file()]
    spec(ddk, '')
    status, output = Run(ddk).end()
    assert status == 0 and 'changed=1' in output and nothing_is_left(ddk), output
