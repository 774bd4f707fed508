#!/usr/bin/python
# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function
__metaclass__ = type

DOCUMENTATION = r'''
module: rpm_ready
short_description: See that packages of a host can be replaced, since no other rpm is at work and there is room
version_added: 0.1.0
description:
  - Waits until no other C(rpm) is at work. One that a run has started before it was killed goes on to its end,
    and what is installed is not settled before.
  - Then it adds up, for each file system, what it takes to bring the RPM files of other builds, to keep those of the installed ones, and to replace
    the packages, and fails where that is more than there is.
  - C(rpm) unpacks the new files before it removes the old ones. What they will take is estimated by what the installed packages take;
    C(rpm) itself checks the exact figure later, when the files are on the host.
  - Starts two processes.
extends_documentation_fragment:
  - xenserver.openvswitch.attributes.info
author: The xenserver.openvswitch project (@xenserver-openvswitch)
options:
  name:
    description: The packages that will be replaced, by name or by what they provide. Those that are not installed take nothing.
    type: list
    elements: str
    required: true
  folder:
    description: The folder on the host into which the new RPM files will be copied.
    type: path
    required: true
  size:
    description: What these files take, in bytes.
    type: int
    default: 0
  keep:
    description:
      - The folder into which M(xenserver.openvswitch.rpm_keep) will put the files of what is installed, found in O(folder).
      - They are linked, and take no room, unless it is on another file system.
    type: path
  time_limit:
    description: The longest to wait for another C(rpm), and for an answer of C(rpm), in seconds.
    type: int
    default: 900
seealso:
  - module: xenserver.openvswitch.rpm_keep
  - module: xenserver.openvswitch.rpm_package
'''

EXAMPLES = r'''
- name: Nothing else changes packages, and there is room for another Open vSwitch
  xenserver.openvswitch.rpm_ready:
    name: [openvswitch]
    folder: /var/cache/xenserver-openvswitch
    size: 4200000
    keep: /var/cache/xenserver-openvswitch/previous
'''

RETURN = r'''
file_systems:
  description: The file systems that are concerned. RV(ignore:free) and RV(ignore:needed) are bytes.
  returned: success, and where there is not enough room
  type: list
  elements: dict
  sample:
    - mount: /
      free: 1200000000
      needed: 16400000
      purposes: [4.2 MB for the RPMs in /var/cache/xenserver-openvswitch, 12.2 MB for the files of the packages]
'''

import re

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.xenserver.openvswitch.plugins.module_utils import _cli, _room
from ansible_collections.xenserver.openvswitch.plugins.module_utils import _rpm_transaction as transaction
from ansible_collections.xenserver.openvswitch.plugins.module_utils._change import guarded

# Where the files of packages go, as far as it matters: the kernel's modules are on the same file system.
PACKAGES = '/usr'


def installed_size(names, time_limit):
    """What the files of the installed packages take that are called, or provide, one of ``names``."""
    if not names:
        return 0
    argv = [_cli.find('rpm'), '-q', '--qf', r'%{NAME}-%{VERSION}-%{RELEASE}.%{ARCH} %{SIZE}\n', '--whatprovides'] + names
    # rpm ends with the number of names that nothing provides, and says so in a line of several words.
    lines = re.findall(r'^(\S+) (\d+)$', _cli.run(argv, time_limit, ok=None).out, re.MULTILINE)
    return sum(int(size) for size in dict(lines).values())


def needs(folder, size, keep, installed):
    found = [dict(path=folder, size=size, purpose='the RPMs in %s' % folder), dict(path=PACKAGES, size=installed, purpose='the files of the packages')]
    if keep and _room.look(keep)[0] != _room.look(folder)[0]:
        found.append(dict(path=keep, size=installed, purpose='the way back in %s' % keep))
    return [need for need in found if need['size']]


@guarded
def run(module):
    params = module.params
    for option in ('folder', 'keep'):
        _cli.check_path(option, params[option] or '')
    problems = transaction.bad_names(params['name'])
    if problems:
        raise _cli.CliError('%s.' % '; '.join(problems))
    transaction.wait_for_others(params['time_limit'])
    systems = _room.file_systems(needs(params['folder'], params['size'], params['keep'], installed_size(params['name'], params['time_limit'])))
    short = _room.short(systems)
    if short:
        module.fail_json(file_systems=systems, msg=(
            'There is not enough room: %s. Nothing was changed. Make room there, or give folders on another file system, and run again.'
            % '; '.join(short)))
    module.exit_json(changed=False, file_systems=systems)


def main():
    run(AnsibleModule(
        argument_spec=dict(
            name=dict(type='list', elements='str', required=True),
            folder=dict(type='path', required=True),
            size=dict(type='int', default=0),
            keep=dict(type='path'),
            time_limit=dict(type='int', default=900)),
        supports_check_mode=True))


if __name__ == '__main__':
    main()
