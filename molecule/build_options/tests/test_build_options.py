"""What the options of ovs_build make of the small stand-in for a release, in a DDK with an unprivileged user."""

import base64
import contextlib
import functools
import hashlib
import http.server
import io
import json
import os
import subprocess
import tarfile
import threading

import pytest

from conftest import DDK, PROJECT, run_ansible

testinfra_hosts = [DDK]
XEN, KDUMP, XS65 = "2.6.32.12-0.7.1.xs5.6.100.323.170596xen", "2.6.32.12-0.7.1.xs5.6.100.323.170596kdump", "3.10.0+2"
PLAYBOOK = str(PROJECT / "molecule/build_options/converge.yml")
SPEC = """Name: openvswitch
Version: %{openvswitch_version}
Release: 1
Summary: As upstream's
License: ASL 2.0
Source: openvswitch-%{openvswitch_version}.tar.gz
%description
As upstream's.
%package modules-%{kernel_uname}
Summary: Its module
%description modules-%{kernel_uname}
Its module.
%install
install -D -m 644 /dev/null %{buildroot}/lib/modules/%{kernel_uname}/extra/openvswitch.ko
%files
%files modules-%{kernel_uname}
/lib/modules/%{kernel_uname}
"""


def build(*argv, **options):
    """The scenario's build with other options of the role."""
    extra = {f"ovs_build_{name}": value for name, value in options.items()}
    return run_ansible("ansible-playbook", PLAYBOOK, "-e", json.dumps(extra), *argv)


def refused(run, *words):
    assert run.rc != 0 and run.changed == 0, run.text
    for word in words:
        assert word in run.words, run.text


def sha256(content):
    return hashlib.sha256(content).hexdigest()


@pytest.fixture
def one(tmp_path):
    """Options for a build of the userspace alone, apart from what the scenario built."""
    return {"generations": ["systemd"], "kernels": "auto", "artifacts": str(tmp_path), "patches": []}


@pytest.fixture
def manifest(artifacts):
    return json.loads((artifacts / "build_options/sysv/manifest.json").read_text())


def test_one_manifest_for_all_kernels(artifacts, manifest):
    kernels = {rpm["name"]: rpm["kernels"] for rpm in manifest["rpms"]}
    assert kernels == {
        "openvswitch": [], "python2-openvswitch": [], f"openvswitch-modules-xen-{XEN[:-3]}": [XEN], f"openvswitch-modules-kdump-{KDUMP[:-5]}": [KDUMP],
        f"openvswitch-modules-{XS65}": [XS65]}
    for rpm in manifest["rpms"]:
        assert sha256((artifacts / "build_options/sysv" / os.path.basename(rpm["path"])).read_bytes()) == rpm["sha256"]


def test_the_userspace_was_built_once(manifest):
    assert ["userspace" in inputs["without"] for inputs in manifest["inputs"]] == [False, True, True]
    assert ["check" in inputs["without"] for inputs in manifest["inputs"]] == [False, True, True]


def test_the_name_of_a_kernel_has_no_kernel_in_front(manifest):
    assert manifest["inputs"][0]["defines"]["kernel_name"] == "xen"


def test_the_patches_were_applied_in_their_order(host, manifest):
    folder = PROJECT / "molecule/build_options/files"
    for inputs in manifest["inputs"]:
        assert inputs["defines"]["openvswitch_patches"] == "z-first.patch a-second.patch"
        assert inputs["patches"] == {path.name: sha256(path.read_bytes()) for path in folder.iterdir()}
    rpm = next(rpm["path"] for rpm in manifest["rpms"] if rpm["name"] == "openvswitch")
    script = host.check_output("rpm2cpio %s | cpio --quiet -i --to-stdout ./usr/share/openvswitch/scripts/ovs-ctl", rpm)
    assert script.endswith("# Two.")


def test_an_unprivileged_user_built_in_its_own_folder(host, manifest):
    for rpm in manifest["rpms"]:
        assert rpm["path"].startswith("/home/builder/rpmbuild/RPMS/")
        assert host.file(rpm["path"]).user == "builder"


