"""The vendor's packages in the place of ours."""

import pytest

from stages import HOSTS, MODULES, OLD, backend, database, go_on, is_systemd, kept, packages, running, services, starts_at_boot

testinfra_hosts = HOSTS
VENDOR = "the vendor of the host"


@pytest.fixture(scope="module", autouse=True)
def back():
    return go_on("back")


def test_the_packages_are_the_vendors(host):
    assert packages(host, "*openvswitch*") == (["openvswitch"] if is_systemd(host) else ["openvswitch", MODULES + OLD])
    assert host.check_output("rpm -q --queryformat %s openvswitch", "%{VENDOR}") == VENDOR
    assert host.run("rpm -V openvswitch --noconfig").stdout == ""


def test_the_old_release_runs(host):
    assert [running(host, name) for name in ("ovsdb-server", "ovs-vswitchd")] == ["2.15.0", "2.15.0"]


def test_the_backend_and_the_services_are_as_they_were(host):
    assert backend(host) == "openvswitch"
    assert all(starts_at_boot(host, name) for name in services(host))


def test_the_database_is_kept_where_it_is_persistent(host):
    assert is_systemd(host) or database(host) == kept(host)


def test_the_management_bridge_was_made_again(host):
    assert host.check_output("ovs-vsctl --timeout=10 list-br") == "xenbr0"


def test_the_settings_of_the_administrator_are_not_lost(host):
    """The vendor's file is not one that rpm leaves alone: it takes the place, and the changed one is beside it."""
    beside = "/etc/sysconfig/openvswitch" + (".rpmsave" if is_systemd(host) else ".rpmorig")
    assert "VSWITCHD_PRIORITY=-5" in host.file(beside).content_string.splitlines()
