"""A host that is served without XAPI: the role writes its own database."""

from conftest import CONTROLLER_ADDRESS, TARGET

ROLE = ["xs6", "-m", "ansible.builtin.include_role", "-a", "name=xenserver.openvswitch.ovs_manager", "-e", "ovs_manager_through_xapi=false"]


def test_managers_that_are_there_are_left_alone(ansible):
    run = ansible(*ROLE, "-e", json_list(TARGET))
    assert run.rc == 0 and "| CHANGED" not in run.text, run.text


def test_another_manager_is_predicted(ansible):
    run = ansible(*ROLE, "--check", "-e", json_list(TARGET, f"tcp:{CONTROLLER_ADDRESS}:6640"))
    assert run.rc == 0 and "| CHANGED" in run.text, run.text


def test_tls_material_that_is_there_is_left_alone_and_another_is_predicted(ansible):
    key = '"private_key": "/etc/xensource/xapi-ssl.pem", "certificate": "/etc/xensource/xapi-ssl.pem", "bootstrap": true'
    for path, changes in (("/etc/openvswitch/vswitchd.cacert", False), ("/etc/openvswitch/another.pem", True)):
        run = ansible(*ROLE, "--check", "-e", json_list(TARGET), "-e", '{"ovs_manager_ssl": {%s, "ca_certificate": "%s"}}' % (key, path))
        assert run.rc == 0 and ("| CHANGED" in run.text) == changes, run.text


def test_nonsense_is_refused(ansible):
    run = ansible(*ROLE, "-e", json_list("bogus:xx"))
    assert run.rc != 0 and "bogus:xx" in run.text and "| CHANGED" not in run.text, run.text


def json_list(*targets):
    return '{"ovs_manager_targets": ["%s"]}' % '", "'.join(targets)
