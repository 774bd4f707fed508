# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""meta/runtime.yml names every module in the action group, so that defaults for the group reach all of them."""

from __future__ import absolute_import, division, print_function
__metaclass__ = type

import io
import os

import yaml

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..')


def test_the_action_group_holds_every_module():
    with io.open(os.path.join(ROOT, 'meta', 'runtime.yml'), encoding='utf-8') as stream:
        group = yaml.safe_load(stream)['action_groups']['all']
    modules = [os.path.splitext(name)[0] for name in os.listdir(os.path.join(ROOT, 'plugins', 'modules')) if name.endswith('.py')]
    assert sorted(group) == sorted(modules)
