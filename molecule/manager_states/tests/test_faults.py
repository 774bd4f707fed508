"""Whatever fails on the way: the role says what, why and the remedy, nothing is lost, and the next run succeeds."""

import concurrent.futures
import contextlib
import json
import os
import signal

import pytest
import testinfra

from conftest import CONTROLLER, CONTROLLER_ADDRESS, PROJECT, TARGET, ansible_process
from dom0 import Dom0, managers, on_all, until

A, B, SYSV = Dom0("xs8-a"), Dom0("xs8-b"), Dom0("xs6")
ALL = [A, B, SYSV]
# Where the controller listens too: what a run changes the manager of the pool to.
OTHER = f"ssl:{CONTROLLER_ADDRESS}:6640"
PLUGIN = "/etc/xapi.d/plugins/openvswitch-config-update"
# A bridge with a bond, as an administrator sets it: what an emer-reset would take away.
BOND = [
    "--may-exist", "add-br", "lab-bond", "--", "set", "Bridge", "lab-bond", "datapath_type=netdev",
    "--", "--may-exist", "add-bond", "lab-bond", "bond0", "lab-bond0", "lab-bond1", "--", "set", "Interface", "lab-bond0", "type=internal",
    "--", "set", "Interface", "lab-bond1", "type=internal", "--", "set", "Port", "bond0", "bond_mode=balance-slb", "other_config:bond-detect-mode=miimon",
]


def options(*hosts, **variables):
    """For playbooks/manager.yml on some hosts."""
    return ["--limit", ",".join(["localhost", *(host.name for host in hosts)]),
            "-e", json.dumps(dict({"ovs_manager_connection_time_limit": 120}, **variables))]


def change(*hosts):
    """For a run that has the pool's hosts use the controller's other port, whatever they lose by it."""
    return options(*hosts, ovs_manager_port=6640, ovs_manager_emer_reset_consent=True)


def held():
    """What XAPI and every host's database hold."""
    return [host.database() for host in (A, SYSV)], on_all(ALL, "content")


@pytest.fixture
def before():
    """Every host has its manager and a bond: what XAPI and the databases hold then."""
    if A.xe("sdn-controller-list", params="port").split()[-1:] != ["6632"]:
        for uuid in A.run("/opt/xensource/bin/xe", "sdn-controller-list", "--minimal").split():
            A.xe("sdn-controller-forget", uuid=uuid)
        A.xe("sdn-controller-introduce", protocol="ssl", address=CONTROLLER_ADDRESS)
    if managers(SYSV.content()) != [TARGET]:
        SYSV.xe("pool-set-vswitch-controller", address="")
        SYSV.xe("pool-set-vswitch-controller", address=CONTROLLER_ADDRESS)
    for host in ALL:
        host.vsctl(*BOND)
    assert on_all(ALL, "becomes_connected", [TARGET] * len(ALL)) == [True] * len(ALL)
    yield held()
    for host in ALL:
        host.vsctl("--if-exists", "del-br", "lab-bond")


def said(run, *words):
    """A run that failed and said so in these words."""
    assert run.rc != 0, run.text
    for word in words:
        assert word in run.words, run.text


def nothing_to_do(playbook, *hosts):
    run = playbook("manager", *options(*hosts))
    assert run.rc == 0 and run.changed == 0, run.text


@contextlib.contextmanager
def without_xapi(host, stop, start):
    host.run(*stop)
    try:
        yield
    finally:
        host.run(*start)
        host.wait_for_xapi()


def test_xapi_is_down(before, playbook):
    with without_xapi(A, ["systemctl", "stop", "xapi"], ["systemctl", "start", "xapi"]), \
         without_xapi(SYSV, ["/etc/init.d/xapi", "stop"], ["/etc/init.d/xapi", "start"]):
        run = playbook("manager", *change(*ALL))
    said(run, "XAPI does not answer. Start it with xe-toolstack-restart", "This supporter has lost its coordinator. Bring that back")
    assert run.changed == 0 and held() == before
    nothing_to_do(playbook, *ALL)


