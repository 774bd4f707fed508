# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r'''
name: differing
short_description: Tell which files of the controller are not there, or are not what they are to be
version_added: 0.1.0
author: The xenserver.openvswitch project (@xenserver-openvswitch)
description:
  - To copy or fetch many files takes a module or two for each, even where nothing is to be done.
    With the digests that a host tells in one go, only those are left that must be brought.
options:
  _input:
    description: The files, with their paths on the controller.
    type: list
    elements: str
    required: true
  digests:
    description: The SHA-256 that they are to have, by the file's name without its folder. A file without one is differing.
    type: dict
    required: true
'''

EXAMPLES = r'''
- name: Bring what the DDK does not have yet
  ansible.builtin.copy:
    src: "{{ item }}"
    dest: /root/sources/
    mode: "0644"
  loop: "{{ ['/srv/openvswitch-3.1.0.tar.gz'] | xenserver.openvswitch.differing(ddk.files) }}"
'''

RETURN = r'''
_value:
  description: The files that are not there, or have another content, in the order of the input.
  type: list
  elements: str
'''

import os

from ansible_collections.xenserver.openvswitch.plugins.module_utils._dist import digest


def differing(paths, digests):
    return [path for path in paths if not os.path.isfile(path) or digest(path) != digests.get(os.path.basename(path))]


class FilterModule:
    def filters(self):
        return {'differing': differing}
