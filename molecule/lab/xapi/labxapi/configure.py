# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Give a host its identity: /etc/xensource-inventory, pool.conf and what the stand-in must know besides. As often as wanted."""

from __future__ import absolute_import, division, print_function
__metaclass__ = type

import argparse
import json
import os
import uuid

PRODUCTS = {'systemd': ('XCP-ng', '8.3.0', 'release/yangtze/master/58'), 'sysv': ('XenServer', '6.2.0', '70446c')}


def write(path, text, mode=0o644):
    """Replace a file, if its content differs."""
    try:
        with open(path, encoding='utf-8') as stream:
            if stream.read() == text:
                return
    except FileNotFoundError:
        os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path + '.new', 'w', encoding='utf-8') as stream:
        stream.write(text)
    os.chmod(path + '.new', mode)
    os.replace(path + '.new', path)


def role(text):
    if text == 'master' or text.startswith('slave:') and len(text) > len('slave:'):
        return text
    raise argparse.ArgumentTypeError('master or slave:ADDRESS')


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--root', default='/')
    parser.add_argument('--uuid', required=True, type=uuid.UUID)
    parser.add_argument('--name-label', required=True)
    parser.add_argument('--address', required=True)
    parser.add_argument('--role', required=True, type=role)
    parser.add_argument('--memory', type=int, metavar='BYTES')
    for name in ('brand', 'version', 'build'):
        parser.add_argument('--' + name)
    options = parser.parse_args()
    with open(os.path.join(options.root, 'opt/lab-xapi/generation'), encoding='utf-8') as stream:
        brand, version, build = PRODUCTS[stream.read().strip()]
    inventory = dict(
        PRODUCT_BRAND=options.brand or brand, PRODUCT_NAME='xenenterprise', PRODUCT_VERSION=options.version or version,
        BUILD_NUMBER=options.build or build, INSTALLATION_UUID=str(options.uuid),
        CONTROL_DOMAIN_UUID=str(uuid.uuid5(options.uuid, 'control domain')), MANAGEMENT_INTERFACE='xenbr0', MANAGEMENT_ADDRESS_TYPE='IPv4')
    host = dict(name_label=options.name_label, address=options.address, **({'memory': options.memory} if options.memory else {}))
    etc = os.path.join(options.root, 'etc')
    write(os.path.join(etc, 'xensource-inventory'), ''.join("%s='%s'\n" % pair for pair in inventory.items()))
    write(os.path.join(options.root, 'opt/lab-xapi/host.json'), json.dumps(host) + '\n')
    # The last of the three: it is what XAPI waits for.
    write(os.path.join(etc, 'xensource/pool.conf'), options.role)


if __name__ == '__main__':
    main()
