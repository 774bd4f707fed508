"""The report on the lab's hosts, as an operator makes it and as Chromium shows it: all well, then one host lost and one with a manager that means harm."""

import json

import pytest
import testinfra

from browser import DESKTOP, PHONE, Look, chromium
from conftest import LAB, PROJECT, TARGET, await_managers

HARM = "tcp:{{ 7 * 7 }}</script><script>alert(1)</script>"


@pytest.fixture(scope="module")
def program():
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("report")


@pytest.fixture(scope="module")
def well(playbook, folder):
    """The report while all is well, and the run that made it."""
    run = playbook("verify", "-e", f"ovs_verify_report={folder}")
    return run, json.loads((folder / "report.json").read_text())["hosts"]


@pytest.fixture(scope="module")
def ill(playbook, folder, well, tmp_path_factory):
    """The report of the next run, for which one host is lost and another has a manager of its own; and that run."""
    lost = tmp_path_factory.mktemp("lost") / "hosts.yml"
    lost.write_text("xenserver: {hosts: {xs8-b: {ansible_port: 9}}}\n")
    host = testinfra.get_host(f"podman://{LAB}-xs6")
    host.check_output("ovs-vsctl --timeout=10 --no-wait set-manager %s", HARM)
    run = playbook("verify", "-i", str(PROJECT / "molecule/lab/inventory"), "-i", str(lost), "-e", f"ovs_verify_report={folder}")
    host.check_output("/opt/xensource/bin/xe-toolstack-restart")
    await_managers(host)
    return run, json.loads((folder / "report.json").read_text())["hosts"]


def values(host):
    return {name: fact["value"] for name, fact in host["facts"].items()}


def test_all_is_well(well):
    run, hosts = well
    assert run.rc == 0 and run.changed == 1, run.text
    assert sorted(hosts) == ["xs6", "xs8-a", "xs8-b"]
    for name, host in hosts.items():
        assert host["error"] is None and host["failed"] == [] and host["seen"] == host["asked"]
        found = values(host)
        assert found["running"] == "3.1.0" and found["package"] == "3.1.0-1." + ("sysv" if name == "xs6" else "systemd")
        assert found["manager"] == TARGET and found["connections"] == {TARGET: True} and found["pending"] == []


def test_the_lost_host_keeps_what_was_seen_and_the_others_are_told_with_it(well, ill):
    (dummy, before), (run, hosts) = well, ill
    assert run.rc != 0 and "UNREACHABLE" in run.text
    lost, harmed = hosts["xs8-b"], hosts["xs6"]
    assert "ssh" in lost["error"]["text"] and lost["facts"] == before["xs8-b"]["facts"] and lost["seen"] == before["xs8-b"]["seen"] < lost["asked"]
    assert list(values(harmed)["connections"]) == [HARM] and any("has not got back its manager" in one["text"] for one in harmed["failed"])
    assert harmed["changed"]["differences"] == [dict(what="managers", before=f"{TARGET} connected", after=f"{HARM} not connected")]
    assert hosts["xs8-a"]["error"] is None and hosts["xs8-a"]["failed"] == []


@pytest.mark.parametrize("size, scheme", [(DESKTOP, "light"), (PHONE, "dark")], ids=["desktop", "phone"])
def test_the_page_shows_it(ill, program, folder, size, scheme):
    with Look(program, folder / "report.html", size, scheme) as seen:
        assert seen.page.get_by_role("heading", level=1).inner_text().strip() == "2 of 3 hosts need action"
        lost = seen.page.locator(".findings > .unreached").inner_text()
        assert "xs8-b" in lost and "ssh" in lost
        assert seen.page.get_by_text(HARM).count() >= 2
        marks = seen.page.locator(".members svg").evaluate_all('all => all.map(mark => mark.getAttribute("aria-label"))')
        assert marks == ["xs6: set in XAPI, missing in Open vSwitch", "xs8-a: connected", "xs8-b: not known"]
        assert seen.said == [] and seen.overflow() == 0 and seen.barriers() == []