def test_the_coordinator_cannot_be_reached(before, playbook):
    """The change is refused, since what the host that is cut off would lose cannot be told."""
    rule = ["INPUT", "-s", B.address, "-p", "tcp", "--dport", "80", "-j", "REJECT", "--reject-with", "icmp-host-unreachable"]
    A.run("iptables", "-I", *rule)
    try:
        run = playbook("manager", *options(A, B, ovs_manager_port=6640))
    finally:
        A.run("iptables", "-D", *rule)
    said(run, "This supporter has lost its coordinator. Bring that back", "hosts of the pool that this play does not know", "xs8-b", "XAPI was not changed")
    assert run.changed == 0 and held() == before
    nothing_to_do(playbook, A, B)


def test_the_plugin_of_one_supporter_raises(before, playbook):
    """XAPI answers 0 to the change all the same."""
    B.run("mv", PLUGIN, PLUGIN + ".kept")
    B.write(PLUGIN, '#!/usr/bin/env python3\nraise RuntimeError("the disk is full")\n', "755")
    try:
        run = playbook("manager", *change(A, B))
    finally:
        B.run("mv", PLUGIN + ".kept", PLUGIN)
    said(run, "XAPI's plugin openvswitch-config-update did not do its work on this host", "the disk is full", "/var/log/xensource.log")
    assert A.is_connected(OTHER)
    assert B.content() == before[1][1]
    after = playbook("manager", *change(A, B))
    assert after.rc == 0 and after.changed == 1, after.text
    assert A.is_connected(OTHER) and B.is_connected(OTHER)


def test_ovsdb_server_is_down(before, playbook):
    SYSV.run("ovs-appctl", "-t", "ovsdb-server", "exit")
    try:
        run = playbook("manager", *options(SYSV))
    finally:
        SYSV.run("service", "openvswitch", "start")
    said(run, "The database of Open vSwitch does not answer", "Start ovsdb-server")
    assert run.changed == 0 and held() == before
    assert SYSV.becomes_connected(TARGET)
    nothing_to_do(playbook, SYSV)


def test_ovs_vswitchd_hangs(before, playbook):
    """The plugin gives up waiting for it halfway, which XAPI swallows."""
    SYSV.xe("pool-set-vswitch-controller", address="")
    pid = SYSV.run("cat", "/var/run/openvswitch/ovs-vswitchd.pid").strip()
    SYSV.run("kill", "-STOP", pid)
    try:
        run = playbook("manager", *options(SYSV))
    finally:
        SYSV.run("kill", "-CONT", pid)
    said(run, "XAPI's plugin openvswitch-cfg-update did not do its work on this host", "VSWITCH_CONFIG_MOD_FAILURE", "run again")
    assert {row["name"] for row in SYSV.content()["Bridge"]} == {"lab-bond", "xenbr0"}
    after = playbook("manager", *options(SYSV))
    assert after.rc == 0, after.text
    assert SYSV.is_connected(TARGET)


def test_the_controller_is_down(before, playbook):
    controller = testinfra.get_host(CONTROLLER)
    controller.check_output("systemctl stop ovsdb-controller")
    try:
        for host in ALL:
            until(lambda host=host: not host.is_connected(TARGET), f"the end of the connection of {host}")
        run = playbook("manager", *options(*ALL, ovs_manager_connection_time_limit=3))
    finally:
        controller.check_output("systemctl start ovsdb-controller")
    said(run, f"not connected within the time limit: {TARGET}", "Connection refused", "See that the manager runs")
    assert run.changed == 0 and held() == before
    assert on_all(ALL, "becomes_connected", [TARGET] * len(ALL)) == [True] * len(ALL)
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
    B.run("mv", PLUGIN, PLUGIN + ".kept")
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
        B.run("mv", PLUGIN + ".kept", PLUGIN)
    assert A.run("/opt/xensource/bin/xe", "sdn-controller-list", "--minimal").strip() == ""
    after = playbook("manager", *change(A, B))
    assert after.rc == 0 and after.changed > 0, after.text
    assert A.is_connected(OTHER) and B.is_connected(OTHER)
    assert {row["name"] for row in B.content()["Bridge"]} == {"lab-bond", "xenbr0"}
