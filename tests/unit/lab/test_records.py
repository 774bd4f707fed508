# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import absolute_import, division, print_function
__metaclass__ = type

import pytest

from labxapi import records


class Names(object):
    """A database of two references."""

    known = {'OpaqueRef:h': dict(uuid='H', name_label='xs-a'), 'OpaqueRef:s': dict(uuid='S')}

    def attribute(self, reference, name, default):
        return self.known.get(reference, {}).get(name, default)


POOL = dict(
    uuid='U', name_label='', name_description='', master='OpaqueRef:h', default_SR='OpaqueRef:s', crash_dump_SR=records.NULL_REF,
    suspend_image_SR=records.NULL_REF, other_config={'a': '1', 'b-c': '2'}, vswitch_controller='', tags=['x', 'y'], ha_enabled=False,
    ha_configuration={'timeout': '60'}, ha_statefiles=[], ha_host_failures_to_tolerate='0', ha_plan_exists_for='0', ha_allow_overcommit=True,
    ha_overcommitted=False)
CONTROLLER = dict(uuid='C', protocol='ssl', address='192.0.2.10', port='6632')


def printed(kind, record, names=None):
    rows = records.rows(kind, record, records.DEFAULTS[kind] if names is None else names, Names())
    return ''.join(text + '\n' for text in records.table([rows]))


def test_the_pool_as_the_real_xe_lists_it():
    """F4: 'Each print gets a newline; each record is followed by two blank lines', ocaml/xapi-cli-server/cli_printer.ml: make_printer. F5: 'Label width = 4
    + longest label; first label left-aligned, the others right-aligned in that width, then `: `', ocaml/xapi-cli-server/cli_printer.ml:
    multi_line_record."""
    assert printed('pool', POOL) == (
        'uuid ( RO)                : U\n'
        '          name-label ( RW): \n'
        '    name-description ( RW): \n'
        '              master ( RO): H\n'
        '          default-SR ( RW): S\n'
        '\n\n')


def test_the_sdn_controller_as_the_real_xe_lists_it():
    assert printed('sdn-controller', CONTROLLER) == (
        'uuid ( RO)        : C\n'
        '    protocol ( RO): ssl\n'
        '     address ( RO): 192.0.2.10\n'
        '        port ( RO): 6632\n'
        '\n\n')


def test_minimal_joins_and_escapes():
    r"""F6: '`--minimal`: first field only, comma-joined, `,` and `\` backslash-escaped', ocaml/xapi-cli-server/cli_printer.ml: escape_commas."""
    assert records.minimal(['a', 'b,c', 'd\\e']) == 'a,b\\,c,d\\\\e'
    assert records.minimal([]) == ''


def test_a_hidden_field_is_in_no_list():
    """F13: 'vswitch-controller is a hidden field: absent from pool-param-list, and `pool-list params=vswitch-controller --minimal` is always empty; only
    param-get works', ocaml/xapi-cli-server/records.ml: pool_record."""
    assert 'vswitch-controller' not in printed('pool', POOL, [])
    assert records.rows('pool', POOL, ['vswitch-controller'], Names()) == []


def test_a_hidden_field_can_be_looked_up():
    field = records.lookup('pool', 'vswitch-controller')
    assert field.show('', Names()) == '<not set>'
    assert field.show('192.0.2.10', Names()) == '192.0.2.10'


def test_maps_and_sets_are_marked():
    text = printed('pool', POOL, [])
    assert 'other-config (MRW): a: 1; b-c: 2\n' in text
    assert 'tags (SRW): x, y\n' in text
    assert 'ha-configuration ( RO): timeout: 60\n' in text


def test_no_such_reference():
    assert 'crash-dump-SR ( RW): <not in database>\n' in printed('pool', POOL, [])


@pytest.mark.parametrize('word, name, key', [
    ('name-label', 'name-label', None), ('other-config:b-c', 'other-config', 'b-c'), ('other-config-b-c', 'other-config', 'b-c')])
def test_both_ways_to_name_a_key(word, name, key):
    field, found = records.split('pool', word)
    assert (field.name, found) == (name, key)


@pytest.mark.parametrize('word, wanted, expected', [
    ('uuid', 'U', True), ('uuid', 'V', False), ('master', 'H', True), ('other-config:a', '1', True), ('other-config:a', '2', False),
    ('other-config:z', '1', False), ('tags:contains', 'x', True), ('tags:contains', 'z', False)])
def test_filters(word, wanted, expected):
    assert records.matches('pool', POOL, word, wanted, Names()) is expected
