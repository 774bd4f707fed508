"""Whatever fails on the way: the role says what, why and the remedy, nothing is lost, and the next run succeeds."""

import concurrent.futures
import contextlib
import os
import signal

import pytest
import testinfra

from conftest import CONTROLLER, CONTROLLER_ADDRESS, PROJECT, TARGET, ansible_process
from dom0 import ALL, SYSV, A, B, held, manager_options, managers, on_all, until

# Where the controller listens too: what a run changes the manager of the pool to.
OTHER = f"ssl:{CONTROLLER_ADDRESS}:6640"
PLUGIN = "/etc/xapi.d/plugins/openvswitch-config-update"
# What takes the plugin away, and what puts it back.
ASIDE = ["mv", PLUGIN, PLUGIN + ".kept"], ["mv", PLUGIN + ".kept", PLUGIN]
# A bridge with a bond, as an administrator sets it: what an emer-reset would take away.
BOND = [
    "--may-exist", "add-br", "lab-bond", "--", "set", "Bridge", "lab-bond", "datapath_type=netdev",
    "--", "--may-exist", "add-bond", "lab-bond", "bond0", "lab-bond0", "lab-bond1", "--", "set", "Interface", "lab-bond0", "type=internal",
    "--", "set", "Interface", "lab-bond1", "type=internal", "--", "set", "Port", "bond0", "bond_mode=balance-slb", "other_config:bond-detect-mode=miimon",
]


def change(*hosts):
    """For a run that has the pool's hosts use the controller's other port, whatever they lose by it."""
    return manager_options(*hosts, ovs_manager_port=6640, ovs_manager_emer_reset_consent=True)


@pytest.fixture
def before():
    """Every host has its manager and a bond: what XAPI and the databases hold then."""
    if A.listed("sdn-controller-list", params="port") != ["6632"]:
        A.set_in_xapi("ssl")
    if managers(SYSV.content()) != [TARGET]:
        SYSV.set_in_xapi("ssl")
    for host in ALL:
        host.vsctl(*BOND)
    assert all(on_all(ALL, "becomes_connected"))
    yield held(ALL)
    for host in ALL:
        host.vsctl("--if-exists", "del-br", "lab-bond")


def said(run, *words):
    """A run that failed and said so in these words."""
    assert run.rc != 0, run.text
    for word in words:
        assert word in run.words, run.text


def nothing_to_do(playbook, *hosts):
    run = playbook("manager", *manager_options(*hosts))
    assert run.rc == 0 and run.changed == 0, run.text


@contextlib.contextmanager
def between(host, done, undone):
    """What one command has done to a host until another undoes it."""
    host.run(*done)
    try:
        yield
    finally:
        host.run(*undone)


def test_xapi_is_down(before, playbook):
    with between(A, ["systemctl", "stop", "xapi"], ["systemctl", "start", "xapi"]), \
         between(SYSV, ["/etc/init.d/xapi", "stop"], ["/etc/init.d/xapi", "start"]):
        run = playbook("manager", *change(*ALL))
    on_all([A, SYSV], "wait_for_xapi")
    said(run, "XAPI does not answer. Start it with xe-toolstack-restart", "This supporter has lost its coordinator. Bring that back")
    assert run.changed == 0 and held(ALL) == before
    nothing_to_do(playbook, *ALL)


def test_the_coordinator_cannot_be_reached(before, playbook):
    """The change is refused, since what the host that is cut off would lose cannot be told."""
    rule = ["INPUT", "-s", B.address, "-p", "tcp", "--dport", "80", "-j", "REJECT", "--reject-with", "icmp-host-unreachable"]
    with between(A, ["iptables", "-I", *rule], ["iptables", "-D", *rule]):
        run = playbook("manager", *manager_options(A, B, ovs_manager_port=6640))
    said(run, "This supporter has lost its coordinator. Bring that back", "hosts of the pool that this play does not know", "xs8-b", "XAPI was not changed")
    assert run.changed == 0 and held(ALL) == before
    nothing_to_do(playbook, A, B)


