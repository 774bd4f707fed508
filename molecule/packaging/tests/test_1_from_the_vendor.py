"""Our packages in the place of the vendor's: what rpm, the scriptlets and the boot after it left."""

import xml.etree.ElementTree as ElementTree

from conftest import rows
from stages import HOSTS, MODULES, OLD, backend, database, is_systemd, kept, packages, row, running, services, starts_at_boot

testinfra_hosts = HOSTS
SYSCONFIG = "/etc/sysconfig/openvswitch"


def test_the_packages_are_ours(host):
    ours = ["openvswitch", "openvswitch-ipsec", "python3-openvswitch"] if is_systemd(host) else ["openvswitch", MODULES + OLD]
    assert packages(host, "*openvswitch*") == ours
    for name in ours:
        assert host.check_output("rpm -q --queryformat %s %s", "%{VENDOR}", name) == "the xenserver.openvswitch project"


def test_the_new_release_runs(host):
    assert [running(host, name) for name in ("ovsdb-server", "ovs-vswitchd")] == ["3.1.0", "3.1.0"]


def test_the_backend_and_the_services_are_as_they_were(host):
    assert backend(host) == "openvswitch"
    assert all(starts_at_boot(host, name) for name in services(host))


def test_the_database_is_kept_where_it_is_persistent(host):
    """Its schema is another now; on systemd hosts it is in /run, and new on every boot."""
    if is_systemd(host):
        assert database(host)[1:] == ("", [])
    else:
        assert database(host) == kept(host)


def test_the_settings_of_the_administrator_are_kept(host):
    text = host.file(SYSCONFIG).content_string
    assert "VSWITCHD_PRIORITY=-5" in text.splitlines()
    pid = host.file("/var/run/openvswitch/ovs-vswitchd.pid").content_string.strip()
    daemon, boot = (int(host.check_output("ps -o ni= -p %s", one)) for one in (pid, "1"))
    # Less than whoever started it had.
    assert daemon in (boot - 5, -5)


def test_new_settings_are_offered(host):
    """rpm puts the new file beside the changed one; on SysV hosts no package owns it, and what is new is appended."""
    if is_systemd(host):
        assert "OVS_CTL_OPTS" in host.file(SYSCONFIG + ".rpmnew").content_string
    else:
        assert "# OVS_CTL_OPTS=" in host.file(SYSCONFIG).content_string.splitlines()
    assert not host.file(SYSCONFIG + ".kept").exists


def test_the_ids_are_those_of_the_host(host):
    inventory = dict(line.split("=", 1) for line in host.file("/etc/xensource-inventory").content_string.splitlines() if "=" in line)
    inventory = {key: value.strip("'") for key, value in inventory.items()}
    assert row(host, "external_ids:system-id") == row(host, "external_ids:xs-system-uuid") == inventory["INSTALLATION_UUID"]
    assert row(host, "system_type") == inventory["PRODUCT_BRAND"]
    assert row(host, "system_version") == "-".join((inventory["PRODUCT_VERSION"], inventory["BUILD_NUMBER"]))


def test_xapi_and_the_switch_know_each_other(host):
    """ovs-xapi-sync runs: it puts XAPI's name of the network to the bridge."""
    [bridge] = rows(host, "Bridge", "name", "external_ids")
    assert bridge["name"] == "xenbr0"
    assert bridge["external_ids"]["bridge-id"]


def test_a_restart_keeps_the_bridges(host):
    host.check_output("ovs-vsctl --timeout=10 add-br lab0 -- set Bridge lab0 datapath_type=netdev")
    before = row(host, "_uuid")
    host.check_output("systemctl restart openvswitch" if is_systemd(host) else "/etc/init.d/openvswitch restart")
    assert row(host, "_uuid") == before
    assert host.check_output("ovs-vsctl --timeout=10 list-br").split() == ["lab0", "xenbr0"]
    assert host.check_output("iptables -S INPUT").count("gre") == 1
    host.check_output("ovs-vsctl --timeout=10 del-br lab0")


def test_log_files_are_turned(host):
    assert host.run("logrotate --force /etc/logrotate.conf").rc == 0
    assert host.file("/var/log/openvswitch/ovs-vswitchd.log.1.gz").exists
    assert host.file("/var/log/openvswitch/ovs-vswitchd.log").exists


def test_the_shell_completes_the_tools(host):
    assert "ovs-vsctl" in host.check_output("bash -c 'for f in /etc/bash_completion.d/ovs-*; do . $f; done; complete -p ovs-vsctl'")


def test_the_bugtool_finds_plugins_whose_commands_are_there(host):
    plugins = host.check_output("find /etc/xensource/bugtool -name openvswitch.xml").split()
    commands = [command for plugin in plugins for command in ElementTree.fromstring(host.file(plugin).content_string).iter("command")]
    scripts = {command.text.split()[0] for command in commands if command.text.startswith("/usr/share/openvswitch")}
    assert len(plugins) > 1 and scripts
    assert [script for script in scripts if not host.file(script).exists] == []
