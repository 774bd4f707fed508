"""Tunnels pass the firewall of every dom0: now, after a restart of iptables, after a reboot, and no longer when they shall not.

One story: each test goes on where the one before ended, so none asks for the fixture ``host``, by which pytest would order them.
"""

import json

import pytest
import testinfra

from conftest import BUILDER, DOM0S, NUMBER

# As Ansible names them.
HOSTS = {name.rpartition("lab")[2].partition("-")[2]: testinfra.get_host(name) for name in DOM0S}
ADDRESSES = [f"10.213.{NUMBER}.{last}" for last in (21, 22, 31)]
# One of each generation, for what all hosts of a generation do alike.
KINDS = ["xs8-a", "xs6"]
SAVED = "/etc/sysconfig/iptables"
LET_IN = [f"-A INPUT {match} -j ACCEPT" for match in (
    "-p gre", "-p udp -m udp --dport 4789", "-p udp -m udp --dport 6081", "-p udp -m udp --dport 8472")]
ABSENT = {"ovs_tunnels_state": "absent", "ovs_tunnels_types": ["gre", "vxlan", "geneve"], "ovs_tunnels_protocols": [{"protocol": "udp", "port": 8472}]}
OPEN, REFUSED = ["ECONNREFUSED"] * 3, ["EHOSTUNREACH"] * 3

# What becomes of a datagram: behind the firewall nobody listens, which is the answer of a port that is open.
PROBE = """
import errno, socket, sys
for address in sys.argv[2:]:
    probe = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    probe.settimeout(3)
    probe.connect((address, int(sys.argv[1])))
    try:
        probe.send(b"x")
        print(probe.recv(1))
    except socket.error as error:
        print(errno.errorcode.get(error.errno, "nothing"))
"""


def answers(port):
    """One a host, in the order of ADDRESSES. Asked from a host that asks nothing else: kernels limit how many such answers they give each."""
    return testinfra.get_host(BUILDER).check_output("python3 -c %s %s " + " ".join(ADDRESSES), PROBE, str(port)).split()


def accepts(text):
    return sorted(line for line in text.splitlines() if line.startswith("-A INPUT") and line.endswith("-j ACCEPT"))


def running(name):
    return accepts(HOSTS[name].check_output("iptables-save -t filter"))


def saved(name):
    return accepts(HOSTS[name].check_output("cat %s", SAVED))


def each(command, names=HOSTS):
    return [HOSTS[name].check_output(command) for name in names]


@pytest.fixture(scope="module")
def protocol(ansible):
    """The module, on hosts of both generations or on one."""
    def act(names=tuple(KINDS), **options):
        return ansible(":".join(names), "-m", "xenserver.openvswitch.ovs_protocol", "-a", json.dumps(options))
    return act


@pytest.fixture(scope="module")
def reboot(ansible):
    """Reboot all hosts at once and wait for the end of Open vSwitch's start, which is its rule for GRE."""
    def act():
        run = ansible("xenserver", "-m", "ansible.builtin.reboot", "-a", json.dumps({"boot_time_command": "cut -d' ' -f22 /proc/1/stat"}))
        assert run.rc == 0, run.text
        each("timeout 60 sh -c 'until ovs-vsctl show && iptables -S INPUT | grep -q gre; do sleep 0.2; done'")
    return act


def test_each_rule_is_there_once():
    assert {name: running(name) for name in HOSTS} == dict.fromkeys(HOSTS, LET_IN)
    assert {name: saved(name) for name in HOSTS} == dict.fromkeys(HOSTS, LET_IN)
    assert set(each(f"stat -c %a {SAVED}")) == {"600"}


@pytest.mark.parametrize("port, answer", [(4789, OPEN), (6081, OPEN), (8472, OPEN), (4341, REFUSED)])
def test_datagrams_pass(port, answer):
    assert answers(port) == answer


def test_a_restart_of_iptables_keeps_them():
    each("iptables -A INPUT -p udp --dport 9 -j ACCEPT && service iptables restart")
    assert {name: running(name) for name in HOSTS} == dict.fromkeys(HOSTS, LET_IN)


@pytest.mark.parametrize("action", ["open", "close"])
def test_xapi_opens_and_closes_the_same_port_beside_them(action):
    """firewall-port saves every rule that is there."""
    each(f"/etc/xapi.d/plugins/firewall-port {action} 4789 udp", KINDS)
    for name in KINDS:
        assert running(name) == saved(name) == LET_IN


def test_a_reboot_keeps_them(reboot):
    reboot()
    assert {name: running(name) for name in HOSTS} == dict.fromkeys(HOSTS, LET_IN)
    assert answers(4789) == OPEN


def test_a_longer_port_number_hides_none(protocol):
    each("iptables -I INPUT -p udp --dport 43410 -j ACCEPT", KINDS)
    said = each("/usr/share/openvswitch/scripts/ovs-ctl --protocol=udp --dport=4341 enable-protocol", KINDS)
    assert all("already has a rule" in text for text in said), said
    assert answers(4341) == REFUSED
    assert protocol(tunnels=["lisp"], permanent=False).text.count("| CHANGED") == 2
    assert answers(4341) == [OPEN[0], REFUSED[0], OPEN[0]]
    assert protocol(tunnels=["lisp"], permanent=False).text.count("| SUCCESS") == 2


def test_a_rule_that_is_never_reached_is_none(protocol):
    each("iptables -A INPUT -p udp --dport 7000 -j ACCEPT", KINDS)
    assert answers(7000) == REFUSED
    assert protocol(protocols=[{"protocol": "udp", "port": 7000}], permanent=False).text.count("| CHANGED") == 2
    assert answers(7000) == [OPEN[0], REFUSED[0], OPEN[0]]


def test_a_rule_that_refuses_is_named_and_nothing_changes(protocol):
    each("iptables -I INPUT -p udp --dport 2152 -j DROP", ["xs6"])
    before = running("xs6"), saved("xs6")
    run = protocol(["xs6"], tunnels=["stt", "gtpu"])
    assert run.rc != 0 and "-A INPUT -p udp -m udp --dport 2152 -j DROP" in run.words and "Nothing was changed" in run.words, run.text
    assert before == (running("xs6"), saved("xs6"))


def test_absent_is_predicted_done_and_does_nothing_twice(playbook):
    runs = [playbook("tunnels", *check, "-e", json.dumps(ABSENT)) for check in (["--check"], [], [])]
    assert [(run.rc, run.changed) for run in runs] == [(0, 3), (0, 3), (0, 0)], runs[1].text
    assert "lets GRE in again at its next start" in runs[1].words


def test_absent_outlives_a_restart_of_iptables():
    each("service iptables restart")
    assert [running(name) + saved(name) for name in HOSTS] == [[]] * 3
    assert answers(4789) == REFUSED


def test_after_a_reboot_only_gre_is_back(reboot):
    reboot()
    assert {name: running(name) for name in HOSTS} == dict.fromkeys(HOSTS, LET_IN[:1])
