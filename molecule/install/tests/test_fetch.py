"""RPMs fetched from a copy on a web server in place of the controller, by the manifest of the controller."""

import functools
import http.server
import shutil
import threading

import pytest

from conftest import DOM0S, LAB, NUMBER, installed

testinfra_hosts = DOM0S[1:]
PACKAGE = "python3-openvswitch"


@pytest.fixture
def copy(host, artifacts, tmp_path):
    """(the copy's folder, its URL), with what the host's generation needs; served on the lab's own network."""
    shutil.copytree(artifacts / ("systemd" if host.file("/run/systemd/system").exists else "sysv"), tmp_path / "copy")
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=tmp_path / "copy")
    with http.server.ThreadingHTTPServer((f"10.213.{NUMBER}.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=[0.05])
        thread.start()
        yield tmp_path / "copy", f"http://10.213.{NUMBER}.1:{server.server_port}/"
        server.shutdown()
        thread.join()


def run(host, playbook, url):
    """One more package than the scenario installed, from the copy, into a folder that has nothing yet."""
    name = host.backend.get_pytest_id().rpartition(f"{LAB}-")[2]
    wanted = f'{{"ovs_install_url": "{url}", "ovs_install_folder": "/var/cache/fetched", "ovs_install_packages": ["openvswitch", "{PACKAGE}"]}}'
    return playbook("install", "--limit", name, "-e", wanted)


def test_a_file_that_is_not_what_was_built_is_refused(host, copy, playbook):
    folder, url = copy
    for path in folder.glob(f"{PACKAGE}*.rpm"):
        path.write_bytes(path.read_bytes() + b"x")
    refused = run(host, playbook, url)
    assert refused.rc != 0 and "did not match" in refused.words, refused.text
    assert installed(host, PACKAGE) is None


def test_the_rpms_come_from_the_copy(host, copy, playbook):
    done = run(host, playbook, copy[1])
    assert done.rc == 0, done.text
    assert "Fetch the RPMs from the copy" in done.words and installed(host, PACKAGE) == "3.1.0"
    again = run(host, playbook, "http://192.0.2.1/nothing-is-fetched/")
    assert again.rc == 0 and again.changed == 0, again.text
