# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function
__metaclass__ = type

import io
import os

import pytest

from ansible_collections.xenserver.openvswitch.plugins.module_utils import _cli, _ovs, _ovs_info
from ansible_collections.xenserver.openvswitch.plugins.modules import ovs_info
from ansible_collections.xenserver.openvswitch.tests.unit.plugins.modules.utils import run_module

FIXTURES = os.path.join(os.path.dirname(os.path.dirname(__file__)), 'module_utils', 'fixtures')
ANSWERS = {
    '--version': 'ovs-vsctl-3.1.0-version.txt', 'get-schema': 'ovs-3.1.0-schema.json',
    'list': 'ovs-3.1.0-switch.json', '-qa': 'rpm-4.16-openvswitch.txt',
}


class Host(object):
    """Takes the place of the runner, the tools' folders and the daemons."""

    def __init__(self, monkeypatch):
        self.ran, self.tools, self.fails, self.version = [], ['ovs-vsctl', 'ovsdb-client', 'rpm'], (), '3.1.0'
        self.up = dict((name, dict(pid=7, control='/c', replaced=False)) for name in _ovs_info.DAEMONS)
        monkeypatch.setattr(_cli, 'find', self.find)
        monkeypatch.setattr(_cli, 'run', self.run)
        monkeypatch.setattr(_ovs, 'process', lambda name, rundir: self.up.get(name))
        monkeypatch.setattr(_ovs, 'ask', lambda control, method, limit: self.version and 'x (Open vSwitch) %s\n' % self.version)

    def find(self, name):
        if name not in self.tools:
            raise _cli.CliError('The program %s is not on this host' % name)
        return '/bin/' + name

    def run(self, argv, time_limit):
        word = [word for word in argv if word in ANSWERS][0]
        self.ran.append(word)
        if word in self.fails:
            raise _cli.CliError('%s failed' % word, _cli.Result(argv, 1, '', 'refused'))
        with io.open(os.path.join(FIXTURES, ANSWERS[word]), encoding='utf-8') as stream:
            return _cli.Result(argv, 0, stream.read(), '')


@pytest.fixture
def host(monkeypatch):
    return Host(monkeypatch)


def look(**args):
    result, failed = run_module(ovs_info.main, args)
    assert failed or result['changed'] is False
    return result, failed


def test_a_host_in_four_processes(host):
    result, failed = look(tables=['SSL'])
    assert not failed and host.ran == ['--version', 'get-schema', 'list', '-qa']
    assert result['versions'] == dict(openvswitch='3.1.0', ovs_vswitchd='3.1.0', ovsdb_server='3.1.0', db_schema='8.3.1')
    assert result['installed'] and result['database']['reachable'] and len(result['managers']) == 2 and len(result['rpms']) == 3
    assert result['tables']['SSL'][0]['bootstrap_ca_cert'] is False and result['pending_restart'] == []


def test_not_installed(host):
    host.tools, host.up = [], {}
    result, failed = look()
    assert not failed and host.ran == [] and result['installed'] is False and result['rpms'] is None and result['managers'] == []
    assert result['versions'] == dict(openvswitch=None, ovs_vswitchd=None, ovsdb_server=None, db_schema=None)
    assert result['database']['error'] == 'Open vSwitch is not installed.'


@pytest.mark.parametrize('up, version, said', [({}, None, 'is not running'), (None, None, 'does not answer')])
def test_daemons_that_are_down_or_hang(host, up, version, said):
    host.version = version
    host.up = host.up if up is None else up
    result, failed = look()
    assert not failed and result['installed'] and host.ran == ['--version', '-qa'] and said in result['database']['error']
    assert result['daemons']['ovsdb_server']['running'] is (up is None) and result['daemons']['ovsdb_server']['responding'] is False


def test_a_database_that_refuses(host):
    host.fails = ('get-schema',)
    result, failed = look()
    assert not failed and result['database']['reachable'] is False and 'get-schema failed' in result['database']['error']


def test_an_rpm_that_fails_is_no_failure(host):
    host.fails = ('-qa',)
    assert look()[0]['rpms'] is None


def test_an_upgrade_that_waits_for_its_restart(host):
    host.version = '2.17.7'
    host.up['ovsdb-server']['replaced'] = True
    assert len(look()[0]['pending_restart']) == 2


@pytest.mark.parametrize('args, said', [(dict(tables=['NoSuch']), 'no table NoSuch'), (dict(database='punix:/x'), 'database must be')])
def test_a_mistake_of_the_task_is_a_failure(host, args, said):
    result, failed = look(**args)
    assert failed and said in result['msg']
