# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function
__metaclass__ = type

import io
import os

import pytest

from ansible.module_utils.common.text.converters import to_native, to_text

from ansible_collections.xenserver.openvswitch.plugins.module_utils import _cli, _iptables
from ansible_collections.xenserver.openvswitch.plugins.modules import ovs_protocol
from ansible_collections.xenserver.openvswitch.tests.unit.plugins.modules.utils import run_module

FIXTURE = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'module_utils', 'fixtures', 'iptables-save-1.8.7-nft.txt')
VXLAN = '-A INPUT -p udp -m udp --dport 4789 -j ACCEPT'
PLAIN = '*filter\n:INPUT ACCEPT [0:0]\n-A INPUT -j RH-Firewall-1-INPUT\n-A RH-Firewall-1-INPUT -j REJECT --reject-with icmp-host-prohibited\nCOMMIT\n'


class Dom0(object):
    """A host's files in a folder, and its programs: they say what iptables 1.8.7 and ovs-ctl 3.1.0 say."""

    enabling = 'Enabling %s with iptables.\n'

    def __init__(self, folder):
        self.folder, self.calls, self.running = folder, [], PLAIN
        self.saved = folder.join('iptables')
        self.saved.write(PLAIN)
        self.saved.chmod(0o600)
        self.enabled = folder.join('basic.target.wants', 'iptables.service')
        self.enabled.write('', ensure=True)
        self.scripts = folder.mkdir('scripts')
        self.scripts.join('ovs-ctl').write('')
        self.scripts.join('ovs-lib').write("VERSION='3.1.0'\n")

    def install(self, monkeypatch):
        monkeypatch.setattr(ovs_protocol, 'SAVED', str(self.saved))
        monkeypatch.setattr(ovs_protocol, 'SCRIPTS', str(self.scripts))
        monkeypatch.setattr(ovs_protocol, 'ENABLED', (str(self.folder.join('*.wants', 'iptables.service')),))
        monkeypatch.setattr(ovs_protocol, 'find', lambda name: '/sbin/' + name)
        monkeypatch.setattr(ovs_protocol, 'run', self.run)

    def run(self, argv, time_limit):
        self.calls.append([os.path.basename(argv[0])] + argv[1:])
        return _cli.Result(argv, 0, to_text(getattr(self, os.path.basename(argv[0]).replace('-', '_'))(argv[1:]) or ''), '')

    def iptables_save(self, words):
        assert words == ['-t', 'filter']
        return self.running

    def iptables(self, words):
        if words[0] == '-I':
            self.insert(words[3], words[5] if words[4] == '--dport' else None)
        else:
            gone = [rule for rule in _iptables.parse(self.running) if rule['words'] == ['-A'] + words[1:]]
            self.running = _iptables.without(self.running, gone[:1])

    def ovs_ctl(self, words):
        given = dict(word[2:].split('=') for word in words[:-1])
        self.insert(given['protocol'], given.get('dport'))
        return self.enabling % (given['protocol'] + (' to port ' + given['dport'] if 'dport' in given else ''))

    def insert(self, protocol, port):
        self.running = _iptables.inserted(
            self.running, '-A INPUT -p %s %s-j ACCEPT' % (protocol, '-m %s --dport %s ' % (protocol, port) if port else ''))

    def writes(self):
        calls, self.calls = self.calls, []
        return [call for call in calls if call[0] != 'iptables-save']

    def lists(self):
        return _iptables.listed(self.running), _iptables.listed(self.saved.read())


@pytest.fixture
def dom0(tmpdir, monkeypatch):
    host = Dom0(tmpdir)
    host.install(monkeypatch)
    return host


def test_a_tunnel_is_let_in_now_and_at_each_start(dom0):
    result, failed = run_module(ovs_protocol.main, dict(tunnels=['vxlan']), diff=True)
    rules = [VXLAN, '-A INPUT -j RH-Firewall-1-INPUT']
    assert (failed, result['changed'], dom0.lists()) == (False, True, (rules, rules))
    assert dom0.saved.stat().mode & 0o777 == 0o600
    assert dom0.writes() == [['ovs-ctl', '--protocol=udp', '--dport=4789', 'enable-protocol']]
    assert [command[1:] for command in result['commands']] == [['--protocol=udp', '--dport=4789', 'enable-protocol']]
    assert result['rules'] == rules and result['protocols'] == [dict(protocol='udp', port=4789)]
    assert result['diff']['before'] == {'The running firewall': rules[1:], str(dom0.saved): rules[1:]}
    assert result['diff']['after'] == {'The running firewall': rules, str(dom0.saved): rules}
    assert not result.get('warnings')


