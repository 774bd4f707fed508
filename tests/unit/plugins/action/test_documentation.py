# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ansible-test compares a module's documentation with its arguments; those of a module that is all action it cannot see."""

from __future__ import annotations

import pytest
import yaml

from ansible_collections.xenserver.openvswitch.plugins.action import fleet_report as report_action, python_bootstrap as bootstrap_action
from ansible_collections.xenserver.openvswitch.plugins.modules import fleet_report, python_bootstrap


def documented(options):
    """Options as an argument specification has them."""
    return {name: {
        **{key: option[key] for key in ('type', 'elements', 'required', 'default', 'choices') if key in option},
        **({'options': documented(option['suboptions'])} if 'suboptions' in option else {}),
    } for name, option in options.items()}


@pytest.mark.parametrize('module, action', [(fleet_report, report_action), (python_bootstrap, bootstrap_action)])
def test_what_is_documented_is_what_is_taken(module, action):
    assert documented(yaml.safe_load(module.DOCUMENTATION)['options']) == action.ARGUMENTS
