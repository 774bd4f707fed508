"""The playbooks on the newest core that this machine's Pythons run. It serves the hosts whose Python is new enough, which is not that of SysV hosts."""

import importlib.util
import json

import pytest

from conftest import PROJECT, run_ansible

LIMIT = ("--limit", "localhost,controller,builder,ddk,pool_xs8")


@pytest.fixture(scope="module")
def newest():
    """Run a playbook on it, which must succeed without a word of what goes away: ``newest("site", "--check")``."""
    # By its path: ansible-core has a module of that name.
    spec = importlib.util.spec_from_file_location("cores", PROJECT / ".ci/ansible_test.py")
    cores = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(cores)
    pythons = cores.find_pythons()
    version = cores.controller("newest", pythons)
    assert version, "none of the Pythons that run the newest core is here"
    program = cores.environment("newest", pythons[version]) / "bin/ansible-playbook"

    def run(name, *argv):
        done = run_ansible(str(program), str(PROJECT / f"playbooks/{name}.yml"), *LIMIT, *argv)
        assert done.rc == 0 and "DEPRECATION" not in done.text, done.text
        return done
    return run


@pytest.mark.parametrize("name", ["site", "upgrade"])
def test_what_the_oldest_core_has_made_is_left_as_it_is(newest, name):
    run = newest(name)
    assert run.changed == 0, run.text


def test_hosts_are_changed_and_changed_back(newest):
    for state, changed in (("present", 2), ("present", 0), ("absent", 2)):
        run = newest("tunnels", "-e", json.dumps({"ovs_tunnels_types": ["vxlan"], "ovs_tunnels_state": state}))
        assert run.changed == changed, run.text
    for state, changed in (("absent", True), ("present", True), ("present", False)):
        run = newest("manager", "-e", f"ovs_manager_state={state} ovs_manager_emer_reset_consent=true")
        assert bool(run.changed) == changed, run.text
