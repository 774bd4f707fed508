# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every rule in molecule/lab/xapi/RULES.md has a test here that quotes it; a docstring quotes as ``F1: 'sentence', file: name``."""

from __future__ import absolute_import, division, print_function
__metaclass__ = type

import ast
import os
import re

import pytest

from labpool import XAPI

HERE = os.path.dirname(os.path.abspath(__file__))
ROW = re.compile(r'\| (\w+) \| (.*) \| ([^|]+) \|$')


def rules():
    """{number: (sentence, place)}"""
    with open(os.path.join(XAPI, 'RULES.md'), encoding='utf-8') as stream:
        rows = [ROW.match(line).groups() for line in stream if re.match(r'\| \w+ \|', line)]
    assert len(rows) == len(set(number for number, dummy, dummy in rows)), 'a number stands twice'
    return {number: (sentence.replace('\\|', '|'), place) for number, sentence, place in rows}


def quotations():
    """What the docstrings of tests say, each in one line."""
    for name in sorted(os.listdir(HERE)):
        if re.match(r'test_.*\.py$', name):
            with open(os.path.join(HERE, name), encoding='utf-8') as stream:
                functions = [node for node in ast.parse(stream.read()).body if isinstance(node, ast.FunctionDef) and node.name.startswith('test_')]
            for function in functions:
                yield ' '.join((ast.get_docstring(function) or '').split())


RULES, QUOTED = rules(), list(quotations())


@pytest.mark.parametrize('number', sorted(RULES))
def test_a_test_quotes_the_rule(number):
    wanted = ' '.join(("%s: '%s', %s" % ((number,) + RULES[number])).split())
    assert any(wanted in text for text in QUOTED), 'no test has in its docstring: ' + wanted


def test_no_test_quotes_a_rule_that_is_not_listed():
    quoted = set(number for text in QUOTED for number in re.findall(r"\b([FDM]\d+): '", text))
    assert quoted == set(RULES)
