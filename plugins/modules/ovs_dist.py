#!/usr/bin/python
# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function
__metaclass__ = type

DOCUMENTATION = r'''
module: ovs_dist
version_added: 0.1.0
short_description: Make the dist tarball of Open vSwitch from its source
description:
  - Runs C(./boot.sh), C(./configure) and C(make dist) in a private copy of the source, which itself stays as it is.
  - Makes the tarball anew when the content of the source or a patch has changed, by SHA-256, or the tarball is not the one that was made. Times do not count.
  - A release tarball without patches is handed on as it is.
  - Refuses a host that lacks the tools, such as a DDK, and names all that are missing.
extends_documentation_fragment:
  - xenserver.openvswitch.attributes
options:
  src:
    description:
      - The source on the host, which is a Git tree, an unpacked tree with C(boot.sh), or a tarball of either.
      - From a Git tree come the files that Git knows or would add, as they stand in the work tree. What it ignores stays out.
      - FIFOs, sockets and devices stay out of either tree.
    type: path
    required: true
  dest:
    description:
      - The folder for the tarball, its manifest and the log. Made when it is not there.
      - It cannot be inside O(src), nor be where the tarball would replace an O(src) that it is made from.
    type: path
    required: true
  patches:
    description: Patches to apply to the copy, in this order and without fuzz.
    type: list
    elements: dict
    default: []
    suboptions:
      path:
        description: The patch file on the host.
        type: path
        required: true
      sha256:
        description: The SHA-256 that the file must have, in hexadecimal.
        type: str
      strip:
        description: How many leading folders to take off the names in the patch.
        type: int
        default: 1
  version:
    description: The version that the source must have, such as V(3.1.0). Its own when not given.
    type: str
  jobs:
    description: How many jobs C(make) runs at once.
    type: int
    default: 1
  time_limit:
    description:
      - The longest that one step may run, in seconds.
      - A step that takes longer is ended together with its children, and the task fails.
    type: int
    default: 900
seealso:
  - module: xenserver.openvswitch.rpmbuild
author:
  - The xenserver.openvswitch project (@xenserver-openvswitch)
'''

EXAMPLES = r'''
- name: Make the dist tarball from a Git tree
  xenserver.openvswitch.ovs_dist:
    src: /usr/src/openvswitch-tree
    dest: /var/cache/ovs-dist
  register: dist

- name: Make it with a patch, and only if the tree is that of 3.1.0
  xenserver.openvswitch.ovs_dist:
    src: /usr/src/openvswitch-tree
    dest: /var/cache/ovs-dist
    version: 3.1.0
    patches:
      - path: /usr/src/patches/0001-keep-the-old-port.patch
        sha256: 5f2b1d6a8c5f0f5a1b1fd4f2f1c57d2e7e3d7f9cf6a3a2c2a6c0cc7c1e4c2b11
'''

RETURN = r'''
tarball:
  description: The dist tarball.
  returned: success
  type: str
  sample: /var/cache/ovs-dist/openvswitch-3.1.0.tar.gz
version:
  description: The version, as the source has it.
  returned: success
  type: str
  sample: 3.1.0
sha256:
  description: The SHA-256 of the tarball. Null in check mode, where it would be made.
  returned: success
  type: str
  sample: 0cb4b5a3b1b9a0e3dbf8e3b7f9b6a3d2f0c1e4d5a6b7c8d9e0f1a2b3c4d5e6f7
size:
  description: The size of the tarball in bytes. Null in check mode, where it would be made.
  returned: success
  type: int
  sample: 8392704
manifest:
  description:
    - The JSON file beside the tarball that says what it was made from, which is the digests of the source and the patches,
      the commit with the files that differ from it, and the versions of the tools.
  returned: success
  type: str
  sample: /var/cache/ovs-dist/openvswitch-3.1.0.tar.gz.json
log:
  description: The log of the steps.
  returned: success or when a step failed
  type: str
  sample: /var/cache/ovs-dist/openvswitch-3.1.0.log
kind:
  description: What O(src) is. C(tarball) is a packed tree, C(release) a dist tarball already.
  returned: success
  type: str
  sample: git
stage:
  description: The step that failed.
  returned: when a step failed
  type: str
  sample: configure
log_tail:
  description: The last lines of the log.
  returned: when a step failed
  type: list
  elements: str
  sample: ['configure: error: C compiler cannot create executables']
missing:
  description: The tools that the host lacks, each with the package that usually holds it.
  returned: when a tool is missing
  type: list
  elements: str
  sample: [autoreconf (package autoconf), aclocal (package automake), libtoolize (package libtool)]
commands:
  description: Empty. The log holds the commands of the steps.
  returned: success
  type: list
  elements: list
  sample: []
'''