def test_a_changed_define_patch_or_byte_builds_again(one, artifacts, tmp_path):
    assert build(**one).rc == 0
    again = build(**one)
    assert again.rc == 0 and again.changed == 0, again.text
    patch = tmp_path / "one.patch"
    patch.write_bytes((PROJECT / "molecule/build_options/files/z-first.patch").read_bytes())
    for change in ({"defines": {"another": "1"}}, {"patches": [{"path": str(patch), "sha256": sha256(patch.read_bytes())}]}):
        one.update(change)
        run = build(**one)
        assert run.rc == 0 and "changed: [ddk] => (item=systemd)" in run.text, run.text
    tarball = tmp_path / "source/openvswitch-2.5.99.tar.gz"
    tarball.parent.mkdir()
    tarball.write_bytes((artifacts / "openvswitch-2.5.99.tar.gz").read_bytes() + b"\0")
    run = build(**one, tarball=str(tarball))
    assert run.rc == 0 and "changed: [ddk] => (item=systemd)" in run.text, run.text


@contextlib.contextmanager
def served(folder):
    """The URL of a folder, from the controller."""
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_patches_from_a_url_and_their_sha256(one, tmp_path):
    source = PROJECT / "molecule/build_options/files/z-first.patch"
    good = sha256(source.read_bytes())
    with served(source.parent) as url:
        one["patches"] = [{"url": f"{url}/z-first.patch", "sha256": "0" * 64}]
        run = build(**one, folder="~/never")
        assert run.rc != 0 and f"did not match {'0' * 64}" in run.words and "Look at the DDK" not in run.text, run.text
        one["patches"] = [{"url": f"{url}/z-first.patch", "sha256": good}]
        run = build(**one)
    assert run.rc == 0, run.text
    assert json.loads((tmp_path / "systemd/manifest.json").read_text())["inputs"][0]["patches"] == {"z-first.patch": good}


def test_a_patch_that_is_not_the_one_meant(host, one):
    path = str(PROJECT / "molecule/build_options/files/z-first.patch")
    one["patches"] = [{"path": path, "sha256": "0" * 64}]
    refused(build(**one, folder="~/never"), "has the SHA-256", "and not " + "0" * 64)
    one["patches"] = [{"path": path, "url": "http://127.0.0.1/x.patch", "sha256": "0" * 64}]
    refused(build(**one, folder="~/never"), "must have path or url, and not both")
    assert not host.file("/home/builder/never").exists


def test_a_patch_that_does_not_apply(one, tmp_path):
    patch = tmp_path / "late.patch"
    patch.write_bytes((PROJECT / "molecule/build_options/files/a-second.patch").read_bytes())
    run = build(**dict(one, patches=[{"path": str(patch), "sha256": sha256(patch.read_bytes())}]))
    assert run.rc != 0 and "failed in %prep" in run.words and "hunk" in run.words, run.text
    assert not (tmp_path / "systemd/manifest.json").exists()


def test_all_that_stands_against_a_build_is_told_at_once(host):
    run = build(
        version="2.6.0", tarball=str(PROJECT / "artifacts/openvswitch-2.5.99.tar.gz"), folder="~/never", defines={"ovs_python": "/nowhere/python"},
        kernels=[{"uname": "4.9.0"}, {"uname": "2.6.32xen"}])
    refused(
        run, "Open vSwitch 2.6.0 takes kernels from 3.10 to 4.7, and this is 4.9.0; the releases that take this kernel are", "and this is 2.6.32xen",
        "this host lacks Python 2.7 or later of the series 2 as /nowhere/python, /lib/modules/4.9.0/build with a Makefile")
    assert not host.file("/home/builder/never").exists


def test_kernels_that_are_not_named():
    refused(build(kernels="auto"), "several kernel-devel packages are installed here", "kernel-xen-devel-2.6.32.12-0.7.1.xs5.6.100.323.170596",
            "kernel-devel-3.10.41-323.380416", "name the kernels that are meant")


