"""The same on the systemd generation alone."""

from stages import SYSTEMD

testinfra_hosts = SYSTEMD


def test_python_scripts_find_the_library(host):
    assert host.check_output("python3 -B -c 'import ovs.db.idl; print(ovs.db.idl.__file__)'") == "/usr/share/openvswitch/python/ovs/db/idl.py"


def test_the_ipsec_daemon_waits_for_being_wanted(host):
    assert host.file("/usr/lib/systemd/system/openvswitch-ipsec.service").exists
    assert host.run("systemctl is-enabled openvswitch-ipsec").stdout.strip() == "disabled"
    assert host.run("systemctl is-active openvswitch-ipsec").stdout.strip() == "inactive"


def test_the_plugin_that_older_xapi_calls_does_its_work(host):
    """XAPI of XenServer 7.0 and 7.1 calls it; that of the lab, as of 7.2 and later, calls its own."""
    plugin = "openvswitch-cfg-update"
    assert "openvswitch-3.1.0" in host.check_output("rpm -qf /etc/xapi.d/plugins/%s", plugin)
    uuid = host.check_output(". /etc/xensource-inventory && echo $INSTALLATION_UUID")
    assert "No change to configuration" in host.check_output("xe host-call-plugin host-uuid=%s plugin=%s fn=update", uuid, plugin)


def test_files_of_the_vendor_are_gone(host):
    assert host.run("ls /usr/lib64/libopenvswitch*").stdout == ""
