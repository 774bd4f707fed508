"""One host of a pool was away at a time, and each pool is what it was otherwise. Asked on the coordinators."""

import json

import pytest

from dom0 import POOLS

KEY = "other-config:xenserver-openvswitch-maintenance"


@pytest.fixture(params=POOLS, ids=lambda pool: pool[0].name)
def pool(request):
    return request.param


def calls(coordinator):
    """What `xe` was asked on it since the upgrade began: (time, command, parameters)."""
    lines = coordinator.host.file("/var/log/lab-xapi-calls.jsonl").content_string.splitlines()
    found = [(line["time"], line["params"][0], line["params"][1:]) for line in map(json.loads, lines) if line["method"] == "xe" and line["params"]]
    begun = [time for time, command, params in found if command == "pool-param-set" and any(word.startswith(KEY) for word in params)]
    return [call for call in found if begun and call[0] >= begun[0]]


def times(coordinator, command, word=""):
    """host UUID -> when ``command`` with a parameter that begins with ``word`` was called for it."""
    return {dict(item.split("=", 1) for item in params)["uuid"]: time for time, name, params in calls(coordinator)
            if name == command and any(item.startswith(word) for item in params)}


def test_never_two_hosts_of_a_pool_were_away_and_the_coordinator_went_first(pool):
    coordinator = pool[0]
    begun, ended = times(coordinator, "host-param-set", KEY), times(coordinator, "host-param-remove", "param-key=" + KEY.split(":")[1])
    assert len(begun) == len(ended) == len(pool)
    order = sorted(begun, key=begun.get)
    assert order[0] == coordinator.uuid_of(coordinator)
    assert all(ended[one] < begun[other] for one, other in zip(order, order[1:]))


def test_each_host_was_disabled_and_emptied_before_it_went_down(pool):
    coordinator = pool[0]
    disabled, ended = times(coordinator, "host-disable"), times(coordinator, "host-param-remove")
    emptied = times(coordinator, "host-evacuate")
    for member in pool:
        one = coordinator.uuid_of(member)
        boots = coordinator.xe("host-param-get", uuid=one, param_name="other-config", param_key="boot_time")
        assert disabled[one] < float(boots) + 1 < ended[one] + 1
        assert len(pool) == 1 or disabled[one] < emptied[one] < float(boots) + 1


def test_high_availability_and_auto_poweron_are_back(pool):
    coordinator = pool[0]
    asked = dict(zip(("ha-enabled", "ha-host-failures-to-tolerate"), ("true", "1") if len(pool) > 1 else ("false", "0")))
    assert {name: coordinator.pool_param(name) for name in asked} == asked
    assert coordinator.pool_param("other-config") == "auto_poweron: true"
    if len(pool) > 1:
        made = [command for dummy, command, dummy2 in calls(coordinator)]
        assert made.index("pool-ha-disable") < made.index("host-disable") < made.index("pool-ha-enable")


def test_every_host_is_enabled_and_every_machine_is_where_it_was(pool):
    coordinator = pool[0]
    assert len(coordinator.listed("host-list", enabled="true")) == len(pool)
    for member in pool:
        there = coordinator.listed("vm-list", is_control_domain="false", power_state="running", resident_on=coordinator.uuid_of(member), params="name-label")
        assert there == [f"guest-{member}"]
    if len(pool) == 1:
        assert times(coordinator, "vm-start"), "it went down with its host and was started again"
