# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How `xe` shows records: the fields of each class, their order and access, and the two printers."""

from __future__ import absolute_import, division, print_function
__metaclass__ = type

from collections import namedtuple

from .errors import Refusal

UNSET = '<not set>'
NOT_IN_DATABASE = '<not in database>'
NULL_REF = 'OpaqueRef:NULL'

# kind: value, set or map; settable also means that keys of a map, or members of a set, can be added and removed;
# a hidden field shows in *-param-get only;
# takes: text, bool, int, size, or the class whose UUID the field is set to.
Field = namedtuple('Field', ('name', 'api', 'kind', 'settable', 'show', 'hidden', 'takes'))


class UnknownField(Exception):
    """`xe` was asked for a field that the class has not; the argument is its name."""


def _field(name, api=None, kind='value', settable=False, show=None, hidden=False, takes='text'):
    return Field(name, api or name.replace('-', '_'), kind, settable, show or _SHOW[kind], hidden, takes)


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


def _metric(name):
    """What a host's host_metrics object holds."""
    def show(value, database):
        return _text(database.attribute(value, name, NOT_IN_DATABASE), database)
    return show


def _lower(value, dummy):
    return value.lower()


def _disk_type(value, dummy):
    return 'HA statefile' if value == 'ha_statefile' else value.capitalize()


_SHOW = {'value': _text, 'set': _set, 'map': _map}
_LABELS = [_field('uuid'), _field('name-label', settable=True), _field('name-description', settable=True)]
_TAGS = _field('tags', kind='set', settable=True, show=_comma)
_OTHER_CONFIG = _field('other-config', kind='map', settable=True)

