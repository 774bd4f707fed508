#!/usr/bin/python
# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function
__metaclass__ = type

DOCUMENTATION = r'''
module: rpmbuild
version_added: 0.1.0
short_description: Build RPMs from a spec or source package, again only when an input changed
author: The xenserver.openvswitch project (@xenserver-openvswitch)
description:
  - Runs C(rpmbuild) on a spec with its sources and patches, which it copies to where rpmbuild looks for them, or on a source package.
  - Beside the results it keeps a manifest of everything that went in. A build starts only when a byte of the spec, a source or a patch,
    a parameter, or the version of rpm or the compiler differs, or when one of the RPMs is gone or altered.
  - Results appear at their place only when the whole build succeeded, and the manifest after them.
    An interrupted build leaves no manifest and no half result.
  - Two builds in one O(topdir) cannot mix; the second is refused and told which build is under way.
  - While it builds, the task says every few seconds how far it is, see O(progress_interval), and brings the log to O(log_to) as it grows.
  - When the run of Ansible is interrupted or killed, rpmbuild and all that it started is ended, at once or, where the controller
    had no time to say so or cannot be reached, within some two minutes. The next run builds from the start.
    A task with C(async) goes on, as always.
  - Where the module is killed on the host, or the host restarts, the task fails and says so.
  - In check mode a file that is not there yet counts as a change, with a warning, since an earlier task may have been about to bring it.
extends_documentation_fragment:
  - xenserver.openvswitch.attributes
options:
  spec:
    description:
      - The spec file on the host, or with O(spec_member) the tarball that holds it.
      - This or O(srpm) is required.
    type: path
  spec_member:
    description:
      - The spec's name in the tarball O(spec), with its folders, as C(tar -t) prints it.
        It is never guessed, since a dist tarball of Open vSwitch holds several; a wrong name is answered with those that there are.
      - The tarball is a source as well and need not be in O(sources).
      - Python on the host must be able to read the tarball, gzip and bzip2 everywhere, xz from Python 3 on.
    type: str
  srpm:
    description:
      - A source package on the host, instead of O(spec), O(sources) and O(patches). Its SHA-256 is the input.
      - It is unpacked apart from the other sources in O(topdir), and removed from there after the build.
      - Its path must not hold spaces, quotes, backslashes or the characters C(%*?[]{}), since rpm expands them.
    type: path
  sources:
    description:
      - The files that the spec names as sources, on the host. They are given under their file names.
      - A source or patch that the spec names must be given here or in O(patches),
        so that a leftover of an earlier build is never built in unnoticed.
      - rpm before 4.9, of a DDK of XenServer 6.5 and earlier, cannot tell what a spec names, so that this holds from 4.9 on alone.
    type: list
    elements: path
    default: []
  patches:
    description: The files that the spec names as patches, on the host.
    type: list
    elements: path
    default: []
  defines:
    description:
      - Macros and their values. A value is text or a whole number and arrives in the spec as it is written.
      - Percent signs, backslashes, braces, control characters, a leading C(-) and blanks around the value are refused.
        V(%{nil}) is accepted and means empty.
      - C(openvswitch_version) becomes the version of the packages, in which rpm allows no C(-).
      - Folders are given by O(topdir), C(_smp_mflags) by O(jobs).
    type: dict
    default: {}
  with:
    description: Build conditions to switch on, as by C(--with).
    type: list
    elements: str
    default: []
  without:
    description: Build conditions to switch off, as by C(--without), for example V(check) for the unit tests of Open vSwitch.
    type: list
    elements: str
    default: []
  target:
    description: The architecture to build for, as by C(--target). Without it that of the host.
    type: str
  environment:
    description:
      - Environment variables for the build, and for what is asked before it, such as the sources that the spec names.
      - They are inputs like all others, and stand in the manifest beside the RPMs, so they are no place for secrets.
    type: dict
    default: {}
  topdir:
    description:
      - The folder in which rpmbuild works, as an absolute path. It is created where it is missing.
      - Without it rpm's own setting for this user holds, as C(rpm -E %_topdir) prints it.
    type: path
  jobs:
    description: How many processes C(make) may run at once. Without it rpm decides. It is no input.
    type: int
  stage:
    description:
      - V(binary) builds the packages, V(source) the source package, V(all) both.
      - V(prep) only unpacks and patches the sources and returns the folder.
    type: str
    choices: [binary, all, source, prep]
    default: binary
  time_limit:
    description:
      - The longest that the build may take, in seconds.
      - A build that takes longer is ended together with its children, and the task fails.
    type: int
    default: 7200
  progress_interval:
    description:
      - The shortest time between two lines about how far the build is, in seconds, on the standard error output of Ansible.
        V(0) is for none.
      - A line tells the stage, the objects compiled or the unit tests run, and the time since the start.
        A percentage is there where an earlier build with the same parameters tells how many objects there are, and for unit tests.
    type: int
    default: 10
  log_to:
    description:
      - A file on the controller for the whole log, that of a failed build too. It is written while the build goes on.
        Where nothing is built it stays as it is, or is brought if it is missing.
      - A relative path starts at the playbook's folder.
    type: str
  lease:
    description:
      - A file on the host that whoever started the module touches time and again.
        The build is ended when the file is taken away, or was not touched for two minutes.
      - The task keeps one by itself. It is for other callers of the module.
    type: path
seealso:
  - module: xenserver.openvswitch.rpm_package
'''

