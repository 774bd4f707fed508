# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Build the image of execution-environment.yml from this tree, with podman, and test it.

    .ci/execution_environment.py                 from the base image that the definition names
    .ci/execution_environment.py --base IMAGE    from another
    .ci/execution_environment.py --make-base     from one made here, for a machine that reaches no registry of images
"""

import argparse
import os
import shutil
import subprocess
import sys
from pathlib import Path

REPO = Path(__file__).resolve().parent.parent
FOLDER = REPO / '.cache/execution-environment'
IMAGE = 'localhost/xenserver-openvswitch-ee'

sys.path.insert(0, str(REPO / 'molecule/lab'))
import lab

# The machine's registries may have certificates that only it knows.
CERTIFICATES = '/etc/ssl/certs/ca-certificates.crt'
# As the image of Python that the definition names: Debian, with a Python below /usr/local that pip may write to.
BASE = 'FROM %s\nRUN python3 -m venv /usr/local\n'


def make_base():
    """An image that stands in for the definition's base image; one of the lab's, so that `lab.py clean` removes it."""
    first, base = ('localhost/%s-%s:bookworm' % (lab.PREFIX, name) for name in ('ee-debootstrap', 'ee-base'))
    present = lab.present_images()
    lab.first_up(first, present, suite='bookworm', packages=['ca-certificates', 'python3-venv'])
    if base not in present:
        lab.podman('build', '--pull=never', '--label=%s=image' % lab.LABEL, '--tag=' + base, '-', input=(BASE % first).encode())
    return base


def build(base):
    """The collection as it is in this tree, then the image with it."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(FOLDER / 'context', ignore_errors=True)
    run('ansible-galaxy', 'collection', 'build', '--force', '--output-path', FOLDER, REPO)
    built = max(FOLDER.glob('xenserver-openvswitch-*.tar.gz'), key=os.path.getmtime)
    built.replace(FOLDER / 'xenserver-openvswitch.tar.gz')
    run('ansible-builder', 'build', '--verbosity=2', '--container-runtime=podman', '--file', REPO / 'execution-environment.yml',
        '--context', FOLDER / 'context', '--tag', IMAGE, *(['--build-arg=EE_BASE_IMAGE=' + base] if base else []),
        '--extra-build-cli-args=--network=host --volume=%s:%s:ro%s' % (CERTIFICATES, CERTIFICATES, ' --pull=never' if base else ''))


def run(*argv):
    subprocess.run(list(map(str, argv)), check=True, cwd=REPO, stdin=subprocess.DEVNULL)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    base = parser.add_mutually_exclusive_group()
    base.add_argument('--base', metavar='IMAGE')
    base.add_argument('--make-base', action='store_true')
    options = parser.parse_args()
    # ansible-galaxy, ansible-builder and pytest are beside the Python that runs this.
    os.environ['PATH'] = os.pathsep.join((os.path.dirname(sys.executable), os.environ['PATH']))
    lab.check_machine()
    lab.CACHE.mkdir(parents=True, exist_ok=True)
    lab.use_runtime()
    build(make_base() if options.make_base else options.base)
    run('pytest', '--quiet', '-p', 'no:cacheprovider', '--junit-xml=%s' % (REPO / '.cache/junit/execution-environment.xml'), 'tests/execution_environment')


if __name__ == '__main__':
    main()
