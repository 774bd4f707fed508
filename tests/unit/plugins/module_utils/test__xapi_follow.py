# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function
__metaclass__ = type

import pytest

from ansible_collections.xenserver.openvswitch.plugins.module_utils import _ovs_reset
from ansible_collections.xenserver.openvswitch.plugins.module_utils import _xapi_follow as follow
from ansible_collections.xenserver.openvswitch.plugins.module_utils import _xapi_manager as manager

SSL = dict(protocol='ssl', address='192.0.2.10', port=6632)
OTHER = dict(protocol='ssl', address='192.0.2.11', port=6632)
PSSL = dict(protocol='pssl', address='', port=0)
HAS, OLD, FOREIGN = 'ssl:192.0.2.10:6632', 'ssl:192.0.2.11:6632', 'ptcp:6640'


@pytest.mark.parametrize('api', [manager.OBJECT, manager.FIELD])
@pytest.mark.parametrize('controller, managers, word', [
    (None, [], 'unset'),
    (None, ['ptcp:6640'], 'xapi_would_wipe_ovs'),
    (None, ['ssl:192.0.2.10:6632'], 'xapi_would_wipe_ovs'),
    (SSL, [], 'ovs_lacks_manager'),
    (SSL, ['ssl:192.0.2.10:6632'], 'agrees'),
    (SSL, ['ptcp:6640', 'ssl:192.0.2.10:6632'], 'agrees'),
    (SSL, ['ssl:192.0.2.11:6632'], 'different'),
    (SSL, ['tcp:192.0.2.10:6632'], 'different'),
    (SSL, ['ssl:192.0.2.100:6632'], 'different'),
    (SSL, None, 'unknown'),
    (None, None, 'unknown'),
])
def test_the_verdict(api, controller, managers, word):
    assert follow.verdict(controller, managers, api)[0] == word


def test_the_port_counts_for_the_new_plugin_only():
    assert follow.verdict(SSL, ['ssl:192.0.2.10:6640'], manager.OBJECT)[0] == 'different'
    assert follow.verdict(SSL, ['ssl:192.0.2.10:6640'], manager.FIELD)[0] == 'agrees'


@pytest.mark.parametrize('managers, word', [(['pssl:6640'], 'agrees'), (['pssl:'], 'different'), ([], 'ovs_lacks_manager'), (['ptcp:6640'], 'different')])
def test_the_verdict_for_pssl(managers, word):
    assert follow.verdict(PSSL, managers, manager.OBJECT)[0] == word


def test_the_verdict_names_both_sides_and_the_plugin():
    assert 'ssl:192.0.2.10:6632 and Open vSwitch has ptcp:6640' in follow.verdict(SSL, ['ptcp:6640'], manager.OBJECT)[1]
    assert 'openvswitch-cfg-update failed' in follow.verdict(SSL, [], manager.FIELD)[1]
    assert 'has ptcp:1, ptcp:2: the next start of XAPI removes it' in follow.verdict(None, ['ptcp:1', 'ptcp:2'], manager.FIELD)[1]


@pytest.mark.parametrize('managers, word', [([HAS], 'plugin_failed'), ([], 'ovs_lacks_manager'), ([OLD], 'different')])
def test_a_plugin_that_failed_halfway_is_told_where_the_manager_is_right(managers, word):
    assert follow.verdict(SSL, managers, manager.OBJECT, ['xenbr0'])[0] == word


def test_a_plugin_that_failed_halfway_is_told_without_a_manager_too():
    word, reason = follow.verdict(None, [], manager.FIELD, ['xenbr0'])
    assert word == 'plugin_failed' and 'xenbr0' in reason and 'openvswitch-cfg-update' in reason


# The state table, as openvswitch-config-update and openvswitch-cfg-update have it.
@pytest.mark.parametrize('api, controller, managers, expected', [
    (manager.OBJECT, None, [], None), (manager.OBJECT, None, [FOREIGN], 'remove'), (manager.OBJECT, SSL, [], 'set'),
    (manager.OBJECT, SSL, [HAS], None), (manager.OBJECT, SSL, [FOREIGN, HAS], None), (manager.OBJECT, SSL, [OLD], 'set'),
    (manager.OBJECT, SSL, ['ssl:192.0.2.10:6640'], 'set'), (manager.OBJECT, PSSL, ['pssl:6640'], None), (manager.OBJECT, PSSL, ['pssl:6641'], 'set'),
    (manager.FIELD, None, [], None), (manager.FIELD, None, [FOREIGN], 'remove'), (manager.FIELD, SSL, [], 'set'),
    (manager.FIELD, SSL, [FOREIGN, HAS], None), (manager.FIELD, SSL, [OLD], 'set'), (manager.FIELD, SSL, ['ssl:192.0.2.10:6640'], None),
    (manager.FIELD, SSL, ['tcp:192.0.2.10:6632'], 'set'),
])
def test_what_a_plugin_does_about_the_manager(api, controller, managers, expected):
    assert follow.action(controller, managers, api) == expected