EXAMPLES = r'''
- name: The RPMs of Open vSwitch 2.5.3 with the module for one kernel are built
  xenserver.openvswitch.rpmbuild:
    spec: /root/openvswitch-xen.spec
    sources:
      - /root/openvswitch-2.5.3.tar.gz
    defines:
      openvswitch_version: 2.5.3
      kernel_uname: 3.10.0+2
    without:
      - check
    progress_interval: 30
    log_to: artifacts/rpmbuild.log
  register: build

- name: The source package is built in a folder of its own
  xenserver.openvswitch.rpmbuild:
    spec: /root/openvswitch-xen.spec
    sources:
      - /root/openvswitch-2.5.3.tar.gz
    stage: source
    topdir: /var/tmp/rpmbuild

- name: The RPMs are built from the spec inside the tarball
  xenserver.openvswitch.rpmbuild:
    spec: /root/openvswitch-2.5.3.tar.gz
    spec_member: openvswitch-2.5.3/xenserver/openvswitch-xen.spec
    defines:
      kernel_uname: 3.10.0+2

- name: The vendor's source package is rebuilt
  xenserver.openvswitch.rpmbuild:
    srpm: /root/openvswitch-2.17.7-4.1.xcpng8.3.src.rpm
'''

RETURN = r'''
rpms:
  description: The packages that the build made, or made earlier from the same inputs. In check mode those that are up to date.
  returned: success
  type: list
  elements: dict
  contains:
    nevra:
      description: The full name.
      type: str
      sample: openvswitch-2.5.3-1.x86_64
    name:
      description: The name.
      type: str
      sample: openvswitch
    epoch:
      description: The epoch, empty where there is none.
      type: str
      sample: ''
    version:
      description: The version.
      type: str
      sample: 2.5.3
    release:
      description: The release.
      type: str
      sample: '1'
    arch:
      description: The architecture, V(src) for a source package.
      type: str
      sample: x86_64
    path:
      description: The file.
      type: str
      sample: /root/rpmbuild/RPMS/x86_64/openvswitch-2.5.3-1.x86_64.rpm
    size:
      description: The file's size in bytes.
      type: int
      sample: 2103196
    sha256:
      description: The file's SHA-256.
      type: str
      sample: 5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03
    header_sha256:
      description: The SHA-256 of the package's header, by which a rebuild is told from the build before; empty where rpm is older than 4.14.
      type: str
      sample: 3a7bd3e2360a3d29eea436fcfb7e44c735d117c42d1c1835420b6b9942dd4f1b
    header_sha1:
      description: The SHA-1 of the package's header, which every rpm knows. It names a build on hosts whose rpm is old, and vouches for nothing.
      type: str
      sample: b5a2c96250612366ea272ffac6d9744aaf4b45aa
    kernels:
      description: The kernels, as C(uname -r) names them, that the package holds modules for.
      type: list
      elements: str
      sample: [3.10.0+2]
inputs:
  description: All that went in, as the manifest keeps it. The SHA-256 of each file by its name, the parameters, the versions of rpm and of the compiler.
  returned: success
  type: dict
  sample: {spec: {openvswitch-xen.spec: 5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03}, without: [check]}
prepared:
  description: The folder with the unpacked and patched sources.
  returned: success, with O(stage=prep)
  type: str
  sample: /root/rpmbuild/BUILD/openvswitch-xen-4f53cda18c2b
manifest:
  description: The file that lists the inputs and results of this build.
  returned: success
  type: str
  sample: /root/rpmbuild/RPMS/openvswitch-xen-4f53cda18c2b.json
log:
  description: The file with all that the last build printed.
  returned: success, and failure of the build
  type: str
  sample: /root/rpmbuild/RPMS/openvswitch-xen-4f53cda18c2b.log
live_log:
  description: The file that takes what a build prints while it is under way; all builds in O(topdir) use it, one after another.
  returned: success
  type: str
  sample: /root/rpmbuild/rpmbuild.log
reasons:
  description: Why a build was needed, or in check mode would be. Empty where everything is up to date.
  returned: success
  type: list
  elements: str
  sample: [sources/openvswitch-2.5.3.tar.gz changed]
stage:
  description: The section of the spec in which the build failed; null where it failed before the first.
  returned: failure of the build
  type: str
  sample: '%build'
errors:
  description: The first error of the compiler, configure or another tool in that section, then the errors of rpmbuild.
  returned: failure of the build
  type: list
  elements: str
  sample: ['configure: error: Cannot find openssl (use --disable-ssl to configure without SSL support)']
failed_tests:
  description: The unit tests that failed, with RV(ignore:number) and RV(ignore:name).
  returned: failure of the build
  type: list
  elements: dict
  sample: [{number: 12, name: vlog - Python}]
missing_requires:
  description: All BuildRequires that this host lacks.
  returned: failure of the build
  type: list
  elements: str
  sample: [openssl-devel, libcap-ng-devel]
log_tail:
  description: The last lines of the log.
  returned: failure of the build
  type: list
  elements: str
  sample: ['RPM build errors:', '    Bad exit status from /var/tmp/rpm-tmp.0Xr6sW (%build)']
'''

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.xenserver.openvswitch.plugins.module_utils import _rpm_build as build
from ansible_collections.xenserver.openvswitch.plugins.module_utils import _rpm_manifest as manifests
from ansible_collections.xenserver.openvswitch.plugins.module_utils import _rpm_origin as origin
from ansible_collections.xenserver.openvswitch.plugins.module_utils._change import Change, exit_with, foresee, guarded
from ansible_collections.xenserver.openvswitch.plugins.module_utils._cli import CliError, check_path
from ansible_collections.xenserver.openvswitch.plugins.module_utils._rpm_options import bad_files, bad_options, files

