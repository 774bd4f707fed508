"""The RPMs and manifests that the DDK handed to the controller."""

import hashlib
import json
import os
import subprocess

import pytest

from conftest import BUILDER, DDK, PROJECT

testinfra_hosts = [DDK]


@pytest.fixture(params=["systemd", "sysv"])
def built(request, artifacts):
    folder = artifacts / request.param
    return folder, json.loads((folder / "manifest.json").read_text())


def test_the_ddk_cannot_bootstrap_a_git_tree(host):
    assert not host.exists("autoconf")
    assert not host.exists("automake")


def test_the_manifest_names_what_lies_beside_it(built):
    folder, manifest = built
    assert manifest["rpms"]
    for rpm in manifest["rpms"]:
        file = folder / os.path.basename(rpm["path"])
        assert hashlib.sha256(file.read_bytes()).hexdigest() == rpm["sha256"]
        assert file.stat().st_size == rpm["size"]


def test_rpm_agrees_with_the_manifest(host, built):
    for rpm in built[1]["rpms"]:
        query = "rpm -qp --queryformat %s %s"
        assert host.check_output(query, "%{NAME}-%{VERSION}-%{RELEASE}.%{ARCH} %{SHA256HEADER}", rpm["path"]) == (
            f"{rpm['name']}-{rpm['version']}-{rpm['release']}.{rpm['arch']} {rpm['header_sha256']}"
        )


def test_rpmlint_finds_nothing_unexplained(built):
    """Warnings count: what is right as it is has its reason in the configuration."""
    folder, manifest = built
    rpms = [folder / os.path.basename(rpm["path"]) for rpm in manifest["rpms"]]
    command = ["/usr/bin/rpmlint", "--config", PROJECT / ".config/rpmlint.toml", *rpms]
    found = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert f"{len(rpms)} packages and 0 specfiles checked; 0 errors, 0 warnings" in found.stdout, found.stdout + found.stderr


def test_the_userspace_is_the_version_of_the_tarball(built):
    assert {rpm["version"] for rpm in built[1]["rpms"] if rpm["name"] == "openvswitch"} == {"3.1.0"}


def test_the_tarball_was_made_on_the_builder(host, artifacts):
    made = host.get_host(BUILDER).file("/var/cache/ovs-dist/openvswitch-3.1.0.tar.gz")
    assert made.sha256sum == hashlib.sha256((artifacts / "openvswitch-3.1.0.tar.gz").read_bytes()).hexdigest()


def test_the_whole_log_lies_beside_the_rpms(built):
    folder, manifest = built
    log = (folder / "rpmbuild.log").read_text()
    assert log.startswith("# process ") and "Executing(%clean)" in log
    for rpm in manifest["rpms"]:
        assert f"/{os.path.basename(rpm['path'])}\n" in log


def test_a_changed_parameter_builds_again(playbook):
    run = playbook("build", "--check", "-e", "ovs_build_release=2")
    assert run.rc == 0, run.text
    assert run.changed > 0
