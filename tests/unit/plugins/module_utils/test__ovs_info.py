# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function
__metaclass__ = type

import json

import pytest

from ansible_collections.xenserver.openvswitch.plugins.module_utils import _cli, _ovs_info, _ovs_json


@pytest.fixture
def schema(captured):
    return json.loads(captured('ovs-3.1.0-schema.json'))


@pytest.fixture
def rows(captured):
    return dict(zip(_ovs_info.TABLES, _ovs_json.tables(captured('ovs-3.1.0-switch.json'))))


def daemons(**changes):
    alive = dict(running=True, responding=True, pid=1, version='3.1.0', replaced=False)
    return dict(ovsdb_server=dict(alive), ovs_vswitchd=dict(alive, **changes))


def test_a_real_switch(schema, rows):
    values = _ovs_info.switch(schema, rows, ['SSL'])
    assert values['system']['id'] == '6d3b27bc-1d9c-4f5c-a1d2-9e2c5fd1ab4d' and values['system']['type'] is None
    assert values['system']['datapath_types'] == ['netdev', 'system'] and 'vxlan' in values['system']['interface_types']
    assert [row['target'] for row in values['managers']] == ['ptcp:0:127.0.0.1', 'tcp:127.0.0.1:6641']
    assert values['ssl']['private_key'] == '/etc/openvswitch/key.pem'
    br0, br1 = values['bridges']
    assert (br0['name'], br0['datapath_type'], br0['fail_mode'], br0['protocols']) == ('br0', 'netdev', 'secure', ['OpenFlow10', 'OpenFlow13'])
    controller = br0['controllers'][0]
    assert dict(controller, status=None) == dict(target='tcp:127.0.0.1:6653', is_connected=False, role=None, connection_mode=None, status=None)
    assert len(br0['controllers']) == 1 and controller['status']['state'] == 'BACKOFF'
    assert (br1['fail_mode'], br1['controllers']) == (None, [])
    assert values['tables'] == {'SSL': [dict(values['tables']['SSL'][0], bootstrap_ca_cert=False)]}
    assert values['database']['reachable'] and values['database']['applied']


def test_nothing_has_the_same_values(schema, rows):
    full, empty = _ovs_info.switch(schema, rows, []), _ovs_info.nothing('ovsdb-server is not running.')
    assert sorted(full) == sorted(empty) and sorted(full['database']) == sorted(empty['database']) and sorted(full['system']) == sorted(empty['system'])
    assert empty['managers'] == [] and empty['ssl'] is None and empty['system']['id'] is None
    assert empty['database'] == dict(reachable=False, error='ovsdb-server is not running.', next_cfg=None, cur_cfg=None, applied=None)


def test_a_database_without_its_first_row(schema):
    values = _ovs_info.switch(schema, dict((name, []) for name in _ovs_info.TABLES), [])
    assert values['managers'] == [] and values['system'] == _ovs_info.nothing('')['system']


def test_the_database_is_two_processes(monkeypatch, captured):
    ran = []

    def run(argv, time_limit):
        ran.append(argv)
        return _cli.Result(argv, 0, captured('ovs-3.1.0-schema.json' if 'get-schema' in argv else 'ovs-3.1.0-switch.json'), '')
    monkeypatch.setattr(_cli, 'run', run)
    monkeypatch.setattr(_cli, 'find', lambda name: '/bin/' + name)
    schema, rows = _ovs_info.database('unix:/s', ['Manager'], 9)
    assert schema['version'] == '8.3.1' and len(rows['Bridge']) == 2
    assert ran[0] == ['/bin/ovsdb-client', 'get-schema', 'unix:/s', 'Open_vSwitch'] and len(ran) == 2 and '--dry-run' in ran[1]
    with pytest.raises(_ovs_info.UnknownTable, match='no table --, manager'):
        _ovs_info.database('unix:/s', ['manager', '--', 'Port'], 9)


def test_packages_as_rpm_tells_them(captured):
    found = _ovs_info.rpms(captured('rpm-4.16-openvswitch.txt'))
    assert [one['nevra'] for one in found] == [
        'openvswitch-2.17.7-1.x86_64', 'openvswitch-ipsec-1:2.17.7-1.x86_64', 'openvswitch-modules-3.10.0+2-2.5.3-1.x86_64']
    assert (found[0]['vendor'], found[0]['epoch'], found[1]['epoch'], found[2]['vendor']) == ('lab', None, '1', None)
    assert all(len(one['header_sha1']) == 40 for one in found)
    assert isinstance(found[0]['install_time'], int) and _ovs_info.rpms('') == []


@pytest.mark.parametrize('installed, change, said', [
    ('3.1.0', {}, None),
    ('3.1.0', dict(version='2.17.7'), 'ovs-vswitchd runs version 2.17.7, and 3.1.0 is installed'),
    ('3.1.0', dict(replaced=True), 'ovs-vswitchd runs from a file that has been replaced'),
    ('3.1.0', dict(version='2.17.7', replaced=True), 'runs version 2.17.7'),
    ('3.1.0', dict(running=False, version=None, replaced=None), None),
    (None, dict(replaced=True), 'replaced or removed'),
])
def test_a_restart_is_due_with_its_reason(installed, change, said):
    reasons = _ovs_info.pending_restart(installed, daemons(**change))
    assert len(reasons) == (1 if said else 0) and (not said or said in reasons[0])


DOWN = dict(running=False, responding=False, pid=None, started=None, version=None, replaced=None)


def test_daemons_are_told_by_their_names(tmp_path):
    assert _ovs_info.daemons(str(tmp_path)) == dict(ovsdb_server=DOWN, ovs_vswitchd=DOWN)


def test_ovs_xapi_sync_is_told_where_it_is_installed(tmp_path, monkeypatch):
    monkeypatch.setattr(_ovs_info, 'XAPI_SYNC', str(tmp_path / 'ovs-xapi-sync'))
    assert _ovs_info.xapi_sync(str(tmp_path)) is None
    (tmp_path / 'ovs-xapi-sync').write_text(u'')
    assert _ovs_info.xapi_sync(str(tmp_path)) == DOWN
