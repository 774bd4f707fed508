# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The action on a host that is a folder with stand-ins of python and rpm; its shell, its sha256sum and its commands are real.

The scenario build_options has it over ssh, on a host whose Python is away.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from types import SimpleNamespace

import pytest

from ansible.errors import AnsibleActionFail

from ansible_collections.xenserver.openvswitch.plugins.action import python_bootstrap

SAYS = '#!/bin/sh\necho "python $0 %s"\n'


class Host(python_bootstrap.ActionModule):
    """The action with a host of its own instead of a connection. Its rpm puts the last file that it is given where the Python is to be."""

    def __init__(self, folder):
        self.folder, self.python = folder, folder / 'bin/python2.7'
        self._connection = SimpleNamespace(_shell=SimpleNamespace(join_path=os.path.join, tmpdir=None))
        self._task = None
        self._templar = SimpleNamespace(template=lambda text: text and text.replace('{{ folder }}', str(folder)))
        self.damage = self.greeting = ''
        (folder / 'bin').mkdir()
        self.program('rpm', f'#!/bin/sh\necho "$@" >>{folder}/calls\necho warning: odd\nfor file; do :; done\ncp "$file" {self.python}\n')

    def program(self, name, text):
        (self.folder / 'bin' / name).write_text(text)
        (self.folder / 'bin' / name).chmod(0o755)

    def rpm(self, name, text):
        (self.folder / name).write_text(text)
        (self.folder / name).chmod(0o755)
        return dict(path=str(self.folder / name), sha256=hashlib.sha256(text.encode()).hexdigest())

    def do(self, rpms=(), check_mode=False, interpreter=None):
        self._task = SimpleNamespace(args=dict(rpms=list(rpms)), check_mode=check_mode, async_val=0)
        return self.run(task_vars=dict(ansible_python_interpreter=interpreter or str(self.python)))

    @property
    def calls(self):
        path = self.folder / 'calls'
        return path.read_text().splitlines() if path.exists() else []

    def _early_needs_tmp_path(self):
        return False

    def _low_level_execute_command(self, cmd):
        environment = dict(os.environ, PATH=f'{self.folder}/bin:{os.environ["PATH"]}')
        done = subprocess.run(['/bin/sh', '-c', cmd], env=environment, capture_output=True, text=True, check=False)
        return dict(rc=done.returncode, stdout=self.greeting + done.stdout, stderr=done.stderr)

    def _make_tmp_path(self):
        (self.folder / 'tmp').mkdir()
        return str(self.folder / 'tmp')

    def _remove_tmp_path(self, folder):
        shutil.rmtree(folder)

    def _transfer_file(self, local_path, remote_path):
        shutil.copy(local_path, remote_path)
        with open(remote_path, 'a', encoding='ascii') as stream:
            stream.write(self.damage)


@pytest.fixture
def host(tmp_path):
    return Host(tmp_path)


@pytest.fixture
def rpms(host):
    return [host.rpm('python27-libs-2.7.18-1.x86_64.rpm', 'libs'), host.rpm('python27-2.7.18-1.x86_64.rpm', SAYS % '2.7.18')]


def test_an_interpreter_that_is_a_template(host):
    """As the implicit localhost has it: "{{ ansible_playbook_python }}"."""
    host.program('python2.7', SAYS % '2.7.18')
    assert host.do(interpreter='{{ folder }}/bin/python2.7')['path'] == str(host.python)


def test_a_host_that_has_a_python_is_left_alone(host, rpms):
    host.program('python2.7', SAYS % '2.7.5')
    result = host.do(rpms)
    assert (result['changed'], result['path'], result['version'], host.calls) == (False, str(host.python), '2.7.5', [])


@pytest.mark.parametrize('found, said', [(None, 'there is none'), ('2.4.3', 'is 2.4.3'), ('2.6.6', 'is 2.6.6'), ('3.4.10', 'is 3.4.10'), ('3.5.9', 'is 3.5.9')])
def test_a_host_without_one_is_told_what_to_do(host, found, said):
    if found:
        host.program('python2.7', SAYS % found)
    with pytest.raises(AnsibleActionFail) as refused:
        host.do()
    assert said in str(refused.value) and 'no Python 2.7 or later' in str(refused.value) and 'Give the RPMs of one' in str(refused.value)


