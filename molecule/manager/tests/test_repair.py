"""The role repairs what does not follow XAPI, by XAPI's own plugin, and says before what that would take."""

import json

import pytest

from conftest import LAB, POOL, PROJECT, SYSV, TARGET, rows

testinfra_hosts = [POOL[1]]
CALLS = "/var/log/lab-xapi-calls.jsonl"


@pytest.fixture
def role(playbook):
    """The role; it must fail with all of ``says`` where that is given."""

    def run(*argv, says=()):
        done = playbook("manager", *argv)
        assert (done.rc == 0) == (not says) and all(words in done.words for words in says), done.text
        return done

    return run


@pytest.fixture
def calls(host):
    """``calls()``: the methods that were called on XAPI since the last time."""
    file, seen = host.get_host(f"podman://{LAB}-xs8-a").file(CALLS), []

    def since():
        lines = file.content_string.splitlines()[len(seen) :]
        seen.extend(lines)
        return [json.loads(line)["method"] for line in lines]

    since()
    return since


def managers(host):
    return sorted(row["target"] for row in rows(host, "Manager", "target"))


def column(host, name):
    return rows(host, "Bridge", name)[0][name]


def test_hosts_that_do_not_follow_are_repaired_by_the_plugin_alone(host, role, calls):
    damage = {
        POOL[0]: "del-ssl",
        POOL[1]: "set-manager ptcp:6641:127.0.0.1 -- clear Bridge xenbr0 fail_mode",
        SYSV[0]: "del-manager",
    }
    for name, words in damage.items():
        host.get_host(name).check_output("ovs-vsctl --timeout=10 -- " + words)
    assert role("--check").changed == 3 and "host.call_plugin" not in calls()
    assert role().changed == 3 and calls().count("host.call_plugin") == 2
    assert [managers(host.get_host(name)) for name in damage] == [[TARGET]] * 3 and column(host, "fail_mode") == "standalone"
    assert role().changed == 0 and "host.call_plugin" not in calls()


def test_what_would_be_lost_or_cut_off_needs_consent_before_xapi_is_changed(host, role, calls):
    host.check_output("ovs-vsctl --timeout=10 set Port eth1 other_config:lacp-time=slow -- set Interface eth1 ingress_policing_rate=1000")
    wanted = "ovs_manager_port=6633 ovs_manager_fail_mode=secure"
    lost, cut_off = "xs8-b: port eth1: lacp-time; interface eth1: ingress_policing_rate", "xs8-b: xenbr0"
    done = role("--limit", "pool_xs8", "--extra-vars", wanted, says=[lost, cut_off, "ovs_manager_emer_reset_consent", "ovs_manager_secure_consent"])
    assert done.changed == 0 and managers(host) == [TARGET] and column(host, "fail_mode") == "standalone"
    assert not [method for method in calls() if method.split(".")[-1] in ("call_plugin", "forget", "introduce", "add_to_other_config")]
    host.check_output("ovs-vsctl --timeout=10 clear Port eth1 other_config -- set Interface eth1 ingress_policing_rate=0")


def test_in_band_control_goes_through_xapi_and_back(host, role):
    wanted = '{"ovs_manager_networks": [{"network": "xenbr0", "disable_in_band": "%s"}]}'
    for value, held in (("true", "true"), ("default", None)):
        assert role("--limit", "pool_xs8", "--extra-vars", wanted % value).changed == 3  # XAPI, and each of two hosts
        assert column(host, "other_config").get("disable-in-band") == held


def test_hosts_that_listen_have_the_authority_of_their_manager(host, role):
    authority = PROJECT / ".cache/lab/tls/ca.pem"
    passive = ["--limit", "pool_xs8", "--extra-vars", f"ovs_manager_protocol=pssl ovs_manager_ca_certificate={authority}"]
    assert role(*passive).changed and managers(host) == ["pssl:6640"]
    assert host.file("/etc/stunnel/certs/sdn-controller-ca.pem").content_string.split() == authority.read_text().split()
    assert role(*passive).changed == 0
    assert role("--limit", "pool_xs8").changed and managers(host) == [TARGET]
