# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run ansible-test on the oldest and the newest core, each in its own environment, side by side.

    .ci/ansible_test.py sanity units        both kinds on both cores
    .ci/ansible_test.py --core 2.16 units   one kind on one core

It needs PyYAML: run it with the Python of .venv, as the sessions of noxfile.py do.
ansible-test answers 0 too where it tested nothing: a run that leaves out something it should have
tested fails here. JUnit files go to .cache/junit, logs to .cache/log.
"""

import argparse
import concurrent.futures
import fcntl
import fnmatch
import hashlib
import os
import re
import shutil
import subprocess
import sys
import time
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import yaml

REPO = Path(__file__).resolve().parent.parent
CACHE = REPO / '.cache'
STARTED = float(os.environ.get('CI_STARTED') or time.time())

# The Pythons that a core's ansible-test runs on, best first, and those that it runs the modules' unit tests on: the oldest
# targets of the oldest core, and the newest Python that runs the newest core. The roles' are run where the core runs too.
CORES = {
    '2.16': {'controllers': ('3.11', '3.12', '3.10'), 'units': ('2.7', '3.6'), 'tests': ('tests/unit/plugins/',)},
    'newest': {'controllers': ('3.14', '3.13', '3.12', '3.11', '3.10'), 'units': None, 'tests': ('tests/unit/plugins/', 'tests/unit/roles/')},
}
TARGETS = ('2.7',) + tuple('3.%d' % minor for minor in range(6, 15))


class Failed(Exception):
    """A step that failed or tested less than it should have; the text says why."""


def say(text):
    print('[%6.1f s] %s' % (time.time() - STARTED, text), flush=True)


# --- interpreters and environments ------------------------------------------------------------------------------------

def find_pythons():
    """The real interpreters of this machine: {version: path}. Version managers' shims do not count."""
    pyenv = Path(os.environ.get('PYENV_ROOT') or Path.home() / '.pyenv')
    folders = sorted(pyenv.glob('versions/*/bin')) + [Path('/usr/bin'), Path('/usr/local/bin')]
    found = {}
    for version in TARGETS:
        for path in (folder / ('python' + version) for folder in folders):
            if path.exists() and _version_of(path) == version:
                found.setdefault(version, path)
    return found


def _version_of(path):
    command = [str(path), '-c', 'import sys; print("%d.%d" % sys.version_info[:2])']
    answer = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)
    return answer.stdout.decode().strip()


def expose(pythons):
    """A folder for PATH that holds exactly these interpreters, as starters: a link would change what they take for home.

    Python 2.7 cannot make virtual environments by itself, and ansible-test reads only that old virtualenv's answers.
    """
    folder, library = CACHE / 'pythons', CACHE / 'venvs/virtualenv-for-2.7'
    if '2.7' in pythons and not library.exists():
        check([sys.executable, '-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--no-deps',
               '--target', str(library), 'virtualenv==16.7.12'])
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for version, path in pythons.items():
        starter = folder / ('python' + version)
        setting = 'PYTHONPATH="%s" ' % library if version == '2.7' else ''
        starter.write_text('#!/bin/sh\n%sexec "%s" "$@"\n' % (setting, path), encoding='utf-8')
        starter.chmod(0o755)
    return folder


def controller(core, pythons):
    """The best of these Pythons for a core, or None."""
    return next((version for version in CORES[core]['controllers'] if version in pythons), None)


def environment(core, python):
    """The virtual environment of a core, made anew where its requirements or its Python changed; by one process at a time."""
    (CACHE / 'venvs').mkdir(parents=True, exist_ok=True)
    with open(CACHE / 'venvs' / ('core-%s.lock' % core), 'w', encoding='utf-8') as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        return _environment(core, python)


def _environment(core, python):
    wanted = REPO / ('requirements-core-%s.txt' % core)
    stamp = hashlib.sha256(wanted.read_bytes() + str(python).encode()).hexdigest()
    folder = CACHE / 'venvs' / ('core-' + core)
    mark = folder / 'made-from'
    if not mark.exists() or mark.read_text(encoding='utf-8') != stamp:
        say('core %s: make its virtual environment with %s' % (core, python))
        shutil.rmtree(folder, ignore_errors=True)
        check([str(python), '-m', 'venv', str(folder)])
        check([str(folder / 'bin/pip'), 'install', '--quiet', '--disable-pip-version-check', '-r', str(wanted)])
        mark.write_text(stamp, encoding='utf-8')
    return folder


def check(command, **kwargs):
    """Run a helper; its output is shown only where it fails."""
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False, **kwargs)
    if done.returncode:
        raise Failed('%s: status %d\n%s' % (' '.join(command), done.returncode, done.stdout.decode(errors='replace')))
    return done.stdout.decode(errors='replace')


