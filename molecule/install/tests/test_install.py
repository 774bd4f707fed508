"""What the transaction and the reboot left on each dom0."""

from conftest import DOM0S, installed

testinfra_hosts = DOM0S


def is_systemd(host):
    return host.file("/run/systemd/system").exists


def test_the_package_is_installed_and_whole(host):
    assert installed(host, "openvswitch") == "3.1.0"
    # What the daemons and the boot write is marked as such; nothing else may differ from the package.
    assert host.run("rpm -V openvswitch").stdout == ""


def test_nothing_was_forced(host):
    assert host.run("rpm -V --nofiles openvswitch").rc == 0


def test_the_backend_is_open_vswitch(host):
    assert host.file("/etc/xensource/network.conf").content_string.strip() == "openvswitch"


def test_the_services_start_at_boot(host):
    services = ["openvswitch", "openvswitch-xapi-sync"] if is_systemd(host) else ["openvswitch", "openvswitch-xapi-update"]
    for name in services:
        if is_systemd(host):
            assert host.service(name).is_enabled, name
        else:
            assert "3:on" in host.check_output("chkconfig --list %s", name), name


def test_the_daemons_run_since_this_boot(host):
    booted = int(host.check_output("stat -c %Y /proc/1"))
    for name in ["ovsdb-server", "ovs-vswitchd"]:
        pid = int(host.file(f"/var/run/openvswitch/{name}.pid").content_string)
        assert int(host.check_output("stat -c %%Y /proc/%s", str(pid))) >= booted
    assert int(host.check_output("rpm -q --queryformat %s openvswitch", "%{INSTALLTIME}")) <= booted


def test_the_running_daemons_are_the_installed_version(host):
    for name in ["ovsdb-server", "ovs-vswitchd"]:
        assert host.check_output("ovs-appctl -t %s version", name).splitlines()[0].endswith("3.1.0")


def test_the_database_is_where_the_generation_keeps_it(host):
    assert host.file("/var/run/openvswitch/db.sock").is_socket
    persistent = host.file("/etc/openvswitch/conf.db").exists
    volatile = host.file("/run/openvswitch/conf.db").exists
    assert (persistent, volatile) == ((False, True) if is_systemd(host) else (True, False))


def test_the_ids_are_those_of_the_host(host):
    inventory = dict(line.split("=", 1) for line in host.file("/etc/xensource-inventory").content_string.splitlines() if "=" in line)
    uuid = inventory["INSTALLATION_UUID"].strip("'")
    assert host.check_output("ovs-vsctl --timeout=10 get Open_vSwitch . external_ids:xs-system-uuid").strip('"') == uuid


def test_the_management_bridge_was_made_again(host):
    assert "xenbr0" in host.check_output("ovs-vsctl --timeout=10 list-br").split()


def test_gre_is_let_through(host):
    assert "-p gre -j ACCEPT" in host.check_output("iptables -S INPUT").replace("-p 47", "-p gre")
