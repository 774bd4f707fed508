# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How `xe` shows records: the fields of each class, their order and access, and the two printers."""

from __future__ import absolute_import, division, print_function
__metaclass__ = type

from collections import namedtuple

from . import errors

UNSET = '<not set>'
NOT_IN_DATABASE = '<not in database>'
NULL_REF = 'OpaqueRef:NULL'

# kind: value, set or map; settable also means that keys of a map can be added and removed;
# a hidden field shows in *-param-get only.
Field = namedtuple('Field', ('name', 'api', 'kind', 'settable', 'show', 'hidden'))


class UnknownField(Exception):
    """`xe` was asked for a field that the class has not; the argument is its name."""


def _field(name, api=None, kind='value', settable=False, show=None, hidden=False):
    return Field(name, api or name.replace('-', '_'), kind, settable, show or _SHOW[kind], hidden)


def _text(value, dummy):
    if isinstance(value, bool):
        return 'true' if value else 'false'
    return str(value)


def _set(value, dummy):
    return '; '.join(value)


def _comma(value, dummy):
    return ', '.join(value)


def _map(value, dummy):
    return '; '.join('%s: %s' % pair for pair in value.items())


def _uuid(value, database):
    return database.attribute(value, 'uuid', NOT_IN_DATABASE)


def _name(value, database):
    return database.attribute(value, 'name_label', NOT_IN_DATABASE)


def plain(value, database):
    """An error's parameter: a reference as ``UUID (name)``, or ``UUID`` where its class has no names; other text as it is."""
    uuid, name = (database.attribute(value, field, None) for field in ('uuid', 'name_label'))
    if uuid is None:
        return value
    return uuid if name is None else '%s (%s)' % (uuid, name)


def _uuids(value, database):
    return '; '.join(_uuid(ref, database) for ref in value)


def _controller(value, dummy):
    return value or UNSET


_SHOW = {'value': _text, 'set': _set, 'map': _map}
_LABELS = [_field('uuid'), _field('name-label', settable=True), _field('name-description', settable=True)]

FIELDS = {
    'pool': _LABELS + [
        _field('master', show=_uuid),
        _field('default-SR', settable=True, show=_uuid),
        _field('crash-dump-SR', settable=True, show=_uuid),
        _field('suspend-image-SR', settable=True, show=_uuid),
        _field('other-config', kind='map', settable=True),
        _field('ha-enabled'),
        _field('vswitch-controller', show=_controller, hidden=True),
        _field('tags', kind='set', show=_comma),
    ],
    'host': _LABELS + [
        _field('enabled'),
        _field('API-version-major'),
        _field('API-version-minor'),
        _field('software-version', kind='map'),
        _field('other-config', kind='map', settable=True),
        _field('hostname'),
        _field('address'),
        _field('tags', kind='set', show=_comma),
        _field('resident-vms', 'resident_VMs', kind='set', show=_uuids),
    ],
    'network': _LABELS + [
        _field('VIF-uuids', 'VIFs', kind='set', show=_uuids),
        _field('PIF-uuids', 'PIFs', kind='set', show=_uuids),
        _field('MTU', settable=True),
        _field('bridge'),
        _field('other-config', kind='map', settable=True),
        _field('tags', kind='set', show=_comma),
    ],
    'pif': [
        _field('uuid'),
        _field('device'),
        _field('MAC'),
        _field('physical'),
        _field('managed'),
        _field('currently-attached'),
        _field('MTU'),
        _field('VLAN'),
        _field('management'),
        _field('network-uuid', 'network', show=_uuid),
        _field('network-name-label', 'network', show=_name),
        _field('host-uuid', 'host', show=_uuid),
        _field('host-name-label', 'host', show=_name),
        _field('IP-configuration-mode', 'ip_configuration_mode'),
        _field('IP'),
        _field('other-config', kind='map', settable=True),
    ],
    'vm': _LABELS + [_field('power-state')],
    'sdn-controller': [_field('uuid'), _field('protocol'), _field('address'), _field('port')],
}
DEFAULTS = {
    'pool': ['uuid', 'name-label', 'name-description', 'master', 'default-SR'],
    'host': ['uuid', 'name-label', 'name-description'],
    'network': ['uuid', 'name-label', 'name-description', 'bridge'],
    'pif': ['uuid', 'device', 'VLAN', 'MAC', 'network-uuid', 'currently-attached', 'host-uuid'],
    'vm': ['name-label', 'uuid', 'power-state'],
    'sdn-controller': ['uuid', 'protocol', 'address', 'port'],
}
API_CLASS = {'pool': 'pool', 'host': 'host', 'network': 'network', 'pif': 'PIF', 'vm': 'VM', 'sdn-controller': 'SDN_controller'}


def lookup(kind, name):
    for field in FIELDS[kind]:
        if field.name == name:
            return field
    raise UnknownField(name)


def split(kind, word):
    """``name``, ``name:key`` or the old ``name-key`` -> (field, key or None)."""
    fields = FIELDS[kind]
    for field in fields:
        if field.name == word:
            return field, None
    name, colon, key = word.partition(':')
    if colon:
        for field in fields:
            if field.name == name:
                if field.kind == 'value':
                    raise errors.internal("Failure: Field '%s' is not a set or map" % name)
                return field, key
        raise errors.internal("Failure: Unknown field '%s'" % word)
    for wanted in ('map', 'set'):
        for field in sorted((field for field in fields if field.kind == wanted), key=lambda field: -len(field.name)):
            if word.startswith(field.name + '-'):
                return field, word[len(field.name) + 1:]
    raise errors.internal("Failure: Unknown field '%s'" % word)


def matches(kind, record, word, wanted, database):
    """Whether ``record`` passes the filter ``word=wanted`` of a *-list command."""
    field, key = split(kind, word)
    value = record[field.api]
    if key is None:
        return field.show(value, database) == wanted
    if field.kind == 'map':
        return value.get(key) == wanted
    if key != 'contains':
        raise errors.internal('Failure: Invalid syntax for set filtering (should be set-param:contains=key)')
    return wanted in value


def rows(kind, record, names, database):
    """(label, text) for each field in ``names`` (all where empty), in the order of the class, without hidden ones."""
    return [
        (label(field), field.show(record[field.api], database))
        for field in FIELDS[kind] if not field.hidden and (not names or field.name in names)]


def label(field):
    access = {'value': ' ( R', 'set': ' (SR', 'map': ' (MR'}[field.kind]
    return field.name + access + ('W)' if field.settable else 'O)')


def table(records):
    """What is printed for each record; each print gets a newline of its own, hence two blank lines."""
    return [_record(pairs) + '\n\n' for pairs in records]


def _record(pairs):
    if not pairs:
        return ''
    width = 4 + max(len(name) for name, dummy in pairs)
    first, rest = pairs[0], pairs[1:]
    lines = [(first[0].ljust(width), first[1])] + [(name.rjust(width), value) for name, value in rest]
    return '\n'.join('%s: %s' % line for line in lines)


def minimal(values):
    return ','.join(value.replace('\\', '\\\\').replace(',', '\\,') for value in values)
