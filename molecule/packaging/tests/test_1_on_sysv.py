"""The same on the SysV generation alone."""

import json

from conftest import SYSV
from stages import MODULES, OLD

testinfra_hosts = SYSV


def test_the_kernel_finds_the_module(host):
    assert host.check_output("modinfo -F version openvswitch") == "2.5.99"
    assert host.check_output("rpm -q --whatprovides openvswitch-modules-xen").startswith(MODULES + OLD)
    assert host.run("rpm -q openvswitch-modules-xen").rc == 1


def test_the_plugin_runs_at_the_start_of_xapi_and_once_more_by_the_boot(host):
    calls = [json.loads(line) for line in host.file("/var/log/lab-xapi-calls.jsonl").content_string.splitlines()]
    booted = int(host.check_output("stat -c %Y /proc/1"))
    updates = [call for call in calls if call["method"] == "host.call_plugin" and "openvswitch-cfg-update" in call["params"] and call["time"] >= booted]
    assert len(updates) >= 2
    assert "openvswitch-cfg-update failed" not in host.file("/var/log/xensource.log").content_string.split("started")[-1]


def test_host_scripts_of_an_unknown_release_are_kept(host):
    assert host.file("/opt/xensource/libexec/interface-reconfigure").is_file
    assert not host.file("/usr/lib/openvswitch/xs-saved/interface-reconfigure").exists
