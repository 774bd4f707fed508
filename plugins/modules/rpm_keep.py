#!/usr/bin/python
# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function
__metaclass__ = type

DOCUMENTATION = r'''
module: rpm_keep
short_description: Keep the RPM files of what is installed, to have a way back
version_added: 0.1.0
description:
  - rpm does not keep the files that it has installed. Before a package is replaced, this module finds the files of the builds that
    are installed and puts them into a folder of their own, so that C(rpm) can go back to them.
  - A file is that of an installed package only where its header is the same, so that a rebuild of the same version is not taken for it.
    A file that is damaged is passed over.
  - Afterwards O(dest) holds exactly these files. Its other RPM files are removed; those in O(folders) stay.
  - Starts two processes, however many files there are; where one of the files is damaged, one more for each file.
extends_documentation_fragment:
  - xenserver.openvswitch.attributes
  - xenserver.openvswitch.attributes.time_limit
author: The xenserver.openvswitch project (@xenserver-openvswitch)
options:
  name:
    description: The packages, by name or by what they provide. Those that are not installed need no file.
    type: list
    elements: str
    required: true
  folders:
    description: Folders on the host that are searched for RPM files, in this order. O(dest) is searched as well.
    type: list
    elements: path
    required: true
  dest:
    description: The folder for the files. It is created with mode 0755 where it is missing.
    type: path
    required: true
  required:
    description: Whether a package whose file is found nowhere is a failure, before anything is changed.
    type: bool
    default: true
notes:
  - Files are linked where O(dest) is on the same file system, and take no room there.
seealso:
  - module: xenserver.openvswitch.rpm_package
'''

EXAMPLES = r'''
- name: There is a way back to the Open vSwitch that is installed
  xenserver.openvswitch.rpm_keep:
    name: [openvswitch, openvswitch-modules]
    folders: [/var/cache/xenserver-openvswitch]
    dest: /var/cache/xenserver-openvswitch/previous
'''

RETURN = r'''
kept:
  description: The files in O(dest) after the task, or as they would be in check mode.
  returned: success
  type: list
  elements: str
  sample: [/var/cache/xenserver-openvswitch/previous/openvswitch-3.1.0-1.systemd.x86_64.rpm]
missing:
  description: The installed packages whose file was found nowhere.
  returned: success, and where one is missing with O(required=true)
  type: list
  elements: str
  sample: [openvswitch-2.17.7-4.1.xcpng8.3.x86_64]
commands:
  description: Empty, since files are linked and removed without a program.
  returned: success
  type: list
  elements: list
  sample: []
'''

import glob
import os
import shutil

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.xenserver.openvswitch.plugins.module_utils import _rpm
from ansible_collections.xenserver.openvswitch.plugins.module_utils import _rpm_transaction as transaction
from ansible_collections.xenserver.openvswitch.plugins.module_utils._change import Change, exit_with, guarded
from ansible_collections.xenserver.openvswitch.plugins.module_utils._cli import CliError, Ended, check_path


def rpm_files(folder):
    """What rpm can read of a folder; half copied files are none."""
    return [path for path in sorted(glob.glob(os.path.join(folder, '*.rpm'))) if _rpm.file_problem(path) is None]


def readable(paths, time_limit):
    """``[(path, package)]`` by one process; where a file is damaged further in, by one for each, without the damaged."""
    try:
        return list(zip(paths, _rpm.read_files(paths, time_limit)))
    except Ended:
        raise
    except CliError:
        each = [(path,) + _rpm.query(['-p', path], time_limit) for path in paths]
        if not all(packages or complaint for dummy, packages, complaint in each):
            raise  # rpm says what is wrong with a file; one that says nothing was ended by another
        return [(path, packages[0]) for path, packages, dummy in each if len(packages) == 1]


def find(installed, folders, time_limit):
    """``(path by installed NEVRA, NEVRAs without a file)``; the first folder that has a file wins."""
    paths = [path for folder in folders for path in rpm_files(folder)]
    packages = readable(paths, time_limit) if installed else []
    found = dict((_rpm.nevra(have), path) for have in installed for path, package in reversed(packages) if _rpm.same_build(have, package))
    return found, sorted(set(_rpm.nevra(have) for have in installed) - set(found))


def shown(path, found, dest):
    """A file of ``dest`` as a diff names it; a rebuild has the name of the file that takes its place."""
    name = os.path.basename(path)
    brought = [os.path.basename(one) for one in found.values() if one != os.path.join(dest, os.path.basename(one))]
    return '%s (another build)' % name if name in brought else name


def place(found, dest):
    """Make ``dest`` hold the files found and no other RPM file. A file appears under its name when it is whole."""
    if not os.path.isdir(dest):
        os.makedirs(dest, 0o755)
    for path in found.values():
        target = os.path.join(dest, os.path.basename(path))
        if target == path:
            continue
        draft = target + '.new'
        if os.path.lexists(draft):
            os.unlink(draft)
        try:
            os.link(path, draft)
        except OSError:  # another file system
            shutil.copy2(path, draft)
        os.rename(draft, target)
    names = set(os.path.basename(path) for path in found.values())
    for path in rpm_files(dest):
        if os.path.basename(path) not in names:
            os.unlink(path)


@guarded
def run(module):
    params = module.params
    for path in params['folders'] + [params['dest']]:
        check_path('folders and dest', path)
    problems = transaction.bad_names(params['name'])
    if problems:
        raise CliError('Nothing was changed: %s.' % '; '.join(problems))
    installed = _rpm.read_installed(params['name'], params['time_limit'])
    found, missing = find(installed, [params['dest']] + params['folders'], params['time_limit'])
    if missing and params['required']:
        module.fail_json(missing=missing, msg=(
            'There is no way back: no RPM file of %s in %s. Put the files there, which are those that it was installed from, or set required to false. '
            'Nothing was changed.' % (', '.join(missing), ', '.join(params['folders']))))
    before = [shown(path, found, params['dest']) for path in rpm_files(params['dest'])]
    after = sorted(os.path.basename(path) for path in found.values())
    change = Change()
    change.note('kept', before, after)
    if change.changed and not module.check_mode:
        place(found, params['dest'])
    exit_with(module, change, kept=[os.path.join(params['dest'], name) for name in after], missing=missing)


def main():
    run(AnsibleModule(
        argument_spec=dict(
            name=dict(type='list', elements='str', required=True),
            folders=dict(type='list', elements='path', required=True),
            dest=dict(type='path', required=True),
            required=dict(type='bool', default=True),
            time_limit=dict(type='int', default=60)),
        supports_check_mode=True))


if __name__ == '__main__':
    main()
