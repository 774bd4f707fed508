"""The same on the systemd generation alone."""

from stages import SYSTEMD

testinfra_hosts = SYSTEMD


def test_python_scripts_find_the_library(host):
    assert host.check_output("python3 -B -c 'import ovs.db.idl; print(ovs.db.idl.__file__)'") == "/usr/share/openvswitch/python/ovs/db/idl.py"


def test_the_ipsec_daemon_waits_for_being_wanted(host):
    assert host.file("/usr/lib/systemd/system/openvswitch-ipsec.service").exists
    assert host.run("systemctl is-enabled openvswitch-ipsec").stdout.strip() == "disabled"
    assert host.run("systemctl is-active openvswitch-ipsec").stdout.strip() == "inactive"


def test_files_of_the_vendor_are_gone(host):
    assert not host.file("/etc/xapi.d/plugins/openvswitch-cfg-update").exists
    assert host.run("ls /usr/lib64/libopenvswitch*").stdout == ""
