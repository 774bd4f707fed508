#!/usr/bin/python
# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function
__metaclass__ = type

DOCUMENTATION = r'''
module: ovs_trust
version_added: 0.1.0
short_description: Set which authorities an Open vSwitch trusts its manager by
description:
  - Keeps the file of authorities by which Open vSwitch checks the certificate of a manager that it connects to.
  - Open vSwitch takes a new content up by itself and keeps the connections that are there. So to go from one authority to the next without a gap, let it
    trust both, give the manager its new certificate, and then let it trust the new one alone.
  - Where an authority is not trusted any more, the connections are made anew, so that none outlives its trust.
    All clients of the database connect again at once, C(ovs-vswitchd) too, which goes on forwarding.
author: "The xenserver.openvswitch project (@xenserver-openvswitch)"
extends_documentation_fragment:
  - xenserver.openvswitch.attributes
  - xenserver.openvswitch.attributes.time_limit
attributes:
  platform:
    platforms: Open vSwitch
options:
  state:
    description:
      - V(exact) has the file hold the certificates of O(content) and no others.
      - V(anew) is for hosts that trust on first use. Where a manager is not connected because its certificate is of an authority that the host does not
        hold, it takes the file away, so that the next authority that it meets is trusted. A certificate that has expired is no reason.
    type: str
    choices: [exact, anew]
    default: exact
  content:
    description: The certificates as PEM text. Required with O(state=exact). One that has expired is refused, and a text with a private key too.
    type: str
  path:
    description:
      - The file. Where XAPI trusts on first use, it is the default.
      - XAPI takes that file away when it sets the manager anew, which on hosts that keep their database in memory is at each boot,
        and trusts on first use again.
    type: path
    default: /etc/openvswitch/vswitchd.cacert
seealso:
  - module: xenserver.openvswitch.xapi_ca_certificate
  - module: xenserver.openvswitch.ovs_manager
'''

EXAMPLES = r'''
- name: Trust the old authority and the new one while the manager changes over
  xenserver.openvswitch.ovs_trust:
    content: "{{ lookup('ansible.builtin.file', 'old-ca.pem') ~ '\n' ~ lookup('ansible.builtin.file', 'new-ca.pem') }}"

- name: Trust the authority that the manager shows now, on hosts that refuse it
  xenserver.openvswitch.ovs_trust:
    state: anew
'''

RETURN = r'''
certificates:
  description: The certificates that are trusted after the task, where the task has changed them, else null.
  returned: success
  type: list
  elements: dict
  sample:
    - subject: O = Example, CN = Example authority
      not_after: Nov 21 15:24:32 2036 GMT
      sha256: 5C:0D:66:8E:6B:8D:71:2A:63:9A:83:9B:A8:78:3D:0D:34:32:9D:11:58:68:AA:7A:37:A0:F5:C2:9B:A3:04:F7
      expired: false
refused:
  description: Why the manager is refused, null where it is not.
  returned: with O(state=anew), on success
  type: str
  sample: 'its certificate is of an authority that /etc/openvswitch/vswitchd.cacert does not hold (CN = other: self signed certificate in certificate chain)'
commands:
  description: The commands that changed something, or would in check mode.
  returned: success
  type: list
  elements: list
  sample: [[/usr/bin/ovs-appctl, -t, ovsdb-server, ovsdb-server/reconnect]]
'''

import os
import tempfile

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.common.text.converters import to_bytes

from ansible_collections.xenserver.openvswitch.plugins.module_utils import _cli, _ovs, _ovs_apply, _ovs_tls, _pem
from ansible_collections.xenserver.openvswitch.plugins.module_utils._change import Change, exit_with, guarded


def trust(module, change):
    """Have the file hold the certificates that were asked for."""
    path, text, limit = module.params['path'], module.params['content'], module.params['time_limit']
    old, wanted = _pem.read(path), set(_pem.bodies(text))
    if _pem.same(text, old):
        return None
    new = _pem.check(text, limit)
    change.note('certificates', known(old, limit), new)
    if not module.check_mode:
        write(path, text)
    if old and not set(bodies_of(old)) <= wanted:
        try:
            reconnect(module, change)
        except _cli.CliError:
            if not module.check_mode:
                write(path, old)  # or the next run would find nothing to do, and connections would outlive their trust
            raise
    return new


def trust_anew(module, change):
    """Take the file away where it is what a manager is refused by; why it is refused, or None."""
    have = _ovs_apply.read(_ovs.Vsctl(module.params['time_limit']))
    late = [row['target'] for row in have['managers'] if not row['is_connected']]
    found = [one for one in (_ovs_tls.refusal(target, have['ssl']) for target in late) if one]
    path, reasons = module.params['path'], [one.text for one in found if one.kind == _ovs_tls.UNTRUSTED]
    if not reasons or not have['ssl']['bootstrap'] or have['ssl']['ca_certificate'] != path or not os.path.exists(path):
        return found[0].text if found else None
    change.note('certificates', known(_pem.read(path), module.params['time_limit']), None)
    if not module.check_mode:
        os.unlink(path)
    reconnect(module, change)
    return reasons[0]


def bodies_of(text):
    """The certificates in a file that may hold none."""
    try:
        return _pem.bodies(text)
    except _pem.PemError:
        return []


def known(text, time_limit):
    return _pem.described(text, time_limit) if text and bodies_of(text) else []


def write(path, text):
    """Put the whole file in place at once, for all to read as Open vSwitch itself does."""
    folder = os.path.dirname(path)
    if not os.path.isdir(folder):
        raise _cli.CliError('%s is not there: install Open vSwitch first. Nothing was changed.' % folder)
    handle, name = tempfile.mkstemp(dir=folder)
    with os.fdopen(handle, 'wb') as stream:
        os.fchmod(handle, 0o644)
        stream.write(to_bytes(text))
    os.rename(name, path)


def reconnect(module, change):
    argv, limit = [_cli.find('ovs-appctl'), '-t', 'ovsdb-server', 'ovsdb-server/reconnect'], module.params['time_limit']
    change.add_command(argv)
    if not module.check_mode:
        ovs_version = _ovs_apply.read(_ovs.Vsctl(limit))['ovs_version']
        _cli.run(argv, limit)
        _ovs_apply.await_look(ovs_version)


def converge(module):
    _cli.check_path('path', module.params['path'])
    change = Change()
    if module.params['state'] == 'anew':
        exit_with(module, change, refused=trust_anew(module, change), certificates=None)
    exit_with(module, change, certificates=trust(module, change))


def main():
    module = AnsibleModule(
        argument_spec=dict(
            state=dict(type='str', choices=['exact', 'anew'], default='exact'),
            content=dict(type='str', no_log=True),  # a private key may have come along
            path=dict(type='path', default='/etc/openvswitch/vswitchd.cacert'),
            time_limit=dict(type='int', default=60),
        ),
        required_if=[('state', 'exact', ('content',))],
        supports_check_mode=True,
    )
    guarded(converge)(module)


if __name__ == '__main__':
    main()
