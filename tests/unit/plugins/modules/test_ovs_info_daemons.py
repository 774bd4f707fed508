# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ovs_info on the real daemons, up, down, hanging and not installed, and every column of the real schema."""

from __future__ import absolute_import, division, print_function
__metaclass__ = type

import os

import time

import pytest

from ansible_collections.xenserver.openvswitch.plugins.module_utils import _ovs_info
from ansible_collections.xenserver.openvswitch.plugins.modules import ovs_info
from ansible_collections.xenserver.openvswitch.tests.unit.plugins.modules.utils import run_module

DOWN = dict(running=False, responding=False, pid=None, started=None, version=None, replaced=None)


@pytest.fixture(autouse=True)
def short_wait(monkeypatch):
    monkeypatch.setattr(_ovs_info, 'REPLY', 1)


def look(switch, **args):
    result, failed = run_module(ovs_info.main, dict(dict(rundir=switch.rundir, time_limit=60), **args))
    assert not failed, result['msg']
    assert result['changed'] is False
    return result


def version(switch):
    return switch.vsctl('--version').split('\n')[0].split()[-1]


def test_a_running_switch_is_told_and_left_as_it_is(switch):
    switch.vsctl('add-br', 'br0', '--', 'set-controller', 'br0', 'tcp:127.0.0.1:1', '--', 'set-fail-mode', 'br0', 'secure')
    switch.vsctl('set-manager', 'ptcp:0:127.0.0.1')
    content, files = switch.content(), switch.files()
    found, number = look(switch), version(switch)
    assert found['installed'] and found['versions'] == dict(openvswitch=number, ovs_vswitchd=number, ovsdb_server=number, db_schema=switch.schema()['version'])
    for name in ('ovsdb-server', 'ovs-vswitchd'):
        daemon = found['daemons'][name.replace('-', '_')]
        assert found['boot']['time'] <= daemon.pop('started') <= time.time() + 1
        assert daemon == dict(running=True, responding=True, pid=switch.pid(name), version=number, replaced=False)
    assert found['database']['reachable'] and found['database']['applied'] and found['database']['error'] is None
    assert [row['target'] for row in found['managers']] == ['ptcp:0:127.0.0.1'] and found['ssl'] is None and found['pending_restart'] == []
    bridge = found['bridges'][0]
    assert (bridge['name'], bridge['fail_mode'], [row['target'] for row in bridge['controllers']]) == ('br0', 'secure', ['tcp:127.0.0.1:1'])
    assert found['system']['id'] == 's1' and 'dummy' in found['system']['interface_types']
    assert sorted(switch.calls) == ['ovs-vsctl', 'ovs-vsctl', 'ovsdb-client'] and (switch.content(), switch.files()) == (content, files)


def test_all_that_is_documented_is_returned_whatever_runs(switch):
    documented = set(pytest.importorskip('yaml').safe_load(ovs_info.RETURN))
    for name in (None, 'ovs-vswitchd', 'ovsdb-server'):
        if name:
            switch.kill(name)
        assert set(look(switch)) - set(['invocation']) == documented | set(['changed'])


def test_a_switch_that_is_down(bare_switch):
    found = look(bare_switch)
    assert found['installed'] and found['daemons'] == dict(ovsdb_server=DOWN, ovs_vswitchd=DOWN, ovs_xapi_sync=None) and found['versions']['openvswitch']
    assert found['database'] == dict(reachable=False, error='ovsdb-server is not running.', next_cfg=None, cur_cfg=None, applied=None)
    assert bare_switch.calls == ['ovs-vsctl']


def test_daemons_that_crashed_and_left_their_pidfiles_and_sockets(switch):
    for name in ('ovs-vswitchd', 'ovsdb-server'):
        switch.kill(name)
        assert os.path.exists(switch.pidfile(name))
    found = look(switch)
    assert found['daemons'] == dict(ovsdb_server=DOWN, ovs_vswitchd=DOWN, ovs_xapi_sync=None) and found['database']['error'] == 'ovsdb-server is not running.'
    found = look(switch, database=switch.database)
    assert found['database']['reachable'] is False and 'Connection refused' in found['database']['error'] and found['managers'] == []


def test_a_pidfile_that_another_process_took_over(switch):
    switch.kill('ovs-vswitchd')
    with open(switch.pidfile('ovs-vswitchd'), 'w') as stream:
        stream.write('%d\n' % os.getpid())
    assert look(switch)['daemons']['ovs_vswitchd'] == DOWN


def test_ovs_vswitchd_alone_is_down_or_hangs(switch):
    switch.vsctl('add-br', 'br0')
    switch.freeze('ovs-vswitchd')
    daemon = look(switch)['daemons']['ovs_vswitchd']
    assert (daemon['running'], daemon['responding'], daemon['pid'], daemon['version']) == (True, False, switch.pid('ovs-vswitchd'), None)
    switch.kill('ovs-vswitchd')
    found = look(switch)
    assert found['daemons']['ovs_vswitchd'] == DOWN and found['bridges'][0]['name'] == 'br0' and found['database']['reachable']


