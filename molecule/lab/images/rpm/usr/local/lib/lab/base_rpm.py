# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""base_rpm.py NAME: install a package that Provides what this image holds, so that rpm's dependency checks work.

The image comes from another packager, so its rpm database knows nothing. Sonames with their versions and python(abi) are
what rpm's own generator finds in the image's files; programs and modules of the shell count by their path; a package
name counts only if the file that proves it is there, with the version of whoever installed that file.
"""

import os
import re
import subprocess
import sys
import tempfile

PROGRAM_FOLDERS = ('/usr/bin', '/usr/sbin')
LIBRARY_FOLDERS = ('/usr/lib', '/usr/lib64')

# A CentOS or XenServer package name -> the file that proves it. The Debian package that owns the file gives the version.
NAMES = {
    'autoconf': '/usr/bin/autoconf', 'automake': '/usr/bin/automake', 'bash': '/bin/bash', 'binutils': '/usr/bin/ld', 'bzip2': '/bin/bzip2',
    'chkconfig': '/sbin/chkconfig', 'coreutils': '/bin/ls', 'diffutils': '/usr/bin/diff', 'file': '/usr/bin/file', 'findutils': '/usr/bin/find',
    'gcc': '/usr/bin/gcc', 'glibc': '/lib/x86_64-linux-gnu/libc.so.6', 'glibc-common': '/usr/bin/getent', 'glibc-devel': '/usr/include/features.h',
    'grep': '/bin/grep', 'gzip': '/bin/gzip', 'iproute': '/sbin/ip', 'iptables': '/usr/sbin/iptables',
    'kmod': '/sbin/modprobe', 'libcap-ng': '/usr/lib/x86_64-linux-gnu/libcap-ng.so.0', 'libcap-ng-devel': '/usr/include/cap-ng.h',
    'logrotate': '/usr/sbin/logrotate', 'make': '/usr/bin/make', 'module-init-tools': '/sbin/modprobe', 'openssh-server': '/usr/sbin/sshd',
    'openssl': '/usr/bin/openssl', 'openssl-devel': '/usr/include/openssl/ssl.h', 'openssl-libs': '/usr/lib/x86_64-linux-gnu/libssl.so.1.1',
    'patch': '/usr/bin/patch', 'perl': '/usr/bin/perl', 'procps': '/bin/ps', 'procps-ng': '/bin/ps', 'python': '/usr/bin/python2.7',
    'python2': '/usr/bin/python2.7', 'python3': '/usr/bin/python3', 'rpm': '/usr/bin/rpm', 'rpm-build': '/usr/bin/rpmbuild', 'sed': '/bin/sed',
    'shadow-utils': '/usr/sbin/useradd', 'systemd': '/lib/systemd/systemd', 'tar': '/bin/tar',
    'util-linux': '/bin/mount', 'xapi-core': '/opt/xensource/bin/xapi', 'xz': '/usr/bin/xz',
}
# Stand-ins of the lab belong to no Debian package: the version of what they stand in for.
STAND_INS = {'chkconfig': '1.3.49', 'kmod': '20', 'module-init-tools': '3.9', 'xapi-core': '0'}

SPEC = """\
Name: {name}
Summary: What this image of the lab holds
Version: 1
Release: 1
License: GPLv3+
BuildArch: {arch}
AutoReqProv: no
{provides}
%description
Provides what the image holds, so that packages built elsewhere find their dependencies.
%files
"""


def output(argv, **kwargs):
    return subprocess.run(argv, stdout=subprocess.PIPE, check=True, universal_newlines=True, **kwargs).stdout


def files(folders):
    for folder in folders:
        for where, _folders, names in os.walk(folder):
            for name in names:
                yield os.path.join(where, name)


def is_library(path):
    """A shared object; a linker script, which may have the same name, is none."""
    if os.path.islink(path) or not re.search(r'\.so(\.[0-9.]+)?$', path):
        return False
    with open(path, 'rb') as stream:
        return stream.read(4) == b'\x7fELF'


def generated():
    """Provides of the shared objects and of the Pythons, by rpm's own generators."""
    # Through rpmdeps, elfdeps would skip every library that is not executable, as they all are with this packager.
    asked = '\n'.join(filter(is_library, files(LIBRARY_FOLDERS))) + '\n'
    provides = output(['/usr/lib/rpm/elfdeps', '--provides'], input=asked).splitlines()
    pythons = '\n'.join(('/usr/bin/python2.7', os.path.realpath('/usr/bin/python3'))) + '\n'
    provides += output(['/usr/lib/rpm/rpmdeps', '--provides'], input=pythons).splitlines()
    # Libraries that programs elsewhere were linked against without the old hash table ask the loader for the new one.
    return sorted(set(provides)) + ['rtld(GNU_HASH)']


def programs():
    """Each program by its path, and by the path it had before /bin was merged into /usr/bin."""
    for path in sorted(files(PROGRAM_FOLDERS)):
        if os.access(path, os.X_OK):
            yield path
            yield path[len('/usr'):]


def upstream_version(path):
    """The version of the Debian package that owns the file, without epoch and revision."""
    spellings = {path, os.path.realpath(path), os.path.realpath(path).replace('/usr', '', 1)}
    owned = subprocess.run(['dpkg-query', '-S', *spellings], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, universal_newlines=True, check=False).stdout
    package = owned.partition(': ')[0].split(',')[0]
    if not package:
        return None
    version = output(['dpkg-query', '-W', '-f', '${Version}', package])
    return version.rpartition(':')[2].partition('-')[0].partition('+')[0]


def names():
    for name, proof in sorted(NAMES.items()):
        if os.path.exists(proof):
            version = upstream_version(proof) or STAND_INS.get(name)
            if not version:
                sys.exit('base_rpm.py: nobody says which version of %s %s is' % (name, proof))
            yield '%s = %s' % (name, version)


def main():
    provides = [*generated(), *programs(), *names()]
    with tempfile.NamedTemporaryFile('w', suffix='.spec') as spec:
        arch = output(['rpm', '-E', '%_target_cpu']).strip()
        spec.write(SPEC.format(name=sys.argv[1], arch=arch, provides=''.join('Provides: %s\n' % item for item in provides)))
        spec.flush()
        subprocess.run([os.path.join(os.path.dirname(os.path.abspath(__file__)), 'install-spec'), spec.name], check=True)
    print('%s: %d Provides' % (sys.argv[1], len(provides)))


if __name__ == '__main__':
    main()