def test_kernels_where_there_is_no_module():
    refused(build(generations=["systemd"]), "hosts of the systemd generation have the module in their kernel: leave the kernels out")
    refused(build(version="3.0.0"), "Open vSwitch 3.0.0 has no kernel module, the last release with one is 2.17: leave the kernels out")


def test_macros_that_have_an_option():
    refused(build(defines={"kernel_uname": XS65}), "ovs_build_defines gives kernel_uname, for which there is ovs_build_kernels")


def rewritten(tarball, made, version="2.5.99", spec=None):
    """The tarball as that of another version, and with a spec where upstream has it."""
    made.parent.mkdir()
    with tarfile.open(tarball) as old, tarfile.open(made, "w:gz") as new:
        for member in old:
            content = old.extractfile(member) if member.isfile() else None
            member.name = member.name.replace("openvswitch-2.5.99", f"openvswitch-{version}", 1)
            new.addfile(member, content)
        if spec:
            member = tarfile.TarInfo(f"openvswitch-{version}/xenserver/openvswitch-xen.spec")
            member.size = len(spec)
            new.addfile(member, io.BytesIO(spec.encode()))
    return str(made)


def test_the_upstream_spec_is_taken_from_the_tarball(one, artifacts, tmp_path):
    one.update(spec="upstream", generations=["sysv"], kernels=[{"uname": XS65}], unit_tests=False, defines={})
    one["tarball"] = rewritten(artifacts / "openvswitch-2.5.99.tar.gz", tmp_path / "source/openvswitch-2.5.99.tar.gz", spec=SPEC)
    # The lab has OpenSSL 1.1.1. What it would break, the stand-in brings.
    refused(build(**one), "2.5.99 is broken: it does not compile", "openssl writes lib/dhparams.c with static functions, like any since 1.1.1",
            "patch the source before its dist tarball is made, and consent",
            "Patches of the source are ovs_dist_patches, consent is ovs_build_upstream_consent.")
    run = build(**one, upstream_consent=True)
    assert run.rc == 0 and "[WARNING]: what the upstream spec makes of Open vSwitch 2.5.99 is broken" in run.words, run.text
    manifest = json.loads((tmp_path / "sysv/manifest.json").read_text())
    assert [rpm["nevra"] for rpm in manifest["rpms"]] == ["openvswitch-2.5.99-1.x86_64", f"openvswitch-modules-{XS65}-2.5.99-1.x86_64"]
    assert manifest["inputs"][0]["defines"] == {"kernel_uname": XS65, "openvswitch_version": "2.5.99"}
    assert manifest["inputs"][0]["without"] == ["check"]


def test_an_upstream_spec_gets_what_it_takes_to_package(host, one, artifacts, tmp_path):
    """A spec that lists a folder which nothing makes, leaves a file out and takes Sphinx, as upstream's of 2.8 and later do."""
    spec = SPEC.replace("%files\n", "%files\n/var/log/openvswitch\n", 1).replace("%install\n", "%install\ninstall -D /dev/null %{buildroot}/left/out\n", 1)
    one.update(spec="upstream", version="2.17.99", upstream_consent=True, generations=["sysv"], kernels=[{"uname": XS65}], unit_tests=False, defines={})
    one["tarball"] = rewritten(artifacts / "openvswitch-2.5.99.tar.gz", tmp_path / "source/openvswitch-2.17.99.tar.gz", "2.17.99", spec)
    refused(build(**one), "sphinx-build, since the upstream spec lists manual pages that it makes (package python-sphinx)")
    host.check_output("ln -s /bin/true /usr/local/bin/sphinx-build")
    try:
        run = build(**one)
    finally:
        host.check_output("rm /usr/local/bin/sphinx-build")
    assert run.rc == 0, run.text
    manifest = json.loads((tmp_path / "sysv/manifest.json").read_text())
    assert manifest["inputs"][0]["defines"] == {
        "kernel_uname": XS65, "openvswitch_version": "2.17.99", "_unpackaged_files_terminate_build": "0",
        "__arch_install_post": "mkdir -p $RPM_BUILD_ROOT/var/log/openvswitch"}
    assert host.check_output("rpm -qpl %s", manifest["rpms"][0]["path"]) == "/var/log/openvswitch"


