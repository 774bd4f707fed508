"""One host of a pool was away at a time, and each pool is what it was otherwise. Asked on the coordinators."""

import json

import pytest

from conftest import LAB

XE = "/opt/xensource/bin/xe"
KEY = "other-config:xenserver-openvswitch-maintenance"
POOLS = [["fleet-a", "fleet-b", "fleet-c"], ["xs8-a", "xs8-b"], ["xs6"]]
testinfra_hosts = [f"podman://{LAB}-{pool[0]}" for pool in POOLS]


@pytest.fixture
def members(host):
    """The names of the hosts of this coordinator's pool, its own first."""
    name = host.backend.get_pytest_id().rpartition(f"{LAB}-")[2]
    return next(pool for pool in POOLS if pool[0] == name)


def calls(host):
    """What `xe` was asked on a pool's coordinator since the upgrade began: (time, command, parameters)."""
    lines = host.file("/var/log/lab-xapi-calls.jsonl").content_string.splitlines()
    found = [(line["time"], line["params"][0], line["params"][1:]) for line in map(json.loads, lines) if line["method"] == "xe" and line["params"]]
    begun = [time for time, command, params in found if command == "pool-param-set" and any(word.startswith(KEY) for word in params)]
    return [call for call in found if begun and call[0] >= begun[0]]


def times(host, command, word=""):
    """host UUID -> when ``command`` with a parameter that begins with ``word`` was called for it."""
    return {dict(item.split("=", 1) for item in params)["uuid"]: time for time, name, params in calls(host)
            if name == command and any(item.startswith(word) for item in params)}


def uuids(host, members):
    known = dict(reversed(line.split(",")) for line in (
        host.check_output(f"{XE} host-list name-label={name} params=uuid --minimal") + "," + name for name in members))
    return [known[name] for name in members]


def test_never_two_hosts_of_a_pool_were_away_and_the_coordinator_went_first(host, members):
    begun, ended = times(host, "host-param-set", KEY), times(host, "host-param-remove", "param-key=" + KEY.split(":")[1])
    assert len(begun) == len(ended) == len(members)
    order = sorted(begun, key=begun.get)
    assert order[0] == uuids(host, members)[0]
    assert all(ended[one] < begun[other] for one, other in zip(order, order[1:]))


def test_each_host_was_disabled_and_emptied_before_it_went_down(host, members):
    disabled, ended = times(host, "host-disable"), times(host, "host-param-remove")
    emptied = times(host, "host-evacuate")
    for one in uuids(host, members):
        boots = host.check_output(f"{XE} host-param-get uuid={one} param-name=other-config param-key=boot_time")
        assert disabled[one] < float(boots) + 1 < ended[one] + 1
        assert len(members) == 1 or disabled[one] < emptied[one] < float(boots) + 1


def test_high_availability_and_auto_poweron_are_back(host, members):
    asked = dict(zip(("ha-enabled", "ha-host-failures-to-tolerate"), ("true", "1") if len(members) > 1 else ("false", "0")))
    pool = host.check_output(f"{XE} pool-list --minimal")
    assert {name: host.check_output(f"{XE} pool-param-get uuid={pool} param-name={name}") for name in asked} == asked
    assert host.check_output(f"{XE} pool-param-get uuid={pool} param-name=other-config") == "auto_poweron: true"
    if len(members) > 1:
        made = [command for dummy, command, dummy2 in calls(host)]
        assert made.index("pool-ha-disable") < made.index("host-disable") < made.index("pool-ha-enable")


def test_every_host_is_enabled_and_every_machine_is_where_it_was(host, members):
    assert host.check_output(f"{XE} host-list enabled=true --minimal").count(",") == len(members) - 1
    for name, one in zip(members, uuids(host, members)):
        there = host.check_output(f"{XE} vm-list is-control-domain=false power-state=running resident-on={one} params=name-label --minimal")
        assert there == f"guest-{name}"
    if len(members) == 1:
        assert times(host, "vm-start"), "it went down with its host and was started again"
