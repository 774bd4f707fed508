# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Texts that could become options, second commands, expansions or broken files where a module is careless."""

from __future__ import absolute_import, division, print_function
__metaclass__ = type

import os

import pytest

hypothesis = pytest.importorskip('hypothesis')
st = hypothesis.strategies

# The run that promises the real tools takes all examples; the others, on older Pythons, a sample.
SHARE = 1 if os.environ.get('OVS_TEST_REQUIRE_TOOLS') == '1' else 10
PIECES = [
    ' ', '"', "'", ',', '=', ':', '--', '-', '$SECRET', '${HOME}', '$(id)', '`id`', ';', '|', '~', '\\', '\\n', '\\u0041', '\n', '\r', '\t', '\x7f', '\0',
    '{"k": "v"}', '["set", []]', '["map", [["k", "v"]]]', '[]', '{}', '@x', 'true', '007', '%s', '{{ 1 }}', '.', '..', '*',
    u'\xe9', u'\U0001f600', u'\u2028', u'\ufeff', u'\u202e', '-- del-br br0', '-- emer-reset', '--log-file=evil', '--db=x', '-vconsole:dbg', '--id=@y', 'br0',
]
TEXT = st.one_of(
    st.lists(st.sampled_from(PIECES), max_size=6).map(u''.join),
    st.text(alphabet=st.characters(blacklist_categories=('Cs',)), max_size=12))


def examples(number):
    """The same ones in every run of a Python, so that a commit passes or fails; take derandomize away to search for others."""
    return hypothesis.settings(
        max_examples=number // SHARE, deadline=None, database=None, derandomize=True, suppress_health_check=list(hypothesis.HealthCheck))
