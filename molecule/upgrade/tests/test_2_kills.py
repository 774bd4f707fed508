"""The control process is killed at one moment after another of one upgrade; each time the next run takes the pool up where it is.

A pool of two hosts goes back to the release that it had first, with consent to go down. Its coordinator goes first.
"""

import contextlib
import os
import signal
import subprocess
from pathlib import Path

import pytest

from conftest import LAB, PROJECT, ansible_process
from dom0 import POOLS, until

COORDINATOR, SUPPORTER = HOSTS = POOLS[1]
UPGRADE = ("--limit", "pool_xs8,localhost", "-e", "ovs_install_allow_downgrade=true")
KEY = "xenserver-openvswitch-maintenance"
# Seconds that anything may take on a machine that is busy.
LIMIT = 900


def config(text):
    """other_config of a host or the pool, without what every start of XAPI changes."""
    pairs = dict(pair.split(": ", 1) for pair in text.split("; ") if pair)
    return {name: value for name, value in pairs.items() if name not in ("agent_start_time", "boot_time")}


def pool_state():
    """Of the pool, its hosts and machines, all that an upgrade touches."""
    xe, listed, pool = COORDINATOR.xe, COORDINATOR.listed, COORDINATOR.pool_param
    hosts = {host: COORDINATOR.uuid_of(host) for host in HOSTS}
    return dict(
        pool={name: pool(name) for name in ("ha-enabled", "ha-host-failures-to-tolerate", "ha-configuration")},
        pool_config=config(pool("other-config")),
        enabled={host: xe("host-param-get", uuid=uuid, param_name="enabled") == "true" for host, uuid in hosts.items()},
        host_config={host: config(xe("host-param-get", uuid=uuid, param_name="other-config")) for host, uuid in hosts.items()},
        machines={host: listed("vm-list", is_control_domain="false", resident_on=uuid, params="name-label") for host, uuid in hosts.items()},
        controller=xe("sdn-controller-list"))


def everything():
    return pool_state(), [host.settings() for host in HOSTS]


def until_in_run(process, condition, what):
    """The first true value of ``condition()``, which must come before a run ends."""
    def now():
        value = condition()
        assert value or process.poll() is None, "the run has ended before"
        return value
    return until(now, what, LIMIT)


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


def kill_and_look(start, moment):
    """Let a run end at a moment; the pool as it is then."""
    process = start(kill_at=moment)
    assert process.wait(LIMIT) == -signal.SIGKILL
    state = pool_state()
    away = [host for host in HOSTS if not state["enabled"][host]]
    begun = [host for host in HOSTS if KEY in state["host_config"][host]]
    assert len(set(away + begun)) <= 1 and set(away) <= set(begun), "never two at a time, and none is away without a note of what it was"
    assert sum(map(len, state["machines"].values())) == 2
    assert all(len(host.releases()) == 1 for host in HOSTS)
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
    assert COORDINATOR.releases() == SUPPORTER.releases() == ["2.systemd"]


def test_killed_while_rpm_is_at_work(start, gate):
    """With a terminal on the host, as Ansible has by default: what it runs there is hung up."""
    process = start("-e", "ansible_ssh_pipelining=false")
    end = until_in_run(process, lambda: opened(gate), "rpm at the gate")
    kill(process)
    assert COORDINATOR.succeeds("pidof", "rpm"), "rpm goes on"
    gate.unlink()
    os.write(end, b"\n")
    os.close(end)


@pytest.mark.parametrize("moment", ["before Reboot the host"])
def test_killed_before_the_coordinator_is_rebooted(start, moment):
    state = kill_and_look(start, moment)
    assert state["enabled"] == {COORDINATOR: False, SUPPORTER: True}
    assert COORDINATOR.releases() == ["1.systemd"] and SUPPORTER.releases() == ["2.systemd"]
    shown = COORDINATOR.host.run("rpm -V openvswitch").stdout
    assert not [line for line in shown.splitlines() if " c " not in line], shown


def test_killed_while_the_coordinator_reboots(start):
    before = COORDINATOR.boot()
    process = start()
    until_in_run(process, lambda: COORDINATOR.boot() != before, "the end of the boot")
    kill(process)
    until(COORDINATOR.greets, "its sshd", LIMIT)


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
    assert [host for host in HOSTS if KEY in state["host_config"][host]] == begun
    assert COORDINATOR.releases() == ["1.systemd"]
    assert state["pool"]["ha-enabled"] == str(moment == "after End the maintenance of the pool").lower()


def test_the_next_run_ends_it_and_all_is_as_it_was_found(playbook, found):
    for changed in (None, 0):
        run = playbook("upgrade", *UPGRADE)
        assert run.rc == 0 and changed in (None, run.changed), run.text
    assert everything() == found
    assert COORDINATOR.releases() == SUPPORTER.releases() == ["1.systemd"]
