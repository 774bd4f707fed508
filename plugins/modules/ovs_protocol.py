#!/usr/bin/python
# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function
__metaclass__ = type

DOCUMENTATION = r'''
module: ovs_protocol
short_description: Let tunnels of Open vSwitch through the firewall of a host
version_added: 0.1.0
description:
  - Lets the packets of a tunnel in, from anywhere, by a rule at the head of the chain C(INPUT). XenServer's own rules reject what is not named.
  - Opens with C(ovs-ctl enable-protocol). That takes a rule for port 47890 for one for 4789, and one that drops for one that accepts; where it would be wrong
    so, this module calls C(iptables) instead.
  - Compares rules by what they say. A rule that lets only some sources through, or that stands behind one which rejects everything, does not count as present.
  - A rule that drops or rejects the very protocol and port was made on purpose. It is never overridden. The task fails and names it.
extends_documentation_fragment:
  - xenserver.openvswitch.attributes
  - xenserver.openvswitch.attributes.time_limit
options:
  tunnels:
    description:
      - The tunnels, by name. Their packets are those of V(gre) and V(erspan), IP protocol 47; V(vxlan), UDP port 4789; V(geneve), UDP port 6081;
        V(lisp), UDP port 4341; V(stt), TCP port 7471; V(gtpu), UDP port 2152; V(ipsec), ESP, AH and UDP ports 500 and 4500.
      - The task warns about a tunnel that the installed Open vSwitch does not have. V(lisp) and V(stt) need Open vSwitch's own kernel module, of 2.17 or
        earlier, V(gtpu) the userspace datapath.
    type: list
    elements: str
    choices: [erspan, geneve, gre, gtpu, ipsec, lisp, stt, vxlan]
  protocols:
    description: Other protocols, such as a tunnel that has a port of its own.
    type: list
    elements: dict
    suboptions:
      protocol:
        description: Its name in C(/etc/protocols).
        type: str
        required: true
      port:
        description: The port that the packets are sent to. Required for V(tcp) and V(udp), refused for others.
        type: int
  state:
    description:
      - V(present) has a rule for each, V(absent) has none.
      - V(absent) removes rules from C(INPUT) that let every source through. It leaves those of XAPI, which opens port 4789 in a chain of its own
        while it has a VXLAN tunnel plugged.
      - Open vSwitch lets GRE in again whenever it is started.
    type: str
    choices: [present, absent]
    default: present
  permanent:
    description:
      - Whether to do the same in C(/etc/sysconfig/iptables), which the service C(iptables) loads at every start. Without it a rule is gone after the next
        restart of that service or of the host, or comes back then with O(state=absent).
      - Only these rules are written there. XAPI saves all rules into that file whenever it opens or closes a port.
    type: bool
    default: true
seealso:
  - module: ansible.builtin.iptables
notes:
  - As C(ovs-ctl), it knows IPv4 alone. For tunnels over IPv6 use M(ansible.builtin.iptables) with O(ansible.builtin.iptables#module:ip_version=ipv6).
  - It is made for hosts whose firewall is the service C(iptables). Where firewalld is, ports are opened there.
author:
  - The xenserver.openvswitch project (@xenserver-openvswitch)
'''

EXAMPLES = r'''
- name: Let VXLAN and Geneve in
  xenserver.openvswitch.ovs_protocol:
    tunnels: [vxlan, geneve]

- name: Let VXLAN in at the port that Linux used first
  xenserver.openvswitch.ovs_protocol:
    protocols:
      - protocol: udp
        port: 8472

- name: Keep STT out again
  xenserver.openvswitch.ovs_protocol:
    tunnels: [stt]
    state: absent
'''

RETURN = r'''
protocols:
  description: What the tunnels and protocols come to, each once.
  returned: success
  type: list
  elements: dict
  sample:
    - {protocol: udp, port: 4789}
    - {protocol: gre, port: null}
rules:
  description: The rules of the chain C(INPUT) now, or in check mode as they would be, as C(iptables-save) prints them.
  returned: success
  type: list
  elements: str
  sample: ['-A INPUT -p udp -m udp --dport 4789 -j ACCEPT', '-A INPUT -j RH-Firewall-1-INPUT']
commands:
  description: The commands that changed the firewall, or in check mode would.
  returned: success
  type: list
  elements: list
  sample: [[/usr/share/openvswitch/scripts/ovs-ctl, --protocol=udp, --dport=4789, enable-protocol]]
'''

import glob
import io
import os
import tempfile

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.common.text.converters import to_bytes, to_native

from ansible_collections.xenserver.openvswitch.plugins.module_utils import _iptables, _ovs_protocol
from ansible_collections.xenserver.openvswitch.plugins.module_utils._change import Change, exit_with, guarded
from ansible_collections.xenserver.openvswitch.plugins.module_utils._cli import CliError, find, run

