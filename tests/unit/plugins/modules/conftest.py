# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function
__metaclass__ = type

import pytest

from ansible_collections.xenserver.openvswitch.tests.unit.plugins.modules import ovs_host


@pytest.fixture
def bare_switch():
    """A host with the real tools of Open vSwitch and no daemon yet; its ``start...`` methods start them."""
    host = ovs_host.Host()
    try:
        with host.entered(SECRET='s3cr3t'):
            yield host
    finally:
        host.close()


@pytest.fixture
def switch(bare_switch):
    """A host whose real ovsdb-server and ovs-vswitchd run."""
    return bare_switch.start()
