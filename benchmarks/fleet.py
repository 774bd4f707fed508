# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a fleet costs its control node: time, processor and memory, for several numbers of hosts in pools of three.

    python3 benchmarks/fleet.py [--hosts 50,100,200] [--playbooks upgrade,again,verify,manager] [--forks 20] [--step 0] [--reboot 0] [--rounds 1]
    python3 benchmarks/fleet.py --lab [--rounds 1]

The playbooks and roles are the real ones, and so is what Ansible does for them. In place of a connection the hosts are simulated:
they give the answers that hosts of the lab have given (benchmarks/simulation). So what is measured is the control node alone, without ssh.
--lab tells what ssh adds.
Prints a table, the numbers of hosts in turn in each round, and how the cost grows; compare the ratios, since machines differ.
"""

import argparse
import hashlib
import json
import os
import re
import subprocess
import tempfile
import threading
import time
from pathlib import Path

from simulation import hosts

REPO = Path(__file__).resolve().parent.parent
PARTS = REPO / 'benchmarks/simulation'

# The first task of each wave of an upgrade.
BEGUN = 'Stop where the pool or too many others have failed'
PLAYBOOKS = {'upgrade': 'upgrade', 'again': 'upgrade', 'verify': 'verify', 'manager': 'manager'}


def lay_out(folder, size, state=hosts.STATES[0]):
    """A fleet, that waits for its upgrade unless told otherwise: its inventory, RPMs on the control node, and the answers of its hosts."""
    recorded = json.loads((PARTS / 'answers.json').read_text(encoding='utf-8'))
    for name in ('hosts', 'answers', 'artifacts/systemd'):
        (folder / name).mkdir(parents=True)
    sha1 = {hosts.sha1_mark(rpm): hashlib.sha1(bytes(rpm['size'])).hexdigest() for rpm in recorded['rpms']}
    for question, answer in recorded['answers'].items():
        for mark, value in sha1.items():
            answer = answer.replace(mark, value)
        (folder / 'answers' / hosts.digest(question)).write_text(answer, encoding='utf-8')
    (folder / 'artifacts/systemd/manifest.json').write_text(json.dumps(dict(rpms=recorded['rpms'])), encoding='utf-8')
    for rpm in recorded['rpms']:
        with open(folder / 'artifacts/systemd' / os.path.basename(rpm['path']), 'wb') as stream:
            stream.truncate(rpm['size'])
    for name in sum(hosts.pools(size), []):
        hosts.note(folder / 'hosts' / name, state, 'laid out')
    pools = {pool[0].partition('-')[0]: dict(hosts=dict.fromkeys(pool)) for pool in hosts.pools(size)}
    variables = dict(
        ansible_connection='simulated', ansible_user='root', ansible_python_interpreter='/usr/bin/python3', ansible_pipelining=True,
        xenserver_reboot_consent=True, xenserver_reboot_boot_time_command="cut -d' ' -f22 /proc/1/stat",
        ovs_install_artifacts=str(folder / 'artifacts'), ovs_upgrade_single_host_consent=True, ovs_manager_address='192.0.2.10')
    (folder / 'inventory.json').write_text(json.dumps(dict(xenserver=dict(children=pools, vars=variables))), encoding='utf-8')


class Watch(threading.Thread):
    """The most memory that a process has had, in MB: by itself, and with all its forks, what they share counted once."""

    def __init__(self, pid):
        super().__init__(daemon=True)
        self.pid, self.own, self.all, self.main = pid, 0, 0, 0

    def run(self):
        while Path('/proc', str(self.pid), 'smaps_rollup').exists():
            found = [memory(pid) for pid in family(self.pid)]
            self.own, self.all = max(self.own, found[0]['Rss']), max(self.all, sum(each['Pss'] for each in found))
            self.main = processor(self.pid) or self.main
            time.sleep(0.5)


def family(pid):
    """A process and its descendants."""
    try:
        children = Path('/proc', str(pid), 'task', str(pid), 'children').read_text(encoding='ascii').split()
    except OSError:
        children = []
    return [pid] + [each for child in children for each in family(int(child))]


def processor(pid):
    """The seconds of processor time of a process without its children."""
    try:
        told = Path('/proc', str(pid), 'stat').read_text(encoding='utf-8').rpartition(')')[2].split()
    except OSError:
        return 0
    return sum(map(int, told[11:13])) / os.sysconf('SC_CLK_TCK')


def memory(pid):
    """What a process has, and its share of what it has in common with others, in MB; nothing where it has ended."""
    try:
        lines = Path('/proc', str(pid), 'smaps_rollup').read_text(encoding='ascii').splitlines()
    except OSError:
        lines = []
    told = dict(line.split()[:2] for line in lines if line.endswith(' kB'))
    return {name: int(told.get(name + ':', 0)) / 1024 for name in ('Rss', 'Pss')}


def run(playbook, log, options, variables):
    """Run a playbook, and see what that cost and what it printed."""
    environment = dict(
        os.environ, ANSIBLE_CONFIG=str(REPO / 'molecule/lab/ansible.cfg'), ANSIBLE_COLLECTIONS_PATH=str(REPO / '.cache/collections'), **variables)
    command = [REPO / '.venv/bin/ansible-playbook', *options, REPO / 'playbooks' / (playbook + '.yml')]
    began = time.monotonic()
    with open(log, 'w', encoding='utf-8') as stream:
        process = subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, stdout=stream, stderr=subprocess.STDOUT)
        watch = Watch(process.pid)
        watch.start()
        dummy, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    text = log.read_text(encoding='utf-8')
    if process.returncode:
        raise SystemExit('%s failed:\n%s' % (playbook, text[-5000:]))
    return dict(wall=time.monotonic() - began, cpu=used.ru_utime + used.ru_stime, own=watch.own, all=watch.all, main=watch.main), text


def play(folder, size, playbook, forks=20, step=0, reboot=0):
    """Run a playbook over a simulated fleet; what that cost."""
    before = asked(folder)
    variables = dict(ANSIBLE_CONNECTION_PLUGINS=str(PARTS), PYTHONPATH=str(PARTS.parent), FLEET_FOLDER=str(folder), FLEET_SIZE=str(size),
                     FLEET_STEP=str(step), FLEET_REBOOT=str(reboot))
    cost, text = run(playbook, folder / 'log', ['-i', folder / 'inventory.json', '-f', str(forks)], variables)
    return dict(cost, steps=(asked(folder) - before) / size, changed='changed=' in text.replace('changed=0', ''),
                waves=len(re.findall(r'^TASK \[.*: %s\].*\nok: ' % BEGUN, text, re.MULTILINE)))


def asked(folder):
    """How many steps the hosts were asked for so far."""
    return sum(len(file.read_text(encoding='utf-8').splitlines()) for file in (folder / 'hosts').iterdir())


def away(folder, size):
    """By pool, coordinator first: from when to when each of its hosts was out of service."""
    steps = {file.name: [json.loads(line) for line in file.read_text(encoding='utf-8').splitlines()] for file in (folder / 'hosts').iterdir()}
    since = {name: {step['state']: step['since'] for step in reversed(found)} for name, found in steps.items()}
    return [[(since[name]['emptied'], since[name]['restored']) for name in pool] for pool in hosts.pools(size)]


def measure(size, playbooks, **options):
    """``{playbook: cost}`` of one fleet."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        lay_out(folder, size, 'old' if 'upgrade' in playbooks else 'restored')
        found = {name: play(folder, size, PLAYBOOKS[name], **options) for name in playbooks}
        for pool in away(folder, size) if 'upgrade' in playbooks else []:
            if any(ended > begun for (dummy, ended), (begun, dummy2) in zip(pool, pool[1:])):
                raise SystemExit('Two hosts of a pool were away at once: %s' % pool)
        return found


