#!/usr/bin/python
# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function
__metaclass__ = type

DOCUMENTATION = r'''
module: xapi_ca_certificate
version_added: 0.1.0
short_description: Install a CA certificate in a XenServer or XCP-ng pool
description:
  - Has every host of a pool hold a certificate under a name, which XAPI keeps in C(/etc/stunnel/certs).
    With the name C(sdn-controller-ca.pem) it is the authority by which hosts that listen for their manager (C(pssl)) check its certificate.
  - Is idempotent by the certificate itself, and replaces what is different. XAPI replaces nothing, so the old one is uninstalled and the new one installed.
    Open vSwitch takes the new one up by itself, and keeps the connections that are there.
  - Looks at this host alone. Run it on every host of the pool, one at a time, so that a host that has missed a change has XAPI distribute it again.
author: "The xenserver.openvswitch project (@xenserver-openvswitch)"
extends_documentation_fragment:
  - xenserver.openvswitch.attributes
  - xenserver.openvswitch.attributes.time_limit
attributes:
  platform:
    platforms: XenServer, XCP-ng
options:
  name:
    description: The name, which is that of a file and ends in C(.pem).
    type: str
    default: sdn-controller-ca.pem
  content:
    description:
      - The certificate as PEM text. Required with O(state=present).
      - XAPI takes a single one that is valid today. A text with a private key is refused.
    type: str
  state:
    description: Whether the pool holds it. V(absent) uninstalls whatever has that name.
    type: str
    choices: [present, absent]
    default: present
seealso:
  - module: xenserver.openvswitch.xapi_sdn_controller
  - module: xenserver.openvswitch.ovs_trust
'''

EXAMPLES = r'''
- name: Install the authority of the manager, for hosts that listen for it
  xenserver.openvswitch.xapi_ca_certificate:
    content: "{{ lookup('ansible.builtin.file', 'controller-ca.pem') }}"
  throttle: 1
'''

RETURN = r'''
certificate:
  description: What the pool holds under the name after the task, null for nothing. Null in a converged run too, where nobody had to look into it.
  returned: success
  type: dict
  sample:
    subject: O = Example, CN = Example authority
    not_after: Nov 21 15:24:32 2036 GMT
    sha256: 5C:0D:66:8E:6B:8D:71:2A:63:9A:83:9B:A8:78:3D:0D:34:32:9D:11:58:68:AA:7A:37:A0:F5:C2:9B:A3:04:F7
    expired: false
commands:
  description: The commands that changed something, or would in check mode. The file is a temporary one.
  returned: success
  type: list
  elements: list
  sample:
    - [/opt/xensource/bin/xe, pool-uninstall-ca-certificate, name=sdn-controller-ca.pem]
    - [/opt/xensource/bin/xe, pool-install-ca-certificate, filename=sdn-controller-ca.pem]
'''

import os

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.xenserver.openvswitch.plugins.module_utils import _pem, _xapi_certificate
from ansible_collections.xenserver.openvswitch.plugins.module_utils._change import Change, exit_with, guarded
from ansible_collections.xenserver.openvswitch.plugins.module_utils._xapi import Refused, Xe


def want(module):
    """The text asked for, None for none; ends the module where XAPI would refuse it."""
    _xapi_certificate.check_name(module.params['name'])
    if module.params['state'] == 'absent':
        return None
    text = module.params['content']
    number = len(_pem.bodies(text))
    if number != 1:
        raise Refused('content holds %d certificates, and XAPI takes one under each name. Give the one that signed the manager\'s.' % number)
    return text


def converge(module):
    name, limit = module.params['name'], module.params['time_limit']
    text, old = want(module), _pem.read(os.path.join(_xapi_certificate.FOLDER, name))
    change = Change()
    if old == text or text and _pem.same(text, old):
        exit_with(module, change, certificate=None)
    new = _pem.check(text, limit)[0] if text else None
    xe = Xe(limit)
    change.note('certificate', known(old, limit), new)
    for argv in _xapi_certificate.argvs(xe, name, bool(text)):
        change.add_command(argv)
    if not module.check_mode:
        if text:
            _xapi_certificate.replace(xe, name, text, old)
        else:
            _xapi_certificate.uninstall(xe, name)
    exit_with(module, change, certificate=new)


def known(text, time_limit):
    """What is known of the old one, which may be no certificate at all."""
    try:
        return _pem.described(text, time_limit)[0] if text else None
    except _pem.PemError as error:
        return str(error)


def main():
    module = AnsibleModule(
        argument_spec=dict(
            name=dict(type='str', default='sdn-controller-ca.pem'),
            content=dict(type='str', no_log=True),  # a private key may have come along
            state=dict(type='str', choices=['present', 'absent'], default='present'),
            time_limit=dict(type='int', default=60),
        ),
        required_if=[('state', 'present', ('content',))],
        supports_check_mode=True,
    )
    guarded(converge)(module)


if __name__ == '__main__':
    main()
