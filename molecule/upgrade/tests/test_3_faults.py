"""Builds that do not work are taken back, and hosts that cannot be begun are left alone; each stops its own pool, and too many stop all."""

import json

import pytest

from conftest import PROJECT, TARGET, rows
from dom0 import ALL, FLEET, POOLS, SYSV, A

INVENTORIES = ("-i", str(PROJECT / "molecule/lab/inventory"), "-i", str(PROJECT / "molecule/lab/fleet"))
LIMIT = ("--limit", "pool_xs8,pool_xs6,fleet-a,fleet-b,localhost")
# How often it is looked whether a boot has ended well: a minute on an idle machine, longer on a busy one.
TRIES = 25


def had():
    """What each host has installed, and what its switch is set to."""
    return [(host.releases(), host.settings()) for host in ALL]


@pytest.fixture
def upgrade(playbook, artifacts, tmp_path):
    """Upgrade pools, each with variables of its own."""
    def function(*arguments, run="upgrade", **variables):
        (tmp_path / "hosts.yml").write_text(json.dumps({"xenserver": {"children": dict.fromkeys(variables)}}))
        (tmp_path / "group_vars").mkdir()
        for group, values in variables.items():
            build = str(artifacts / values.pop("build"))
            (tmp_path / f"group_vars/{group}.yml").write_text(json.dumps(dict(values, ovs_install_artifacts=build)))
        return playbook(run, *INVENTORIES, "-i", str(tmp_path), *LIMIT, *arguments)
    return function


def test_a_host_whose_new_build_does_not_work_is_put_back_and_the_other_pools_go_on(upgrade):
    found, conf = had(), SYSV.host.file("/etc/openvswitch/conf.db")
    mode = conf.mode
    run = upgrade(
        run="../molecule/upgrade/there_and_back",
        pool_xs8=dict(build="upgrade-manager", ovs_upgrade_settle=2 * TRIES),
        pool_xs6=dict(build="upgrade-daemon", ovs_upgrade_single_host_consent=True, xenserver_reboot_settle=TRIES),
        pool_fleet=dict(build=".", ovs_install_allow_downgrade=True))
    assert run.rc == 2, run.text
    back = "It was put back to what it had before, and works."
    assert f'xs8-a failed at "Say that it does not": After {2 * TRIES} seconds xs8-a is not connected to its manager {TARGET}.' in run.words, run.text
    assert f'xs6 failed at "Say what did not come up": xs6 has rebooted, but this does not hold after {TRIES} seconds: ' in run.words, run.text
    assert "ovs-vswitchd" in run.words.partition('xs6 failed at "Say what did not come up"')[2].partition(back)[0]
    assert run.words.count(back) == 2
    assert 'xs8-b failed at "Stop where the pool or too many others have failed": xs8-b was not begun: xs8-a of its pool failed.' in run.words
    assert had() == found
    assert conf.mode == mode and "changed: [xs6]" in run.text.partition("Put back the configuration database]")[2].partition("TASK")[0]
    for host in (A, SYSV):
        assert rows(host.host, "Manager", "is_connected") == [dict(is_connected=True)]
    # The other pool went on, and what the first playbook has noted of its hosts was nothing to the second.
    assert 'fleet-a failed at "Check the consents": fleet-a was not begun. An upgrade reboots hosts one after another' in run.words, run.text
    assert 'fleet-b failed at "Stop where the pool or too many others have failed": fleet-b was not begun: fleet-a of its pool failed.' in run.words
    assert FLEET[0].releases() == FLEET[1].releases() == ["1.systemd"]


@pytest.mark.parametrize("pool", POOLS[1:], ids=["xs8-a", "xs6"])
def test_the_pool_of_a_host_that_was_put_back_is_as_it_was(pool):
    assert pool[0].pool_param("other-config") == "auto_poweron: true"
    assert pool[0].pool_param("ha-enabled") == str(len(pool) > 1).lower()
    assert pool[0].listed("host-list", enabled="false") == []
    there = pool[0].listed("vm-list", is_control_domain="false", power_state="running", params="name-label")
    assert sorted(there) == [f"guest-{host}" for host in pool]


