# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""OVSDB values: the JSON that ovs-vsctl and ovsdb-client print, and the words that they read.

The notation is RFC 7047, section 5.1: a set is ``["set", [...]]``, or its only element bare; a map is
``["map", [[key, value], ...]]``; a row is named by ``["uuid", "..."]``. Only the column's type says
whether a bare atom is a set of one, so a reader names the type: :func:`set_of`, :func:`optional`,
:func:`decode`, or :func:`typed` by the schema.
"""

from __future__ import absolute_import, division, print_function
__metaclass__ = type

import json

from ansible.module_utils.common.text.converters import to_text


def tables(text):
    """The tables of ``ovs-vsctl --format=json``: for each printed line a list of rows, each a dict by column.

    :raises ValueError: a line that is no such table.
    """
    return [_rows(json.loads(line)) for line in text.split('\n') if line]


def _rows(table):
    try:
        return [dict(zip(table['headings'], row)) for row in table['data']]
    except (KeyError, TypeError):
        raise ValueError('not a table as ovs-vsctl prints it: %s' % json.dumps(table)[:200])


def decode(value):
    """A plain value: a list for a set, a dict for a map, a string for a UUID, else the atom itself."""
    if not isinstance(value, list):
        return value
    kind, content = value
    if kind == 'set':
        return [decode(one) for one in content]
    if kind == 'map':
        return dict((decode(key), decode(one)) for key, one in content)
    return content


def set_of(value):
    """A set of any size as a list; a set of one arrives as its bare element."""
    plain = decode(value)
    return plain if isinstance(plain, list) else [plain]


def optional(value):
    """A column of at most one value: that value, or None."""
    plain = decode(value)
    if isinstance(plain, list):
        return plain[0] if plain else None
    return plain


def typed(value, column_type):
    """A value by its column's type in the schema (RFC 7047, section 3.2, ``<type>``)."""
    if not isinstance(column_type, dict) or 'value' in column_type:
        return decode(value)
    if column_type.get('max', 1) != 1:
        return set_of(value)
    return optional(value) if column_type.get('min', 1) == 0 else decode(value)


def typed_rows(rows, columns):
    """Rows decoded by ``columns``, the schema's columns of their table; a column it does not know is decoded plainly."""
    return [dict((name, typed(value, columns.get(name, {}).get('type', {'max': 1}))) for name, value in row.items())
            for row in rows]


def word(value):
    """An atom as ovs-vsctl reads it: a string becomes a JSON string, so that nothing in it is syntax.

    >>> print(word('a, "b" = -- c'))
    "a, \\"b\\" = -- c"

    :raises ValueError: text that no OVSDB string can hold: a NUL character, or what is not Unicode.
    """
    if isinstance(value, bool):
        return 'true' if value else 'false'
    if not isinstance(value, (type(u''), str)):
        return str(value)
    text = to_text(value, errors='surrogate_or_strict')
    text.encode('utf-8')  # where bytes arrived as surrogate escapes, this is the error
    if u'\0' in text:
        raise ValueError('%s holds a NUL character, which no OVSDB string can' % json.dumps(text))
    return json.dumps(text)


def assign(column, value):
    """The word that sets a column of one value: ``column=value``."""
    return '%s=%s' % (column, word(value))


def assign_key(column, key, value):
    """The word that sets one key of a map and leaves the others: ``column:key=value``."""
    return '%s:%s=%s' % (column, word(key), word(value))
