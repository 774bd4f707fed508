"""The control process is killed at one moment after another of one upgrade; each time the next run takes the pool up where it is.

A pool of two hosts goes back to the release that it had first, with consent to go down. Its coordinator goes first.
"""

import contextlib
import os
import signal
import socket
import subprocess
import time
from pathlib import Path

import pytest
import testinfra

from conftest import LAB, NUMBER, PROJECT, ansible_process, rows

COORDINATOR, SUPPORTER = HOSTS = ("xs8-a", "xs8-b")
ADDRESS = f"10.213.{NUMBER}.21"
UPGRADE = ("--limit", "pool_xs8,localhost", "-e", "ovs_install_allow_downgrade=true")
KEY = "xenserver-openvswitch-maintenance"
TABLES = dict(
    Manager=["target"], SSL=["private_key", "certificate", "ca_cert", "bootstrap_ca_cert"], Bridge=["name", "fail_mode", "other_config", "external_ids"],
    Port=["name", "tag", "other_config"], Interface=["name", "type", "options"], Open_vSwitch=["external_ids", "other_config"])
# Seconds that anything may take on a machine that is busy.
LIMIT = 900


def shell(name, *argv):
    return subprocess.run(["podman", "exec", f"{LAB}-{name}", *argv], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=False)


def xe(*words):
    """`xe` on the coordinator."""
    answer = shell(COORDINATOR, "/opt/xensource/bin/xe", *words)
    assert answer.returncode == 0, words
    return answer.stdout.strip()


def listed(command, *params):
    return [word for word in xe(command, *params, "--minimal").split(",") if word]


def config(kind, uuid):
    """other_config of a host or the pool, without what every start of XAPI changes."""
    pairs = dict(pair.split(": ", 1) for pair in xe(f"{kind}-param-get", f"uuid={uuid}", "param-name=other-config").split("; ") if pair)
    return {name: value for name, value in pairs.items() if name not in ("agent_start_time", "boot_time")}


def pool_state():
    """Of the pool, its hosts and machines, all that an upgrade touches."""
    pool = xe("pool-list", "--minimal")
    hosts = {xe("host-param-get", f"uuid={uuid}", "param-name=name-label"): uuid for uuid in listed("host-list")}
    return dict(
        pool={name: xe("pool-param-get", f"uuid={pool}", f"param-name={name}") for name in ("ha-enabled", "ha-host-failures-to-tolerate", "ha-configuration")},
        pool_config=config("pool", pool),
        enabled={name: xe("host-param-get", f"uuid={uuid}", "param-name=enabled") == "true" for name, uuid in hosts.items()},
        host_config={name: config("host", uuid) for name, uuid in hosts.items()},
        machines={name: listed("vm-list", "is-control-domain=false", f"resident-on={uuid}", "params=name-label") for name, uuid in hosts.items()},
        controller=xe("sdn-controller-list"))


def database(name):
    """What the switch of a host is set to."""
    host = testinfra.get_host(f"podman://{LAB}-{name}")
    return {table: sorted(map(str, rows(host, table, *columns))) for table, columns in TABLES.items()}


def everything():
    return pool_state(), {name: database(name) for name in HOSTS}


def release(name):
    """The release of every openvswitch package that rpm has on a host."""
    return shell(name, "rpm", "-q", "--queryformat", "%{RELEASE} ", "openvswitch").stdout.split()


def boot(name):
    """When the host has booted; nothing while it is down."""
    return shell(name, "cut", "-d ", "-f22", "/proc/1/stat").stdout


def wait_for(reached, process=None):
    end = time.monotonic() + LIMIT
    while not reached():
        assert time.monotonic() < end
        assert process is None or process.poll() is None, "the run has ended before"
        time.sleep(0.1)


@pytest.fixture(scope="module")
def found():
    return everything()


@pytest.fixture
def start(tmp_path, monkeypatch):
    """Start an upgrade; what it prints is shown where a test fails."""
    log = tmp_path / "log"

    def function(*arguments, kill_at=""):
        monkeypatch.setenv("KILL_AT", kill_at)
        monkeypatch.setenv("ANSIBLE_CALLBACK_PLUGINS", str(PROJECT / "molecule/upgrade/callback"))
        monkeypatch.setenv("ANSIBLE_CALLBACKS_ENABLED", "kill")
        with open(log, "wb") as output:
            return ansible_process("ansible-playbook", str(PROJECT / "playbooks/upgrade.yml"), *UPGRADE, *arguments, output=output)
    yield function
    print(log.read_text(encoding="utf-8", errors="replace"))