RUNNING = 'The running firewall'
SAVED = '/etc/sysconfig/iptables'
SCRIPTS = '/usr/share/openvswitch/scripts'
PROTOCOLS = '/etc/protocols'
# One of these is there where the service iptables is started at boot.
ENABLED = ('/etc/systemd/system/*.wants/iptables.service', '/usr/lib/systemd/system/*.wants/iptables.service', '/etc/rc[2-5].d/S[0-9][0-9]iptables')

ARGUMENTS = dict(
    tunnels=dict(type='list', elements='str', choices=sorted(_ovs_protocol.TUNNELS)),
    protocols=dict(type='list', elements='dict', options=dict(
        protocol=dict(type='str', required=True),
        port=dict(type='int'),
    )),
    state=dict(type='str', choices=['present', 'absent'], default='present'),
    permanent=dict(type='bool', default=True),
    time_limit=dict(type='int', default=60),
)


def read(path):
    """A file's text, whatever bytes it holds; None where there is none."""
    if not os.path.exists(path):
        return None
    with io.open(path, 'rb') as stream:
        return to_native(stream.read(), errors='surrogate_or_strict')


def write(module, path, text):
    """Put the text in the file's place in one step; owner and mode stay."""
    handle, temporary = tempfile.mkstemp(dir=module.tmpdir)
    with os.fdopen(handle, 'wb') as stream:
        stream.write(to_bytes(text, errors='surrogate_or_strict'))
    module.atomic_move(temporary, path)


def plan(text, wanted, state, where):
    try:
        return _ovs_protocol.plan(text, wanted, state)
    except ValueError as error:
        raise CliError('%s: %s Nothing was changed.' % (where, error))


def saved_text(state):
    """What the service iptables loads, which without a file is nothing."""
    text = read(SAVED)
    if text is None and state == 'present':
        raise CliError('%s is not on this host, so no rule outlives a restart of it. If the service iptables shall be its firewall, write the file with '
                       '"service iptables save"; else set permanent to false. Nothing was changed.' % SAVED)
    return text or ''


def warn(module, wanted):
    """What is true although the task succeeds."""
    if module.params['state'] == 'absent':
        if any(one['protocol'] == 'gre' for one in wanted):
            module.warn('Open vSwitch lets GRE in again at its next start.')
        return
    for reason in _ovs_protocol.unusable(module.params['tunnels'] or [], _ovs_protocol.read_version(read(os.path.join(SCRIPTS, 'ovs-lib')) or '')):
        module.warn(reason)
    if module.params['permanent'] and not any(glob.glob(pattern) for pattern in ENABLED):
        module.warn('The service iptables is not started at boot, and nothing else loads %s then. Enable it for the rules to be there.' % SAVED)


def path_of(program, check_mode):
    """The path of what a plan calls. A check run may come before Open vSwitch is installed."""
    if program != _ovs_protocol.OVS_CTL:
        return find(program)
    ovs_ctl = os.path.join(SCRIPTS, program)
    if not os.path.exists(ovs_ctl) and not check_mode:
        raise CliError('%s is not on this host. Install Open vSwitch first. Nothing was changed.' % ovs_ctl)
    return ovs_ctl


def apply(argv, time_limit):
    result = run(argv, time_limit)
    if argv[-1] == 'enable-protocol' and 'Enabling' not in result.out:
        raise CliError('ovs-ctl did not do what it should have: %s' % result.out.strip(), result)


def wanted_protocols(params):
    numbers = _ovs_protocol.read_protocols(read(PROTOCOLS) or '')
    try:
        return _ovs_protocol.wanted_protocols(params['tunnels'] or [], params['protocols'] or [], numbers)
    except ValueError as error:
        raise CliError('%s Nothing was changed.' % error)


@guarded
def converge(module):
    params, wanted = module.params, wanted_protocols(module.params)
    before = {RUNNING: to_native(run([find('iptables-save'), '-t', 'filter'], params['time_limit']).out)}
    if params['permanent']:
        before[SAVED] = saved_text(params['state'])
    plans = dict((where, plan(text, wanted, params['state'], where)) for where, text in before.items())
    steps, rules = plans[RUNNING][0], _iptables.listed(plans[RUNNING][1])

    change = Change()
    for where, text in before.items():
        change.note(where, _iptables.listed(text), _iptables.listed(plans[where][1]))
    for program, arguments in steps:
        change.add_command([path_of(program, module.check_mode)] + arguments)
    warn(module, wanted)
    if not module.check_mode:
        for argv in change.commands:
            apply(argv, params['time_limit'])
        if params['permanent'] and plans[SAVED][0]:
            write(module, SAVED, plans[SAVED][1])
    exit_with(module, change, rules=rules, protocols=[dict(protocol=one['protocol'], port=one['port']) for one in wanted])


def main():
    converge(AnsibleModule(argument_spec=ARGUMENTS, required_one_of=[('tunnels', 'protocols')], supports_check_mode=True))


if __name__ == '__main__':
    main()
