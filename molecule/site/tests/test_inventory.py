"""The inventory plugin xapi_pools asks the lab's pools over TLS."""

import json

import pytest

from conftest import DOM0S, NUMBER, PROJECT, run_ansible

AUTHORITY = PROJECT / ".cache/lab/tls/ca.pem"
COORDINATOR, SUPPORTER, SYSV = (f"10.213.{NUMBER}.{last}" for last in (21, 22, 31))
PASSWORD = "a 'pass: word"
testinfra_hosts = DOM0S[:1]


@pytest.fixture(scope="module", autouse=True)
def password():
    """The lab's hosts have none until they are given one."""
    given = run_ansible("ansible", "xenserver", "-m", "ansible.builtin.command", "-a", json.dumps(dict(cmd="chpasswd", stdin=f"root:{PASSWORD}")))
    assert given.rc == 0, given.text


@pytest.fixture
def inventory(tmp_path):
    """``inventory(address, option=value)``: what ``ansible-inventory`` says of the pools of these hosts."""
    def run(*addresses, **options):
        path = tmp_path / "fleet.xapi_pools.yml"
        pools = [dict(address=address) for address in addresses]
        path.write_text(json.dumps({
            "plugin": "xenserver.openvswitch.xapi_pools", "pools": pools, "password": PASSWORD, "ca_certificate": str(AUTHORITY), **options}))
        return run_ansible("ansible-inventory", "-i", str(path), "--list")
    return run


def test_pools_hosts_groups_and_variables(inventory):
    found = inventory(COORDINATOR, SYSV)
    assert found.rc == 0, found.text
    listed = json.loads(found.text[found.text.index("{"):])
    assert listed["xenserver_coordinators"]["hosts"] == ["xs8-a", "xs6"] and listed["xenserver_supporters"]["hosts"] == ["xs8-b"]
    pools = [listed[name]["hosts"] for name in listed["xenserver"]["children"]]
    assert pools == [["xs8-a", "xs8-b"], ["xs6"]]
    variables = listed["_meta"]["hostvars"]
    assert {name: values["ansible_host"] for name, values in variables.items()} == {"xs8-a": COORDINATOR, "xs8-b": SUPPORTER, "xs6": SYSV}
    assert {values["xapi_network_backend"] for values in variables.values()} == {"openvswitch"}
    assert [variables[name]["xapi_pool_size"] for name in ("xs8-b", "xs6")] == [2, 1]


def test_a_supporter_leads_to_its_coordinator(inventory):
    found = inventory(SUPPORTER)
    assert found.rc == 0 and "xs8-a" in found.text, found.text


@pytest.mark.parametrize("options, words", [
    (dict(password="another"), "does not know this user and password"),
    (dict(ca_certificate="/etc/ssl/certs/ca-certificates.crt"), "is not trusted: unable to get local issuer certificate"),
    (dict(ca_certificate="/nowhere.pem"), "ca_certificate /nowhere.pem cannot be used"),
    (dict(password=""), "It has no password"),
])
def test_what_is_refused_is_told_and_the_password_is_not(inventory, options, words):
    found = inventory(COORDINATOR, **options)
    assert words in found.words, found.text
    assert PASSWORD not in found.text and "xs8-a" not in found.text


def test_a_name_that_the_certificate_is_not_for(inventory):
    """The certificate is for the host's name and its address, and not for this machine's own."""
    found = inventory(f"0x0ad5{int(NUMBER):02x}15")
    assert "is not trusted" in found.words and "not valid for" in found.words, found.text