@pytest.mark.parametrize('have, want, api, way', [
    (None, None, manager.OBJECT, [None]), (SSL, SSL, manager.OBJECT, [SSL]), (dict(SSL, port=0), SSL, manager.OBJECT, [SSL]),
    (None, SSL, manager.OBJECT, [SSL]), (SSL, None, manager.OBJECT, [None]), (OTHER, SSL, manager.OBJECT, [None, SSL]), (OTHER, SSL, manager.FIELD, [SSL]),
])
def test_the_way_of_xapi_from_one_controller_to_another(have, want, api, way):
    assert follow.stations(have, want, api) == way


def test_a_manager_that_is_there_before_xapi_knows_it_is_kept():
    assert not follow.resets([HAS], follow.stations(None, SSL, manager.OBJECT), manager.OBJECT)
    assert follow.resets([HAS], follow.stations(OTHER, SSL, manager.OBJECT), manager.OBJECT)
    assert not follow.resets([HAS], follow.stations(OTHER, SSL, manager.FIELD), manager.FIELD)
    assert not follow.resets([], follow.stations(SSL, None, manager.OBJECT), manager.OBJECT)


WANTED = {'xenbr0': dict(fail_mode='standalone', disable_in_band='')}
BRIDGE = dict(fail_mode='secure', mirrors=['span'], other_config={'disable-in-band': 'true', 'stp-enable': 'true'})
SWITCH = dict(managers={OLD: {}}, ssl=None, bridges={'xenbr0': BRIDGE, 'own': dict(fail_mode='secure')},
              ports={'bond0': {'lacp-time': 'slow'}}, interfaces={'vif1.0': {'ingress_policing_rate': 9}})
NAMES = ['own', 'xenbr0']


def test_a_reset_leaves_what_xapi_sets_and_nothing_else():
    after = follow.followed(SWITCH, NAMES, [SSL], manager.OBJECT, WANTED)
    assert sorted(after['managers']) == [HAS] and after['bridges'] == {'xenbr0': dict(fail_mode='standalone')}
    assert after['ssl'] == dict(
        private_key='/etc/xensource/xapi-ssl.pem', certificate='/etc/xensource/xapi-ssl.pem', ca_certificate='/etc/openvswitch/vswitchd.cacert', bootstrap=True)
    assert (after['ports'], after['interfaces']) == ({}, {})
    assert follow.lost(SWITCH, after) == dict(
        bridges={'own': dict(fail_mode='secure'), 'xenbr0': dict(mirrors=['span'], other_config={'stp-enable': 'true'})},
        ports=SWITCH['ports'], interfaces=SWITCH['interfaces'])
    assert follow.described(follow.lost(SWITCH, after)) == (
        'bridge own: fail_mode; bridge xenbr0: mirrors, other_config; port bond0: lacp-time; interface vif1.0: ingress_policing_rate')


def test_pssl_has_the_authority_of_the_pool():
    ssl = follow.followed(SWITCH, NAMES, [PSSL], manager.OBJECT, WANTED)['ssl']
    assert (ssl['ca_certificate'], ssl['bootstrap']) == ('/etc/stunnel/certs/sdn-controller-ca.pem', False)


def test_without_a_reset_bridges_alone_are_seen_to():
    present = dict(SWITCH, managers={HAS: {}})
    after = follow.followed(present, NAMES, [SSL], manager.OBJECT, WANTED)
    assert after == dict(present, bridges={'own': dict(fail_mode='secure'), 'xenbr0': dict(
        fail_mode='standalone', mirrors=['span'], other_config={'stp-enable': 'true'})})
    assert follow.lost(present, after) == follow.nothing_lost()
    tls = dict(ssl=dict(private_key='/k'))
    assert follow.unsettled(dict(present, **tls), NAMES, SSL, manager.OBJECT, WANTED) == ['fail mode or disable-in-band of xenbr0']
    assert follow.unsettled(dict(after, **tls), NAMES, SSL, manager.OBJECT, WANTED) == []
    assert follow.unsettled(after, NAMES, SSL, manager.OBJECT, WANTED) == ['there is no TLS material']


