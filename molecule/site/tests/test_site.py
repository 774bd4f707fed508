"""The whole way was walked, and walking it again changes nothing."""

from conftest import TARGET


def test_the_table_says_that_every_host_is_managed(playbook):
    run = playbook("verify")
    assert run.rc == 0, run.text
    for name in ("xs8-a", "xs8-b", "xs6"):
        assert any(name in line and "3.1.0" in line and TARGET in line and "true" in line and "ok" in line for line in run.text.splitlines()), run.text


def test_verify_fails_on_what_does_not_hold(playbook):
    run = playbook("verify", "-e", "ovs_verify_version=3.1.9")
    assert run.rc != 0
    assert "ovs-vswitchd 3.1.0 runs, where 3.1.9 should" in run.words


def test_no_host_is_rebooted_without_consent(playbook):
    run = playbook("install", "-e", "xenserver_reboot_always=true", "-e", "xenserver_reboot_consent=false")
    assert run.rc == 0 and run.changed == 0, run.text
    assert run.words.count("It was left running: set xenserver_reboot_consent to true") == 3


def test_check_mode_after_the_fact_predicts_nothing(playbook):
    run = playbook("site", "--check", "--diff")
    assert run.rc == 0, run.text
    assert run.changed == 0, run.text
