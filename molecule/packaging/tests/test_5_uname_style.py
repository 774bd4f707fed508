"""On again, on a host without Open vSwitch, with the module in the other naming style: what a first installation does, and rpm by hand."""

import pytest

from conftest import SYSV
from stages import backend, go_on, packages, services, starts_at_boot

testinfra_hosts = SYSV
MODULES = "openvswitch-modules-3.10.0+2"


@pytest.fixture(scope="module", autouse=True)
def run():
    return go_on("first", "--limit", "xs6")


def test_both_came_in_one_transaction(host):
    assert packages(host, "openvswitch*") == ["openvswitch", MODULES]
    assert len({host.check_output("rpm -q --queryformat %s %s", "%{INSTALLTID}", name) for name in ("openvswitch", MODULES)}) == 1


def test_the_module_alone_cannot_be_erased(host):
    alone = host.run("rpm -e --test %s", MODULES)
    assert alone.rc == 1 and "openvswitch.ko.0 is needed by (installed) openvswitch-3.1.0-1.sysv" in alone.stderr


def test_the_scriptlets_say_what_they_found_and_did(run):
    assert "Open vSwitch is not verified to work with them" in run.words
    assert "You *MUST* now reboot your system" in run.words
    assert "the new kernel module is used from the next boot on" in run.words


def test_the_host_was_switched(host):
    assert backend(host) == "openvswitch"
    for name, links in zip(services(host), (("S09", "K91"), ("S95", "K01"))):
        assert starts_at_boot(host, name)
        assert [host.file(f"/etc/rc{level}.d/{link}{name}").exists for level, link in zip("36", links)] == [True, True]


def test_a_database_with_its_one_row_was_made(host):
    rows = host.check_output("ovsdb-tool query /etc/openvswitch/conf.db %s", '["Open_vSwitch", {"op": "select", "table": "Open_vSwitch", "where": []}]')
    assert rows.count("next_cfg") == 1


def test_settings_were_made_from_the_template(host):
    template = host.file("/usr/share/openvswitch/scripts/sysconfig.template").content_string
    assert host.file("/etc/sysconfig/openvswitch").content_string == template


def test_sysctl_was_not_written_again(host):
    assert host.file("/etc/sysctl.conf").content_string.count("net.ipv4.conf.all.arp_filter = 1") == 1


def test_nothing_was_started(host):
    assert not host.process.filter(comm="ovs-vswitchd")
