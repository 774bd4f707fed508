"""The module packages of each naming style, as rpm reads them, and what the userspace was built with once."""

import pytest

from conftest import DDK
from stages import NEW, OLD

testinfra_hosts = [DDK]
RPMS = "/usr/src/redhat/RPMS/x86_64/"


def query(host, name, what, dist="sysv"):
    lines = host.check_output("rpm -qp --%s %s", what, f"{RPMS}{name}-2.5.99-1.{dist}.x86_64.rpm").splitlines()
    return [line for line in lines if not line.startswith(("rpmlib(", "/bin/sh"))]


@pytest.mark.parametrize("name, provides, requires, folder", [
    (f"openvswitch-modules-xen-{OLD}", f"openvswitch-modules-xen = {OLD}", f"kernel-xen = {OLD}", OLD + "xen"),
    (f"openvswitch-modules-xen-{NEW}", f"openvswitch-modules-xen = {NEW}", f"kernel-xen = {NEW}", NEW + "xen"),
    (f"openvswitch-modules-kdump-{OLD}", f"openvswitch-modules-kdump = {OLD}", f"kernel-kdump = {OLD}", OLD + "kdump"),
    ("openvswitch-modules-3.10.0+2", "openvswitch-modules = 3.10.0+2", "kernel-uname-r = 3.10.0+2", "3.10.0+2"),
    ("openvswitch-modules-3.10.41-323.380416", "openvswitch-modules = 3.10.41-323.380416", "kernel = 3.10.41-323.380416", "3.10.0+2"),
])
def test_modules(host, name, provides, requires, folder):
    dist = "known" if name.endswith("323.380416") else "sysv"
    own = [f"{name} = 2.5.99-1.{dist}", f"{name}(x86-64) = 2.5.99-1.{dist}"]
    assert sorted(query(host, name, "provides", dist)) == sorted([provides, "openvswitch.ko.0", *own])
    assert query(host, name, "requires", dist) == [requires]
    files = query(host, name, "list", dist)
    assert f"/lib/modules/{folder}/extra/openvswitch/openvswitch.ko" in files
    assert all(path.startswith(f"/lib/modules/{folder}/extra/openvswitch") for path in files)
    assert f"depmod {folder}" in query(host, name, "scripts", dist)


def test_the_userspace_needs_a_module_of_whatever_kernel(host):
    assert "openvswitch.ko.0" in query(host, "openvswitch", "requires")


def test_the_userspace_was_built_once(host):
    assert len(host.check_output("find %s -name %s", RPMS, "openvswitch-2.5.99-*.sysv.*").splitlines()) == 1


def test_symbols_are_a_package_of_their_own(host):
    files = query(host, "openvswitch-debuginfo", "list")
    assert "/usr/lib/debug/usr/sbin/ovs-vswitchd-2.5.99-1.sysv.x86_64.debug" in files
    assert any(path.startswith("/usr/src/debug/") and path.endswith("program.c") for path in files)
