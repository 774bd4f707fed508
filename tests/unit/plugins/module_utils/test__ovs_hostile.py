# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever text a free-form option holds, it is one word to ovs-vsctl, and that word is the same text again."""

from __future__ import absolute_import, division, print_function
__metaclass__ = type

import json
import re

import pytest

from ansible_collections.xenserver.openvswitch.plugins.module_utils import _ovs, _ovs_manager
from ansible_collections.xenserver.openvswitch.tests.unit.plugins.modules.hostile import examples

hypothesis = pytest.importorskip('hypothesis')
st = hypothesis.strategies

PIECES = [
    ' ', '"', "'", ',', '=', '--', '$HOME', '\\', '\n', '\t', '-', '{"k":"v"}', '[]', '@x',
    u'\xe9', u'\U0001f600', u'\u2028', '-- del-br br0', '\\u0000', '.',
]
TEXT = st.one_of(
    st.lists(st.sampled_from(PIECES), max_size=6).map(''.join),
    st.text(alphabet=st.characters(blacklist_categories=('Cs',), blacklist_characters='\0'), max_size=12))
MAP = st.dictionaries(TEXT, TEXT, max_size=3)
QUOTED = r'"(?:[^"\\]|\\.)*"'
COMMANDS = ('create', 'add', 'set', 'remove', 'clear')
NOTHING = dict(managers=[], ssl=None)


def parts(words):
    """What an independent reader makes of ``column=value`` and ``column:key=value`` words."""
    found = {}
    for word in words:
        match = re.match(r'([a-z_]+)(?::(%s))?=(%s|true|false|\d+)$' % (QUOTED, QUOTED), word)
        assert match, word
        column, key, value = match.groups()
        if key is None:
            found[column] = json.loads(value)
        else:
            found.setdefault(column, {})[json.loads(key)] = json.loads(value)
    return found


def plan(before, other, external, paths, target='tcp:192.0.2.1:1'):
    common = dict(inactivity_probe=None, max_backoff=None, connection_mode=None, other_config=other, external_ids=external)
    ssl = dict(zip(('private_key', 'certificate', 'ca_certificate'), paths), state='present', bootstrap=True)
    after = _ovs_manager.desired(before, _ovs_manager.wanted_managers([target], [], common), 'exact', ssl)
    return after, _ovs_manager.commands(before, after)


@examples(1000)
@hypothesis.given(MAP, MAP, st.tuples(TEXT, TEXT, TEXT), TEXT)
def test_new_rows_hold_the_texts_unchanged(other, external, paths, target):
    create, add, ssl, link = plan(NOTHING, other, external, paths, target)[1]
    expected = dict(target=target)
    expected.update((name, value) for name, value in (('other_config', other), ('external_ids', external)) if value)
    assert parts(create[3:]) == expected
    assert parts(ssl[3:]) == dict(private_key=paths[0], certificate=paths[1], ca_cert=paths[2], bootstrap_ca_cert=True)


@examples(1000)
@hypothesis.given(MAP, MAP, MAP, st.tuples(TEXT, TEXT, TEXT))
def test_no_text_becomes_an_option_or_a_second_command(old, other, external, paths):
    before = plan(NOTHING, old, {}, ('/k', '/c', '/a'))[0]
    before['managers'][0]['uuid'], before['ssl']['uuid'] = 'm', 's'
    asked = dict(dict((key, None) for key in old), **other)
    commands = plan(before, asked, external, paths)[1]
    argv = _ovs.Vsctl(9, path='ovs-vsctl').argv(commands)
    assert argv.count('--') == len(commands)
    following = [argv[index + 1] for index, word in enumerate(argv) if word == '--']
    assert all(word in COMMANDS for word in following)
    assert not [word for word in argv[2:] if word.startswith('-') and word != '--']
    assert all(ord(char) < 127 for word in argv for char in word)