def test_a_manager_that_was_set_by_hand():
    assert follow.bare(dict(SWITCH, managers={HAS: {}}), SSL, manager.OBJECT)
    assert not follow.bare(dict(SWITCH, managers={HAS: {}}, ssl=dict(private_key='/k')), SSL, manager.OBJECT)
    assert not follow.bare(SWITCH, SSL, manager.OBJECT) and not follow.bare(SWITCH, None, manager.OBJECT)


# As firewall-port, Red Hat's firewall of a dom0 and a person write them; iptables-save prints them so.
OPENED = '-A xapi-INPUT -p tcp -m conntrack --ctstate NEW -m tcp --dport 6640 -j ACCEPT\n'
JUMPS = '-A INPUT -j xapi-INPUT\n-A INPUT -j RH-Firewall-1-INPUT\n'
DROPS, SSH = '*filter\n:INPUT DROP [0:0]\n:FORWARD ACCEPT [0:0]\n', '-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT\n'
ENDS = ('-A RH-Firewall-1-INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n-A RH-Firewall-1-INPUT -p tcp -m tcp --dport 22 -j ACCEPT\n'
        '-A RH-Firewall-1-INPUT -j REJECT --reject-with icmp-host-prohibited\n')


@pytest.mark.parametrize('text, expected', [
    ('', True), (JUMPS + ENDS, False), (JUMPS + OPENED + ENDS, True), (JUMPS + OPENED, True),
    ('-A INPUT -p tcp -m multiport --dports 6640,6653 -j ACCEPT\n' + JUMPS + ENDS, True),
    ('-A INPUT -j ACCEPT\n' + JUMPS + ENDS, True), ('-A INPUT -p tcp -m tcp --dport 6640 -j DROP\n' + JUMPS + OPENED, False),
    ('-A INPUT -p udp -m udp --dport 6640 -j ACCEPT\n' + JUMPS + ENDS, False),
    (DROPS + SSH, False), (DROPS + SSH + JUMPS + OPENED, True), (DROPS + '-A INPUT -j ACCEPT\n', True), (DROPS.replace('DROP', 'ACCEPT') + SSH, True)])
def test_whether_a_firewall_lets_the_manager_in(text, expected):
    assert follow.lets_in(text) == expected


def test_a_value_that_the_plugin_does_not_know_is_left_alone():
    after = follow.settled(SWITCH, NAMES, {'xenbr0': dict(fail_mode='secure', disable_in_band=None)})
    assert after == SWITCH


def test_what_is_xapis_to_say():
    assert follow.owned(SWITCH, NAMES + ['empty']) == dict(managers=[OLD], ssl=None, bridges={
        'own': dict(fail_mode='secure', disable_in_band=None), 'xenbr0': dict(fail_mode='secure', disable_in_band='true'),
        'empty': dict(fail_mode=None, disable_in_band=None)})


@pytest.mark.parametrize('connected, controllers, expected', [(True, True, []), (False, True, ['xenbr0']), (True, False, ['xenbr0'])])
def test_bridges_that_become_secure_without_a_controller_are_cut_off(connected, controllers, expected):
    rows = dict(Controller=[dict(_uuid=['uuid', 'c1'], is_connected=connected)], Bridge=[dict(name='xenbr0', controller=['uuid', 'c1'])])
    before = dict(_ovs_reset.nothing(), bridges={'xenbr0': dict(controller=['tcp:c1'])})
    after = dict(before, bridges={'xenbr0': dict(fail_mode='secure', **(before['bridges']['xenbr0'] if controllers else {}))})
    assert follow.cut_off(before, after, rows) == expected
    assert follow.cut_off(after, after, rows) == []


@pytest.mark.parametrize('connected', [True, False])
def test_secure_bridges_that_lose_their_controller_are_cut_off(connected):
    """An emer-reset takes the controller and the flows that it has made; XAPI makes the bridge secure again."""
    rows = dict(Controller=[dict(_uuid=['uuid', 'c1'], is_connected=connected)], Bridge=[dict(name='xenbr0', controller=['uuid', 'c1'])])
    before = dict(SWITCH, bridges={'xenbr0': dict(fail_mode='secure', controller=['tcp:c1'])})
    after = follow.followed(before, ['xenbr0'], [None], manager.OBJECT, {'xenbr0': dict(fail_mode='secure', disable_in_band='')})
    assert follow.cut_off(before, after, rows) == ['xenbr0']
    assert follow.cut_off(before, before, rows) == follow.cut_off(after, after, rows) == []