import os

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.xenserver.openvswitch.plugins.module_utils import _dist, _dist_build, _dist_tools
from ansible_collections.xenserver.openvswitch.plugins.module_utils._change import Change, exit_with, guarded
from ansible_collections.xenserver.openvswitch.plugins.module_utils._cli import CliError, check_path

PATCH = dict(path=dict(type='path', required=True), sha256=dict(type='str'), strip=dict(type='int', default=1))
ARGUMENTS = dict(
    src=dict(type='path', required=True),
    dest=dict(type='path', required=True),
    patches=dict(type='list', elements='dict', options=PATCH, default=[]),
    version=dict(type='str'),
    jobs=dict(type='int', default=1),
    time_limit=dict(type='int', default=900),
)


def inside(path, folder):
    """Whether ``path`` is ``folder`` or below it."""
    path, folder = os.path.realpath(path), os.path.realpath(folder)
    return path == folder or path.startswith(folder.rstrip(os.sep) + os.sep)


def refuse_to_replace(source, dest):
    """Refuse a folder where what is made of a tarball would take its place; a second run would begin with the result of the first."""
    tarball = _dist_build.paths(dest, source['version'])['tarball']
    if source['kind'] == 'tarball' and os.path.realpath(tarball) == os.path.realpath(source['path']):
        raise _dist.SourceError('The tarball to be made, %s, would replace the source. Give another dest.' % tarball)


def source_of(module):
    """The source and its patches, each checked; ends the module where one is wrong."""
    params = module.params
    src, dest = params['src'].rstrip(os.sep), params['dest']
    try:
        if os.path.isdir(src) and inside(dest, src):
            raise _dist.SourceError('The folder dest, %s, is inside the source, and would change it. Give one outside.' % dest)
        patches = _dist.patches(params['patches'])
        source = _dist.identify(src, bool(patches))
        refuse_to_replace(source, dest)
        if params['version'] and params['version'] != source['version']:
            raise _dist.SourceError('%s is version %s, and not %s. Give the source of that version.' % (src, source['version'], params['version']))
        if source['kind'] == 'git' and not _dist_tools.first(['git']):
            tools_for(module, source, patches)
        return _dist.measure(source, params['time_limit']), patches
    except _dist.SourceError as error:
        module.fail_json(msg='%s Nothing was changed.' % error)


def tools_for(module, source, patches):
    """The tools that the source needs; ends the module where one is missing."""
    there, missing = _dist_tools.survey(source, bool(patches), module.params['time_limit'])
    if missing:
        module.fail_json(msg=_dist_tools.refusal(source['version'], missing), missing=missing)
    return there


def make(module, source, patches, there, where):
    """The manifest of the tarball that is made, or nothing but its shape in check mode."""
    params = module.params
    if module.check_mode:
        return dict(sha256=None, size=None)
    try:
        with _dist_build.locked(params['dest']):
            return _dist_build.make(source, patches, there, where, params['jobs'], params['time_limit'])
    except _dist.SourceError as error:
        module.fail_json(msg=str(error))


def whole_path(option, path):
    """The path from the root on, since the steps run in other folders. Not by abspath, which takes ``link/..`` for another folder than the system does.

    :raises CliError: a path that no file can have.
    """
    check_path(option, path)
    if not path:
        raise CliError('%s: the path is empty. Give the whole one.' % option)
    return os.path.join(os.getcwd(), path)


def whole_paths(params):
    """The options that are paths, as whole ones."""
    patches = [dict(patch, path=whole_path('patches', patch['path'])) for patch in params['patches']]
    return dict(src=whole_path('src', params['src']), dest=whole_path('dest', params['dest']), patches=patches)


@guarded
def run(module):
    module.params.update(whole_paths(module.params))
    source, patches = source_of(module)
    where = _dist_build.paths(module.params['dest'], source['version'])
    wanted, change = _dist_build.inputs(source, patches), Change()
    manifest = _dist_build.standing(where, wanted)
    if manifest is None:
        change.note('inputs', _dist_build.recorded(where), wanted)
        change.touch()
        manifest = make(module, source, patches, tools_for(module, source, patches), where)
    exit_with(module, change, version=source['version'], kind=source['kind'], sha256=manifest['sha256'], size=manifest['size'], **where)


def main():
    run(AnsibleModule(argument_spec=ARGUMENTS, supports_check_mode=True))


if __name__ == '__main__':
    main()
