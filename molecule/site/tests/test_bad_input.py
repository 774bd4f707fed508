"""Bad input is answered with what, where, why and the remedy, before anything was changed."""

import json
import shutil

from conftest import DDK

testinfra_hosts = [DDK]
ROLE = ["-m", "ansible.builtin.include_role", "-a"]


def refused(run, *words):
    assert run.rc != 0, run.text
    assert run.changed == 0, run.text
    assert "| CHANGED" not in run.text and "changed: [" not in run.text, run.text
    for word in words:
        assert word in run.words, run.text


def test_no_tarball(playbook):
    refused(playbook("build", "-e", "ovs_build_version=3.1.99"), "There is no dist tarball", "openvswitch-3.1.99.tar.gz",
            "xenserver.openvswitch.ovs_dist on a builder")


def test_a_git_tree_handed_to_the_ddk(ansible, host):
    tree = "/tmp/openvswitch-tree"
    host.check_output("mkdir -p %s && cd %s && echo %s > configure.ac && touch boot.sh", tree, tree, "AC_INIT(openvswitch, 3.1.0, bugs@openvswitch.org)")
    refused(ansible("ddk", *ROLE, "name=xenserver.openvswitch.ovs_dist", "-e", f"ovs_dist_source={tree}"), "autoconf", "automake", "builder")


def test_a_git_tree_in_place_of_the_tarball(playbook, tmp_path):
    refused(playbook("build", "-e", f"ovs_build_tarball={tmp_path}"), "is a folder, not a dist tarball", "xenserver.openvswitch.ovs_dist on a builder")


def test_an_unknown_group(playbook, tmp_path):
    inventory = tmp_path / "hosts.yml"
    inventory.write_text("xenservers:\n  hosts:\n    xs1:\n")
    refused(playbook("site", "-i", str(inventory)), 'no host in the group "ovs_builder"', "those that it has are xenservers")


def test_rpms_of_the_wrong_architecture(playbook, artifacts, tmp_path):
    for generation in ("systemd", "sysv"):
        shutil.copytree(artifacts / generation, tmp_path / generation)
        manifest = json.loads((artifacts / generation / "manifest.json").read_text())
        for rpm in manifest["rpms"]:
            rpm.update(arch="aarch64", nevra=rpm["nevra"].replace("x86_64", "aarch64"))
        (tmp_path / generation / "manifest.json").write_text(json.dumps(manifest))
    refused(playbook("install", "-e", f"ovs_install_artifacts={tmp_path}"), "cannot run on this x86_64 host", "aarch64")


def test_no_rpms(playbook, tmp_path):
    refused(playbook("install", "-e", f"ovs_install_artifacts={tmp_path}"), "no RPMs for the generation", "xenserver.openvswitch.ovs_build")


def test_a_manager_address_that_is_no_ipv4(playbook):
    for address in ("controller.example.com", "2001:db8::1", "10.0.0.256", "10.0.0.1:6632", ""):
        refused(playbook("manager", "-e", f"ovs_manager_address={address}"), "which is no IPv4 address")
    refused(playbook("site", "-e", "ovs_manager_address=10.0.0"), "which is no IPv4 address")


def test_a_host_without_xapi(ansible):
    refused(
        ansible("builder", *ROLE, "name=xenserver.openvswitch.ovs_manager", "-e", "ovs_manager_address=192.0.2.10"),
        "has no XAPI", "ovs_manager_through_xapi to false",
    )
    refused(ansible("builder", *ROLE, "name=xenserver.openvswitch.ovs_install"), "not a XenServer or XCP-ng dom0")


def test_a_version_that_rpm_cannot_hold(playbook):
    refused(playbook("build", "-e", "ovs_build_version=3.1.0-rc1"), "numbers and dots")