@pytest.fixture
def stuck():
    """A host that waits for a reboot, as after a change of its backend, and has two machines that cannot leave it: one may not, one is paused."""
    backend = "/etc/xensource/network.conf"
    since, machine = A.run("stat", "--format", "%Y", backend), A.xe("vm-list", "--minimal", name_label="guest-xs8-a")
    A.run("touch", backend)
    A.xe("vm-param-set", "blocked-operations:pool_migrate=licence", uuid=machine)
    paused = A.xe("vm-create", name_label="guest-paused")
    A.xe("vm-start", uuid=paused, on=A.uuid_of("xs8-a"))
    A.xe("vm-pause", uuid=paused)
    yield
    A.xe("vm-unpause", uuid=paused)
    A.xe("vm-shutdown", uuid=paused)
    A.xe("vm-destroy", uuid=paused)
    A.xe("vm-param-remove", uuid=machine, param_name="blocked-operations", param_key="pool_migrate")
    A.run("touch", f"--date=@{since}", backend)


def test_a_host_that_cannot_be_emptied_is_not_rebooted_and_what_rpm_would_refuse_is_told_before(upgrade, stuck):
    before, kept = A.boot(), A.host.check_output("sha1sum /var/cache/xenserver-openvswitch/previous/*")
    run = upgrade(pool_xs8=dict(build="."), pool_xs6=dict(build=".", ovs_upgrade_single_host_consent=True), pool_fleet=dict(build="."))
    assert run.rc == 2 and 'xs8-a failed at "Empty the host": Host xs8-a cannot be evacuated, and nothing was changed.' in run.words, run.text
    assert "guest-xs8-a (" in run.words and "licence" in run.words
    assert "guest-paused (" in run.words and ",running,paused" in run.words
    assert "Make room, migrate or shut them down, and run again. It was not changed." in run.words
    assert A.boot() == before
    assert A.host.check_output("sha1sum /var/cache/xenserver-openvswitch/previous/*") == kept, "a reboot alone leaves the way back as it is"
    assert 'xs6 failed at "See that rpm would take them": Nothing was changed: openvswitch-3.1.0-1.sysv' in run.words, run.text
    assert "allow_downgrade=true replaces it" in run.words and SYSV.listed("host-list", enabled="false") == []
    assert SYSV.pool_param("other-config") == "auto_poweron: true"
    assert A.pool_param("ha-enabled") == "true"
    assert A.listed("host-list", enabled="false") == []


@pytest.fixture
def full():
    """A file system of a host with a megabyte left: the folder for the RPMs."""
    free = int(A.run("df", "--output=avail", "--block-size=1", "/dev/shm").split()[1])
    A.run("fallocate", "--length", str(free - 1000000), "/dev/shm/ballast")
    yield "/dev/shm/previous"
    A.run("rm", "/dev/shm/ballast")


def test_a_host_without_room_or_consent_is_not_begun_and_more_failed_pools_than_allowed_stop_all(upgrade, full):
    run = upgrade(
        "--check", pool_xs8=dict(build="upgrade-manager", ovs_upgrade_folder=full), pool_xs6=dict(build="upgrade-daemon"),
        pool_fleet=dict(build="upgrade", ovs_upgrade_max_fail=1))
    assert run.rc == 2, run.text
    assert 'xs8-a failed at "See that no other rpm is at work, and that there is room": There is not enough room: /dev/shm needs ' in run.words, run.text
    assert "and has 1.0 MB free. Nothing was changed." in run.words
    assert "xs6 was not begun. It is the only host of its pool" in run.words
    assert "fleet-b was not begun: 2 pools failed, and ovs_upgrade_max_fail allows 1." in run.words
    assert "fleet-a failed" not in run.words
