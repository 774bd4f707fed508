# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function
__metaclass__ = type

import json

import pytest

from ansible_collections.xenserver.openvswitch.plugins.module_utils import _ovs_json

COLUMNS = {
    'bridges': {'type': {'key': {'type': 'uuid'}, 'min': 0, 'max': 'unlimited'}},
    'ssl': {'type': {'key': {'type': 'uuid'}, 'min': 0, 'max': 1}},
    'other_config': {'type': {'key': 'string', 'value': 'string', 'min': 0, 'max': 'unlimited'}},
    'next_cfg': {'type': 'integer'},
    'pair': {'type': {'key': 'integer', 'min': 2, 'max': 2}},
}


@pytest.mark.parametrize('value, plain', [
    (7, 7), (1.5, 1.5), (True, True), ('text', 'text'), (['uuid', 'u-1'], 'u-1'),
    (['set', []], []), (['set', [['uuid', 'a'], ['uuid', 'b']]], ['a', 'b']),
    (['map', []], {}), (['map', [['k', 'v'], ['a-b', '']]], {'k': 'v', 'a-b': ''}),
    (['map', [[5, ['uuid', 'q']]]], {5: 'q'}),
])
def test_decode(value, plain):
    assert _ovs_json.decode(value) == plain


@pytest.mark.parametrize('column, value, plain', [
    ('bridges', ['uuid', 'a'], ['a']),
    ('bridges', ['set', []], []),
    ('bridges', ['set', [['uuid', 'a'], ['uuid', 'b']]], ['a', 'b']),
    ('ssl', ['uuid', 'a'], 'a'),
    ('ssl', ['set', []], None),
    ('other_config', ['map', [['a, b', '"c"']]], {'a, b': '"c"'}),
    ('next_cfg', 3, 3),
    ('pair', ['set', [1, 2]], [1, 2]),
    ('unknown to the schema', ['set', ['x']], ['x']),
])
def test_a_value_has_the_shape_of_its_column(column, value, plain):
    assert _ovs_json.typed_rows([{column: value}], COLUMNS) == [{column: plain}]


def test_optional_and_set_read_the_same_notation_by_the_readers_type():
    assert [_ovs_json.optional(value) for value in (['set', []], 5, ['uuid', 'a'])] == [None, 5, 'a']
    assert [_ovs_json.set_of(value) for value in (['set', []], 5, ['uuid', 'a'])] == [[], [5], ['a']]


def test_every_column_of_a_real_switch_is_decoded_by_the_real_schema(captured):
    schema = json.loads(captured('ovs-3.1.0-schema.json'))['tables']
    tables = _ovs_json.tables(captured('ovs-3.1.0-switch.json'))
    switch, managers, ssl, bridges, controllers = [
        _ovs_json.typed_rows(rows, schema[name]['columns'])
        for name, rows in zip(('Open_vSwitch', 'Manager', 'SSL', 'Bridge', 'Controller'), tables)]
    assert len(switch) == 1 and len(switch[0]['bridges']) == 2 and switch[0]['datapath_types'] == ['netdev', 'system']
    assert switch[0]['ssl'] == ssl[0]['_uuid'] and switch[0]['db_version'] is None and switch[0]['dpdk_initialized'] is False
    by_target = dict((row['target'], row) for row in managers)
    assert by_target['ptcp:0:127.0.0.1']['other_config'] == {'a b': u'x, "y" = \xe9\n'}
    assert by_target['ptcp:0:127.0.0.1']['max_backoff'] == 8000 and by_target['tcp:127.0.0.1:6641']['max_backoff'] is None
    by_name = dict((row['name'], row) for row in bridges)
    assert by_name['br0']['protocols'] == ['OpenFlow10', 'OpenFlow13'] and by_name['br1']['protocols'] == []
    assert by_name['br0']['controller'] == [controllers[0]['_uuid']] and by_name['br1']['fail_mode'] is None


@pytest.mark.parametrize('text', ['ovs-vsctl: no table', '{}', '[1]', '{"headings": [], "data": 3}'])
def test_what_is_no_table_is_refused(text):
    with pytest.raises(ValueError):
        _ovs_json.tables(text)


def test_a_line_ends_at_a_newline_and_at_none_of_unicodes_separators():
    text = u'{"headings":["v"],"data":[["a\u2028b\x85c"]]}\n{"headings":[],"data":[]}\n'
    assert _ovs_json.tables(text) == [[{'v': u'a\u2028b\x85c'}], []]


@pytest.mark.parametrize('value, word', [
    (5, '5'), (True, 'true'), (False, 'false'), ('', '""'), ('--', '"--"'), ('$HOME', '"$HOME"'),
    ('a "b", c=d', '"a \\"b\\", c=d"'), ('back\\slash\n', '"back\\\\slash\\n"'), (u'\xe9', '"\\u00e9"'),
])
def test_a_word_is_a_json_string_whatever_it_holds(value, word):
    assert _ovs_json.word(value) == word


@pytest.mark.parametrize('value', ['a\0b', b'\xff'.decode('utf-8', 'surrogateescape') if str is not bytes else b'\xff'])
def test_what_no_ovsdb_string_can_hold_is_refused(value):
    with pytest.raises(ValueError):
        _ovs_json.word(value)


def test_assignments():
    assert _ovs_json.assign('target', 'tcp:[::1]:1') == 'target="tcp:[::1]:1"'
    assert _ovs_json.assign_key('other_config', 'a=b', '-- x') == 'other_config:"a=b"="-- x"'
