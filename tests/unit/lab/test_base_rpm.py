# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The package that Provides what an image holds: made here from files of this machine, read by the real rpm."""

from __future__ import absolute_import, division, print_function
__metaclass__ = type

import os
import shutil
import subprocess

import pytest

from ansible_collections.xenserver.openvswitch.tests.unit.plugins.modules.rpm_host import path_of, require

from labpool import XAPI

FOLDER = 'images/rpm/usr/local/lib/lab/'
# What dpkg-query wrote on Debian 12, whose files are in /usr while its packages still name them in /.
OWNERS = {
    '/usr/bin/openssl': ('openssl: /usr/bin/openssl\n', '3.0.19-1~deb12u2'),
    '/bin/bash': ('bash: /bin/bash\n', '5.2.15-2+b8'),
    '/lib/x86_64-linux-gnu/libc.so.6': ('libc6:amd64: /lib/x86_64-linux-gnu/libc.so.6\n', '2.36-9+deb12u14'),
    '/usr/sbin/sshd': ('openssh-server: /usr/sbin/sshd\n', '1:9.2p1-2+deb12u6'),
    '/bin/tar': ('tar: /bin/tar\n', '1.34+dfsg-1.2+deb12u1'),
}
DPKG_QUERY = '#!/bin/sh\ncase "$*" in\n%s-S*) exit 1 ;;\nesac\n'


@pytest.fixture
def base_rpm(load):
    return load(FOLDER + 'base_rpm.py', 'base_rpm')


@pytest.fixture
def dpkg(tmp_path, monkeypatch):
    """A dpkg-query that answers as the real one did."""
    cases = ''
    for path, (owner, version) in OWNERS.items():
        cases += '-S*%s*) printf "%%s" "%s"; echo "dpkg-query: no path found" >&2; exit 1 ;;\n' % (path, owner)
        cases += '"-W -f "*" %s") printf "%%s" "%s"; exit ;;\n' % (owner.partition(': ')[0], version)
    (tmp_path / 'dpkg-query').write_text(DPKG_QUERY % cases)
    (tmp_path / 'dpkg-query').chmod(0o755)
    monkeypatch.setenv('PATH', '%s:%s' % (tmp_path, os.environ['PATH']))


@pytest.mark.parametrize('path, expected', [
    ('/usr/bin/openssl', '3.0.19'), ('/bin/bash', '5.2.15'), ('/lib/x86_64-linux-gnu/libc.so.6', '2.36'), ('/usr/sbin/sshd', '9.2p1'),
    ('/bin/tar', '1.34'), ('/sbin/chkconfig', None)])
def test_the_version_of_who_owns_a_file(base_rpm, dpkg, path, expected):
    assert base_rpm.upstream_version(path) == expected


def test_a_name_counts_only_with_its_proof(base_rpm, dpkg, tmp_path, monkeypatch):
    stand_in = tmp_path / 'chkconfig'
    stand_in.write_text('')
    monkeypatch.setattr(base_rpm, 'NAMES', {'bash': '/bin/bash', 'chkconfig': str(stand_in), 'gcc': str(tmp_path / 'gcc')})
    assert list(base_rpm.names()) == ['bash = 5.2.15', 'chkconfig = ' + base_rpm.STAND_INS['chkconfig']]


def test_a_name_without_a_version_is_refused(base_rpm, dpkg, tmp_path, monkeypatch):
    monkeypatch.setattr(base_rpm, 'NAMES', {'mystery': str(tmp_path)})
    with pytest.raises(SystemExit) as error:
        list(base_rpm.names())
    assert 'which version of mystery' in str(error.value)


def test_what_is_a_library(base_rpm, tmp_path):
    def file(name, content=b'\x7fELF\x02'):
        (tmp_path / name).write_bytes(content)
        return str(tmp_path / name)
    assert base_rpm.is_library(file('libx.so.1.2'))
    assert base_rpm.is_library(file('libx.so'))
    assert not base_rpm.is_library(file('libscript.so', b'/* GNU ld script */'))
    assert not base_rpm.is_library(file('program'))
    assert not base_rpm.is_library(file('libx.so.bak'))
    (tmp_path / 'liby.so.1').symlink_to('libx.so.1.2')
    assert not base_rpm.is_library(str(tmp_path / 'liby.so.1'))


