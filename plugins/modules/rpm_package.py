#!/usr/bin/python
# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function
__metaclass__ = type

DOCUMENTATION = r'''
module: rpm_package
version_added: 0.1.0
short_description: Install, replace and remove RPM files in one transaction
author: The xenserver.openvswitch project (@xenserver-openvswitch)
description:
  - Makes exactly the given builds of packages installed, or takes packages off, in one transaction of C(rpm).
  - A build is told by its name, epoch, version, release, architecture and the digest of its header,
    so that a rebuild of the same version is noticed and replaces the one that is installed.
  - Where a transaction that was killed has left an old build beside the new one, both count as installed for C(rpm). That is a change, and mended.
  - C(rpm --test) checks the whole transaction first, in check mode too. Nothing is changed unless all of it can be.
  - In check mode a file that is not there yet counts as a change, with a warning, since an earlier task may have been about to bring it.
  - Uses neither C(yum) nor C(dnf) and no Python bindings of rpm. It never passes C(--nodeps) or C(--force).
extends_documentation_fragment:
  - xenserver.openvswitch.attributes
options:
  state:
    description:
      - V(present) makes exactly the builds in O(path) installed.
      - V(latest) does the same, but leaves a newer version that is installed alone.
      - V(absent) removes O(name). What is not installed is no error.
    type: str
    choices: [present, latest, absent]
    default: present
  path:
    description:
      - RPM files on the host, with absolute paths. All that must change are one transaction.
      - Spaces, quotes, backslashes and the characters C(%*?[]{}) are refused, since rpm expands them.
    type: list
    elements: path
  name:
    description:
      - Exact names of packages, or of what they provide, for example V(openvswitch-modules-xen).
      - Where a package has this very name only that is removed, otherwise all packages that provide it.
      - Patterns, paths and options are refused, and what begins with a dot, which rpm takes for a path. A C(+) stands for itself.
    type: list
    elements: str
  checksums:
    description:
      - The SHA-256 of files, by the file's name without its folder. A file with another content is refused.
      - A file that is listed here needs no signature.
    type: dict
    default: {}
  allow_downgrade:
    description: Consent to replace an installed package by an older one.
    type: bool
    default: false
  allow_vendor_change:
    description: Consent to replace an installed package by one of another vendor, or of none.
    type: bool
    default: false
  allow_unsigned:
    description: Consent to install files that bear no signature and are not in O(checksums), or whose signature is not confirmed.
    type: bool
    default: false
  remove_first:
    description:
      - Exact names of packages that are removed before the files are installed, unless one of the files is of that package.
        So goes a part that only the build has which is replaced, and which holds that build in place.
      - rpm cannot do both in one transaction, so this is one of its own. Both are checked before anything is changed.
      - Only with O(path). What is not installed is no error.
    type: list
    elements: str
    default: []
  remove_obsolete:
    description:
      - Remove the packages in RV(obsolete) once the files are installed.
        rpm cannot do both in one transaction, so this is a second one. Both are checked before anything is changed.
      - Only with O(path).
    type: bool
    default: false
  time_limit:
    description:
      - The longest that the transaction may take, in seconds, including the time that another C(rpm) holds the lock.
      - After it rpm is ended, and what is installed then is returned.
    type: int
    default: 900
seealso:
  - module: xenserver.openvswitch.rpmbuild
'''

EXAMPLES = r'''
- name: Open vSwitch and its kernel module are installed, in one transaction
  xenserver.openvswitch.rpm_package:
    path:
      - /var/tmp/openvswitch-2.5.3-1.x86_64.rpm
      - /var/tmp/openvswitch-modules-3.10.0+2-2.5.3-1.x86_64.rpm
    checksums:
      openvswitch-2.5.3-1.x86_64.rpm: 5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03
      openvswitch-modules-3.10.0+2-2.5.3-1.x86_64.rpm: 3a7bd3e2360a3d29eea436fcfb7e44c735d117c42d1c1835420b6b9942dd4f1b
    allow_vendor_change: true

- name: The module for the running kernel is installed, and those for kernels before it are gone
  xenserver.openvswitch.rpm_package:
    path:
      - /var/tmp/openvswitch-modules-3.10.0+2-2.5.3-1.x86_64.rpm
    allow_unsigned: true
    remove_obsolete: true

- name: Open vSwitch and the modules of all kernels are gone
  xenserver.openvswitch.rpm_package:
    name:
      - openvswitch
      - openvswitch-modules
    state: absent
'''

