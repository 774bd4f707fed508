# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plan an Open vSwitch's managers and TLS material: have, want, the desired rows, the commands between.

A manager is ``dict(uuid, target, inactivity_probe, max_backoff, connection_mode, other_config, external_ids,
is_connected, status)``; the TLS row is ``dict(uuid, private_key, certificate, ca_certificate, bootstrap)`` or None.
A row that stays keeps its UUID and every setting that nobody asked to change.
"""

from __future__ import absolute_import, division, print_function
__metaclass__ = type

import json

from ansible.module_utils.common.text.converters import to_text

from ansible_collections.xenserver.openvswitch.plugins.module_utils import _ovs_json, _ovs_targets

NUMBERS = ('inactivity_probe', 'max_backoff')
OPTIONAL = NUMBERS + ('connection_mode',)
# Milliseconds; the daemons keep them in 32 bits with a sign.
LARGEST = 2 ** 31 - 1
MAPS = ('other_config', 'external_ids')
SSL_COLUMNS = (('private_key', 'private_key'), ('certificate', 'certificate'), ('ca_certificate', 'ca_cert'), ('bootstrap', 'bootstrap_ca_cert'))


def have(switches, managers, ssls):
    """What the tables Open_vSwitch, Manager and SSL hold, as ovs-vsctl's JSON rows.

    :returns: ``dict(managers, ssl, next_cfg, cur_cfg, ovs_version)``; a database without its first row is empty.
    """
    switch = switches[0] if switches else {}
    found = dict((row['uuid'], row) for row in rows(managers))
    named = _ovs_json.set_of(switch.get('manager_options', ['set', []]))
    ssl = dict((_ovs_json.decode(row['_uuid']), row) for row in ssls).get(_ovs_json.optional(switch.get('ssl', ['set', []])))
    return dict(
        managers=sorted((found[uuid] for uuid in named if uuid in found), key=lambda row: row['target']),
        ssl=_ssl(ssl) if ssl else None,
        next_cfg=switch.get('next_cfg', 0),
        cur_cfg=switch.get('cur_cfg', 0),
        ovs_version=_ovs_json.optional(switch.get('ovs_version', ['set', []])))


def rows(managers):
    """The rows of the table Manager, as ovs-vsctl's JSON has them, as managers."""
    return [_manager(row) for row in managers]


def _manager(row):
    manager = dict((name, _ovs_json.optional(row[name])) for name in OPTIONAL)
    manager.update((name, _ovs_json.decode(row.get(name, ['map', []]))) for name in MAPS + ('status',))
    manager.update(uuid=_ovs_json.decode(row['_uuid']), target=row['target'], is_connected=row['is_connected'])
    return manager


def _ssl(row):
    ssl = dict((name, row[column]) for name, column in SSL_COLUMNS)
    return dict(ssl, uuid=_ovs_json.decode(row['_uuid']))


def wanted_managers(targets, managers, common):
    """The managers asked for, each ``dict(target, settings...)``, where None is a setting that nobody asked for.

    :arg targets: plain targets, which take the settings of ``common``.
    :arg managers: dicts of a target and its own settings, which go before those of ``common``.
    :raises ValueError: one target twice, with different settings.
    """
    result = {}
    for manager in [dict(target=target) for target in targets or ()] + list(managers or ()):
        one = dict((name, _setting(name, manager.get(name), common.get(name))) for name in OPTIONAL + MAPS)
        one['target'] = to_text(manager['target'])
        if result.setdefault(one['target'], one) != one:
            raise ValueError('The manager %s is asked for twice, with different settings. Keep one of them.' % one['target'])
    return [result[target] for target in sorted(result)]


def _setting(name, own, common):
    if name in MAPS:
        merged = dict(common or {}, **(own or {}))
        return dict((to_text(key), _text(value)) for key, value in merged.items())
    return own if own is not None else common


def _text(value):
    """A map's value: what YAML made a number, boolean or structure goes back to text, None asks for the key's removal."""
    if isinstance(value, (bool, list, dict)):
        return to_text(json.dumps(value, sort_keys=True))
    return None if value is None else to_text(value)


def check_settings(wanted):
    """Refuse numbers that the schema or the daemon would not take.

    :raises ValueError: with the manager, the setting and its range.
    """
    for manager in wanted:
        for name, lowest in (('inactivity_probe', 0), ('max_backoff', 1000)):
            number = manager[name]
            if number is not None and number != -1 and not lowest <= number <= LARGEST:
                raise ValueError('%s: %s is %d; it is from %d to %d milliseconds, or -1 for the default.' % (
                    manager['target'], name, number, lowest, LARGEST))
        for key in set(manager['other_config']) & set(['dscp']):
            dscp = manager['other_config'][key]
            if dscp is not None and not (dscp.isdigit() and int(dscp) <= 63):
                raise ValueError('%s: other_config dscp is %s; it is from 0 to 63.' % (manager['target'], dscp))


def desired(present, wanted, state, ssl=None):
    """The managers and TLS row as they should be.

    :arg present: what :func:`have` returned.
    :arg state: ``exact``, ``present`` or ``absent``.
    :arg ssl: ``dict(state, private_key, certificate, ca_certificate, bootstrap)``, or None to leave it as it is.
    """
    return dict(managers=_desired_managers(present['managers'], wanted, state), ssl=_desired_ssl(present['ssl'], ssl))


