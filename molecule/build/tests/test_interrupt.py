"""A build in the DDK over ssh, interrupted on the controller: nothing of it is left, and it can be started again."""

import os
import signal
import time

import pytest

from conftest import DDK, ansible_process

testinfra_hosts = [DDK]

TOPDIR = "/var/tmp/interrupted"
# As the unit tests of Open vSwitch do, the build starts a daemon, which leaves its process group and its parent.
SPEC = f"""Name: interrupted
Version: 1
Release: 1
Summary: interrupted
License: GPL
BuildArch: noarch
%description
interrupted
%build
if [ -e {TOPDIR}/endless ]; then
    setsid sh -c 'echo $$ > {TOPDIR}/daemon; exec sleep 300' < /dev/null > /dev/null 2>&1 &
    while [ ! -s {TOPDIR}/daemon ]; do sleep 0.1; done
    touch {TOPDIR}/begun
    sleep 300
fi
%files
"""


@pytest.fixture
def endless(host, tmp_path, ansible):
    """A build on its way in the DDK: the process of Ansible, and the daemon's id there."""
    (tmp_path / "interrupted.spec").write_text(SPEC)
    host.check_output("rm -rf %s && mkdir %s && touch %s/endless", TOPDIR, TOPDIR, TOPDIR)
    assert ansible("ddk", "-m", "ansible.builtin.copy", "-a", f"src={tmp_path}/interrupted.spec dest={TOPDIR}/ mode=0644").rc == 0
    with ansible_process(*task(tmp_path)) as process:
        end = time.monotonic() + 60
        while not host.file(f"{TOPDIR}/begun").exists:
            assert time.monotonic() < end and process.poll() is None
            time.sleep(0.2)
        yield process, host.file(f"{TOPDIR}/daemon").content_string.strip()
        process.kill()
    host.check_output("rm -rf %s", TOPDIR)


def task(folder):
    arguments = f"spec={TOPDIR}/interrupted.spec topdir={TOPDIR} progress_interval=1 log_to={folder}/rpmbuild.log"
    return ("ansible", "ddk", "-m", "xenserver.openvswitch.rpmbuild", "-a", arguments)


def test_ctrl_c_ends_the_build_with_its_daemons_and_leaves_it_restartable(host, tmp_path, ansible, endless):
    process, daemon = endless
    assert host.file(f"/proc/{daemon}").exists
    os.killpg(process.pid, signal.SIGINT)
    assert process.wait(60) != 0
    end = time.monotonic() + 30
    # The brackets keep the search from finding itself.
    while host.file(f"/proc/{daemon}").exists or host.run("pgrep -f %s", f"[/]{TOPDIR[1:]}").rc == 0:
        assert time.monotonic() < end, host.check_output("ps -ef")
        time.sleep(0.2)
    assert host.run("find %s -name '*.partial*'", TOPDIR).stdout == ""
    assert "Executing(%build)" in (tmp_path / "rpmbuild.log").read_text()
    host.check_output("rm %s/endless", TOPDIR)
    again = ansible(*task(tmp_path)[1:])
    assert again.rc == 0 and "is in use" not in again.text, again.text
    assert "Executing(%clean)" in (tmp_path / "rpmbuild.log").read_text()