def test_a_second_run_starts_one_program_and_changes_nothing(dom0):
    task = dict(tunnels=['vxlan', 'gre'], protocols=[dict(protocol='udp', port=8472)])
    assert run_module(ovs_protocol.main, task)[0]['changed']
    before, dom0.calls = dom0.lists(), []
    result, failed = run_module(ovs_protocol.main, task)
    assert (failed, result['changed'], result['commands'], dom0.lists()) == (False, False, [], before)
    assert dom0.calls == [['iptables-save', '-t', 'filter']]


@pytest.mark.parametrize('state', ['present', 'absent'])
def test_check_mode_predicts(dom0, state):
    if state == 'absent':
        run_module(ovs_protocol.main, dict(tunnels=['vxlan', 'geneve']))
    dom0.writes()
    before = dom0.lists()
    predicted, failed = run_module(ovs_protocol.main, dict(tunnels=['vxlan', 'geneve'], state=state), check_mode=True, diff=True)
    assert (failed, predicted['changed'], dom0.writes(), dom0.lists()) == (False, True, [], before)
    done = run_module(ovs_protocol.main, dict(tunnels=['vxlan', 'geneve'], state=state), diff=True)[0]
    for name in ('changed', 'commands', 'diff', 'rules'):
        assert predicted[name] == done[name], name
    assert done['rules'] == dom0.lists()[0]


def test_a_file_that_lost_the_rule_gets_it_back_without_a_command(dom0):
    run_module(ovs_protocol.main, dict(tunnels=['vxlan']))
    dom0.saved.write(PLAIN)
    dom0.writes()
    result = run_module(ovs_protocol.main, dict(tunnels=['vxlan']))[0]
    assert (result['changed'], result['commands'], dom0.writes()) == (True, [], [])
    assert dom0.lists()[0] == dom0.lists()[1]


def test_absent_also_takes_what_xapi_has_saved(dom0):
    dom0.running = _iptables.inserted(dom0.running, VXLAN)
    dom0.saved.write(_iptables.inserted(_iptables.inserted(PLAIN, VXLAN), VXLAN))
    result, failed = run_module(ovs_protocol.main, dict(tunnels=['vxlan'], state='absent'))
    assert (failed, result['changed']) == (False, True)
    assert dom0.lists() == (['-A INPUT -j RH-Firewall-1-INPUT'],) * 2
    assert dom0.writes() == [['iptables', '-D', 'INPUT', '-p', 'udp', '-m', 'udp', '--dport', '4789', '-j', 'ACCEPT']]
    assert not run_module(ovs_protocol.main, dict(tunnels=['vxlan'], state='absent'))[0]['changed']


def test_absent_gre_comes_back(dom0):
    dom0.running = _iptables.inserted(dom0.running, '-A INPUT -p gre -j ACCEPT')
    result = run_module(ovs_protocol.main, dict(tunnels=['erspan'], state='absent'))[0]
    assert result['changed'] and result['warnings'] == ['Open vSwitch lets GRE in again at its next start.']


def test_not_permanent_leaves_the_file_alone(dom0):
    dom0.saved.remove()
    for state in ('present', 'absent'):
        result, failed = run_module(ovs_protocol.main, dict(tunnels=['vxlan'], state=state, permanent=False))
        assert (failed, result['changed'], dom0.saved.check()) == (False, True, False)


def test_no_file_to_make_it_permanent_in(dom0):
    dom0.saved.remove()
    result, failed = run_module(ovs_protocol.main, dict(tunnels=['vxlan']))
    assert failed and 'service iptables save' in result['msg'] and dom0.writes() == []
    assert not run_module(ovs_protocol.main, dict(tunnels=['vxlan'], state='absent'))[1]
    assert not dom0.saved.check()


def test_a_service_that_is_not_started_at_boot(dom0):
    dom0.enabled.remove()
    result = run_module(ovs_protocol.main, dict(tunnels=['vxlan']))[0]
    assert [text[:45] for text in result['warnings']] == ['The service iptables is not started at boot, ']


