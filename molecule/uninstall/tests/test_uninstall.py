"""What is gone after the erase and the reboot, and what stays."""

import pytest

from conftest import DOM0S, installed

testinfra_hosts = DOM0S


def test_the_packages_are_gone(host):
    assert installed(host, "openvswitch") is None
    assert not host.file("/usr/sbin/ovs-vswitchd").exists


def test_no_daemon_runs(host):
    assert not host.process.filter(comm="ovs-vswitchd")
    assert not host.process.filter(comm="ovsdb-server")


def test_the_backend_is_the_linux_bridge(host):
    assert host.file("/etc/xensource/network.conf").content_string.strip() == "bridge"


@pytest.mark.parametrize("name", ["openvswitch", "openvswitch-xapi-sync", "openvswitch-xapi-update"])
def test_no_service_is_left(host, name):
    assert not host.file(f"/lib/systemd/system/{name}.service").exists
    assert not host.file(f"/usr/lib/systemd/system/{name}.service").exists
    assert not host.file(f"/etc/init.d/{name}").exists
    assert host.run("ls /etc/rc3.d/*%s /etc/systemd/system/*.wants/%s.service", name, name).stdout == ""


def test_xapi_holds_no_manager(host):
    listed = host.run("/opt/xensource/bin/xe sdn-controller-list --minimal")
    assert listed.stdout.strip() == ""


def test_the_rpms_are_kept(host):
    assert host.file("/var/cache/xenserver-openvswitch").listdir()