# Seconds for rpm's short answers.
SHORT = 60


def refuse(texts):
    if texts:
        raise CliError('Nothing was built: %s.' % '; '.join(texts))


@guarded
def run(module):
    given = origin.absolute(module.params)
    refuse(bad_options(given))
    for path in files(given) + [given['lease'] or '']:
        check_path('spec, srpm, sources, patches and lease', path)
    foresee(module, files(given), rpms=[], inputs={}, manifest=None, log=None, live_log=None, reasons=['a file is not there yet'])
    refuse(bad_files(given))
    options = origin.extract(given, module.tmpdir)
    folders, versions = build.survey(options, SHORT)
    wanted = manifests.inputs(options, versions)
    where = manifests.places(folders, wanted)
    manifest = manifests.read_manifest(where['manifest'])
    reasons = manifests.differences(manifest, wanted)
    change = Change()
    if reasons:
        spec = origin.judge(options, SHORT)
        note(change, manifest, wanted, build.commands(options, where, spec))
        manifest = None if module.check_mode else build.build(options, where, wanted, options['time_limit'])
    result = manifest or dict(rpms=[], prepared=None)
    prepared = dict(prepared=result['prepared']) if options['stage'] == 'prep' else {}
    exit_with(module, change, rpms=result['rpms'], inputs=wanted, manifest=where['manifest'], log=where['log'],
              live_log=where['live_log'], reasons=reasons, **prepared)


def note(change, manifest, wanted, commands):
    """Put a build on the record: the inputs before and after, and the commands."""
    before, after = manifests.flat(manifest['inputs'] if manifest else {}), manifests.flat(wanted)
    for name in set(before).union(after):
        change.note(name, before.get(name), after.get(name))
    change.touch()
    for command in commands:
        change.add_command(command)


def main():
    run(AnsibleModule(
        argument_spec={
            'spec': dict(type='path'),
            'spec_member': dict(type='str'),
            'srpm': dict(type='path'),
            'sources': dict(type='list', elements='path', default=[]),
            'patches': dict(type='list', elements='path', default=[]),
            'defines': dict(type='dict', default={}),
            'with': dict(type='list', elements='str', default=[]),
            'without': dict(type='list', elements='str', default=[]),
            'target': dict(type='str'),
            'environment': dict(type='dict', default={}),
            'topdir': dict(type='path'),
            'jobs': dict(type='int'),
            'stage': dict(type='str', choices=['binary', 'all', 'source', 'prep'], default='binary'),
            'time_limit': dict(type='int', default=7200),
            # These two are for the action plugin.
            'progress_interval': dict(type='int', default=10),
            'log_to': dict(type='str'),
            'lease': dict(type='path')},
        required_one_of=[('spec', 'srpm')],
        mutually_exclusive=[('spec', 'srpm'), ('spec_member', 'srpm')],
        supports_check_mode=True))


if __name__ == '__main__':
    main()
