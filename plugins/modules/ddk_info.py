#!/usr/bin/python
# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function
__metaclass__ = type

DOCUMENTATION = r'''
module: ddk_info
short_description: Tell what a DDK has, and whether it can build a release of Open vSwitch
version_added: 0.1.0
description:
  - Looks at a build host by what it can do, whichever user it runs as, and compares that with what a build needs.
  - Names everything that is missing at once, and everything that contradicts, such as a kernel that the release does not take.
    It never fails because of these; the role P(xenserver.openvswitch.ovs_build#role) does.
  - Tells which runs of C(rpmbuild) make what is wanted, with the macros and conditions of each.
author: "The xenserver.openvswitch project (@xenserver-openvswitch)"
extends_documentation_fragment:
  - xenserver.openvswitch.attributes.info
  - xenserver.openvswitch.attributes.time_limit
options:
  version:
    description: The release of Open vSwitch, numbers and dots.
    type: str
    required: true
  spec:
    description: The spec to build with, V(bundled) the collection's, V(upstream) the one in the dist tarball, V(path) any other.
    type: str
    choices: [bundled, upstream, path]
    default: bundled
  consent:
    description:
      - Whether to build with the upstream spec although what it makes is known to be broken, as is right where the source was mended.
      - What is known is then a warning. Otherwise it is among RV(problems).
    type: bool
    default: false
  generations:
    description: The generations of dom0 to build for, V(systemd) is XenServer 7.0 and later, V(sysv) is XenServer 6.5 and earlier.
    type: list
    elements: str
    choices: [systemd, sysv]
    default: [systemd]
  kernels:
    description:
      - The kernels of SysV hosts to build the module for.
      - V(auto) takes the one kernel-devel package that is installed, where the release has a module and V(sysv) is among O(generations).
      - Otherwise a list of dicts. Each has C(uname), which is what C(uname -r) says on XenServer 6.5; or C(name), C(version) and C(flavor)
        (V(xen) or V(kdump)) of the kernel's package before that; or C(name), C(version) and C(xen_version), where the folder of the kernel
        below C(/lib/modules) is named otherwise than its package. A C(kernel-) in front of the name is taken off.
      - An empty list builds no module.
    type: raw
    default: auto
  unit_tests:
    description: Whether the build runs the unit tests.
    type: bool
    default: true
  patched:
    description: Whether the build applies patches.
    type: bool
    default: false
  defines:
    description: Further macros of the build. V(ovs_python) and V(openvswitch_cc) among them say which Python and compiler to look for.
    type: dict
    default: {}
  without:
    description: Further build conditions that are switched off. With V(libcapng) among them the headers of libcap-ng are not needed.
    type: list
    elements: str
    default: []
  folder:
    description: A folder whose files are told with their SHA-256, so that only what it lacks has to be brought. It need not be there.
    type: path
seealso:
  - module: xenserver.openvswitch.rpmbuild
'''

EXAMPLES = r'''
- name: Look at the DDK
  xenserver.openvswitch.ddk_info:
    version: 2.5.3
    generations: [sysv]
    kernels:
      - uname: 3.10.0+2
      - name: xen
        version: 2.6.32.12-0.7.1.xs5.6.100.323.170596
        flavor: xen
  register: ddk

- name: Refuse to start where it cannot build
  ansible.builtin.assert:
    that: ddk.problems + ddk.missing == []
    fail_msg: "{{ ddk.problems + ddk.missing }}"
'''

