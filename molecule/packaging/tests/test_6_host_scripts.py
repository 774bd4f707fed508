"""Host scripts of a release that the package knows: replaced, kept, and put back."""

import pytest

from conftest import SYSV
from stages import go_on

testinfra_hosts = SYSV
SCRIPTS = ["/etc/xensource/scripts/vif", "/opt/xensource/libexec/interface-reconfigure"] + [
    f"/opt/xensource/libexec/InterfaceReconfigure{part}.py" for part in ("", "Bridge", "Vswitch")]
OURS, SAVED = "/usr/share/openvswitch/scripts/", "/usr/lib/openvswitch/xs-saved/"


def base(path):
    return path.rpartition("/")[2]


def sums(host, paths):
    return [host.file(path).md5sum for path in paths]


@pytest.fixture(scope="module")
def own(host):
    """The checksums of the host's own scripts."""
    return sums(host, SCRIPTS)


@pytest.fixture(scope="module", autouse=True)
def run(own):
    return go_on("known", "--limit", "xs6")


def replaced(host, own):
    assert [host.file(path).linked_to for path in SCRIPTS] == [OURS + base(path) for path in SCRIPTS]
    assert sums(host, [SAVED + base(path) for path in SCRIPTS]) == own


def test_known_scripts_are_replaced_and_kept(host, own, run):
    assert "the host scripts are those of XenServer lab" in run.words
    replaced(host, own)


def test_an_upgrade_leaves_them_so(host, own):
    host.check_output("cd /var/cache/xenserver-openvswitch && rpm -U --replacepkgs openvswitch-2.5.99-1.known.x86_64.rpm")
    replaced(host, own)


def test_erase_puts_them_back(host, own):
    host.check_output("rpm -e openvswitch openvswitch-modules-3.10.41-323.380416")
    assert sums(host, SCRIPTS) == own
    assert [host.file(path).is_symlink for path in SCRIPTS] == [False] * 5
    assert not host.file("/usr/lib/openvswitch").exists