RETURN = r'''
before:
  description: The packages concerned that were installed, as C(name-[epoch:]version-release.arch).
  returned: success, and failure of the transaction
  type: list
  elements: str
  sample: [openvswitch-2.5.3-1.x86_64]
after:
  description: The same, read again from the database afterwards. In check mode what it would be.
  returned: success, and failure of the transaction
  type: list
  elements: str
  sample: ['openvswitch-1:3.1.0-1.x86_64']
installed:
  description: What is installed now and was not before. A rebuild of the same version is in RV(installed) and RV(removed).
  returned: success, and failure of the transaction
  type: list
  elements: str
  sample: ['openvswitch-1:3.1.0-1.x86_64']
removed:
  description: What was installed before and is not now.
  returned: success, and failure of the transaction
  type: list
  elements: str
  sample: [openvswitch-2.5.3-1.x86_64]
siblings:
  description: >-
    Names of installed packages that are the same for another kernel as one of the files. rpm leaves them in place,
    O(state=absent) removes them.
  returned: success, with O(path)
  type: list
  elements: str
  sample: [openvswitch-modules-3.10.0+2]
obsolete:
  description:
    - Packages that were installed and hold the kernel modules of one of the files for other kernels only, all older than the running one.
      Their files below C(/lib/modules) tell which kernels those are.
    - The module for the running kernel is never among them, nor one for a newer kernel, which may have been prepared for the next boot;
      see RV(siblings) for these.
  returned: success, with O(path)
  type: list
  elements: str
  sample: [openvswitch-modules-3.10.0+2-2.5.3-1.x86_64]
output:
  description: What rpm and the packages' scripts printed.
  returned: success, and failure of the transaction
  type: str
  sample: You *MUST* now reboot your system
commands:
  description: The commands that were run to change something, or in check mode would be.
  returned: success
  type: list
  elements: list
  sample: [[rpm, -U, /var/tmp/openvswitch-2.5.3-1.x86_64.rpm]]
'''

import os

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.common.text.converters import to_native, to_text

from ansible_collections.xenserver.openvswitch.plugins.module_utils import _rpm
from ansible_collections.xenserver.openvswitch.plugins.module_utils import _rpm_transaction as transaction
from ansible_collections.xenserver.openvswitch.plugins.module_utils._change import Change, exit_with, foresee, guarded
from ansible_collections.xenserver.openvswitch.plugins.module_utils._cli import CliError, check_path


def refuse(texts):
    if texts:
        raise CliError('Nothing was changed: %s.' % '; '.join(texts))


def present(module):
    """Plan, judge and carry out an installation."""
    args = module.params
    paths, limit = [to_text(path) for path in args['path']], args['time_limit']
    checksums = dict((to_text(name), value) for name, value in args['checksums'].items())
    for path in paths:
        check_path('path', path)
    refuse(transaction.bad_checksums(checksums) + transaction.bad_names(args['remove_first']))
    foresee(module, paths, before=[], after=[], installed=[], removed=[], siblings=[], obsolete=[], output='')
    packages = _rpm.read_files(paths, limit)
    refuse(transaction.bad_files(paths, packages, checksums))
    asked = sorted(set(transaction.names_to_ask(packages) + args['remove_first']))
    installed = _rpm.read_installed(asked, limit)
    excess = transaction.named_alone(args['remove_first'], packages, installed)
    obsolete = transaction.obsolete(packages, installed, os.uname()[2])
    leftover = obsolete if args['remove_obsolete'] else []
    outdated = dict((path, transaction.obsoleted(path, package, installed, limit)) for path, package in zip(paths, packages))
    halves = [have for package in packages for have in transaction.torn(package, installed, limit)]
    plan = transaction.plan_install(paths, packages, installed, args['state'] == 'latest', leftover, outdated, halves, excess)
    consents = dict((name, args[name]) for name in ('allow_downgrade', 'allow_vendor_change', 'allow_unsigned'))
    refuse(transaction.refusals(plan['steps'], checksums, **consents))
    refuse(transaction.foreign(plan['steps'], transaction.host_architectures(plan['steps'], limit)))
    if not args['allow_unsigned']:
        transaction.check_signatures(transaction.unproven(plan['steps'], checksums), limit)

    def concerned(found):
        return transaction.concerned(packages + leftover + excess, found)
    carry_out(module, plan, concerned(installed), lambda: concerned(_rpm.read_installed(asked, limit)),
              siblings=transaction.siblings(packages, installed), obsolete=transaction.nevras(obsolete))