def test_upstream_specs_that_cannot_package(one):
    one.update(spec="upstream", generations=["sysv"], kernels=[{"uname": XS65}], tarball=str(PROJECT / "artifacts/openvswitch-2.5.99.tar.gz"))
    refused(build(**dict(one, version="2.17.7")), "2.17.7 is broken: it leaves out ovs-kmod-ctl", "openvswitch-cfg-update is Python 2 under a first line",
            "build with the bundled spec")
    refused(build(**dict(one, version="3.1.0", kernels="auto", upstream_consent=True)), "no xenserver folder since 3.0; build with the bundled spec")
    refused(build(**dict(one, release="2")), "always makes release 1", "build with the bundled spec")


def test_a_spec_of_ones_own(one, tmp_path):
    spec = tmp_path / "own.spec"
    spec.write_text(SPEC.replace("Source:", "Source1: extra.txt\nSource0:").replace("%files\n", "%files\n", 1))
    extra = tmp_path / "extra.txt"
    extra.write_text("extra\n")
    one.update(spec="path", spec_path=str(spec), generations=["sysv"], kernels=[{"uname": XS65}], tarball=str(PROJECT / "artifacts/openvswitch-2.5.99.tar.gz"))
    refused(build(**one, spec_sources=[str(tmp_path / "none.txt")]), "There is no file", "none.txt")
    refused(build(**dict(one, patches=[{"path": str(PROJECT / "molecule/build_options/files/z-first.patch"), "sha256": sha256(
        (PROJECT / "molecule/build_options/files/z-first.patch").read_bytes())}])), "does not mention openvswitch_patches")
    run = build(**one, spec_sources=[str(extra)])
    assert run.rc == 0, run.text
    assert sorted(json.loads((tmp_path / "sysv/manifest.json").read_text())["inputs"][0]["sources"]) == ["extra.txt", "openvswitch-2.5.99.tar.gz"]


def install(**options):
    """What ovs_install would do on the SysV host with what the scenario built."""
    extra = dict({"ovs_install_artifacts": str(PROJECT / "artifacts/build_options")}, **{f"ovs_install_{name}": value for name, value in options.items()})
    role = ["-m", "ansible.builtin.include_role", "-a", "name=xenserver.openvswitch.ovs_install"]
    return run_ansible("ansible", "xs6", *role, "--check", "--diff", "-e", json.dumps(extra))


def test_the_modules_for_the_hosts_kernel_are_installed_with_the_userspace():
    run = install(kernel=XEN)
    folder = "/var/cache/xenserver-openvswitch"
    assert f"+ - {folder}/openvswitch-2.5.99-1.sysv.x86_64.rpm + - {folder}/openvswitch-modules-xen-{XEN[:-3]}-2.5.99-1.sysv.x86_64.rpm " in run.words, run.text
    assert KDUMP not in run.text and f"modules-{XS65}" not in run.text


def test_a_host_whose_kernel_has_no_modules():
    refused(install(), f"It holds kernel modules for {XEN}, {KDUMP}, {XS65}, but none for", "add that kernel to ovs_build_kernels")


@pytest.fixture
def python_rpm(host, tmp_path):
    """An RPM of a Python, and a DDK that has none until it is installed."""
    spec = (
        "Name: lab-python27\nVersion: 2.7\nRelease: 1\nSummary: A Python\nLicense: PSF\n%define __os_install_post %{nil}\n%description\nA Python.\n"
        "%install\nmkdir -p %{buildroot}/usr/bin\ncp -p /usr/bin/python2.7 %{buildroot}/usr/bin\n%files\n/usr/bin/python2.7\n")
    host.check_output("printf %%s %s > /tmp/python.spec && rpmbuild -bb -D '_rpmdir /tmp/python' /tmp/python.spec 2>&1", spec)
    path = tmp_path / "lab-python27-2.7-1.x86_64.rpm"
    path.write_bytes(base64.b64decode(host.check_output("base64 /tmp/python/x86_64/%s", path.name)))
    host.check_output("mkdir /tmp/hidden && mv /usr/bin/python* /tmp/hidden")
    try:
        yield str(path)
    finally:
        host.run("rpm -e lab-python27")
        host.check_output("mv /tmp/hidden/* /usr/bin && rmdir /tmp/hidden")


