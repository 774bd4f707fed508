# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Record what the lab's pool of three answers while it is upgraded, upgraded again, verified and given its manager: answers.json.

    python3 benchmarks/simulation/record.py

Needs a lab as the scenario upgrade has left it; its hosts are put back first, without being recorded. What only these hosts have,
their names, UUIDs and addresses, is replaced by marks, so that those of any pool can give the answers.
"""

import hashlib
import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import hosts

HERE = Path(__file__).resolve().parent
REPO = HERE.parent.parent
# The coordinator and a supporter of the lab's pool_fleet, by the last number of their addresses.
RECORDED = {'coordinator': 41, 'supporter': 42}
ARTIFACTS = REPO / 'artifacts/upgrade'
PLAYBOOKS = ('upgrade', 'upgrade', 'verify', 'manager')


def manifest():
    return json.loads((ARTIFACTS / 'systemd/manifest.json').read_text(encoding='utf-8'))


def play(folder):
    """Run the playbooks through ssh.py, which notes all that goes to a host and comes back."""
    recorder = folder / 'inventory.json'
    recorder.write_text(json.dumps({'xenserver': {'vars': {'ansible_ssh_executable': str(HERE / 'ssh.py')}}}), encoding='utf-8')
    environment = dict(
        os.environ, ANSIBLE_CONFIG=str(REPO / 'molecule/lab/ansible.cfg'), ANSIBLE_COLLECTIONS_PATH=str(REPO / '.cache/collections'), FLEET_FOLDER=str(folder))
    inventory = ['-i', REPO / 'molecule/lab/inventory', '-i', REPO / 'molecule/lab/fleet']

    def run(playbook, *options):
        command = [REPO / '.venv/bin/ansible-playbook', *inventory, *options, REPO / 'playbooks' / (playbook + '.yml'), '--limit', 'pool_fleet,localhost',
                   '-e', json.dumps(dict(ovs_install_artifacts=str(ARTIFACTS)))]
        subprocess.run(command, env=environment, check=True, stdin=subprocess.DEVNULL)

    run('rollback')
    for rpm in manifest()['rpms']:
        # An RPM that an earlier upgrade has brought is not brought again.
        path = '/var/cache/xenserver-openvswitch/' + os.path.basename(rpm['path'])
        subprocess.run([REPO / '.venv/bin/ansible', *inventory, 'pool_fleet', '-m', 'ansible.builtin.file', '-a', json.dumps(dict(path=path, state='absent'))],
                       env=environment, check=True, stdin=subprocess.DEVNULL)
    for playbook in PLAYBOOKS:
        run(playbook, '-i', recorder)


def steps(file, role):
    """``[(question, answer)]`` of a host in their order."""
    state, found = hosts.STATES[0], []
    for line in file.read_text(encoding='utf-8').splitlines():
        noted = json.loads(line)
        name, asked = hosts.called(noted['command'], noted['given'])
        found.append((hosts.question(role, state, name, asked), noted['said'].strip()))
        state = hosts.following(state, name, asked)
    return found


def marked(found):
    """The steps of a host with marks in place of what only it and its pool have."""
    told = [json.loads(answer) for question, answer in found if answer.startswith('{')]
    own = next(answer for answer in told if 'others' in answer)
    pool = next(answer['xenserver']['pool'] for answer in told if 'xenserver' in answer)
    members = sorted([own['host'], *own['others']], key=lambda member: (member['uuid'] != pool['coordinator'], member['uuid'] != own['host']['uuid']))
    marks = {pool['uuid']: '@pool@'}
    for number, member in enumerate(members):
        marks.update({member['uuid']: '@uuid%d@' % number, member['name']: '@name%d@' % number})

    def mark(text):
        for value, name in marks.items():
            text = text.replace(value, name)
        return hosts.FOLDER.sub('FOLDER', re.sub(r'\b10\.213\.\d+\.', '192.0.2.', text))

    return [(mark(question), mark(answer)) for question, answer in found]


def main():
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        play(folder)
        # The last answer to a question is what an `until` has waited for.
        answers = {question: answer for role, number in RECORDED.items() for file in folder.glob('*.%d.jsonl' % number)
                   for question, answer in marked(steps(file, role))}
    rpms = [{name: rpm[name] for name in ('name', 'nevra', 'arch', 'path', 'kernels', 'sha256', 'size', 'header_sha1')} for rpm in manifest()['rpms']]
    text = json.dumps(dict(rpms=rpms, answers=answers), indent=1, sort_keys=True)
    for rpm in rpms:
        # A fleet's RPMs have another content.
        text = text.replace(hashlib.sha1((ARTIFACTS / 'systemd' / os.path.basename(rpm['path'])).read_bytes()).hexdigest(), hosts.sha1_mark(rpm))
    (HERE / 'answers.json').write_text(text + '\n', encoding='utf-8')


if __name__ == '__main__':
    sys.exit(main())
