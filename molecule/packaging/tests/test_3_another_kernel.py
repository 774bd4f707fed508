"""An update of the SysV host's kernel: Open vSwitch and the module for it in one transaction, before the reboot into it."""

import pytest

from conftest import SYSV
from stages import MODULES, NEW, OLD, backend, database, go_on, kept, packages, running

testinfra_hosts = SYSV


@pytest.fixture(scope="module", autouse=True)
def run():
    return go_on("kernel", "-e", f"package=kernel-xen-{NEW}", "-e", f"kernel={NEW}xen", "--limit", "xs6")


def test_an_upgrade_on_a_host_with_bridges_speaks_and_does_not_switch(run):
    assert "the networks of this host are not made by Open vSwitch" in run.words
    assert "You *MUST* now reboot" not in run.words


def test_the_new_kernel_has_its_module_beside_the_old(host):
    assert packages(host, MODULES + "*") == [MODULES + OLD, MODULES + NEW]
    assert host.check_output("modinfo -F vermagic openvswitch").startswith(NEW + "xen ")
    assert running(host, "ovs-vswitchd") == "3.1.0"
    assert backend(host) == "openvswitch"


def test_bridges_of_an_earlier_boot_are_gone_and_the_database_is_kept(host):
    assert host.check_output("ovs-vsctl --timeout=10 list-br") == "xenbr0"
    assert database(host) == kept(host)


def test_the_module_of_the_old_kernel_is_named(run):
    assert f"xs6 still has {MODULES}{OLD}-1.4.6-1.x86_64 of a kernel that was left behind" in run.words


def test_the_old_kernel_stays_as_long_as_its_module(host):
    assert f"kernel-xen = {OLD} is needed by" in host.run("rpm -e --test kernel-xen-%s", OLD).stderr


def test_the_old_module_goes_by_consent_and_only_once(host):
    argv = ["install", "-e", f"kernel={NEW}xen", "-e", "ovs_install_remove_obsolete=true", "--limit", "xs6"]
    assert go_on(*argv).changed == 1
    assert packages(host, MODULES + "*") == [MODULES + NEW]
    assert host.run("rpm -e --test kernel-xen-%s", OLD).rc == 0
    assert go_on(*argv).changed == 0