def test_a_ddk_without_a_python(host, python_rpm, one, tmp_path):
    inventory = tmp_path / "hosts.yml"
    inventory.write_text("all:\n  hosts:\n    ddk:\n      ansible_python_interpreter: auto_silent\n")
    anyhow = ["-i", str(PROJECT / "molecule/lab/inventory"), "-i", str(inventory), "-e", "ansible_user=root"]
    refused(build(*anyhow, **one), "This host has no Python 2.7 or later", "Give the RPMs of one")
    with open(python_rpm, "rb") as stream:
        good = sha256(stream.read())
    refused(build(*anyhow, **one, python_rpms=[{"path": python_rpm, "sha256": "0" * 64}]), "It is another file, or was changed; nothing was installed")
    assert host.run("rpm -q lab-python27").rc == 1
    one["python_rpms"] = [{"path": python_rpm, "sha256": good}]
    run = build(*anyhow, **one)
    assert run.rc == 0 and run.changed > 0, run.text
    assert host.run("rpm -q lab-python27").rc == 0
    run = build(*anyhow, **one)
    assert run.rc == 0 and run.changed == 0, run.text


BASE = """Name: base
Version: 1
Release: 1
Summary: What the spec takes and another packager installed
License: none
BuildArch: noarch
AutoReqProv: no
Provides: gcc, make, openssl-devel, /usr/bin/python3
%description
What the spec takes.
%files
"""


@pytest.fixture
def controller_home(tmp_path, monkeypatch):
    """A home folder on this machine, where rpm has a topdir and a database of its own, which knows what this machine has."""
    home = tmp_path / "home"
    home.mkdir()
    (home / ".rpmmacros").write_text(f"%_topdir {home}/rpmbuild\n%_dbpath {home}/db\n")
    (home / "base.spec").write_text(BASE)
    monkeypatch.setenv("HOME", str(home))
    subprocess.run(["rpmbuild", "-bb", "--quiet", str(home / "base.spec")], check=True, timeout=60)
    subprocess.run(["rpm", "--force-debian", "-i", str(home / "rpmbuild/RPMS/noarch/base-1-1.noarch.rpm")], check=True, timeout=60)
    return home


def test_the_controller_itself_is_the_ddk(controller_home, one, artifacts, tmp_path):
    inventory = tmp_path / "controller.yml"
    inventory.write_text(json.dumps({"ovs_ddk": {"hosts": {"here": {
        "ansible_connection": "local", "ansible_python_interpreter": "{{ ansible_playbook_python }}",
        # Ansible would look for it in the home that the user has in passwd.
        "ansible_async_dir": str(controller_home / "async")}}}}))
    # As a release that takes Python 3, and no source of openssl's.
    one.update(version="2.17.99", generations=["sysv"], kernels=[], defines={}, without=["libcapng"])
    one["tarball"] = rewritten(artifacts / "openvswitch-2.5.99.tar.gz", tmp_path / "source/openvswitch-2.17.99.tar.gz", "2.17.99")
    run = build("-i", str(inventory), **one)
    assert run.rc == 0, run.text
    rpms = json.loads((tmp_path / "sysv/manifest.json").read_text())["rpms"]
    assert sorted(rpm["name"] for rpm in rpms) == ["openvswitch", "python3-openvswitch"]
    for rpm in rpms:
        assert rpm["path"].startswith(f"{controller_home}/rpmbuild/RPMS/")
        assert sha256((tmp_path / "sysv" / os.path.basename(rpm["path"])).read_bytes()) == rpm["sha256"]
    run = build("-i", str(inventory), **one)
    assert run.rc == 0 and run.changed == 0, run.text
