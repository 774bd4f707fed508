# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What building costs in the lab's DDK: the first time, the second time with nothing to do, and with more kernels than one.

    python3 benchmarks/build.py VERSION TARBALL UNAME UNAME...

VERSION is a release with a kernel module, TARBALL its dist tarball, and each UNAME a kernel that has a build tree in the DDK.
Needs a lab that is up, with the user that the scenario build_options makes. The unit tests are left out.
Prints the times of the task that builds, and of the whole run in brackets; compare the ratios, since machines differ.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ElementTree
from pathlib import Path

REPO = Path(__file__).resolve().parent.parent
TASK = 'Build the RPMs'


def build(scratch, **options):
    """Run the role; ``(seconds of the task that builds, seconds of all)``."""
    reports = Path(tempfile.mkdtemp(dir=scratch))
    environment = dict(
        os.environ, ANSIBLE_CONFIG=str(REPO / 'molecule/lab/ansible.cfg'), ANSIBLE_COLLECTIONS_PATH=str(REPO / '.cache/collections'),
        ANSIBLE_CALLBACKS_ENABLED='ansible.builtin.junit', JUNIT_OUTPUT_DIR=str(reports))
    command = [str(REPO / '.venv/bin/ansible-playbook'), '-i', str(REPO / 'molecule/lab/inventory'), str(REPO / 'molecule/build_options/converge.yml'),
               '-e', json.dumps({'ovs_build_' + name: value for name, value in options.items()})]
    began = time.monotonic()
    with open(reports / 'log', 'w', encoding='utf-8') as log:
        subprocess.run(command, env=environment, check=True, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT)
    whole = time.monotonic() - began
    cases = [case for path in reports.glob('*.xml') for case in ElementTree.parse(path).iter('testcase')]
    return sum(float(case.get('time')) for case in cases if TASK in case.get('name')), whole


def main(version, tarball, *unames):
    with tempfile.TemporaryDirectory() as scratch:
        options = dict(version=version, tarball=os.path.abspath(tarball), artifacts=scratch, generations=['sysv'], patches=[], defines={},
                       unit_tests=False, folder='~/benchmark')
        kernels = [dict(uname=uname) for uname in unames]
        # A release of its own each time, so that nothing is there yet.
        now = int(time.time())
        first = build(scratch, kernels=kernels[:1], release='%d.1' % now, **options)
        second = build(scratch, kernels=kernels[:1], release='%d.1' % now, **options)
        several = build(scratch, kernels=kernels, release='%d.2' % now, **options)
    print('first build, one kernel    %7.1f s (%.1f s)' % first)
    print('second build, no change    %7.1f s (%.1f s), 1/%.0f of the first' % (second + (first[0] / second[0],)))
    print('first build, %d kernels     %7.1f s (%.1f s), %.2f times one' % ((len(kernels),) + several + (several[0] / first[0],)))


if __name__ == '__main__':
    if len(sys.argv) < 5:
        sys.exit(__doc__)
    main(*sys.argv[1:])
