"""The source of a dist tarball as a Git repository, cloned on the builder and kept at the ref that is asked for."""

import json
import tarfile

import pytest

from conftest import BUILDER, run_ansible

testinfra_hosts = [BUILDER]
ORIGIN, CLONE = "/var/tmp/origin", "/var/tmp/clone"
TARBALL = "openvswitch-2.5.99.tar.gz"


@pytest.fixture(scope="module")
def artifacts_here(tmp_path_factory):
    return tmp_path_factory.mktemp("artifacts")


@pytest.fixture(scope="module")
def origin(host):
    """A repository of the lab's stand-in for a release."""
    host.check_output("git clone -q file:///usr/src/openvswitch-standin %s", ORIGIN)
    yield ORIGIN
    host.check_output("rm -rf %s %s /var/tmp/dist", ORIGIN, CLONE)


@pytest.fixture
def dist(origin, artifacts_here):
    """The role on the builder."""
    def function(*arguments, **options):
        settings = dict(ovs_dist_repository=f"file://{origin}", ovs_dist_source=CLONE, ovs_dist_folder="/var/tmp/dist", ovs_dist_artifacts=str(artifacts_here))
        return run_ansible("ansible", "builder", "-m", "ansible.builtin.include_role", "-a", "name=xenserver.openvswitch.ovs_dist",
                           "-e", json.dumps(dict(settings, **options)), *arguments)
    return function


def readme(folder):
    with tarfile.open(folder / TARBALL) as archive:
        return archive.extractfile("openvswitch-2.5.99/README").read().decode()


def test_a_tag_is_cloned_once(host, dist, artifacts_here):
    foreseen = dist("--check", ovs_dist_ref="v2.5.99")
    assert foreseen.rc == 0 and "CHANGED" in foreseen.text and not host.file(CLONE).exists and not list(artifacts_here.iterdir()), foreseen.text
    run = dist(ovs_dist_ref="v2.5.99")
    assert run.rc == 0 and readme(artifacts_here), run.text
    again = dist(ovs_dist_ref="v2.5.99")
    assert again.rc == 0 and "CHANGED" not in again.text, again.text


def test_what_was_committed_since_is_in_the_next_tarball(host, origin, dist, artifacts_here):
    host.check_output("cd %s && echo later >> README && git -c user.name=lab -c user.email=lab@localhost commit -qam later", origin)
    run = dist()
    assert run.rc == 0 and "CHANGED" in run.text and readme(artifacts_here).endswith("later\n"), run.text


def test_a_ref_that_is_not_there_and_work_that_nobody_has_committed_end_the_role(host, dist, artifacts_here):
    made = (artifacts_here / TARBALL).read_bytes()
    run = dist(ovs_dist_ref="v9.9")
    assert run.rc != 0 and "v9.9" in run.text, run.text
    host.check_output("echo mine >> %s/README", CLONE)
    run = dist(ovs_dist_ref="v2.5.99")
    assert run.rc != 0 and "Local modifications exist" in run.text, run.text
    assert host.file(f"{CLONE}/README").content_string.endswith("mine\n")
    assert (artifacts_here / TARBALL).read_bytes() == made