# The script that ansible-test expects under this name installs pip into an empty environment. It is downloaded from a
# host that a closed network does not reach; the wheel comes from the same place as every other package.
GET_PIP = '''\
"""Install pip from the wheel beside this file; made by .ci/ansible_test.py of xenserver.openvswitch."""
import os
import shutil
import sys
import tempfile
import zipfile

WHEEL = os.path.join(os.path.dirname(os.path.abspath(__file__)), %r)


def install():
    folder = tempfile.mkdtemp()
    try:
        with zipfile.ZipFile(WHEEL) as wheel:
            wheel.extractall(folder)
        sys.path.insert(0, folder)
        from pip._internal.cli.main import main
        options = [word for word in sys.argv[1:] if word not in ('--no-setuptools', '--no-wheel')]
        return main(['install', '--upgrade', '--force-reinstall', WHEEL] + [word for word in options if not word.startswith('pip==')])
    finally:
        shutil.rmtree(folder)


if __name__ == '__main__':
    sys.exit(install())
'''


def provide_pip(venv):
    """Put the pip installers that this core's ansible-test wants into its cache, where they are missing."""
    source = next(venv.glob('lib/python3*/site-packages/ansible_test/_internal/python_requirements.py'))
    cache = Path.home() / '.ansible/test/cache'
    for version in sorted(set(re.findall(r"pip='([0-9.]+)'", source.read_text(encoding='utf-8')))):
        script = cache / ('get_pip_%s.py' % version.replace('.', '_'))
        if script.exists():
            continue
        cache.mkdir(parents=True, exist_ok=True)
        check([str(venv / 'bin/pip'), 'download', '--quiet', '--disable-pip-version-check', '--no-deps', '--only-binary=:all:',
               '--dest', str(cache), 'pip==' + version])
        wheel = next(cache.glob('pip-%s-*.whl' % version))
        draft = script.with_suffix('.%d' % os.getpid())
        draft.write_text(GET_PIP % wheel.name, encoding='utf-8')
        draft.rename(script)


# --- the copy of the tree ---------------------------------------------------------------------------------------------

def copy_tree(core):
    """The tracked and the new files, below ansible_collections and in a Git tree of their own: ansible-test wants both."""
    copy = CACHE / 'ansible-test' / core / 'ansible_collections/xenserver/openvswitch'
    listing = check(['git', '-C', str(REPO), 'ls-files', '-coz', '--exclude-standard'])
    wanted = {name for name in listing.split('\0') if name and os.path.lexists(REPO / name) and not left_out(name)}
    keep = ('.git/', 'tests/output/')
    for path in [path for path in copy.rglob('*') if not path.is_dir() or path.is_symlink()]:
        name = str(path.relative_to(copy))
        if name not in wanted and not name.startswith(keep):
            path.unlink()
    for name in wanted:
        (copy / name).parent.mkdir(parents=True, exist_ok=True)
        if not _same(REPO / name, copy / name):
            shutil.copy2(REPO / name, copy / name, follow_symlinks=False)
    for path in sorted((path for path in copy.rglob('*') if path.is_dir()), reverse=True):
        if not any(path.iterdir()) and not str(path.relative_to(copy)).startswith(keep):
            path.rmdir()
    if not (copy / '.git').exists():
        check(['git', 'init', '--quiet', str(copy)])
        (copy / '.git/info/exclude').write_text('/tests/output/\n/.hypothesis/\n*.py[co]\n', encoding='utf-8')
    shutil.rmtree(copy / 'tests/output/junit', ignore_errors=True)
    return copy


def left_out(name, patterns=yaml.safe_load((REPO / 'galaxy.yml').read_text(encoding='utf-8'))['build_ignore']):
    """Whether the collection is built without this file: ansible-test tests what is shipped."""
    places = [name] + [str(folder) for folder in Path(name).parents]
    return any(fnmatch.fnmatch(place, pattern) for place in places for pattern in patterns)


def _same(one, other):
    return os.path.lexists(other) and not one.is_symlink() and one.stat().st_mode == other.stat().st_mode \
        and one.stat().st_size == other.stat().st_size and one.read_bytes() == other.read_bytes()


# --- the runs ---------------------------------------------------------------------------------------------------------