def _desired_managers(present, wanted, state):
    asked = dict((one['target'], one) for one in wanted)
    if state == 'absent':
        return [row for row in present if row['target'] not in asked]
    kept, seen = [], set()
    for row in present:
        one = asked.get(row['target'])
        if one is not None and row['target'] not in seen:
            kept.append(_with(row, one))
        elif one is None and state == 'present':
            kept.append(row)
        seen.add(row['target'])
    new = [_with(_new(target), asked[target]) for target in asked if target not in seen]
    return sorted(kept + new, key=lambda row: row['target'])


def _new(target):
    row = dict((name, None) for name in OPTIONAL)
    row.update((name, {}) for name in MAPS + ('status',))
    return dict(row, uuid=None, target=target, is_connected=False)


def _with(row, settings):
    """The row with the settings asked for; -1 and "default" mean the column's empty value."""
    row = dict(row)
    for name in OPTIONAL:
        if settings[name] is not None:
            row[name] = None if settings[name] in (-1, 'default') else settings[name]
    for name in MAPS:
        merged = dict(row[name], **settings[name])
        row[name] = dict((key, value) for key, value in merged.items() if value is not None)
    return row


def _desired_ssl(row, ssl):
    if ssl is None:
        return row
    if ssl['state'] == 'absent':
        return None
    wanted = dict((name, to_text(ssl[name], errors='surrogate_or_strict')) for name, column in SSL_COLUMNS if name != 'bootstrap')
    return dict(row or dict(uuid=None), bootstrap=ssl['bootstrap'], **wanted)


def commands(before, after):
    """The ovs-vsctl commands, each a list of words, that lead from ``before`` to ``after`` in one transaction."""
    kept = dict((row['uuid'], row) for row in after['managers'] if row['uuid'])
    gone = [row['uuid'] for row in before['managers'] if row['uuid'] not in kept]
    new = [row for row in after['managers'] if row['uuid'] is None]
    result = []
    if gone:  # the rows themselves go with the last reference to them
        result.append(['remove', 'Open_vSwitch', '.', 'manager_options'] + gone)
    for row in before['managers']:
        if row['uuid'] in kept:
            result += _changed_manager(row, kept[row['uuid']])
    result += [_created_manager(row, '@manager%d' % number) for number, row in enumerate(new)]
    if new:
        result.append(['add', 'Open_vSwitch', '.', 'manager_options'] + ['@manager%d' % number for number in range(len(new))])
    return result + _ssl_commands(before['ssl'], after['ssl'])


def _created_manager(row, name):
    words = [_ovs_json.assign('target', row['target'])]
    words += [_ovs_json.assign(column, row[column]) for column in OPTIONAL if row[column] is not None]
    words += [_ovs_json.assign_key(column, key, value) for column in MAPS for key, value in sorted(row[column].items())]
    return ['--id=%s' % name, 'create', 'Manager'] + words


def _changed_manager(old, new):
    record = ['Manager', old['uuid']]
    put = [_ovs_json.assign(name, new[name]) for name in OPTIONAL if new[name] not in (None, old[name])]
    put += [_ovs_json.assign_key(name, key, value) for name in MAPS for key, value in sorted(new[name].items()) if old[name].get(key) != value]
    empty = [name for name in OPTIONAL if new[name] is None and old[name] is not None]
    dropped = [(name, sorted(set(old[name]) - set(new[name]))) for name in MAPS]
    result = [['set'] + record + put] if put else []
    result += [['clear'] + record + empty] if empty else []
    return result + [['remove'] + record + [name] + [_ovs_json.word(key) for key in keys] for name, keys in dropped if keys]


def _ssl_commands(old, new):
    if old == new:
        return []
    if new is None:
        return [['clear', 'Open_vSwitch', '.', 'ssl']]
    words = [_ovs_json.assign(column, new[name]) for name, column in SSL_COLUMNS if old is None or old[name] != new[name]]
    if old is not None:
        return [['set', 'SSL', old['uuid']] + words]
    return [['--id=@ssl', 'create', 'SSL'] + words, ['set', 'Open_vSwitch', '.', 'ssl=@ssl']]


def view(state):
    """What a person compares: the settings, by target, without UUIDs and without what a connection does meanwhile."""
    managers = dict((row['target'], dict((name, row[name]) for name in OPTIONAL + MAPS)) for row in state['managers'])
    return dict(managers=managers, ssl=public_ssl(state['ssl']))


def lacks_tls(state):
    """Whether a manager needs TLS material that is not there."""
    return state['ssl'] is None and any(_ovs_targets.uses_tls(row['target']) for row in state['managers'])


def public_ssl(row):
    return row and dict((name, row[name]) for name, column in SSL_COLUMNS)


def with_uuids(after, made):
    """The managers of ``after``, new ones with the UUIDs that their ``create`` commands printed, in that order."""
    uuids = iter(made)
    return [row if row['uuid'] else dict(row, uuid=next(uuids, None)) for row in after['managers']]
