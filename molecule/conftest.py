"""What the scenarios' tests share: the lab's hosts, and the collection's playbooks as an operator runs them."""

import json
import os
import pathlib
import re
import subprocess
import sys
import time

import pytest
import testinfra.backend

PROJECT = pathlib.Path(__file__).parent.parent
# The unit tests have the browser that looks at the report's page.
sys.path.append(str(PROJECT / "tests/unit/page"))
# Which lab: see lab/lab.py.
NUMBER = os.environ.get("OVS_LAB") or "47"
LAB = "ovs-lab" if NUMBER == "47" else f"ovs-lab{NUMBER}"
CONTROLLER_ADDRESS = f"10.213.{NUMBER}.10"
# The manager that the lab's hosts have, and the hosts as testinfra names them.
TARGET = f"ssl:{CONTROLLER_ADDRESS}:6632"
BUILDER, DDK, CONTROLLER = (f"podman://{LAB}-{name}" for name in ("builder", "ddk", "controller"))
POOL = [f"podman://{LAB}-xs8-a", f"podman://{LAB}-xs8-b"]
SYSV = [f"podman://{LAB}-xs6"]
DOM0S = POOL + SYSV
# What podman:// stands for.
testinfra.backend.BACKENDS["podman"] = "shells.Backend"


class Run:
    """A finished run of Ansible: its text and what it changed."""

    def __init__(self, finished):
        self.rc = finished.returncode
        self.text = finished.stdout + finished.stderr
        # Messages are wrapped and quoted by the callback; tests look for words in a row.
        self.words = re.sub(r"\s+", " ", self.text.replace('\\"', '"'))

    @property
    def changed(self):
        return sum(int(count) for count in re.findall(r"changed=(\d+)", self.text))

    def recap(self, host):
        """How many of the host's tasks were ok, changed, failed and so on."""
        line = re.search(rf"^{re.escape(host)} +: (ok=.*)", self.text, re.MULTILINE)
        return {name: int(count) for name, count in re.findall(r"(\w+)=(\d+)", line.group(1))} if line else {}

    def diff(self, host):
        """The lines that ``--diff`` has shown as removed and as added on a host, of all tasks in their order."""
        shown, lines = [], []
        for line in self.text.splitlines():
            if line.startswith(("--- before", "changed: [")):
                shown += lines if line == f"changed: [{host}]" else []
                lines = []
            elif line.startswith(("+", "-")) and not line.startswith("+++"):
                lines.append(line)
        return shown


def _command(program, *arguments):
    """What runs ``ansible`` or ``ansible-playbook`` on the lab's inventory, with ``-i`` among the arguments on another one."""
    inventory = [] if "-i" in arguments else ["-i", str(PROJECT / "molecule/lab/inventory")]
    environment = dict(
        os.environ,
        ANSIBLE_CONFIG=str(PROJECT / "molecule/lab/ansible.cfg"),
        ANSIBLE_COLLECTIONS_PATH=str(PROJECT / ".cache/collections"),
        ANSIBLE_FORCE_COLOR="0",
    )
    return dict(args=[str(pathlib.Path(sys.executable).parent / program), *inventory, *arguments], cwd=PROJECT, env=environment)


def run_ansible(*argv):
    """Run it to its end."""
    return Run(subprocess.run(**_command(*argv), capture_output=True, text=True, timeout=600, check=False))


def ansible_process(*argv, output=subprocess.DEVNULL):
    """Start it in a process group of its own, as a shell does."""
    return subprocess.Popen(**_command(*argv), stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True)


@pytest.fixture(scope="session")
def ansible():
    """One module or role on lab hosts: ``ansible("xs6", "-m", "ping")``."""
    return lambda *argv: run_ansible("ansible", *argv)


@pytest.fixture(scope="session")
def playbook():
    """One of the collection's playbooks: ``playbook("site", "--check")``."""
    return lambda name, *argv: run_ansible("ansible-playbook", str(PROJECT / f"playbooks/{name}.yml"), *argv)


@pytest.fixture(scope="session")
def artifacts():
    """The folder of the controller that holds what was built."""
    return PROJECT / "artifacts"


def installed(host, name):
    """The version of an installed RPM, or None: the hosts are Debian underneath, so testinfra's own look would ask dpkg."""
    answer = host.run("rpm -q --queryformat %s %s", "%{VERSION}", name)
    return answer.stdout if answer.rc == 0 else None


def await_managers(*hosts):
    """Managers connect some seconds after the daemons were started, or they were set."""
    for dummy in range(60):
        if {host.check_output("ovs-vsctl --timeout=10 --no-headings --columns=is_connected list Manager") for host in hosts} == {"true"}:
            return
        time.sleep(1)
    pytest.fail("a manager has not connected within a minute")


def rows(host, table, *columns):
    """The rows of a table of the host's OVSDB, each as a dict of plain Python values."""
    answer = json.loads(host.check_output("ovs-vsctl --timeout=10 --format=json --columns=%s list %s", ",".join(columns), table))
    return [dict(zip(answer["headings"], map(plain, row))) for row in answer["data"]]


def plain(value):
    if isinstance(value, list):
        kind, content = value
        if kind == "map":
            return {key: plain(one) for key, one in content}
        if kind == "set":
            return [plain(one) for one in content]
        return content
    return value