def test_the_plugin_of_one_supporter_raises(before, playbook):
    """XAPI answers 0 to the change all the same."""
    with between(B, *ASIDE):
        B.write(PLUGIN, '#!/usr/bin/env python3\nraise RuntimeError("the disk is full")\n', "755")
        run = playbook("manager", *change(A, B))
    said(run, "XAPI's plugin openvswitch-config-update did not do its work on this host", "the disk is full", "/var/log/xensource.log")
    assert A.is_connected(OTHER)
    assert B.content() == before[ALL.index(B)][1]
    after = playbook("manager", *change(A, B))
    assert after.rc == 0 and after.changed == 1, after.text
    assert A.is_connected(OTHER) and B.is_connected(OTHER)


def test_ovsdb_server_is_down(before, playbook):
    with between(SYSV, ["ovs-appctl", "-t", "ovsdb-server", "exit"], ["service", "openvswitch", "start"]):
        run = playbook("manager", *manager_options(SYSV))
    said(run, "The database of Open vSwitch does not answer", "Start ovsdb-server")
    assert run.changed == 0 and held(ALL) == before
    assert SYSV.becomes_connected()
    nothing_to_do(playbook, SYSV)


def test_ovs_vswitchd_hangs(before, playbook):
    """The plugin gives up waiting for it halfway, which XAPI swallows."""
    SYSV.set_in_xapi(None)
    pid = SYSV.run("cat", "/var/run/openvswitch/ovs-vswitchd.pid").strip()
    with between(SYSV, ["kill", "-STOP", pid], ["kill", "-CONT", pid]):
        run = playbook("manager", *manager_options(SYSV))
    said(run, "XAPI's plugin openvswitch-cfg-update did not do its work on this host", "VSWITCH_CONFIG_MOD_FAILURE", "run again")
    assert {row["name"] for row in SYSV.content()["Bridge"]} == {"lab-bond", "xenbr0"}
    after = playbook("manager", *manager_options(SYSV))
    assert after.rc == 0, after.text
    assert SYSV.is_connected()


def test_the_controller_is_down(before, playbook):
    controller = testinfra.get_host(CONTROLLER)
    controller.check_output("systemctl stop ovsdb-controller")
    try:
        on_all(ALL, "wait_until_left")
        run = playbook("manager", *manager_options(*ALL, ovs_manager_connection_time_limit=3))
    finally:
        controller.check_output("systemctl start ovsdb-controller")
    said(run, f"not connected within the time limit: {TARGET}", "Connection refused", "See that the manager runs")
    assert run.changed == 0 and held(ALL) == before
    assert all(on_all(ALL, "becomes_connected"))
    nothing_to_do(playbook, *ALL)


def test_two_runs_at_once(before, playbook):
    """Either succeeds, or says that the other was there; the next run finds all done or completes it."""
    with concurrent.futures.ThreadPoolExecutor() as threads:
        runs = list(threads.map(lambda dummy: playbook("manager", *change(A, B)), range(2)))
    for run in runs:
        assert run.rc == 0 or "un again" in run.words, run.text
    after = playbook("manager", *change(A, B))
    assert after.rc == 0, after.text
    assert A.is_connected(OTHER) and B.is_connected(OTHER)


def test_a_run_is_killed_between_forget_and_introduce(before, playbook):
    """XAPI forgets the old controller at once, and then waits for its plugins: there the whole run is killed."""
    B.run("rm", "-f", "/run/lab-go-on")
    with between(B, *ASIDE):
        B.write(PLUGIN, f'#!/bin/sh\nwhile [ ! -e /run/lab-go-on ]; do sleep 0.2; done\nexec {PLUGIN}.kept "$@"\n', "755")
        try:
            process = ansible_process("ansible-playbook", str(PROJECT / "playbooks/manager.yml"), *change(A, B))
            pids = until(lambda: A.host.run("pgrep -f '[s]dn-controller-forget uuid='").stdout.split(), "the call")
            module = A.run("ps", "-o", "ppid=", "-p", pids[0]).strip()
            A.run("kill", "-9", module, *pids)
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        finally:
            B.run("touch", "/run/lab-go-on")
            until(lambda: not B.succeeds("pgrep", "-f", "plugins/[o]penvswitch-config-update"), "the end of the plugin")
    assert A.listed("sdn-controller-list") == []
    after = playbook("manager", *change(A, B))
    assert after.rc == 0 and after.changed > 0, after.text
    assert A.is_connected(OTHER) and B.is_connected(OTHER)
    assert {row["name"] for row in B.content()["Bridge"]} == {"lab-bond", "xenbr0"}