@pytest.fixture
def gate():
    """A package's script that runs systemctl waits while there is a pipe, until somebody writes to it."""
    process = subprocess.run(["podman", "inspect", "--format", "{{.State.Pid}}", f"{LAB}-{COORDINATOR}"], stdout=subprocess.PIPE, text=True, check=True)
    root = Path(f"/proc/{process.stdout.strip()}/root")
    # rpm looks there first.
    script, pipe = root / "usr/sbin/systemctl", root / "run/gate"
    script.write_text("#!/bin/sh\nif [ -p /run/gate ]; then read -r line < /run/gate; fi\nexec /usr/bin/systemctl \"$@\"\n", encoding="utf-8")
    script.chmod(0o755)
    os.mkfifo(pipe)
    yield pipe
    script.unlink()


def kill(process):
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def opened(pipe):
    """The writing end of a pipe, once somebody waits at the other; None before."""
    with contextlib.suppress(OSError):
        return os.open(pipe, os.O_WRONLY | os.O_NONBLOCK)
    return None


def answers_to_ssh():
    with contextlib.suppress(OSError), socket.create_connection((ADDRESS, 22), 5) as connection:
        return connection.recv(4) == b"SSH-"
    return False


def kill_and_look(start, moment):
    """Let a run end at a moment; the pool as it is then."""
    process = start(kill_at=moment)
    assert process.wait(LIMIT) == -signal.SIGKILL
    state = pool_state()
    away = [name for name in HOSTS if not state["enabled"][name]]
    begun = [name for name in HOSTS if KEY in state["host_config"][name]]
    assert len(set(away + begun)) <= 1 and set(away) <= set(begun), "never two at a time, and none is away without a note of what it was"
    assert sum(map(len, state["machines"].values())) == 2
    assert all(len(release(name)) == 1 for name in HOSTS)
    return state


@pytest.mark.parametrize("moment, available, enabled", [
    ("before Begin the maintenance of the pool", True, True),
    ("after Begin the maintenance of the pool", False, True),
    ("after Empty the host", False, False),
    ("before Install them in one transaction", False, False),
])
def test_killed_before_the_coordinator_is_changed(start, found, moment, available, enabled):
    state = kill_and_look(start, moment)
    assert state["pool"]["ha-enabled"] == str(available).lower() and state["enabled"] == {COORDINATOR: enabled, SUPPORTER: True}
    assert state["pool_config"]["auto_poweron"] == str(available).lower() and (KEY in state["pool_config"]) != available
    assert state["machines"][COORDINATOR] == (["guest-xs8-a"] if enabled else [])
    assert release(COORDINATOR) == release(SUPPORTER) == ["2.systemd"]


def test_killed_while_rpm_is_at_work(start, gate):
    """With a terminal on the host, as Ansible has by default: what it runs there is hung up."""
    process = start("-e", "ansible_ssh_pipelining=false")
    ends = []
    wait_for(lambda: ends.append(opened(gate)) or ends[-1] is not None, process)
    kill(process)
    assert shell(COORDINATOR, "pidof", "rpm").stdout, "rpm goes on"
    gate.unlink()
    os.write(ends[-1], b"\n")
    os.close(ends[-1])


@pytest.mark.parametrize("moment", ["before Reboot the host"])
def test_killed_before_the_coordinator_is_rebooted(start, moment):
    state = kill_and_look(start, moment)
    assert state["enabled"] == {COORDINATOR: False, SUPPORTER: True}
    assert release(COORDINATOR) == ["1.systemd"] and release(SUPPORTER) == ["2.systemd"]
    shown = shell(COORDINATOR, "rpm", "-V", "openvswitch").stdout
    assert not [line for line in shown.splitlines() if " c " not in line], shown


def test_killed_while_the_coordinator_reboots(start):
    before = boot(COORDINATOR)
    process = start()
    wait_for(lambda: boot(COORDINATOR) != before, process)
    kill(process)
    wait_for(answers_to_ssh)


@pytest.mark.parametrize("moment, begun", [
    ("before Leave the host as it was found", [COORDINATOR]),
    ("after Leave the host as it was found", []),
    ("before Empty the host", []),
    ("after Install them in one transaction", [SUPPORTER]),
    ("after Reboot the host", [SUPPORTER]),
    ("before End the maintenance of the pool", []),
    ("after End the maintenance of the pool", []),
])
def test_killed_after_the_coordinator_was_changed(start, moment, begun):
    state = kill_and_look(start, moment)
    assert [name for name in HOSTS if KEY in state["host_config"][name]] == begun
    assert release(COORDINATOR) == ["1.systemd"]
    assert state["pool"]["ha-enabled"] == str(moment == "after End the maintenance of the pool").lower()


def test_the_next_run_ends_it_and_all_is_as_it_was_found(playbook, found):
    for changed in (None, 0):
        run = playbook("upgrade", *UPGRADE)
        assert run.rc == 0 and changed in (None, run.changed), run.text
    assert everything() == found
    assert release(COORDINATOR) == release(SUPPORTER) == ["1.systemd"]
