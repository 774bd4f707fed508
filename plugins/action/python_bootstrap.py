# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
import re
import shlex

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase

from ansible_collections.xenserver.openvswitch.plugins.module_utils._dist import digest

# The Pythons that Open vSwitch's own programs and the modules of Ansible and this collection take: 2.7, and 3 from here on.
OLD, LOWEST = (2, 7), (3, 6)
NAMES = ('python3', 'python2.7', 'python2', 'python', '/usr/libexec/platform-python')
# For every Python since 2.4: where it is and which it is, in one line.
SAYS = 'import sys; print("python %s %d.%d.%d" % ((sys.executable,) + tuple(sys.version_info[:3])))'
RPM = dict(path=dict(type='str', required=True), sha256=dict(type='str', required=True))
ARGUMENTS = dict(rpms=dict(type='list', elements='dict', default=[], options=RPM))
SHA256 = re.compile(r'[0-9a-fA-F]{64}\Z')
# A line of sha256sum, which begins with a backslash where it quotes the file's name; the host's shell may have said other things before.
SUM = re.compile(r'^\\?([0-9a-f]{64}) [ *]', re.MULTILINE)


class ActionModule(ActionBase):
    """Only the connection and the host's shell are used: see the module of this name."""

    def run(self, tmp=None, task_vars=None):
        result = super().run(tmp, task_vars)
        given = self.validate_argument_spec(argument_spec=ARGUMENTS)[1]
        names = interpreters(self._templar.template(task_vars.get('ansible_python_interpreter')))
        found = self._pythons(names)
        python = fitting(found)
        if python:
            return dict(result, changed=False, output='', **python)
        if not given['rpms']:
            raise AnsibleActionFail(refusal(names, found))
        for rpm in given['rpms']:
            check(rpm)
        if self._task.check_mode:
            return dict(result, changed=True, path=None, version=None, output='')
        output = self._install(given['rpms'])
        found = self._pythons(names)
        python = fitting(found)
        if not python:
            raise AnsibleActionFail('The RPMs were installed. ' + refusal(names, found))
        return dict(result, changed=True, output=output, **python)

    def _pythons(self, names):
        """What the interpreters of these names say that they are, in their order."""
        commands = ['%s -c %s 2>/dev/null' % (shlex.join(name.split()), shlex.quote(SAYS)) for name in names]
        return parse(self._shell('; '.join(commands + ['true'])))

    def _install(self, rpms):
        folder = self._make_tmp_path()
        try:
            paths = [self._connection._shell.join_path(folder, os.path.basename(rpm['path'])) for rpm in rpms]
            for rpm, path in zip(rpms, paths):
                self._transfer_file(rpm['path'], path)
            arrived = self._shell('sha256sum ' + ' '.join(map(shlex.quote, paths)))
            if SUM.findall(arrived) != [rpm['sha256'].lower() for rpm in rpms]:
                raise AnsibleActionFail('The RPMs did not arrive on the host as they were sent; nothing was installed:\n' + arrived)
            return self._shell('rpm -U ' + ' '.join(map(shlex.quote, paths)))
        finally:
            self._remove_tmp_path(folder)

    def _shell(self, command):
        """What a command line printed; each word of it that is no shell is quoted by the caller."""
        done = self._low_level_execute_command(command)
        if done['rc'] != 0:
            raise AnsibleActionFail('%s failed with status %s: %s' % (command, done['rc'], (done['stderr'] or done['stdout']).strip()))
        return done['stdout']


def interpreters(configured):
    """The names to ask: the one that the inventory sets, or all."""
    return NAMES if not configured or str(configured).startswith('auto') else (str(configured),)


def parse(text):
    """The Pythons that said so, as ``dict(path, version)``; the host's shell may have said other things before."""
    return [dict(path=path, version=version) for path, version in re.findall(r'^python (\S+) (\d+\.\d+\.\d+)\s*$', text, re.MULTILINE)]


def fitting(found):
    """The first that modules run on, or None."""
    return next((python for python in found if fits(tuple(int(part) for part in python['version'].split('.'))[:2])), None)


def fits(version):
    return version == OLD or version >= LOWEST


def refusal(names, found):
    there = ', '.join('%(path)s is %(version)s' % python for python in found) or 'there is none'
    return (
        'This host has no Python %d.%d or later that Open vSwitch and Ansible can use; of Python 3 that is %d.%d or later (asked for %s: %s). '
        'XenServer 6.5 and earlier come with 2.4. '
        'Give the RPMs of one, or set ansible_python_interpreter to where there is one.' % (OLD + LOWEST + (', '.join(names), there)))


def check(rpm):
    """Refuse an RPM that is not the one meant, before anything was sent."""
    path = rpm['path']
    if not re.match(r'[A-Za-z0-9_][A-Za-z0-9_.+~-]*\.rpm\Z', os.path.basename(path)):
        raise AnsibleActionFail('%s: rpm would not take this file name as it is; use letters, digits and _.+~-, and .rpm at its end.' % path)
    if not os.path.isfile(path):
        raise AnsibleActionFail('There is no %s on the controller. Nothing was installed.' % path)
    if not SHA256.match(rpm['sha256']) or digest(path) != rpm['sha256'].lower():
        raise AnsibleActionFail('%s has the SHA-256 %s and not %s. It is another file, or was changed; nothing was installed.' % (
            path, digest(path), rpm['sha256']))
