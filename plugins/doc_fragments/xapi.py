# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function
__metaclass__ = type


class ModuleDocFragment(object):
    """What XAPI holds of a pool's Open vSwitch."""

    DOCUMENTATION = r'''
attributes:
  platform:
    platforms: XenServer, XCP-ng
options:
  state:
    description:
      - V(present) makes the pool have this manager and no other. V(absent) makes it have none, whatever O(protocol), O(address) and O(port) say.
    type: str
    choices: [present, absent]
    default: present
  protocol:
    description:
      - V(ssl) makes the hosts connect to the controller at O(address) and O(port). They trust the certificate authority that it presents first.
      - V(pssl) makes the hosts listen at port 6640 for the controller, which must present a certificate of the authority
        that was installed in the pool as C(sdn-controller-ca.pem). It needs XAPI's SDN controllers.
      - XAPI holds nothing else. V(tcp) and V(ptcp) are refused.
    type: str
    default: ssl
  address:
    description:
      - The IPv4 address of the controller. XAPI holds neither names nor IPv6 addresses.
      - Required with O(protocol=ssl), refused with O(protocol=pssl).
    type: str
  port:
    description:
      - The port of the controller, with O(protocol=ssl) only. Where none is given it is V(6632), or in a pool without SDN controllers that of the plugin.
      - A pool without SDN controllers holds no port. Its plugin C(openvswitch-cfg-update) has one that is fixed, V(6632), or V(6640) in upstream's own packages
        from Open vSwitch 2.4 on. Any other is refused.
    type: int
  fail_mode:
    description:
      - What bridges do that have no OpenFlow controller or have lost it, where their network does not say. Left as it is when not given.
      - With V(standalone) they switch by themselves. With V(secure) they pass nothing until a controller has set flows,
        and the host's own management traffic goes with that, so that a host may be out of reach.
      - V(default) takes the setting out of XAPI, which means V(standalone).
    type: str
    choices: [secure, standalone, default]
  networks:
    description: Settings of networks of the pool. What is not given is left as it is.
    type: list
    elements: dict
    suboptions:
      network:
        description: The network in XAPI, by its UUID, its bridge such as V(xenbr0), or its name where that is unique.
        type: str
        required: true
      fail_mode:
        description:
          - As O(fail_mode), for this network alone. V(default) leaves it to the pool.
          - The network of a VLAN has no fail mode of its own, since that of its parent's network is the one that the bridge gets.
        type: str
        choices: [secure, standalone, default]
      disable_in_band:
        description:
          - V(true) takes the hidden flows off the network's bridge that let its controllers be reached over itself. V(false) keeps them.
          - V(default) takes the setting out of XAPI.
          - A bond's network and the VLANs on it share a bridge, and want the same value.
        type: str
        choices: ['true', 'false', default]
'''