def compare(rounds):
    """What ssh to real hosts costs the control node beside, by the lab's pool of three and as many simulated hosts, in turn."""
    lab = ['-i', REPO / 'molecule/lab/inventory', '-i', REPO / 'molecule/lab/fleet', '--limit', 'pool_fleet,localhost']
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        lay_out(folder, 3, 'restored')
        pairs = [(run('verify', folder / 'log', lab, {})[0], play(folder, 3, 'verify')) for dummy in range(rounds)]
    real, simulated = (least(costs) for costs in zip(*pairs))
    print('verify over 3 hosts: %.2f s of processor time with ssh, %.2f s simulated, so %.0f ms more for a step of a host; time %.1f s and %.1f s' % (
        real['cpu'], simulated['cpu'], 1000 * (real['cpu'] - simulated['cpu']) / (3 * simulated['steps']), real['wall'], simulated['wall']))


def least(costs):
    """Of several rounds the least of each figure: what else the machine did only adds."""
    return {name: min(cost[name] for cost in costs) for name in costs[0]}


def main(arguments):
    if arguments.lab:
        compare(arguments.rounds)
        return
    options = dict(forks=arguments.forks, step=arguments.step, reboot=arguments.reboot)
    rounds = [{size: measure(size, arguments.playbooks, **options) for size in arguments.hosts} for dummy in range(arguments.rounds)]
    print('playbook  hosts  waves  steps/host    time  processor  of it main  ms/step  memory, main  with forks')
    for name in arguments.playbooks:
        costs = {size: least([found[size][name] for found in rounds]) for size in arguments.hosts}
        for size, cost in costs.items():
            print('%-8s  %5d  %5d  %10.1f  %4.0f s  %7.0f s  %8.0f s  %7.0f  %9.0f MB  %7.0f MB' % (
                name, size, cost['waves'], cost['steps'], cost['wall'], cost['cpu'], cost['main'],
                1000 * cost['cpu'] / (size * cost['steps']), cost['own'], cost['all']))
        small, large = costs[arguments.hosts[0]], costs[arguments.hosts[-1]]
        print('%-8s  %.2f times the hosts take %s' % (name, arguments.hosts[-1] / arguments.hosts[0], ', '.join(
            '%.2f times the %s' % (large[figure] / small[figure], word) for figure, word in (
                ('wall', 'time'), ('cpu', 'processor time'), ('own', 'memory of the main process'), ('all', 'memory of all')))))


def options():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--hosts', type=lambda text: [int(word) for word in text.split(',')], default=[50, 100, 200])
    parser.add_argument('--playbooks', type=lambda text: text.split(','), default=list(PLAYBOOKS))
    parser.add_argument('--forks', type=int, default=20)
    parser.add_argument('--step', type=float, default=0, help='how long a host takes for each step, in seconds')
    parser.add_argument('--reboot', type=float, default=0, help='how long a host does not answer while it reboots, in seconds')
    parser.add_argument('--rounds', type=int, default=1)
    parser.add_argument('--lab', action='store_true', help='compare three simulated hosts with those of the lab instead, which has them upgraded already')
    return parser.parse_args()


if __name__ == '__main__':
    main(options())