def test_programs_by_both_paths(base_rpm):
    found = set(base_rpm.programs())
    assert {'/usr/bin/env', '/bin/env'} <= found
    assert all(os.access('/usr' + path if path.startswith(('/bin/', '/sbin/')) else path, os.X_OK) for path in found)


def test_sonames_by_rpms_own_generator(base_rpm, tmp_path, monkeypatch):
    """A library that is not executable, as Debian's are, counts too."""
    require('/usr/lib/rpm/elfdeps', '/usr/lib/rpm/rpmdeps')
    real = next(path for path in ('/usr/lib/x86_64-linux-gnu/libz.so.1', '/lib/x86_64-linux-gnu/libc.so.6', '/usr/lib64/libc.so.6') if os.path.exists(path))
    shutil.copy(os.path.realpath(real), str(tmp_path / os.path.basename(real)))
    os.chmod(str(tmp_path / os.path.basename(real)), 0o644)
    monkeypatch.setattr(base_rpm, 'LIBRARY_FOLDERS', (str(tmp_path),))
    provides = base_rpm.generated()
    assert os.path.basename(real) + '()(64bit)' in provides
    assert provides[-1] == 'rtld(GNU_HASH)'


def test_the_package_as_rpm_reads_it(base_rpm, dpkg, tmp_path, monkeypatch, capsys):
    """main() hands install-spec a spec; this one asks the real rpm what the package would Provide."""
    require('rpm', 'rpmspec')
    (tmp_path / 'install-spec').write_text('#!/bin/sh\nexec "%s" -q --provides "$1" >"%s/provides"\n' % (path_of('rpmspec'), tmp_path))
    (tmp_path / 'install-spec').chmod(0o755)
    monkeypatch.setattr(base_rpm, '__file__', str(tmp_path / 'base_rpm.py'))
    monkeypatch.setattr(base_rpm.sys, 'argv', ['base_rpm.py', 'lab-test-base'])
    monkeypatch.setattr(base_rpm, 'generated', lambda: ['libc.so.6(GLIBC_2.34)(64bit)', 'rtld(GNU_HASH)', 'python(abi) = 2.7'])
    monkeypatch.setattr(base_rpm, 'programs', lambda: ['/usr/bin/env', '/bin/env', '/usr/bin/['])
    monkeypatch.setattr(base_rpm, 'NAMES', {'bash': '/bin/bash'})
    base_rpm.main()
    told = (tmp_path / 'provides').read_text().splitlines()
    expected = ['libc.so.6(GLIBC_2.34)(64bit)', 'rtld(GNU_HASH)', 'python(abi) = 2.7', '/usr/bin/env', '/bin/env', '/usr/bin/[', 'bash = 5.2.15']
    assert [one for one in told if not one.startswith('lab-test-base')] == sorted(expected)
    assert any(one.startswith('lab-test-base = 1-1') for one in told)
    assert capsys.readouterr().out == 'lab-test-base: 7 Provides\n'


def test_install_spec_builds_with_the_real_rpmbuild_and_leaves_nothing(tmp_path, monkeypatch, load):
    """Only `rpm -U`, which would change this machine, is another's."""
    require('rpm', 'rpmbuild')
    (tmp_path / 'bin').mkdir()
    (tmp_path / 'tmp').mkdir()
    (tmp_path / 'bin/rpm').write_text('#!/bin/sh\n[ "$1" = -U ] && exec "%s" -qp --provides "$2" >"%s/told"\nexec "%s" "$@"\n' % (
        path_of('rpm'), tmp_path, path_of('rpm')))
    (tmp_path / 'bin/rpm').chmod(0o755)
    spec = load(FOLDER + 'base_rpm.py', 'base_rpm').SPEC.format(name='lab-test-base', arch='noarch', provides='Provides: /bin/sh\n')
    (tmp_path / 'base.spec').write_text(spec)
    environment = dict(os.environ, PATH='%s:%s' % (tmp_path / 'bin', os.environ['PATH']), TMPDIR=str(tmp_path / 'tmp'), HOME=str(tmp_path))
    script = os.path.join(os.path.dirname(XAPI), FOLDER, 'install-spec')
    done = subprocess.run(['sh', script, str(tmp_path / 'base.spec')], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert '/bin/sh' in (tmp_path / 'told').read_text().splitlines()
    assert [one for one in os.listdir(str(tmp_path / 'tmp')) if not one.startswith('rpm-tmp')] == []
