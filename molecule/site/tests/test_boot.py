"""The boot sequence on a host of each generation: after a restart of the service, after a reboot, and with each step broken in turn."""

import time

import pytest
import testinfra

from conftest import LAB, await_managers
from dom0 import wait_for_xapi

SCRIPT = "/usr/share/openvswitch/scripts/ovs-xapi-sync"
# A daemon that fails whenever it is started, and its end; on xs6 nobody starts it again.
BREAKS_SYNC = (f"mv {SCRIPT} {SCRIPT}.kept; printf '#!/usr/bin/python3\\nraise RuntimeError\\n' > {SCRIPT}; chmod 755 {SCRIPT}; "
               "kill -9 $(pgrep -x ovs-xapi-sync)")
MENDS_SYNC = (f"mv {SCRIPT}.kept {SCRIPT}; systemctl restart openvswitch-xapi-sync", f"mv {SCRIPT}.kept {SCRIPT}; service openvswitch start")
LIMIT = "xs8-b,xs6"
RESTART = ("systemctl restart openvswitch", "service openvswitch restart")


@pytest.fixture(scope="module")
def dom0s():
    return {name: testinfra.get_host(f"podman://{LAB}-{name}") for name in LIMIT.split(",")}


def each(dom0s, command, sysv=None):
    """Run a command on both hosts, another one on that with runlevel scripts; what they print."""
    return {name: host.check_output(sysv if sysv and name == "xs6" else command) for name, host in dom0s.items()}


def bridges(dom0s):
    """{host: {bridge: UUID}}"""
    listed = each(dom0s, "ovs-vsctl --timeout=10 --no-headings --format=csv --columns=name,_uuid list Bridge")
    return {name: dict(line.split(",") for line in text.splitlines()) for name, text in listed.items()}


def restart(dom0s):
    each(dom0s, *RESTART)


def test_every_step_holds(playbook, dom0s):
    await_managers(*dom0s.values())
    run = playbook("verify", "-v", "--limit", LIMIT)
    assert run.rc == 0, run.text
    # The lab's kernel has no such module, and its bridges are those of user space.
    assert run.words.count("The running kernel has no module openvswitch, and no bridge needs it.") == 2
    assert run.words.count("The first start since boot has deleted the bridges of before") == 2
    assert run.words.count("The bridges that XAPI has plugged are there: xenbr0") == 2


def test_a_restart_of_the_service_keeps_bridges(playbook, dom0s):
    each(dom0s, "ovs-vsctl --timeout=10 add-br br-lab -- set Bridge br-lab datapath_type=netdev")
    before, marks = bridges(dom0s), each(dom0s, "stat -c %Y /var/run/openvswitch.booted")
    time.sleep(3)  # so that the times of the mark and of the restart differ
    restart(dom0s)
    assert bridges(dom0s) == before and all("br-lab" in one for one in before.values())
    assert each(dom0s, "stat -c %Y /var/run/openvswitch.booted") == marks
    await_managers(*dom0s.values())
    run = playbook("verify", "-v", "--limit", LIMIT)
    assert run.rc == 0, run.text
    assert run.words.count("and a later one has kept those of now.") == 2


def test_a_reboot_deletes_them_once_and_xapi_makes_its_own_again(ansible, dom0s):
    before = bridges(dom0s)
    run = ansible(LIMIT, "-m", "include_role", "-a", "name=xenserver.openvswitch.xenserver_reboot", "-e", "xenserver_reboot_always=true")
    assert run.rc == 0, run.text
    after = bridges(dom0s)
    for name in dom0s:
        assert list(after[name]) == ["xenbr0"] and after[name]["xenbr0"] != before[name]["xenbr0"]
    await_managers(*dom0s.values())
    restart(dom0s)
    assert bridges(dom0s) == after
    await_managers(*dom0s.values())


@pytest.mark.parametrize(
    "step, breaks, words, mends, mends_sysv",
    [
        ("ovsdb_server", "kill -9 $(pgrep -x ovsdb-server)", "ovsdb-server does not run.", *RESTART),
        ("bridges_deleted", "rm /var/run/openvswitch.booted", "Its next start deletes all bridges of the host.", "touch /var/run/openvswitch.booted", None),
        ("ovs_vswitchd", "kill -9 $(pgrep -x ovs-vswitchd)", "ovs-vswitchd does not run.", *RESTART),
        ("bridges_made", "ovs-vsctl --no-wait del-br xenbr0", "Open vSwitch has none of them: xenbr0.",
         "systemctl restart xcp-networkd", "service management-interface start"),
        ("plugin", "rm /var/run/xapi_init_complete.cookie", "XAPI has not completed its start since boot, so that it has not called openvswitch-c",
         "touch /var/run/xapi_init_complete.cookie", None),
        ("ovs_xapi_sync", BREAKS_SYNC, "ovs-xapi-sync does not run.", *MENDS_SYNC),
        ("plugin", "ovs-vsctl --no-wait del-manager", "was called when XAPI started, and left something undone.",
         "/opt/xensource/bin/xe-toolstack-restart", None),
    ],
    ids=["ovsdb-server killed", "mark removed", "ovs-vswitchd killed", "bridge deleted", "XAPI not ready", "ovs-xapi-sync ends again and again",
         "manager removed"],
)
def test_a_broken_step_is_told(playbook, dom0s, step, breaks, words, mends, mends_sysv):
    each(dom0s, breaks)
    run = playbook("verify", "--limit", LIMIT)
    each(dom0s, mends, mends_sysv)
    assert run.rc != 0 and run.text.count(f"failed at {step}") == 2 and run.words.count(words) == 2, run.text


def test_xapi_down_means_that_nobody_calls_the_plugin(playbook, dom0s):
    each(dom0s, "systemctl stop xapi", "service xapi stop")
    run = playbook("verify", "--limit", LIMIT)
    each(dom0s, "systemctl start xapi", "service xapi start")
    assert run.rc != 0 and run.text.count("failed at plugin") == 2, run.text
    assert run.words.count("XAPI does not answer, so that nobody calls openvswitch-c") == 2
    for host in dom0s.values():
        wait_for_xapi(host)
    await_managers(*dom0s.values())