# Fields that the lab has no use for are left out; those that are here come in XAPI's order.
FIELDS = {
    'pool': _LABELS + [
        _field('master', show=_uuid),
        _field('default-SR', settable=True, show=_uuid, takes='SR'),
        _field('crash-dump-SR', settable=True, show=_uuid, takes='SR'),
        _field('suspend-image-SR', settable=True, show=_uuid, takes='SR'),
        _OTHER_CONFIG,
        _field('ha-enabled'),
        _field('ha-configuration', show=_map),
        _field('ha-statefiles', show=_uuids),
        _field('ha-host-failures-to-tolerate', settable=True, takes='int'),
        _field('ha-plan-exists-for'),
        _field('ha-allow-overcommit', settable=True, takes='bool'),
        _field('ha-overcommitted'),
        _field('vswitch-controller', show=_controller, hidden=True),
        _TAGS,
    ],
    'host': _LABELS + [
        _field('enabled'),
        _field('API-version-major'),
        _field('API-version-minor'),
        _field('software-version', kind='map'),
        _OTHER_CONFIG,
        _field('hostname'),
        _field('address'),
        _field('memory-total', 'metrics', show=_metric('memory_total')),
        _field('memory-free', 'metrics', show=_metric('memory_free')),
        _field('host-metrics-live', 'metrics', show=_metric('live')),
        _TAGS,
        _field('control-domain-uuid', 'control_domain', show=_uuid),
        _field('resident-vms', 'resident_VMs', kind='set', show=_uuids),
    ],
    'network': _LABELS + [
        _field('VIF-uuids', 'VIFs', kind='set', show=_uuids),
        _field('PIF-uuids', 'PIFs', kind='set', show=_uuids),
        _field('MTU', settable=True),
        _field('bridge'),
        _field('managed'),
        _OTHER_CONFIG,
        _TAGS,
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
        _field('bond-slave-of', show=_uuid),
        _field('management'),
        _field('network-uuid', 'network', show=_uuid),
        _field('network-name-label', 'network', show=_name),
        _field('host-uuid', 'host', show=_uuid),
        _field('host-name-label', 'host', show=_name),
        _field('IP-configuration-mode', 'ip_configuration_mode'),
        _field('IP'),
        _OTHER_CONFIG,
    ],
    'vm': _LABELS + [
        _field('is-a-template', settable=True, takes='bool'),
        _field('is-a-snapshot'),
        _field('is-control-domain'),
        _field('power-state', show=_lower),
        _field('memory-static-max', settable=True, takes='size'),
        _field('blocked-operations', kind='map', settable=True),
        _field('resident-on', show=_uuid),
        _field('affinity', settable=True, show=_uuid, takes='host'),
        _OTHER_CONFIG,
        _field('ha-restart-priority', settable=True),
        _field('VBDs', kind='set', show=_uuids),
        _TAGS,
    ],
    'sr': _LABELS + [
        _field('VDIs', kind='set', show=_uuids),
        _field('PBDs', kind='set', show=_uuids),
        _field('type'),
        _field('content-type'),
        _field('shared', settable=True, takes='bool'),
        _OTHER_CONFIG,
    ],
    'vdi': _LABELS + [
        _field('sr-uuid', 'SR', show=_uuid),
        _field('sr-name-label', 'SR', show=_name),
        _field('vbd-uuids', 'VBDs', kind='set', show=_uuids),
        _field('virtual-size'),
        _field('type', show=_disk_type),
        _field('sharable'),
        _field('read-only'),
        _OTHER_CONFIG,
    ],
    'vbd': [
        _field('uuid'),
        _field('vm-uuid', 'VM', show=_uuid),
        _field('vm-name-label', 'VM', show=_name),
        _field('vdi-uuid', 'VDI', show=_uuid),
        _field('vdi-name-label', 'VDI', show=_name),
        _field('empty'),
        _field('device'),
        _field('userdevice', settable=True),
        _OTHER_CONFIG,
    ],
    'pbd': [
        _field('uuid'),
        _field('host-uuid', 'host', show=_uuid),
        _field('host-name-label', 'host', show=_name),
        _field('sr-uuid', 'SR', show=_uuid),
        _field('sr-name-label', 'SR', show=_name),
        _field('device-config', kind='map'),
        _field('currently-attached'),
        _OTHER_CONFIG,
    ],
    'sdn-controller': [_field('uuid'), _field('protocol'), _field('address'), _field('port')],
}
DEFAULTS = {
    'pool': ['uuid', 'name-label', 'name-description', 'master', 'default-SR'],
    'host': ['uuid', 'name-label', 'name-description'],
    'network': ['uuid', 'name-label', 'name-description', 'bridge'],
    'pif': ['uuid', 'device', 'VLAN', 'MAC', 'network-uuid', 'currently-attached', 'host-uuid'],
    'vm': ['name-label', 'uuid', 'power-state'],
    'sr': ['uuid', 'name-label', 'name-description', 'type', 'content-type'],
    'vdi': ['uuid', 'name-label', 'name-description', 'virtual-size', 'read-only', 'sharable', 'sr-uuid'],
    'vbd': ['uuid', 'vm-uuid', 'vm-name-label', 'vdi-uuid', 'device', 'empty'],
    'pbd': ['uuid', 'host-uuid', 'sr-uuid', 'device-config', 'currently-attached'],
    'sdn-controller': ['uuid', 'protocol', 'address', 'port'],
}
# What a list command picks beside what it was told to.
FILTERS = {'vm': [('is-a-template', 'false')]}
FOLDED = ('MAC',)  # compared without regard to case
API_CLASS = {
    'pool': 'pool', 'host': 'host', 'network': 'network', 'pif': 'PIF', 'vm': 'VM', 'sr': 'SR', 'vdi': 'VDI', 'vbd': 'VBD', 'pbd': 'PBD',
    'sdn-controller': 'SDN_controller'}


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
                    raise Refusal("Field '%s' is not a set or map" % name)
                return field, key
        raise Refusal("Unknown field '%s'" % word)
    for wanted in ('map', 'set'):
        for field in sorted((field for field in fields if field.kind == wanted), key=lambda field: -len(field.name)):
            if word.startswith(field.name + '-'):
                return field, word[len(field.name) + 1:]
    raise Refusal("Unknown field '%s'" % word)


def matches(kind, record, word, wanted, database):
    """Whether ``record`` passes the filter ``word=wanted`` of a *-list command."""
    field, key = split(kind, word)
    value = record[field.api]
    if key is None:
        shown = field.show(value, database)
        return shown.lower() == wanted.lower() if field.name in FOLDED else shown == wanted
    if field.kind == 'map':
        return value.get(key) == wanted
    if key != 'contains':
        raise Refusal('Invalid syntax for set filtering (should be set-param:contains=key)')
    return wanted in ([_uuid(ref, database) for ref in value] if field.show is _uuids else value)


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
