# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A role's interface is written twice, for Ansible and for readers: both must say the same."""

from __future__ import absolute_import, division, print_function
__metaclass__ = type

import io
import os

import pytest
import yaml

ROLES = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..', 'roles')


def load(role, *path):
    name = os.path.join(ROLES, role, *path)
    if not os.path.exists(name):
        return {}
    with io.open(name, encoding='utf-8') as stream:
        return yaml.safe_load(stream) or {}


def options(role):
    return load(role, 'meta', 'argument_specs.yml')['argument_specs']['main'].get('options', {})


@pytest.fixture(params=sorted(os.listdir(ROLES)))
def role(request):
    return request.param


def test_every_default_is_an_option(role):
    assert set(load(role, 'defaults', 'main.yml')) <= set(options(role))


def test_every_option_has_its_default(role):
    defaults = load(role, 'defaults', 'main.yml')
    for name, option in options(role).items():
        assert ('default' in option) == (name in defaults), name
        if 'default' in option:
            assert option['default'] == defaults[name], name


def test_required_options_have_no_default(role):
    assert [name for name, option in options(role).items() if option.get('required') and 'default' in option] == []


def test_every_option_is_described_and_carries_the_role_name(role):
    for name, option in options(role).items():
        assert option.get('description') and option.get('type'), name
        assert name.startswith(role + '_'), name
