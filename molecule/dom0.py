"""The lab's dom0s from outside: what an administrator, XAPI, an accident or a switch being turned off does to them."""

import concurrent.futures
import json
import socket
import time

import testinfra

from conftest import CONTROLLER_ADDRESS, LAB, NUMBER, TARGET, plain

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
# What a switch is set to, whenever and by whom: without UUIDs, which are others after a boot.
SETTINGS = {
    "Manager": "target",
    "SSL": "private_key,certificate,ca_cert,bootstrap_ca_cert",
    "Bridge": "name,fail_mode,other_config,external_ids",
    "Port": "name,tag,other_config",
    "Interface": "name,type,options",
    "Open_vSwitch": "external_ids,other_config",
}
# A setting that emer-reset drops, as those of bonds: of a port, by name and value.
MARK = ("eth1", "bond-detect-mode", "miimon")


def comes(condition, seconds=180):
    """The first true value of ``condition()``, or what it is when the time is over."""
    deadline = time.monotonic() + seconds
    value = condition()
    while not value and time.monotonic() < deadline:
        time.sleep(0.5)
        value = condition()
    return value


def until(condition, what, seconds=180):
    """The first true value of ``condition()``, which must come."""
    value = comes(condition, seconds)
    assert value, f"{what} did not come to be within {seconds} s"
    return value


def wait_for_xapi(host):
    """Until the XAPI of a host of testinfra has started, which its last act tells: its plugins were called by then."""
    host.check_output("timeout 180 sh -c 'until test -e %s; do sleep 0.2; done'", COOKIE)


def on_all(hosts, method, *arguments):
    """Call a method of every host at the same time, with what each list of arguments has for it; the results in the hosts' order."""
    with concurrent.futures.ThreadPoolExecutor() as threads:
        return list(threads.map(lambda host, *words: getattr(host, method)(*words), hosts, *arguments))


def managers(content):
    """The targets in what :meth:`Dom0.content` returned."""
    return sorted(row["target"] for row in content["Manager"])


def is_marked(content):
    return any(row["other_config"].get(MARK[1]) == MARK[2] for row in content["Port"] if row["name"] == MARK[0])


def held(hosts):
    """What XAPI and each host's OVSDB hold, a pair a host; of a pool all hosts or none."""
    databases = {host: pool[0].database() for pool in POOLS for host in pool if pool[0] in hosts}
    return [(databases[host], content) for host, content in zip(hosts, on_all(hosts, "content"))]


def manager_options(*hosts, **variables):
    """For playbooks/manager.yml on some hosts."""
    return ["--limit", ",".join(["localhost", *map(str, hosts)]), "-e", json.dumps({"ovs_manager_connection_time_limit": 120, **variables})]


