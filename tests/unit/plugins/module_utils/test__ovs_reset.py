# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function
__metaclass__ = type

import pytest

from ansible_collections.xenserver.openvswitch.plugins.module_utils import _cli, _ovs_json, _ovs_reset


def uuids(*names):
    return ['set', [['uuid', name] for name in names]]


def rows(**tables):
    return dict(dict((name, []) for name in _ovs_reset.TABLES + _ovs_reset.YOUNGER), **tables)


def bridge(**columns):
    empty = dict((name, ['set', []]) for name in ('controller', 'mirrors', 'netflow', 'sflow', 'fail_mode', 'flood_vlans'))
    return dict(empty, name='br0', other_config=['map', []], **columns)


class Vsctl(object):
    """Answers a read as a tool that knows only some tables."""

    def __init__(self, *unknown):
        self.unknown, self.reads = unknown, []

    def read(self, *names):
        self.reads.append(names)
        for name in self.unknown:
            if name in names:
                raise _cli.CliError('failed', _cli.Result(['ovs-vsctl'], 1, '', 'ovs-vsctl: unknown table "%s"\n' % name))
        return [[name] for name in names]


def test_all_tables_are_one_read():
    tool = Vsctl()
    assert _ovs_reset.read(tool)['IPFIX'] == ['IPFIX'] and len(tool.reads) == 1


def test_a_tool_older_than_ipfix_is_asked_without_it():
    tool = Vsctl('IPFIX')
    found = _ovs_reset.read(tool)
    assert found['IPFIX'] == [] and found['sFlow'] == ['sFlow'] and len(tool.reads) == 2
    assert _ovs_reset.lost(rows(Bridge=[bridge()])) == _ovs_reset.nothing()


@pytest.mark.parametrize('result', [None, _cli.Result(['ovs-vsctl'], 1, '', 'database connection failed')])
def test_another_failure_is_told(result):
    class Broken(object):
        def read(self, *names):
            raise _cli.CliError('no answer', result)
    with pytest.raises(_cli.CliError, match='no answer'):
        _ovs_reset.read(Broken())


def test_a_bridge_tells_its_parts_by_the_names_that_people_know():
    row = bridge(controller=uuids('c2', 'c1'), ipfix=uuids('i1'), fail_mode='secure', flood_vlans=['set', [9, 1]])
    row.update(sflow=['uuid', 's1'], other_config=['map', [['hwaddr', '02:00:00:00:00:01'], ['stp-priority', '1']]])
    controllers = [dict(_uuid=['uuid', name], target='tcp:%s' % name) for name in ('c1', 'c2')]
    flows = [dict(_uuid=['uuid', 's1'], targets=['set', ['b', 'a']])]
    assert _ovs_reset.lost(rows(Bridge=[row], Controller=controllers, sFlow=flows))['bridges'] == dict(br0=dict(
        controller=['tcp:c1', 'tcp:c2'], sflow=['a', 'b'], ipfix=['i1'], fail_mode='secure', flood_vlans=[1, 9], other_config={'stp-priority': '1'}))


def test_a_bridge_with_its_address_alone_loses_nothing():
    row = dict(bridge(), other_config=['map', [['hwaddr', '02:00:00:00:00:01']]])
    assert _ovs_reset.lost(rows(Bridge=[row]))['bridges'] == {}


def test_a_captured_switch(captured):
    tables = _ovs_json.tables(captured('ovs-3.1.0-switch.json'))
    found = rows(**dict(zip(('Open_vSwitch', 'Manager', 'SSL', 'Bridge', 'Controller'), tables)))
    lost = _ovs_reset.lost(found)
    assert sorted(lost['managers']) == ['ptcp:0:127.0.0.1', 'tcp:127.0.0.1:6641'] and lost['ssl']['private_key'] and lost['bridges']


def test_what_is_asked_consent_for_is_told_in_a_line():
    values = dict(_ovs_reset.nothing(), bridges=dict(br1={}, br0={}), ports={u'\xe9': {}}, ssl=dict(private_key='/k'))
    assert _ovs_reset.described(values) == u'TLS material: there is some; bridges: br0, br1; ports: \xe9'
    assert _ovs_reset.described(_ovs_reset.nothing()) == ''