RETURN = r'''
rpm:
  description: The version of rpm, null where there is none.
  returned: always
  type: str
  sample: 4.16.1.2
topdir:
  description: The folder in which rpm works for this user.
  returned: always
  type: str
  sample: /home/builder/rpmbuild
writable:
  description: Whether this user can write there.
  returned: always
  type: bool
arch:
  description: The architecture that rpm builds for.
  returned: always
  type: str
  sample: x86_64
compresses:
  description: Whether rpm compresses manual pages in the packages that it builds.
  returned: always
  type: bool
kernel_devel:
  description: The packages of main kernels to build modules against.
  returned: always
  type: list
  elements: dict
  contains:
    package:
      description: The package.
      type: str
      sample: kernel-devel-3.10.41-323.380416
    version:
      description: Its version and release.
      type: str
      sample: 3.10.41-323.380416
    kernel:
      description: The kernel as O(kernels) takes it, null where the package does not tell.
      type: dict
      sample: {uname: 3.10.0+2}
trees:
  description: The kernels that have a build tree below C(/lib/modules).
  returned: always
  type: list
  elements: str
  sample: [3.10.0+2]
programs:
  description: The programs that a build takes, null where they are not there.
  returned: always
  type: dict
  sample: {compiler: /usr/bin/gcc, make: /usr/bin/make, rpmbuild: null}
dhparams:
  description:
    - How openssl writes Diffie-Hellman parameters as C, in V(plain) or V(static) functions. Null where it does not.
    - Builds of Open vSwitch up to 2.5, of 2.6 before 2.6.6, 2.7 before 2.7.9, 2.8 before 2.8.7, and of 2.9 have it do so.
  returned: always
  type: str
  sample: static
headers:
  description: The headers that a build takes and that the compiler finds.
  returned: always
  type: list
  elements: str
  sample: [openssl/ssl.h, stdio.h]
pythons:
  description: The Pythons that the build could take.
  returned: always
  type: list
  elements: dict
  contains:
    path:
      description: The interpreter.
      type: str
      sample: /usr/bin/python2.7
    version:
      description: Its version.
      type: str
      sample: 2.7.18
    six:
      description: Whether it has the module six.
      type: bool
kernels:
  description: The kernels that modules will be built for, as C(uname -r) names them on the host.
  returned: always
  type: list
  elements: str
  sample: [3.10.0+2]
builds:
  description: The runs of C(rpmbuild) that make what is wanted.
  returned: always
  type: list
  elements: dict
  contains:
    generation:
      description: The generation of dom0.
      type: str
      sample: sysv
    kernel:
      description: The kernel whose module this builds, null for none.
      type: str
      sample: 3.10.0+2
    defines:
      description: The macros.
      type: dict
      sample: {openvswitch_version: 2.5.3, xenserver_generation: sysv, kernel_uname: 3.10.0+2}
    without:
      description: The build conditions to switch off.
      type: list
      elements: str
      sample: [check]
folder:
  description: O(folder) as an absolute path, as it is for this user. Null where none was given.
  returned: always
  type: str
  sample: /home/builder/openvswitch-build
files:
  description: The SHA-256 of the files in O(folder), by their names.
  returned: always
  type: dict
  sample: {openvswitch-3.1.0.tar.gz: 5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03}
problems:
  description: What contradicts in what is wanted, each with the remedy. Empty where nothing does.
  returned: always
  type: list
  elements: str
  sample:
    - >-
      Open vSwitch 2.5.3 takes kernels from 2.6.32 to 4.3, and this is 4.4.0+10; the releases that take this kernel are
      1.0 and later, before 2.0; 2.6 and later, before 3.0
missing:
  description: What this host lacks for it, each with the package that usually holds it. Empty where it lacks nothing.
  returned: always
  type: list
  elements: str
  sample: [openssl/ssl.h (package openssl-devel)]
'''

import os
import re

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.common.text.converters import to_native

from ansible_collections.xenserver.openvswitch.plugins.module_utils import _ddk, _ovs_releases
from ansible_collections.xenserver.openvswitch.plugins.module_utils._change import guarded
from ansible_collections.xenserver.openvswitch.plugins.module_utils._cli import CliError, check_path


@guarded
def look(module):
    want = module.params
    if not re.match(r'\d+(\.\d+)+\Z', want['version']):
        raise CliError('version is %r: it must be the version in the name of the dist tarball, numbers and dots such as 3.1.0.' % want['version'])
    if _ovs_releases.numbers(want['version']) < (1,):
        raise CliError('version is %s: what a release before 1.0 takes is not known here. Give a later one.' % want['version'])
    if not _ddk.compiler_words(want):
        raise CliError('The macro openvswitch_cc is %r and names no compiler. Give a program such as gcc in defines, or leave it out.'
                       % to_native(want['defines']['openvswitch_cc']))
    check_path('folder', want['folder'] or '')
    folder = os.path.abspath(want['folder']) if want['folder'] else None
    have = _ddk.survey(want, want['time_limit'])
    plan = _ddk.plan(have, want)
    for flaw in plan.pop('warnings'):
        module.warn(flaw)
    module.exit_json(changed=False, folder=folder, files=_ddk.digests(folder), **dict(have, **plan))


def main():
    look(AnsibleModule(
        argument_spec=dict(
            version=dict(type='str', required=True),
            spec=dict(type='str', choices=['bundled', 'upstream', 'path'], default='bundled'),
            consent=dict(type='bool', default=False),
            generations=dict(type='list', elements='str', choices=['systemd', 'sysv'], default=['systemd']),
            kernels=dict(type='raw', default='auto'),
            unit_tests=dict(type='bool', default=True),
            patched=dict(type='bool', default=False),
            defines=dict(type='dict', default={}),
            without=dict(type='list', elements='str', default=[]),
            folder=dict(type='path'),
            time_limit=dict(type='int', default=60)),
        supports_check_mode=True))


if __name__ == '__main__':
    main()