def absent(module):
    """Plan and carry out a removal."""
    names, limit = module.params['name'], module.params['time_limit']
    refuse(transaction.bad_names(names))
    plan = transaction.plan_erase(names, _rpm.read_installed(names, limit))
    gone = [have['name'] for have in plan['erase']]
    # What merely provides one of the names was there before, and stays.
    carry_out(module, plan, plan['erase'], lambda: [have for have in _rpm.read_installed(gone, limit) if have['name'] in gone])


def carry_out(module, plan, before, read, **values):
    """Try the plan, then do it unless in check mode, and end with what is installed; ``read()`` tells that."""
    change = Change()
    after, failure, output = before, None, ''
    if plan['commands']:
        transaction.rehearse(plan, module.params['time_limit'])
        for command in plan['commands']:
            change.add_command([to_native(word) for word in ['rpm'] + command])
        after = transaction.outcome(plan, before)
        if not module.check_mode:
            failure, output = attempt(plan['commands'], module.params['time_limit'])
            after = read()
    installed, removed = transaction.difference(before, after)
    change.note('packages', transaction.builds(before), transaction.builds(after))
    for line in output.splitlines():
        if 'scriptlet failed' in line:
            module.warn(line)
    values.update(before=transaction.nevras(before), after=transaction.nevras(after), installed=installed, removed=removed, output=output)
    unmet = transaction.unmet(plan, after)
    if failure or unmet:
        module.fail_json(msg='The rpm transaction failed: %s' % '; '.join(unmet + [failure or 'rpm reported no error']),
                         **change.result(diff=module._diff, **values))
    exit_with(module, change, **values)


def attempt(commands, time_limit):
    """Run the commands until one fails; ``(what failed or None, what was printed)``."""
    printed = []
    for command in commands:
        try:
            result = transaction.transact(command, time_limit)
        except CliError as error:
            return to_text(str(error)), '\n'.join(printed + ([transaction.said(error.result)] if error.result else []))
        output = transaction.said(result)
        printed.extend([output] if output else [])
        if result.rc:
            return 'rpm ended with status %d: %s' % (result.rc, output), '\n'.join(printed)
    return None, '\n'.join(printed)


@guarded
def run(module):
    if module.params['state'] == 'absent':
        absent(module)
    else:
        present(module)


def main():
    run(AnsibleModule(
        argument_spec=dict(
            state=dict(type='str', choices=['present', 'latest', 'absent'], default='present'),
            path=dict(type='list', elements='path'),
            name=dict(type='list', elements='str'),
            checksums=dict(type='dict', default={}),
            allow_downgrade=dict(type='bool', default=False),
            allow_vendor_change=dict(type='bool', default=False),
            allow_unsigned=dict(type='bool', default=False),
            remove_first=dict(type='list', elements='str', default=[]),
            remove_obsolete=dict(type='bool', default=False),
            time_limit=dict(type='int', default=900)),
        required_if=[('state', 'present', ['path']), ('state', 'latest', ['path']), ('state', 'absent', ['name'])],
        mutually_exclusive=[('path', 'name')],
        supports_check_mode=True))


if __name__ == '__main__':
    main()
