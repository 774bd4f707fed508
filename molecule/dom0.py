"""The lab's dom0s from outside: what an administrator, XAPI, an accident or a switch being turned off does to them."""

import concurrent.futures
import json
import socket
import time

import testinfra

from conftest import LAB, NUMBER, plain

ADDRESSES = {"xs8-a": f"10.213.{NUMBER}.21", "xs8-b": f"10.213.{NUMBER}.22", "xs6": f"10.213.{NUMBER}.31"}
COOKIE = "/var/run/xapi_init_complete.cookie"
KEY = "/etc/xensource/xapi-ssl.pem"
BOOTSTRAP_CA = "/etc/openvswitch/vswitchd.cacert"
PASSIVE_CA = "/etc/stunnel/certs/sdn-controller-ca.pem"
# What managers, administrators and XAPI set in OVSDB, without what the daemons report in it.
CONTENT = {
    "Manager": "_uuid,target,inactivity_probe,max_backoff,connection_mode,other_config,external_ids",
    "SSL": "_uuid,private_key,certificate,ca_cert,bootstrap_ca_cert",
    "Bridge": "_uuid,name,ports,controller,fail_mode,mirrors,netflow,sflow,ipfix,flood_vlans,other_config",
    "Port": "_uuid,name,interfaces,tag,trunks,bond_mode,lacp,other_config",
    "Interface": "_uuid,name,type,options,ingress_policing_rate,ingress_policing_burst",
}
# A setting that emer-reset drops, as those of bonds: of a port, by name and value.
MARK = ("eth1", "bond-detect-mode", "miimon")


def until(condition, what, seconds=180):
    """The first true value of ``condition()``."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < deadline, f"{what} did not come to be within {seconds} s"
        time.sleep(0.2)


def on_all(hosts, method, *arguments):
    """Call a method of every host at the same time, with what each list of arguments has for it; the results in the hosts' order."""
    with concurrent.futures.ThreadPoolExecutor() as threads:
        return list(threads.map(lambda host, *words: getattr(host, method)(*words), hosts, *arguments))


def managers(content):
    """The targets in what :meth:`Dom0.content` returned."""
    return sorted(row["target"] for row in content["Manager"])


def is_marked(content):
    return any(row["other_config"].get(MARK[1]) == MARK[2] for row in content["Port"] if row["name"] == MARK[0])


class Dom0:
    def __init__(self, name):
        self.name = name
        self.address = ADDRESSES[name]
        self.host = testinfra.get_host(f"podman://{LAB}-{name}")

    def __repr__(self):
        return self.name

    def run(self, *argv):
        """The standard output of a program that must succeed."""
        return self.host.check_output(" ".join(["%s"] * len(argv)), *argv)

    def succeeds(self, *argv):
        return self.host.run(" ".join(["%s"] * len(argv)), *argv).rc == 0

    def write(self, path, text, mode="600"):
        """A file that replaces what is there in one step."""
        self.run("sh", "-c", 'printf %s "$2" > "$1.new" && chmod "$3" "$1.new" && mv "$1.new" "$1"', "sh", path, text, mode)

    def xe(self, command, **params):
        return self.run("/opt/xensource/bin/xe", command, *(f"{name.replace('_', '-')}={value}" for name, value in params.items()))

    def vsctl(self, *words):
        return self.run("ovs-vsctl", "--timeout=10", *words)

    # -- what it has ------------------------------------------------------------------------------------------------

    def content(self):
        """What was set in OVSDB: {table: rows}."""
        lists = [word for table, columns in CONTENT.items() for word in ("--", "--columns=" + columns, "list", table)]
        answers = self.vsctl("--no-wait", "--format=json", *lists).splitlines()
        return {table: sorted((dict(zip(answer["headings"], map(plain, row))) for row in answer["data"]), key=repr)
                for table, answer in zip(CONTENT, map(json.loads, answers))}

    def is_connected(self, target):
        return self.vsctl("--no-wait", "--bare", "--columns=is_connected", "find", "Manager", f'target="{target}"').strip() == "true"

    def becomes_connected(self, target, seconds=180):
        deadline = time.monotonic() + seconds
        while not self.is_connected(target):
            if time.monotonic() > deadline:
                return False
            time.sleep(0.2)
        return True

    def set_managers(self, targets, protocol):
        """Behind XAPI's back, with the TLS material of a protocol as its plugin sets it, and the mark."""
        authority = ["--bootstrap", "set-ssl", KEY, KEY, BOOTSTRAP_CA] if protocol == "ssl" else ["set-ssl", KEY, KEY, PASSIVE_CA]
        there = ["--", *authority, "--", "set-manager", *targets] if targets else []
        self.vsctl("--", "del-manager", "--", "del-ssl", *there, "--", "set", "Port", MARK[0], f"other_config:{MARK[1]}={MARK[2]}")

    def database(self):
        """XAPI's, where this host is the coordinator: without the hosts, which it notes anew at each of their starts."""
        tables = json.loads(self.run("cat", "/var/lib/lab-xapi/state.json"))
        return {name: tables[name] for name in ("pool", "network", "SDN_controller")}

    # -- what is done to it -----------------------------------------------------------------------------------------

    def restart_toolstack(self):
        self.run("/opt/xensource/bin/xe-toolstack-restart")
        self.wait_for_xapi()

    def reboot(self):
        before = self._boot()
        self.host.run("shutdown -r now")  # its answer may be cut off
        until(lambda: self._boot() not in ("", before), f"another boot of {self}")
        self.wait_for_xapi()
        until(self._greets, f"sshd of {self}")

    def wait_for_xapi(self):
        until(lambda: self.succeeds("test", "-e", COOKIE), f"XAPI of {self}")

    def _boot(self):
        return self.host.run("cut -d' ' -f22 /proc/1/stat").stdout

    def _greets(self):
        try:
            with socket.create_connection((self.address, 22), timeout=2) as link:
                return link.recv(4) == b"SSH-"
        except OSError:
            return False