class Lane:
    """One core: its environment, its copy of the tree and its steps, one after another."""

    def __init__(self, core, pythons, folder):
        self.core, self.pythons, self.folder = core, pythons, folder
        self.controller = controller(core, pythons)
        self.failures = []

    def run(self, kinds):
        try:
            if self.controller is None:
                raise Failed('none of the Pythons that run this core is here: ' + ', '.join(CORES[self.core]['controllers']))
            self.venv = environment(self.core, self.pythons[self.controller])
            self.version = check([str(self.venv / 'bin/python'), '-c', 'import ansible.release as r; print(r.__version__)']).strip()
            provide_pip(self.venv)
            self.copy = copy_tree(self.core)
        except Failed as reason:
            return self.fail('core %s' % self.core, str(reason))
        for kind in kinds:
            for step in {'sanity': self.sanity, 'units': self.units}[kind]():
                self.step(*step)
        return None

    def fail(self, name, reason):
        self.failures.append(name)
        say('FAILED: %s\n%s' % (name, reason))

    def sanity(self):
        yield 'sanity', self.controller, ['sanity', '--local', '--junit', '--color', 'no']

    def units(self):
        for version in CORES[self.core]['units'] or (self.controller,):
            if version in self.pythons:
                yield ('units-python-' + version, version,
                       ['units', '--venv', '--python', version, '--color', 'no', *CORES[self.core]['tests']])
            else:
                say('core %s: unit tests on Python %s: not run, no such interpreter here' % (self.version, version))

    def step(self, name, version, arguments):
        title = 'core %s, Python %s: %s' % (self.version, version, name.split('-')[0])
        log = CACHE / 'log' / ('%s-core-%s.log' % (name, self.core))
        log.parent.mkdir(parents=True, exist_ok=True)
        began = time.time()
        path = '%s:%s:/usr/sbin:/usr/bin:/sbin:/bin:%s' % (self.venv / 'bin', self.folder, CACHE / 'openvswitch/bin')
        with open(log, 'wb') as stream:
            status = subprocess.run([str(self.venv / 'bin/ansible-test')] + arguments, cwd=self.copy, stdout=stream,
                                    stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, check=False,
                                    env=dict(os.environ, PATH=path)).returncode
        text = log.read_text(encoding='utf-8', errors='replace')
        tests, failed = self.collect(name)
        try:
            self.judge(name, text, tests)
            if status or failed:
                raise Failed('%d of %d tests failed, status %d' % (failed, tests, status))
        except Failed as reason:
            return self.fail(title, '%s\n%s (whole log: %s)' % (findings(text), reason, log.relative_to(REPO)))
        return say('%s: %d passed (%.0f s)' % (title, tests, time.time() - began))

    def collect(self, name):
        """Gather the JUnit files of a step into .cache/junit; return the number of tests and of failures."""
        produced, kept = self.copy / 'tests/output/junit', CACHE / 'junit'
        kept.mkdir(parents=True, exist_ok=True)
        tests = failed = 0
        for path in sorted(produced.glob('*.xml')):
            for suite in ElementTree.parse(path).getroot().iter('testsuite'):
                tests += int(suite.get('tests', 0)) - int(suite.get('disabled') or suite.get('skipped') or 0)
                failed += int(suite.get('failures', 0)) + int(suite.get('errors', 0))
            shutil.move(str(path), str(kept / ('%s-core-%s-%s' % (name, self.core, path.name))))
        return tests, failed

    def judge(self, name, text, tests):
        """Fail where ansible-test was content although it left something out."""
        if not tests:
            raise Failed('no test was run')
        if 'All targets skipped' in text:
            raise Failed('ansible-test skipped all targets')
        for reason in set(re.findall(r'(?m)^WARNING: (Skipping .*)$', text)):
            version = re.search(r'on Python ([0-9.]+[0-9]) because it could not be found', reason)
            if version is None or version.group(1) in self.pythons:
                raise Failed(reason)


def findings(text):
    """What a reader of a failed run needs: ansible-test's errors, or else the end of the log."""
    errors = re.findall(r'(?m)^(?:ERROR|FATAL): .*$', text)
    report = text.find('= FAILURES =') if '= FAILURES =' in text else text.find('= ERRORS =')
    return '\n'.join(errors) if report < 0 and errors else text[report if report >= 0 else -6000:][:20000]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('kinds', nargs='+', choices=('sanity', 'units'))
    parser.add_argument('--core', choices=sorted(CORES), action='append')
    options = parser.parse_args()
    pythons = find_pythons()
    absent = [version for version in TARGETS if version not in pythons]
    say('Pythons here: %s; not here, so not tested: %s' % (', '.join(pythons) or 'none', ', '.join(absent) or 'none'))
    folder = expose(pythons)
    lanes = [Lane(core, pythons, folder) for core in options.core or CORES]
    with concurrent.futures.ThreadPoolExecutor(len(lanes)) as pool:
        for finished in [pool.submit(lane.run, options.kinds) for lane in lanes]:
            finished.result()
    return 1 if any(lane.failures for lane in lanes) else 0


if __name__ == '__main__':
    sys.exit(main())