@pytest.mark.parametrize('where', ['running', 'saved'])
def test_a_rule_that_refuses_is_named_and_nothing_is_changed(dom0, where):
    refusing = _iptables.inserted(PLAIN, '-A INPUT -p udp -m udp --dport 4789 -j DROP')
    if where == 'running':
        dom0.running = refusing
    else:
        dom0.saved.write(refusing)
    before = dom0.lists()
    result, failed = run_module(ovs_protocol.main, dict(tunnels=['geneve', 'vxlan']))
    assert failed and '-A INPUT -p udp -m udp --dport 4789 -j DROP" refuses udp port 4789' in result['msg']
    assert result['msg'].startswith('The running firewall: ' if where == 'running' else str(dom0.saved) + ': ')
    assert (dom0.writes(), dom0.lists()) == ([], before)


def test_a_tunnel_that_the_installed_release_does_not_have(dom0):
    result, failed = run_module(ovs_protocol.main, dict(tunnels=['stt']))
    assert (failed, result['changed']) == (False, True)
    assert result['warnings'] == ['stt works with Open vSwitch 2.4 to 2.17 alone, and 3.1.0 is installed.']


def test_without_open_vswitch(dom0):
    dom0.scripts.remove()
    result, failed = run_module(ovs_protocol.main, dict(tunnels=['vxlan']), check_mode=True)
    assert (failed, result['changed']) == (False, True)
    result, failed = run_module(ovs_protocol.main, dict(tunnels=['vxlan']))
    assert failed and 'Install Open vSwitch first. Nothing was changed.' in result['msg']
    assert (dom0.writes(), dom0.saved.read()) == ([], PLAIN)


def test_a_rule_that_open_vswitch_has_left_behind(dom0):
    run_module(ovs_protocol.main, dict(tunnels=['vxlan']))
    dom0.scripts.remove()
    result, failed = run_module(ovs_protocol.main, dict(tunnels=['vxlan'], state='absent'))
    assert (failed, result['changed']) == (False, True) and VXLAN not in sum(dom0.lists(), [])


def test_ovs_ctl_that_ends_well_and_did_nothing(dom0):
    """With status 0, where iptables cannot list its rules or another one came in between."""
    dom0.enabling = 'iptables already has a rule for %s, not explicitly enabling.\n'
    result, failed = run_module(ovs_protocol.main, dict(tunnels=['vxlan']))
    assert failed and 'iptables already has a rule for udp to port 4789' in result['msg']
    assert dom0.saved.read() == PLAIN


def test_a_file_of_any_bytes_keeps_them(dom0):
    odd = PLAIN.encode('ascii').replace(b'COMMIT', b'# caf\xe9 \xf0\x9f\x98\x80\nCOMMIT')
    dom0.saved.write(odd, mode='wb')
    assert not run_module(ovs_protocol.main, dict(tunnels=['vxlan']))[1]
    assert not run_module(ovs_protocol.main, dict(tunnels=['vxlan'], state='absent'))[1]
    assert dom0.saved.read(mode='rb') == odd


def test_rules_in_any_language(dom0):
    dom0.running = _iptables.inserted(dom0.running, to_native(u'-A INPUT -p udp -m udp --dport 4789 -m comment --comment "f\xfcr alle" -j ACCEPT'))
    assert not run_module(ovs_protocol.main, dict(tunnels=['vxlan'], permanent=False))[0]['changed']


@pytest.mark.parametrize('text, message', [
    ('*nat\nCOMMIT\n', 'no table filter'), ('*filter\n-A INPUT -m comment --comment "x\nCOMMIT\n', 'is no rule'),
])
def test_a_file_that_cannot_be_understood(dom0, text, message):
    dom0.saved.write(text)
    result, failed = run_module(ovs_protocol.main, dict(tunnels=['vxlan']))
    assert failed and message in result['msg'] and str(dom0.saved) in result['msg']
    assert (dom0.writes(), dom0.saved.read()) == ([], text)


def test_a_dom0_with_many_rules(dom0):
    with io.open(FIXTURE, encoding='utf-8') as stream:
        dom0.running = to_native(stream.read())
    result, failed = run_module(ovs_protocol.main, dict(tunnels=['gre', 'vxlan', 'stt']))
    assert (failed, [os.path.basename(command[0]) for command in result['commands']]) == (False, ['iptables', 'ovs-ctl'])


@pytest.mark.parametrize('task', [dict(), dict(tunnels=['vxlan6']), dict(protocols=[dict(port=1)])])
def test_what_is_refused_by_its_form(dom0, task):
    assert run_module(ovs_protocol.main, task)[1] and dom0.calls == []
