"""Hosts and controller check each other's certificate for real; who is refused is told why, and certificates change without a gap."""

import json

import pytest
import testinfra

from authority import Authority
from conftest import CONTROLLER, PROJECT, TARGET, rows
from dom0 import ALL, BOOTSTRAP_CA, KEY, SYSV, A, B, manager_options, on_all

FOLDER = PROJECT / ".cache/lab/tls"
LAB = Authority(folder=FOLDER)
STRANGER = Authority("stranger")
# For a run that waits for what cannot come.
IN_VAIN = {"ovs_manager_connection_time_limit": 4}


class Controller:
    """The lab's controller: what it shows, and what it sees of the hosts."""

    def __init__(self):
        self.host = testinfra.get_host(CONTROLLER)
        self.shown = self.host.file("/etc/ovsdb-controller/server.pem").content_string

    def show(self, pem):
        """Take a key and certificates for the connections to come; those that are there stay."""
        self.host.check_output("printf %%s %s > /etc/ovsdb-controller/server.pem && systemctl reload ovsdb-controller", pem)

    def peer(self, host):
        return json.loads(self.host.file("/run/ovsdb-controller/state.json").content_string)["peers"].get(host.name, {})


def role(playbook, *hosts, **variables):
    return playbook("manager", *manager_options(*hosts, **variables))


def said(run, host, *words):
    """A run that failed on a host, and said so in these words."""
    assert run.rc != 0, run.text
    told = run.words.partition(f"fatal: [{host}]:")[2].partition("fatal: [")[0]
    for word in words:
        assert word in told, run.text


def probe(host):
    """Seconds of silence after which the host asks whether its manager is still there; the default is that of ovs-vswitchd.conf.db(5)."""
    return (rows(host.host, "Manager", "inactivity_probe")[0]["inactivity_probe"] or 5000) / 1000


def reconnect_in_vain(host, target=TARGET):
    host.run("ovs-appctl", "-t", "ovsdb-server", "ovsdb-server/reconnect")
    host.wait_until_left(target)


@pytest.fixture
def controller():
    """Each host has its manager anew, and trusts the authority that it met; keys, certificates and trust are as they were after the test."""
    set_anew()
    known = Controller()
    assert all(on_all(ALL, "becomes_connected"))
    keys = on_all(ALL, "run", ["cat"] * len(ALL), [KEY] * len(ALL))
    yield known
    known.show(known.shown)
    on_all(ALL, "write", [KEY] * len(ALL), keys)
    set_anew()


def set_anew():
    """Have XAPI's plugin set each host's manager: it forgets the authority, and Open vSwitch how long it had to wait before the last attempt."""
    for coordinator in (A, SYSV):
        coordinator.set_in_xapi("ssl")


def test_certificates_and_authorities_change_without_a_gap(controller, playbook, tmp_path, record_testsuite_property):
    """Both authorities, the hosts' and the controller's new certificates, the new authority alone: how long a host was away the controller has recorded."""
    coming, both, alone = Authority("coming"), tmp_path / "both.pem", tmp_path / "coming.pem"
    both.write_text(LAB.pem + coming.pem)
    alone.write_text(coming.pem)
    connections = [controller.peer(host)["connections"] for host in ALL]
    run = role(playbook, *ALL, ovs_manager_ca_certificate=str(both))
    assert run.rc == 0 and run.changed == len(ALL), run.text
    for host in ALL:
        host.write(KEY, LAB.issue(host.name, organization="renewed"))
    controller.show(coming.issue("controller"))
    assert [controller.peer(host)["connections"] for host in ALL] == connections
    assert all(on_all(ALL, "is_connected"))
    run = role(playbook, *ALL, ovs_manager_ca_certificate=str(alone))
    assert run.rc == 0 and run.changed == len(ALL), run.text
    for host, before in zip(ALL, connections):
        peer = controller.peer(host)
        record_testsuite_property(f"seconds that {host} was away", round(peer["away"], 2))
        assert peer["connected"] and peer["connections"] == before + 1 and peer["away"] < probe(host)
        assert peer["subject"] == f"organizationName=renewed, commonName={host}"
    assert role(playbook, *ALL, ovs_manager_ca_certificate=str(alone)).changed == 0


def test_either_side_refuses_what_is_not_of_its_authority_or_has_expired(controller, playbook):
    A.write(KEY, LAB.issue("xs8-a", days=-1))
    SYSV.write(KEY, STRANGER.issue("xs6"))
    B.write(BOOTSTRAP_CA, STRANGER.pem, "644")
    for host in ALL:
        reconnect_in_vain(host)
    run = role(playbook, *ALL, **IN_VAIN)
    said(run, A, f"the certificate of this switch, {KEY} (O = ovs-lab, CN = xs8-a), has expired at", "give it a new one")
    said(run, SYSV, "it closes the connection once it has seen the certificate of this switch: does it trust its authority?")
    said(run, B, f"its certificate is of an authority that {BOOTSTRAP_CA} does not hold")
    assert run.changed == 0
    assert [controller.peer(host)["connected"] for host in ALL] == [False] * len(ALL)


def test_a_controllers_certificate_that_has_expired_is_refused(controller, playbook):
    controller.show(LAB.issue("controller", days=-1) + LAB.pem)
    for host in ALL:
        reconnect_in_vain(host)
    run = role(playbook, *ALL, **IN_VAIN)
    for host in ALL:
        said(run, host, "its certificate (", "CN = controller", "has expired: give it a new one")
    assert run.changed == 0
    assert [controller.peer(host)["connected"] for host in ALL] == [False] * len(ALL)


def test_an_authority_that_has_expired_is_refused_before_hosts_trust_it(controller, playbook, tmp_path):
    (tmp_path / "ca.pem").write_text(Authority("old", days=-1).pem)
    trusted = [host.host.file(BOOTSTRAP_CA).content_string for host in ALL]
    run = role(playbook, *ALL, ovs_manager_ca_certificate=str(tmp_path / "ca.pem"))
    for host in ALL:
        said(run, host, "CN = old has expired", "give the certificate that follows it")
    assert run.changed == 0
    assert [host.host.file(BOOTSTRAP_CA).content_string for host in ALL] == trusted
    assert all(on_all(ALL, "is_connected"))


def test_a_controller_that_connects_by_itself_is_checked_too(controller, playbook, tmp_path):
    """pssl: a host takes the certificate of the authority that the pool holds, and no other."""
    (tmp_path / "stranger.pem").write_text(STRANGER.pem)
    passive = {"ovs_manager_protocol": "pssl", "ovs_manager_emer_reset_consent": True, "ovs_manager_ca_certificate": str(FOLDER / "ca.pem")}
    run = role(playbook, A, B, **passive)
    assert run.rc == 0 and run.changed, run.text
    since = [controller.peer(host)["since"] for host in (A, B)]
    run = role(playbook, A, B, **dict(passive, ovs_manager_ca_certificate=str(tmp_path / "stranger.pem")))
    assert run.rc == 0 and [controller.peer(host)["since"] for host in (A, B)] == since, run.text
    for host in (A, B):
        reconnect_in_vain(host, "pssl:6640")
    run = role(playbook, A, B, **dict(passive, ovs_manager_ca_certificate=str(tmp_path / "stranger.pem"), **IN_VAIN))
    for host in (A, B):
        said(run, host, "pssl:6640", "certificate verify failed")
    run = role(playbook, A, B, **passive)
    assert run.rc == 0 and run.changed, run.text
    assert [controller.peer(host)["connected"] for host in (A, B)] == [True, True]