def test_the_rpms_are_one_transaction_and_the_next_run_changes_nothing(host, rpms):
    host.program('python2.7', SAYS % '2.4.3')
    predicted = host.do(rpms, check_mode=True)
    assert predicted['changed'] and predicted['path'] is None and host.calls == []
    result = host.do(rpms)
    assert result['changed'] and result['version'] == '2.7.18' and result['output'] == 'warning: odd\n'
    folder = host.folder / 'tmp'
    assert host.calls == [f'-U {folder}/python27-libs-2.7.18-1.x86_64.rpm {folder}/python27-2.7.18-1.x86_64.rpm'] and not folder.exists()
    assert not host.do(rpms)['changed'] and len(host.calls) == 1


@pytest.mark.parametrize('wrong', [dict(sha256='0' * 64), dict(sha256='0'), dict(path='/nowhere/python27.rpm')])
def test_an_rpm_that_is_not_the_one_meant_is_refused(host, rpms, wrong):
    rpms[0].update(wrong)
    with pytest.raises(AnsibleActionFail, match='[Nn]othing was installed'):
        host.do(rpms)
    assert host.calls == [] and not (host.folder / 'tmp').exists()


def test_a_name_that_rpm_would_expand_is_refused(host, rpms):
    rpms[0] = host.rpm('%(touch x).rpm', 'libs')
    with pytest.raises(AnsibleActionFail, match='would not take this file name'):
        host.do(rpms)


def test_what_was_damaged_on_the_way_is_not_installed(host, rpms):
    host.damage = '#'
    with pytest.raises(AnsibleActionFail, match='did not arrive on the host as they were sent'):
        host.do(rpms)
    assert host.calls == [] and not (host.folder / 'tmp').exists()


@pytest.mark.parametrize('greeting', ['Welcome to xs1\n', '\n', 'Welcome\r\n\r\n'])
def test_a_shell_that_greets_keeps_no_rpm_from_being_installed(host, rpms, greeting):
    host.greeting = greeting
    assert host.do(rpms)['version'] == '2.7.18' and len(host.calls) == 1
    host.python.unlink()
    host.damage = '#'
    with pytest.raises(AnsibleActionFail, match='did not arrive on the host as they were sent'):
        host.do(rpms)
    assert len(host.calls) == 1


def test_rpms_that_bring_no_python(host, rpms):
    with pytest.raises(AnsibleActionFail, match='The RPMs were installed. This host has no Python 2.7 or later'):
        host.do(rpms[:1])


def test_a_failed_transaction_is_told(host, rpms):
    host.program('rpm', '#!/bin/sh\necho "libc.so.6 is needed by python27" >&2\nexit 1\n')
    with pytest.raises(AnsibleActionFail, match='status 1: libc.so.6 is needed'):
        host.do(rpms)
    assert not (host.folder / 'tmp').exists()


def test_without_a_word_of_the_inventory_all_usual_names_are_asked(host):
    host.program('python3', SAYS % '2.4.3')
    host.program('python2.7', SAYS % '2.7.1')
    for interpreter in ('auto', 'auto_silent'):
        assert host.do(interpreter=interpreter)['version'] == '2.7.1'
    assert python_bootstrap.interpreters(None) == python_bootstrap.NAMES and python_bootstrap.interpreters('/opt/python') == ('/opt/python',)


@pytest.mark.parametrize('third, second, version', [
    ('3.4.10', '2.7.5', '2.7.5'), ('3.5.9', '2.7.5', '2.7.5'), ('3.6.0', '2.7.5', '3.6.0'), ('3.13.1', '2.4.3', '3.13.1')])
def test_a_python_3_that_modules_cannot_use_is_passed_over(host, third, second, version):
    host.program('python3', SAYS % third)
    host.program('python2.7', SAYS % second)
    assert host.do(interpreter='auto')['version'] == version


def test_an_interpreter_of_several_words(host):
    host.program('python2.7', SAYS % '2.7.18')
    assert host.do(interpreter='/usr/bin/env python2.7')['version'] == '2.7.18'


def test_a_name_is_no_command(host):
    with pytest.raises(AnsibleActionFail):
        host.do(interpreter=f'x; touch {host.folder}/touched')
    assert not (host.folder / 'touched').exists()


def test_a_shell_that_greets_is_no_python():
    assert python_bootstrap.parse('Welcome to python 2.7.9\npython /usr/bin/python 2.4.3\r\n') == [dict(path='/usr/bin/python', version='2.4.3')]
