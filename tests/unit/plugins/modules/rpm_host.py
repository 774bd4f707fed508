# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A host for the real rpm and rpmbuild: a home folder whose macros name a database and a topdir of its own.

The modules see nothing of it but HOME and PATH, as a user would set them.
"""

from __future__ import absolute_import, division, print_function
__metaclass__ = type

import errno
import os
import subprocess
import time

import pytest

TOOLS = ('rpm', 'rpmbuild', 'rpmkeys', 'rpmspec')

# A package that provides what the scripts of the others need, so that no dependency is switched off.
BASE = dict(name='base', tags='Provides: /bin/sh\n')


def path_of(tool):
    for folder in os.environ['PATH'].split(os.pathsep) + ['/usr/sbin', '/sbin']:
        path = os.path.join(folder, tool)
        if os.access(path, os.X_OK):
            return path
    return None


def writer(pipe, limit=60):
    """A pipe to write to, once somebody reads it: a package's script that waits there."""
    end = time.time() + limit
    while True:
        try:
            return os.fdopen(os.open(pipe, os.O_WRONLY | os.O_NONBLOCK), 'w')
        except OSError as error:
            assert error.errno == errno.ENXIO and time.time() < end
            time.sleep(0.05)


def require(*tools):
    """Skip without these tools; fail where the run promises them (OVS_TEST_REQUIRE_TOOLS=1)."""
    missing = [tool for tool in tools if not path_of(tool)]
    if missing and os.environ.get('OVS_TEST_REQUIRE_TOOLS') == '1':
        pytest.fail('this run must have the real %s' % ', '.join(missing))
    if missing:
        pytest.skip('needs the real %s' % ', '.join(missing))


class Host(object):
    """One private rpm host below ``folder``; ``calls`` counts what was run on it, by tool."""

    def __init__(self, folder):
        self.folder = str(folder)
        self.topdir = self.make('top')
        self.home = self.make('home')
        self.bin = self.make('bin')
        self._calls = os.path.join(self.folder, 'calls')
        self.write('home/.rpmmacros', '%%_dbpath %s/db\n%%_topdir %s\n' % (self.home, self.topdir))
        for tool in TOOLS:
            self._wrap(tool, path_of(tool))

    def make(self, *names):
        path = os.path.join(self.folder, *names)
        if not os.path.isdir(path):
            os.makedirs(path)
        return path

    def write(self, name, text):
        path = os.path.join(self.folder, name)
        with open(path, 'w') as stream:
            stream.write(text)
        return path

    def enter(self, monkeypatch):
        monkeypatch.setenv('HOME', self.home)
        monkeypatch.setenv('PATH', self.bin + os.pathsep + os.environ['PATH'])
        self.forget_calls()

    def forget_calls(self):
        self.write('calls', '')

    @property
    def argvs(self):
        """The calls since the last look away, each as the list of its words, the tool's name first."""
        with open(self._calls, 'rb') as stream:
            words = stream.read().decode('utf-8').split(u'\0')[:-1]
        found = []
        while words:
            end = 2 + int(words[1])
            found.append(words[:1] + words[2:end])
            words = words[end:]
        return found

    @property
    def calls(self):
        """The same, each as one text."""
        return [u' '.join(words) for words in self.argvs]

    def run(self, *argv):
        """Run a tool on this host; ``(status, both streams)``."""
        environment = dict(os.environ, HOME=self.home, PATH=self.bin + os.pathsep + os.environ['PATH'], LC_ALL='C')
        process = subprocess.Popen(argv, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        out = process.communicate()[0].decode('utf-8')
        return process.returncode, out

    def installed(self):
        """Sorted NEVRAs, read by another way than the modules'."""
        status, out = self.run('rpm', '-qa')
        assert status == 0, out
        return sorted(out.split())

    def file_of(self, name):
        """The file of a package of :meth:`rpm`: below this host's folder, since rpm installs for real."""
        return os.path.join(self.folder, 'root', name)

    def rpm(self, name, version='1.0', release='1', tags='', scripts='', content='', arch='noarch', folder='rpms', ghost=None, file=None):
        """Build a tiny RPM that holds one file, of its name or ``file``, and owns the path ``ghost`` without bringing it; its path."""
        lines = ['Name: ' + name, 'Version: ' + version, 'Release: ' + release, 'Summary: tiny', 'License: GPL']
        lines += ['BuildArch: noarch'] if arch == 'noarch' else []
        lines += [tags + '%description', 'tiny', '%install']
        files = [self.file_of(file or name)] + ([ghost] if ghost else [])
        for path in files:
            lines += ['mkdir -p "%%{buildroot}%s"' % os.path.dirname(path), 'echo "%s" > "%%{buildroot}%s"' % (content, path)]
        lines += [scripts + '%files', files[0]] + ['%ghost ' + path for path in files[1:]]
        results = self.make(folder)
        argv = ['rpmbuild', '-bb', '--define', '__os_install_post %{nil}', '--define', '_rpmdir ' + results,
                '--define', '_build_name_fmt %%{NAME}-%%{VERSION}-%%{RELEASE}.%%{ARCH}.rpm']
        argv += [] if arch == 'noarch' else ['--target', arch]
        status, out = self.run(*(argv + [self.write('%s.spec' % name, '\n'.join(lines) + '\n')]))
        assert status == 0, out
        return os.path.join(results, '%s-%s-%s.%s.rpm' % (name, version, release, arch))

    def _wrap(self, tool, real):
        """Count the calls; and Debian's rpm installs only with a word of its own, as on the lab's hosts."""
        word = ''
        if tool == 'rpm' and subprocess.call([real, '--force-debian', '--version'], stdout=subprocess.PIPE, stderr=subprocess.PIPE) == 0:
            word = '--force-debian'
        path = self.write('bin/' + tool, '#!/bin/sh\nprintf "%%s\\0" %s $# "$@" >> %s\nexec %s %s "$@"\n' % (
            tool, self._calls, real, word))
        os.chmod(path, 0o755)
