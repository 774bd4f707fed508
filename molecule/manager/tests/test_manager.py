"""XAPI and every host's OVSDB agree, and the controller holds the connections."""

import json

import pytest

from conftest import CONTROLLER, CONTROLLER_ADDRESS, DOM0S, POOL, TARGET, rows
from dom0 import wait_for_xapi

testinfra_hosts = DOM0S


def managers(host):
    return rows(host, "Manager", "_uuid", "target", "is_connected")


def test_the_host_is_connected_to_the_manager(host):
    assert [(row["target"], row["is_connected"]) for row in managers(host)] == [(TARGET, True)]


def test_xapi_holds_the_manager(host):
    if host.backend.get_pytest_id() in POOL:
        assert host.check_output("/opt/xensource/bin/xe sdn-controller-list params=address --minimal") == CONTROLLER_ADDRESS
        assert host.check_output("/opt/xensource/bin/xe sdn-controller-list params=port --minimal") == "6632"
    else:
        pool = host.check_output("/opt/xensource/bin/xe pool-list --minimal")
        assert host.check_output("/opt/xensource/bin/xe pool-param-get uuid=%s param-name=vswitch-controller", pool) == CONTROLLER_ADDRESS


def test_the_controller_sees_the_host(host):
    uuid = host.check_output("ovs-vsctl --timeout=10 get Open_vSwitch . external_ids:xs-system-uuid").strip('"')
    state = json.loads(host.get_host(CONTROLLER).file("/run/ovsdb-controller/state.json").content_string)
    assert uuid in json.dumps(state)


@pytest.mark.parametrize("again", [1, 2])
def test_a_toolstack_restart_leaves_the_manager_alone(host, again):
    before = managers(host)
    host.check_output("/opt/xensource/bin/xe-toolstack-restart")
    wait_for_xapi(host)
    assert [row["_uuid"] for row in managers(host)] == [row["_uuid"] for row in before]
