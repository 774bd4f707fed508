# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a dom0's own files say about it, without asking XAPI."""

from __future__ import absolute_import, division, print_function
__metaclass__ = type

import errno
import io
import os
import re

from ansible.module_utils.common.text.converters import to_native

from ansible_collections.xenserver.openvswitch.plugins.module_utils import _boot
from ansible_collections.xenserver.openvswitch.plugins.module_utils._backend import backend_of
from ansible_collections.xenserver.openvswitch.plugins.module_utils._cli import CliError
from ansible_collections.xenserver.openvswitch.plugins.module_utils._xapi_manager import FIELD, OBJECT, PLUGINS

INVENTORY = 'etc/xensource-inventory'
POOL = 'etc/xensource/pool.conf'
BACKEND = 'etc/xensource/network.conf'
PLUGIN_FOLDER = 'etc/xapi.d/plugins'
# Written at the end of XAPI's start-up, after it has called the plugin; it ends with the process or with the boot.
COOKIE = 'var/run/xapi_init_complete.cookie'


def read_inventory(text):
    """KEY='value' lines -> dict; the file is never sourced, so nothing in it is run."""
    pairs = re.findall(r'^([A-Za-z_]\w*)=(.*?)\s*$', text, re.MULTILINE)
    return dict((key, re.sub(r'''\A(['"])(.*)\1\Z''', r'\2', value)) for key, value in pairs)


def read_role(text):
    """pool.conf -> (coordinator | supporter | None, the coordinator's address on a supporter)."""
    word, dummy, address = text.strip().partition(':')
    role = dict(master='coordinator', slave='supporter').get(word)
    return role, address or None


def facts(root='/'):
    """The host as a dict (see the return values of xenserver_info), or None where it is no XenServer.

    :arg root: the folder that stands for the root of the file system.
    :raises CliError: a file that is there cannot be read.
    """
    inventory = read_inventory(_read(root, INVENTORY))
    if not inventory:
        return None
    role, coordinator = read_role(_read(root, POOL))
    system = os.uname()
    return dict(
        brand=inventory.get('PRODUCT_BRAND'),
        version=inventory.get('PRODUCT_VERSION'),
        build=inventory.get('BUILD_NUMBER'),
        host_uuid=inventory.get('INSTALLATION_UUID'),
        generation='systemd' if os.path.isdir(os.path.join(root, 'run/systemd/system')) else 'sysv',
        role=role,
        coordinator_address=coordinator,
        network_backend=_backend_of(root),
        kernel=system[2],
        machine=system[4],
        plugin=_plugin(root),
        xapi_started=_boot.written(os.path.join(root, COOKIE)),
    )


def field_plugin(root='/'):
    """The source of the plugin of the field vswitch_controller, '' where the host has none."""
    return _read(root, os.path.join(PLUGIN_FOLDER, PLUGINS[FIELD]))


def pending_reboot(root='/'):
    """Why this host should be rebooted, as sentences: networks are only built for another backend at boot."""
    booted = _boot.time()
    path = os.path.join(root, BACKEND)
    if not os.path.exists(path) or os.path.getmtime(path) <= booted:
        return []
    return ['the network backend was set to %s after the host had started' % _backend_of(root)]


def _backend_of(root):
    return backend_of(_read(root, BACKEND).strip())


def _plugin(root):
    """The plugin that XAPI calls: releases that bring their own leave that of Open vSwitch alone."""
    for api in (OBJECT, FIELD):
        if os.path.exists(os.path.join(root, PLUGIN_FOLDER, PLUGINS[api])):
            return PLUGINS[api]
    return None


def _read(root, name):
    path = os.path.join(root, name)
    try:
        with io.open(path, encoding='utf-8', errors='replace') as stream:
            return to_native(stream.read())
    except (IOError, OSError) as error:
        if error.errno in (errno.ENOENT, errno.ENOTDIR):
            return ''
        raise CliError('%s could not be read (%s). Run the task as root (become: true).' % (path, to_native(error.strerror)))
