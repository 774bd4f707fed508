#!/usr/bin/python
# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The documentation of the action plugin of this name; nothing of it runs on the host."""

from __future__ import absolute_import, division, print_function
__metaclass__ = type

DOCUMENTATION = r'''
module: python_bootstrap
short_description: See that a host has a Python that modules can run on
version_added: 0.1.0
description:
  - Asks the host for its Python without needing one, and says so where there is neither 2.7 nor 3.6 or later, as on XenServer 6.5 and earlier.
  - Installs the RPMs of one that it is given, in one transaction, after their SHA-256 held on the controller and again on the host.
  - Everything on the host is done by its shell, C(sha256sum) and C(rpm). The files go over the connection, whichever it is.
  - The Python is that of C(ansible_python_interpreter) where the inventory names one, otherwise the first that is found.
author: "The xenserver.openvswitch project (@xenserver-openvswitch)"
extends_documentation_fragment:
  - xenserver.openvswitch.attributes
attributes:
  action:
    description: It is an action, so that nothing of it needs a Python on the host.
    support: full
options:
  rpms:
    description: The RPMs to install where the host has no Python that will do, all that are needed.
    type: list
    elements: dict
    default: []
    suboptions:
      path:
        description: The RPM on the controller.
        type: str
        required: true
      sha256:
        description: Its SHA-256.
        type: str
        required: true
'''

EXAMPLES = r'''
- name: Hosts of XenServer 6.5 get a Python 2.7
  xenserver.openvswitch.python_bootstrap:
    rpms:
      - path: /srv/rpms/python27-2.7.18-1.x86_64.rpm
        sha256: 5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03
'''

RETURN = r'''
path:
  description: The interpreter, null in check mode where it would be installed.
  returned: success
  type: str
  sample: /usr/bin/python2.7
version:
  description: Its version, null in check mode where it would be installed.
  returned: success
  type: str
  sample: 2.7.18
output:
  description: What C(rpm) printed. Empty where nothing was installed.
  returned: success
  type: str
  sample: ''
'''