class Dom0:
    def __init__(self, name, number, generation="systemd"):
        self.name = name
        self.address = f"10.213.{NUMBER}.{number}"
        self.generation = generation
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

    def xe(self, command, *words, **params):
        """What `xe` prints; a parameter whose name has a colon is one of the words."""
        named = [f"{name.replace('_', '-')}={value}" for name, value in params.items()]
        return self.run("/opt/xensource/bin/xe", command, *words, *named).strip()

    def listed(self, command, **params):
        """The values that `xe` prints of what it lists: UUIDs, if not asked for others."""
        return [word for word in self.xe(command, "--minimal", **params).split(",") if word]

    def vsctl(self, *words):
        return self.run("ovs-vsctl", "--timeout=10", *words)

    # -- what it has ------------------------------------------------------------------------------------------------

    def content(self):
        """What was set in OVSDB: {table: rows}."""
        return self._rows(CONTENT)

    def settings(self):
        """What the switch is set to, in the same form."""
        return self._rows(SETTINGS)

    def _rows(self, tables):
        lists = [word for table, columns in tables.items() for word in ("--", "--columns=" + columns, "list", table)]
        answers = self.vsctl("--no-wait", "--format=json", *lists).splitlines()
        return {table: sorted((dict(zip(answer["headings"], map(plain, row))) for row in answer["data"]), key=repr)
                for table, answer in zip(tables, map(json.loads, answers))}

    def is_connected(self, target=TARGET):
        return self.vsctl("--no-wait", "--bare", "--columns=is_connected", "find", "Manager", f'target="{target}"').strip() == "true"

    def becomes_connected(self, target=TARGET):
        return comes(lambda: self.is_connected(target))

    def wait_until_left(self, target=TARGET):
        """Until it is not connected to its manager any more."""
        until(lambda: not self.is_connected(target), f"the end of the connection of {self}")

    def database(self):
        """XAPI's, where this host is the coordinator: without the hosts, which it notes anew at each of their starts."""
        tables = json.loads(self.run("cat", "/var/lib/lab-xapi/state.json"))
        return {name: tables[name] for name in ("pool", "network", "SDN_controller")}

    def pool_param(self, name):
        """A parameter of its pool."""
        return self.xe("pool-param-get", uuid=self.xe("pool-list", "--minimal"), param_name=name)

    def uuid_of(self, member):
        """The UUID of a host of its pool."""
        return self.xe("host-list", "--minimal", name_label=member)

    def releases(self):
        """The release of every openvswitch package that rpm has."""
        return self.run("rpm", "-q", "--queryformat", "%{RELEASE} ", "openvswitch").split()

    def boot(self):
        """When it has booted; nothing while it is down."""
        return self.host.run("cut -d' ' -f22 /proc/1/stat").stdout

    def greets(self):
        """Whether sshd answers."""
        try:
            with socket.create_connection((self.address, 22), timeout=2) as link:
                return link.recv(4) == b"SSH-"
        except OSError:
            return False

    # -- what is done to it -----------------------------------------------------------------------------------------

    def set_managers(self, targets, protocol):
        """Behind XAPI's back, with the TLS material of a protocol as its plugin sets it, and the mark."""
        authority = ["--bootstrap", "set-ssl", KEY, KEY, BOOTSTRAP_CA] if protocol == "ssl" else ["set-ssl", KEY, KEY, PASSIVE_CA]
        there = ["--", *authority, "--", "set-manager", *targets] if targets else []
        self.vsctl("--", "del-manager", "--", "del-ssl", *there, "--", "set", "Port", MARK[0], f"other_config:{MARK[1]}={MARK[2]}")

    def set_in_xapi(self, protocol):
        """Have XAPI, asked on a coordinator, hold the lab's controller anew in a protocol, or nothing for None."""
        if self.generation == "sysv":
            for address in ["", CONTROLLER_ADDRESS] if protocol else [""]:
                self.xe("pool-set-vswitch-controller", address=address)
            return
        for uuid in self.listed("sdn-controller-list"):
            self.xe("sdn-controller-forget", uuid=uuid)
        if protocol:
            self.xe("sdn-controller-introduce", protocol=protocol, **({"address": CONTROLLER_ADDRESS} if protocol == "ssl" else {}))

    def restart_toolstack(self):
        self.run("/opt/xensource/bin/xe-toolstack-restart")
        self.wait_for_xapi()

    def reboot(self):
        before = self.boot()
        self.host.run("shutdown -r now")  # its answer may be cut off
        until(lambda: self.boot() not in ("", before), f"another boot of {self}")
        self.wait_for_xapi()
        until(self.greets, f"sshd of {self}")

    def wait_for_xapi(self):
        wait_for_xapi(self.host)


A, B, SYSV = ALL = Dom0("xs8-a", 21), Dom0("xs8-b", 22), Dom0("xs6", 31, "sysv")
FLEET = [Dom0("fleet-a", 41), Dom0("fleet-b", 42), Dom0("fleet-c", 43)]
# The coordinator of each first.
POOLS = [FLEET, [A, B], [SYSV]]
