# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a host's Open vSwitch is and does, gathered and shaped; nothing here writes."""

from __future__ import absolute_import, division, print_function
__metaclass__ = type

import json
import os

from ansible_collections.xenserver.openvswitch.plugins.module_utils import _boot, _cli, _ovs, _ovs_json, _ovs_kernel, _ovs_manager

DAEMONS = ('ovsdb-server', 'ovs-vswitchd')
TABLES = ('Open_vSwitch', 'Manager', 'SSL', 'Bridge', 'Controller')

# The daemon that brings XAPI's names of networks, VIFs and VMs into the database; not every build has it.
XAPI_SYNC = '/usr/share/openvswitch/scripts/ovs-xapi-sync'

# Seconds for a daemon's answer on its control socket, which comes at once or not at all.
REPLY = 5

RPM_FIELDS = ('name', 'epoch', 'version', 'release', 'arch', 'vendor', 'install_time', 'header_sha1')
RPM_FORMAT = r'%{NAME}\t%{EPOCH}\t%{VERSION}\t%{RELEASE}\t%{ARCH}\t%{VENDOR}\t%{INSTALLTIME}\t%{SHA1HEADER}\n'
RPM_PATTERN = '*openvswitch*'


def daemons(rundir):
    """For each daemon ``dict(running, responding, pid, started, version, replaced)``, named with underscores."""
    return dict((name.replace('-', '_'), _daemon(name, rundir)) for name in DAEMONS)


def xapi_sync(rundir):
    """The same for ovs-xapi-sync, None where Open vSwitch has come without it."""
    return _daemon('ovs-xapi-sync', rundir) if os.path.exists(XAPI_SYNC) else None


def _daemon(name, rundir):
    found = _ovs.process(name, rundir)
    if found is None:
        return dict(running=False, responding=False, pid=None, started=None, version=None, replaced=None)
    answer = _ovs.ask(found['control'], 'version', REPLY)
    return dict(
        running=True, responding=answer is not None, pid=found['pid'], started=_boot.started(found['pid']), version=_ovs.version_in(answer),
        replaced=found['replaced'])


def database(server, tables, time_limit):
    """The schema and the rows of the switch's tables and of ``tables``, in two processes.

    :arg server: the database's connection method.
    :returns: the schema, as RFC 7047 has it, and a dict of rows by table, as ovs-vsctl's JSON has them.
    :raises CliError: the database does not answer, or has no such table.
    """
    schema = json.loads(_cli.run([_cli.find('ovsdb-client'), 'get-schema', server, 'Open_vSwitch'], time_limit).out)
    unknown = sorted(set(tables) - set(schema['tables']))
    if unknown:
        raise UnknownTable('The database has no table %s. Its tables are %s.' % (', '.join(unknown), ', '.join(sorted(schema['tables']))))
    names = list(TABLES) + sorted(set(tables) - set(TABLES))
    return schema, dict(zip(names, _ovs.Vsctl(time_limit, server).read(*names)))


class UnknownTable(_cli.CliError):
    """A table that was asked for and is in no schema; unlike a daemon that is down, a mistake of the task."""


def switch(schema, rows, tables):
    """The values of ovs_info that the database yields."""
    plain = dict((name, _ovs_json.typed_rows(some, schema['tables'][name]['columns'])) for name, some in rows.items())
    have = _ovs_manager.have(rows['Open_vSwitch'], rows['Manager'], rows['SSL'])
    first = plain['Open_vSwitch'][0] if plain['Open_vSwitch'] else {}
    return dict(
        system=_system(first),
        managers=have['managers'],
        ssl=_ovs_manager.public_ssl(have['ssl']),
        bridges=_bridges(plain['Bridge'], plain['Controller']),
        tables=dict((name, plain[name]) for name in tables),
        database=dict(reachable=True, error=None, next_cfg=have['next_cfg'], cur_cfg=have['cur_cfg'],
                      applied=have['next_cfg'] <= have['cur_cfg']))


def nothing(error):
    """The same values where no database answered, with the reason."""
    return dict(
        system=_system({}), managers=[], ssl=None, bridges=[], tables={},
        database=dict(reachable=False, error=error, next_cfg=None, cur_cfg=None, applied=None))


def _system(row):
    ids = row.get('external_ids', {})
    return dict(
        type=row.get('system_type'), version=row.get('system_version'), id=ids.get('system-id'), external_ids=ids,
        other_config=row.get('other_config', {}), datapath_types=row.get('datapath_types', []), interface_types=row.get('iface_types', []))


def _bridges(bridges, controllers):
    by_uuid = dict((row['_uuid'], row) for row in controllers)
    return [dict(
        uuid=row['_uuid'], name=row['name'], datapath_type=row['datapath_type'], datapath_id=row['datapath_id'],
        fail_mode=row['fail_mode'], protocols=row.get('protocols', []), other_config=row['other_config'], external_ids=row['external_ids'],
        controllers=sorted((_controller(by_uuid[uuid]) for uuid in row['controller']), key=lambda one: one['target']),
    ) for row in sorted(bridges, key=lambda one: one['name'])]


def _controller(row):
    return dict((name, row.get(name)) for name in ('target', 'is_connected', 'role', 'connection_mode', 'status'))


def rpms(text):
    """The packages in what rpm printed with :data:`RPM_FORMAT`, sorted by NEVRA, an epoch or vendor of none as None."""
    found = [dict(zip(RPM_FIELDS, (None if value == '(none)' else value for value in line.split('\t')))) for line in text.split('\n') if line]
    for package in found:
        epoch = '%s:' % package['epoch'] if package['epoch'] else ''
        package['nevra'] = '%(name)s-{0}%(version)s-%(release)s.%(arch)s'.format(epoch) % package
        package['install_time'] = int(package['install_time'])
    return sorted(found, key=lambda package: package['nevra'])


def pending_restart(installed, running):
    """Why the daemons should be restarted, a sentence each.

    :arg installed: the version of the tools on disk.
    :arg running: what :func:`daemons` returned.
    """
    reasons = []
    for name in DAEMONS:
        daemon = running[name.replace('-', '_')]
        if daemon['version'] and installed and daemon['version'] != installed:
            reasons.append('%s runs version %s, and %s is installed' % (name, daemon['version'], installed))
        elif daemon['replaced']:
            reasons.append('%s runs from a file that has been replaced or removed since' % name)
    return reasons


def pending_reboot(module):
    """Why the host should be rebooted, a sentence each; ``module`` is what :func:`_ovs_kernel.state` returned."""
    reason = _ovs_kernel.mismatch(module)
    return [reason] if reason else []


def socket_in(rundir):
    """The connection method of a host's own database."""
    return 'unix:%s' % os.path.join(rundir, 'db.sock')
