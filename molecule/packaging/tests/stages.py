"""What the stages of this scenario share. Each test file goes one step further than the last, and looks at what came of it."""

import pathlib

from conftest import POOL, SYSV, run_ansible

SYSTEMD = POOL[:1]
HOSTS = SYSTEMD + SYSV
OLD, NEW = (f"2.6.32.12-0.7.1.xs5.6.100.{build}" for build in ("323.170596", "324.170608"))
MODULES = "openvswitch-modules-xen-"


def go_on(name, *argv):
    """Run a playbook of this scenario."""
    run = run_ansible("ansible-playbook", str(pathlib.Path(__file__).parent.parent / f"{name}.yml"), *argv)
    assert run.rc == 0, run.text
    return run


def is_systemd(host):
    return host.file("/run/systemd/system").exists


def packages(host, pattern):
    """The names of installed packages, other than those that the image stands on."""
    return sorted(host.check_output("rpm -qa --queryformat %s %s", "%{NAME}\n", pattern).split())


def backend(host):
    return host.file("/etc/xensource/network.conf").content_string.strip()


def services(host):
    return ["openvswitch", "openvswitch-xapi-sync"] if is_systemd(host) else ["openvswitch", "openvswitch-xapi-update"]


def starts_at_boot(host, name):
    if is_systemd(host):
        return host.run("systemctl is-enabled %s", name).stdout.strip() == "enabled"
    return "3:on" in host.run("chkconfig --list %s", name).stdout


def running(host, daemon):
    """The version that a daemon says it has."""
    return host.check_output("ovs-appctl --timeout=10 -t %s version", daemon).splitlines()[0].split()[-1]


def row(host, column):
    return host.check_output("ovs-vsctl --timeout=10 get Open_vSwitch . %s", column).strip().strip('"')


def database(host):
    """What the scenario left in the database: which it is, its mark, its row of a table that no bridge needs."""
    mark = host.check_output("ovs-vsctl --timeout=10 --if-exists get Open_vSwitch . external_ids:lab-mark").strip()
    queues = host.check_output("ovs-vsctl --timeout=10 --columns=type,other_config list QoS").split()
    return row(host, "_uuid"), mark, queues


def kept(host):
    return host.file("/var/tmp/database").content_string, "kept", ["type", ":", "linux-htb", "other_config", ":", '{max-rate="1000000"}']
