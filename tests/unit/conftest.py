# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What every unit test has at hand.

The tests import the collection by its full name, so the run must see it below an
``ansible_collections`` folder: ``make unit`` and ``ansible-test units`` both see to that.
"""

from __future__ import absolute_import, division, print_function
__metaclass__ = type

import io
import os

import pytest


@pytest.fixture
def captured(request):
    """``captured(name)``: the text of ``fixtures/<name>`` beside the test, as the real tool wrote it."""
    folder = os.path.join(os.path.dirname(str(request.fspath)), 'fixtures')

    def read(name):
        with io.open(os.path.join(folder, name), encoding='utf-8') as stream:
            return stream.read()
    return read