def test_ovsdb_server_hangs(switch):
    switch.freeze('ovsdb-server')
    found = look(switch)
    assert found['daemons']['ovsdb_server']['running'] and not found['daemons']['ovsdb_server']['responding']
    assert found['database']['error'] == 'ovsdb-server does not answer.' and found['daemons']['ovs_vswitchd']['responding']
    assert 'did not finish within 1 seconds' in look(switch, database=switch.database, time_limit=1)['database']['error']


def test_a_host_without_open_vswitch(bare_switch, monkeypatch):
    monkeypatch.setenv('PATH', bare_switch.home)
    found = look(bare_switch)
    assert not found['installed'] and found['versions'] == dict(openvswitch=None, ovs_vswitchd=None, ovsdb_server=None, db_schema=None)
    assert found['database']['error'] == 'Open vSwitch is not installed.' and found['bridges'] == [] and found['tables'] == {}


# --- every column of every table

ATOMS = dict(integer=7, real=1.5, boolean=True, string=u'a, "b" = {c} [d] \\ \xe9 --')


class Rows(object):
    """A row for each table of a schema, each column with ``size`` values as far as its type has room."""

    def __init__(self, schema, size):
        self.tables, self.size = schema['tables'], size

    def column(self, column_type):
        """A value of a type: as RFC 7047 has it, and as ovs_info should tell it."""
        if not isinstance(column_type, dict):
            return self.atom(column_type, 0)
        most = column_type.get('max', 1)
        size = max(column_type.get('min', 1), self.size if most == 'unlimited' else min(self.size, most))
        pairs = self.distinct(column_type['key'], size)
        if 'value' in column_type:
            values = [self.atom(column_type['value'], 0)] * len(pairs)
            return ['map', [[pair[0], value[0]] for pair, value in zip(pairs, values)]], dict((u'%s' % pair[1], value[1]) for pair, value in zip(pairs, values))
        told = [pair[1] for pair in pairs]
        return ['set', [pair[0] for pair in pairs]], told if most != 1 else (told or [None])[0]

    def distinct(self, base, size):
        found = []
        for number in range(size):
            pair = self.atom(base, number)
            if pair not in found:
                found.append(pair)
        return found

    def atom(self, base, number):
        base = base if isinstance(base, dict) else dict(type=base)
        if 'refTable' in base:
            return ['named-uuid', 'row' + base['refTable']], base['refTable']
        if base['type'] == 'uuid':
            return ['uuid', '00000000-0000-0000-0000-00000000000%d' % number], '00000000-0000-0000-0000-00000000000%d' % number
        value = base['enum'][1][min(number, len(base['enum'][1]) - 1)] if 'enum' in base else self.plain(base, number)
        return value, value

    @staticmethod
    def plain(base, number):
        value = ATOMS[base['type']]
        if base['type'] == 'string':
            return value + u'%d' % number if base.get('minLength', 0) <= len(value) + 1 else 'x'
        return value if value is True else min(max(value, base.get('minInteger', value)) + number, base.get('maxInteger', 2 ** 40))

    def row(self, table):
        pairs = dict((name, self.column(column['type'])) for name, column in self.tables[table]['columns'].items())
        return dict((name, pair[0]) for name, pair in pairs.items()), dict((name, pair[1]) for name, pair in pairs.items())


@pytest.mark.parametrize('size', [0, 1, 2])
def test_every_column_of_the_live_schema_is_told_by_its_type(bare_switch, size):
    bare_switch.start_server(serve_managers=False)
    rows, operations, expected = Rows(bare_switch.schema(), size), [], {}
    for table in sorted(rows.tables):
        row, expected[table] = rows.row(table)
        operations.append({'op': 'insert', 'table': table, 'uuid-name': 'row' + table, 'row': row})
    answers = bare_switch.ask('Open_vSwitch', *operations)
    assert not [answer for answer in answers if 'uuid' not in (answer or {})]
    uuids = dict((operation['table'], answer['uuid'][1]) for operation, answer in zip(operations, answers))
    bare_switch.forget_calls()
    told = look(bare_switch, database=bare_switch.database, tables=sorted(rows.tables))
    assert sorted(bare_switch.calls) == ['ovs-vsctl', 'ovs-vsctl', 'ovsdb-client']
    seen = 0
    for table, columns in expected.items():
        assert size == 0 or [row['_uuid'] for row in told['tables'][table]] == [uuids[table]]
        for row in told['tables'][table]:
            for name, value in columns.items():
                assert row[name] == named(value, uuids), (table, name)
                seen += 1
    assert seen == sum(len(columns) for columns in expected.values()) if size else seen >= len(expected['Open_vSwitch'])


def named(value, uuids):
    """The expected value, table names where references are put as those tables' row."""
    if isinstance(value, list):
        return [named(one, uuids) for one in value]
    if isinstance(value, dict):
        return dict((key, named(one, uuids)) for key, one in value.items())
    return value if isinstance(value, (bool, int, float, type(None))) else uuids.get(value, value)
