"""Off again, the vendor's package on xs8-a and ours on xs6: what goes, and what stays."""

import pytest

from stages import HOSTS, backend, go_on, is_systemd, packages, services

testinfra_hosts = HOSTS


@pytest.fixture(scope="module", autouse=True)
def off():
    return go_on("off")


def test_no_package_and_no_daemon_is_left(host):
    assert packages(host, "*openvswitch*") == []
    assert not host.process.filter(comm="ovs-vswitchd") and not host.process.filter(comm="ovsdb-server")


def test_no_service_is_left(host):
    for name in services(host):
        assert host.run("ls /etc/rc3.d/*%s /etc/systemd/system/*.wants/%s.service", name, name).stdout == ""


def test_the_host_is_on_bridges_not_on_the_vendors_open_vswitch(host):
    assert backend(host) == "bridge"
    assert host.file("/sys/class/net/xenbr0/bridge").is_directory


@pytest.mark.parametrize("path", ["/etc/openvswitch/conf.db", "/etc/sysconfig/openvswitch", "/usr/share/openvswitch", "/usr/lib/openvswitch"])
def test_what_goes(host, path):
    assert not host.file(path).exists


def test_what_stays(host):
    assert host.file("/var/log/openvswitch").listdir()
    if not is_systemd(host):
        assert host.file("/etc/sysctl.conf").content_string.count("net.ipv4.conf.all.arp_filter = 1") == 1
