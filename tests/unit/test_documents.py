# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A test that a document names is there."""

from __future__ import absolute_import, division, print_function
__metaclass__ = type

import io
import os
import re

import pytest

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..')
DOCS = os.path.join(ROOT, 'docs')


def read(path):
    with io.open(path, encoding='utf-8') as stream:
        return stream.read()


@pytest.fixture(scope='module')
def tests():
    """The names of all tests, those of the lab among them."""
    files = [os.path.join(folder, name) for place in ('tests', 'molecule') for folder, dummy, names in os.walk(os.path.join(ROOT, place))
             for name in names if name.startswith('test_') and name.endswith('.py')]
    return set(name for path in files for name in re.findall(r'(?m)^def (test_\w+)', read(path)))


@pytest.mark.parametrize('document', sorted(name for name in os.listdir(DOCS) if name.endswith('.md')))
def test_every_test_that_is_named_is_there(document, tests):
    assert set(re.findall(r'[`:](test_\w+)`', read(os.path.join(DOCS, document)))) - tests == set()
