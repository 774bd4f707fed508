"""Every host went from one build to another, and can go back."""

from conftest import DOM0S, LAB, installed

testinfra_hosts = DOM0S + [f"podman://{LAB}-fleet-{letter}" for letter in "abc"]


def test_the_host_runs_the_other_build(host):
    assert installed(host, "openvswitch") == "3.1.0"
    assert host.check_output("rpm -q --queryformat %s openvswitch", "%{RELEASE}").startswith("2.")
    assert host.run("ovs-vsctl --timeout=10 show").rc == 0


def test_the_way_back_is_kept(host):
    kept = host.check_output("ls /var/cache/xenserver-openvswitch/previous").split()
    assert any(name.startswith("openvswitch-3.1.0-1.") for name in kept), kept
