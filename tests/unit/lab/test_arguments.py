# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import absolute_import, division, print_function
__metaclass__ = type

import pytest

from labxapi import arguments


def test_a_command_and_its_parameters():
    command = arguments.parse(['pool-list', 'params=master', '--minimal', 'other-config:a=b=c', 'empty='])
    assert command == ('pool-list', [('params', 'master'), ('minimal', 'true'), ('other-config:a', 'b=c'), ('empty', '')])


def test_a_switch_takes_the_next_word():
    assert arguments.parse(['pool-list', '-u', 'root']).params == [('username', 'root')]


@pytest.mark.parametrize('words', [[], ['uuid=x'], ['pool-list', '-x', 'y'], ['pool-list', '-u']])
def test_what_is_no_command_line(words):
    with pytest.raises(arguments.Malformed):
        arguments.parse(words)


def test_the_first_of_two_values_counts():
    assert arguments.get([('uuid', 'a'), ('uuid', 'b')], 'uuid') == 'a'


def test_the_first_missing_parameter_is_named():
    """'"Required parameter not found: uuid"'"""
    with pytest.raises(arguments.Missing) as error:
        arguments.require([], ['uuid', 'param-name'])
    assert str(error.value) == 'uuid'


def test_map_parameters():
    assert arguments.mapping([('args:a', '1'), ('argsb', '2'), ('args:c:d', '3')], 'args') == {'a': '1', 'c:d': '3'}
