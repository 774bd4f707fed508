# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The commands of `xe` that every class of records has: list, param-list, param-get, param-set, param-add, param-remove, param-clear."""

from __future__ import absolute_import, division, print_function
__metaclass__ = type

from . import arguments, records
from .errors import Refusal

# A record command is CLASS-VERB for each class; these need parameters.
REQUIRED = {
    'list': (), 'param-list': ('uuid',), 'param-get': ('uuid', 'param-name'), 'param-set': ('uuid',),
    'param-add': ('uuid', 'param-name'), 'param-remove': ('uuid', 'param-name', 'param-key'), 'param-clear': ('uuid', 'param-name'),
}


def _list(kind):
    def function(this):
        rows = list(this.call(records.API_CLASS[kind] + '.get_all_records_where', 'true').values())
        asked = [pair for pair in this.params if pair[0] not in ('params',) + arguments.STANDARD and not pair[0].startswith('database:')]
        for word, wanted in records.FILTERS.get(kind, []) + asked:
            rows = [record for record in rows if records.matches(kind, record, word, wanted, this)]
        this.show([records.rows(kind, record, this.chosen(records.DEFAULTS[kind]), this) for record in rows])
    return function


def _find(this, kind):
    reference = this.call(records.API_CLASS[kind] + '.get_by_uuid', this.get('uuid'))
    return reference, this.call(records.API_CLASS[kind] + '.get_record', reference)


def _param_list(kind):
    def function(this):
        this.show([records.rows(kind, _find(this, kind)[1], [], this)])
    return function


def _param_get(kind):
    def function(this):
        record = _find(this, kind)[1]
        field = records.lookup(kind, this.get('param-name'))
        key = this.get('param-key')
        if key is None or field.kind != 'map':
            this.say(field.show(record[field.api], this))
        elif key in record[field.api]:
            this.say(record[field.api][key])
        else:
            raise Refusal('Key %s not found in map' % key)
    return function


def _param_set(kind):
    def function(this):
        reference = _find(this, kind)[0]
        for word, value in this.params:
            if word != 'uuid' and word not in arguments.STANDARD:
                _assign(this, kind, reference, word, value)
    return function


def _assign(this, kind, reference, word, value):
    field, key = records.split(kind, word)
    prefix = records.API_CLASS[kind] + '.'
    if key is not None and field.kind == 'set':
        raise Refusal('Cannot param-set on set fields')
    if key is not None and not field.settable:
        raise Refusal("Map field '%s' is read-only." % field.name)
    if key is None and field.kind == 'map' and field.settable:
        raise Refusal("Field '%s' is a map or set. use the 'name:key=value' syntax." % word)
    if key is None and (field.kind != 'value' or not field.settable):
        raise Refusal("Field '%s' is read-only." % word)
    if key is None:
        this.call(prefix + 'set_' + field.api, reference, _taken(this, field, value))
        return
    if key in this.call(prefix + 'get_' + field.api, reference):
        this.call(prefix + 'remove_from_' + field.api, reference, key)
    this.call(prefix + 'add_to_' + field.api, reference, key, value)


def _taken(this, field, text):
    """What a field is set to by a text on the command line."""
    if field.takes == 'bool':
        return arguments.boolean(field.name, text)
    if field.takes in ('int', 'size'):
        try:
            return str(arguments.size(text) if field.takes == 'size' else int(text))
        except ValueError:
            raise Refusal('Parameter %s must be an integer' % field.name)
    if field.takes == 'text':
        return text
    return this.call(field.takes + '.get_by_uuid', text) if text else records.NULL_REF


def _edited(this, kind, refusals):
    """The field of param-name, which can be edited member by member.

    :arg refusals: what is said of a value, and of a set or map that is read-only.
    """
    field = records.lookup(kind, this.get('param-name'))
    if field.kind == 'value' or not field.settable:
        raise Refusal(refusals[field.kind != 'value'])
    return field, records.API_CLASS[kind] + ('.%s_' if field.kind == 'set' else '.%s_from_' if refusals is _REMOVAL else '.%s_to_') + field.api


_ADDITION = ('Can only add to parameters of type Set or Map', 'Parameter is read-only')
_REMOVAL = ('Can only remove from parameters of type Set or Map', 'Cannot remove parameters from read-only map')


def _param_add(kind):
    def function(this):
        reference = _find(this, kind)[0]
        field, method = _edited(this, kind, _ADDITION)
        if field.kind == 'set':
            if this.get('param-key') is None:
                raise Refusal('When adding a key to a set, use the syntax: *-param-add param-name=<name> param-key=<key>')
            this.call(method % 'add', reference, this.get('param-key'))
            return
        for key, value in this.params:
            if key not in ('uuid', 'param-name', 'param-key') + arguments.STANDARD:
                this.call(method % 'add', reference, key, value)
    return function


def _param_remove(kind):
    def function(this):
        reference, record = _find(this, kind)
        field, method = _edited(this, kind, _REMOVAL)
        key = this.get('param-key')
        if key not in record[field.api]:
            raise Refusal('Key %s is not in %s' % (key, 'map' if field.kind == 'map' else 'the set'))
        this.call(method % 'remove', reference, key)
    return function


def _param_clear(kind):
    def function(this):
        reference, record = _find(this, kind)
        field = records.lookup(kind, this.get('param-name'))
        prefix = records.API_CLASS[kind] + '.'
        if not field.settable:
            raise Refusal('Can only clear RW parameters')
        if field.kind == 'value':
            this.call(prefix + 'set_' + field.api, reference, _taken(this, field, ''))
            return
        for key in record[field.api]:
            this.call(prefix + ('remove_from_' if field.kind == 'map' else 'remove_') + field.api, reference, key)
    return function


FUNCTIONS = {
    'list': _list, 'param-list': _param_list, 'param-get': _param_get, 'param-set': _param_set,
    'param-add': _param_add, 'param-remove': _param_remove, 'param-clear': _param_clear,
}


def verbs(kind):
    """The commands that a class has: only what can be set, or edited, gets a command for it."""
    fields = records.FIELDS[kind]
    absent = {
        'param-set': not any(field.settable and field.kind != 'set' for field in fields),
        'param-add': not any(field.settable and field.kind != 'value' for field in fields),
        'param-clear': not any(field.settable or field.kind != 'value' for field in fields),
    }
    absent['param-remove'] = absent['param-add']
    return [verb for verb in REQUIRED if not absent.get(verb)]
