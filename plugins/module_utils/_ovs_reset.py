# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What ``ovs-vsctl emer-reset`` would take from a switch, read before it does.

Since 1.4 it empties: the managers and the TLS material; each bridge's controllers, fail_mode, mirrors, NetFlow, sFlow, IPFIX, flood_vlans
and other_config but for hwaddr; each port's other_config, which holds the settings of bonds and LACP; each interface's ingress policing.
It keeps bridges, ports, interfaces, tunnels, QoS queues and all external_ids; and flow sample collector sets, though its source names them.
"""

from __future__ import absolute_import, division, print_function
__metaclass__ = type

from ansible_collections.xenserver.openvswitch.plugins.module_utils import _cli, _ovs_json, _ovs_manager

COMMAND = ['emer-reset']
TABLES = ('Open_vSwitch', 'Manager', 'SSL', 'Bridge', 'Port', 'Interface', 'Controller', 'Mirror', 'NetFlow', 'sFlow')
YOUNGER = ('IPFIX',)  # than 1.4
POLICING = ('ingress_policing_rate', 'ingress_policing_burst')
# A bridge's references: the column, the table that it leads to, and the column that a person knows the row by.
REFERENCES = (
    ('controller', 'Controller', 'target'), ('mirrors', 'Mirror', 'name'),
    ('netflow', 'NetFlow', 'targets'), ('sflow', 'sFlow', 'targets'), ('ipfix', 'IPFIX', 'targets'))


def read(vsctl):
    """The rows of each table that emer-reset writes, by table, in one process."""
    try:
        names = TABLES + YOUNGER
        return dict(zip(names, vsctl.read(*names)))
    except _cli.CliError as error:
        if error.result is None or 'unknown table' not in error.result.err:
            raise
    return dict(dict.fromkeys(YOUNGER, []), **dict(zip(TABLES, vsctl.read(*TABLES))))


def lost(rows):
    """What would be lost, without what is empty anyway.

    :arg rows: what :func:`read` returned.
    :returns: ``dict(managers, ssl, bridges, ports, interfaces)``, dicts by target or name; ``ssl`` may be None.
    """
    settings = _ovs_manager.view(_ovs_manager.have(rows['Open_vSwitch'], rows['Manager'], rows['SSL']))
    return dict(
        settings,
        bridges=_by_name(rows['Bridge'], lambda row: _bridge(row, rows)),
        ports=_by_name(rows['Port'], lambda row: _ovs_json.decode(row['other_config'])),
        interfaces=_by_name(rows['Interface'], lambda row: dict((name, row[name]) for name in POLICING if row[name])))


def nothing():
    """What :func:`lost` returns where there is nothing to lose."""
    return dict(managers={}, ssl=None, bridges={}, ports={}, interfaces={})


def _by_name(rows, part):
    parts = ((row['name'], part(row)) for row in rows)
    return dict((name, values) for name, values in parts if values)


def _bridge(row, rows):
    """The parts of a bridge that would go, by column."""
    parts = dict((column, _referred(row, column, rows[table], label)) for column, table, label in REFERENCES)
    parts.update(
        fail_mode=_ovs_json.optional(row['fail_mode']),
        flood_vlans=sorted(_ovs_json.set_of(row['flood_vlans'])),
        other_config=dict((key, value) for key, value in _ovs_json.decode(row['other_config']).items() if key != 'hwaddr'))
    return dict((name, value) for name, value in parts.items() if value)


def _referred(row, column, rows, label):
    """The labels of the rows that a column refers to; a row without one, or of a table that was not read, by its UUID."""
    labels = dict((_ovs_json.decode(one['_uuid']), _ovs_json.set_of(one[label])) for one in rows)
    uuids = _ovs_json.set_of(row.get(column, ['set', []]))
    return sorted(text for uuid in uuids for text in labels.get(uuid) or [uuid])


def described(values):
    """In one sentence's part what :func:`lost` found, for a person who has to consent."""
    kinds = [('TLS material', ['there is some'] if values['ssl'] else [])]
    kinds += [(name, sorted(values[name])) for name in ('managers', 'bridges', 'ports', 'interfaces')]
    return u'; '.join(u'%s: %s' % (kind, u', '.join(names)) for kind, names in kinds if names)
