# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Trust in a manager, on a real ovsdb-server with real certificates."""

from __future__ import absolute_import, division, print_function
__metaclass__ = type

import os
import socket
import stat

import pytest
from ansible.module_utils import basic

from ansible_collections.xenserver.openvswitch.plugins.module_utils import _cli, _ovs_apply, _ovs_tls
from ansible_collections.xenserver.openvswitch.plugins.modules import ovs_manager, ovs_trust
from ansible_collections.xenserver.openvswitch.tests.unit.plugins.modules.ovs_host import wait_for
from ansible_collections.xenserver.openvswitch.tests.unit.plugins.modules.rpm_host import require
from ansible_collections.xenserver.openvswitch.tests.unit.plugins.modules.tls_host import EXPIRED, Authority, Manager
from ansible_collections.xenserver.openvswitch.tests.unit.plugins.modules.utils import kept, run_module


class World(object):
    """A switch that trusts on first use, two authorities, and a manager with a certificate of the first."""

    def __init__(self, switch, first, second):
        self.switch, self.first, self.second = switch, first, second
        self.manager = Manager(self.first, *self.first.issue('manager'))
        self.chain, self.key = self.first.issue('switch')
        self.path = os.path.join(switch.home, 'cacert')

    def trust(self, check_mode=False, **options):
        return run_module(ovs_trust.main, dict(path=self.path, **options), check_mode=check_mode, diff=True)

    def done(self, **options):
        result, failed = self.trust(**options)
        assert not failed, result['msg']
        return result

    def managed(self, **options):
        ssl = dict(private_key=self.key, certificate=self.chain, ca_certificate=self.path, bootstrap=True)
        return self._manager(target=[self.manager.target], ssl=ssl, max_backoff=1000, inactivity_probe=0, **options)  # it answers no probe

    def connected(self, limit=60, target=None):
        """Whether the module finds the manager connected; what it says."""
        result, failed = self._manager(state='connected', target=[target or self.manager.target], connection_time_limit=limit)
        return not failed, result.get('msg', '')

    @staticmethod
    def _manager(**options):
        return run_module(ovs_manager.main, dict(time_limit=60, **options))

    @property
    def content(self):
        with open(self.path) as stream:
            return stream.read()


@pytest.fixture(scope='module')
def authorities():
    require('openssl')
    return kept('authorities', lambda folder: [Authority(folder, name) for name in ('first', 'second')])


@pytest.fixture
def world(switch, authorities):
    made = World(switch, *authorities)
    yield made
    made.manager.close()


@pytest.fixture
def met(world):
    """The same, once the switch has met its manager."""
    result, failed = world.managed()
    assert not failed, result['msg']
    wait_for(lambda: look(world)['is_connected'], 'the connection')
    assert world.content.split() == world.first.certificate.split()
    return world


def test_given_authorities_are_written_once_for_all_to_read(world):
    foreseen, failed = world.trust(check_mode=True, content=world.first.certificate)
    assert not failed and foreseen['changed'] and not os.path.exists(world.path)
    result = world.done(content=world.first.certificate)
    assert result['changed'] and result['diff'] == foreseen['diff'] and result['commands'] == []
    assert [one['subject'].replace(' ', '') for one in result['certificates']] == ['CN=first']
    assert world.content == world.first.certificate and stat.S_IMODE(os.stat(world.path).st_mode) == 0o644
    assert os.listdir(os.path.dirname(world.path)) == ['cacert']
    again = world.done(content='# the same, put in another way\n' + world.first.certificate.replace('\n', '\r\n'))
    assert not again['changed'] and again['certificates'] is None


def test_an_authority_is_added_without_losing_the_connection(met):
    result = met.done(content=met.first.certificate + met.second.certificate)
    assert result['changed'] and result['commands'] == []
    assert met.connected() == (True, '') and met.manager.met == 2  # first use is a connection of its own


def test_from_one_authority_to_the_next(met):
    met.done(content=met.first.certificate + met.second.certificate)
    met.manager.certify(*met.second.issue('manager'))
    result = met.done(content=met.second.certificate)
    assert result['changed'] and [command[-1] for command in result['commands']] == ['ovsdb-server/reconnect']
    assert met.connected() == (True, '')
    assert not met.done(content=met.second.certificate)['changed']


def test_an_authority_that_is_not_trusted_any_more_ends_its_connections(met):
    assert met.done(content=met.second.certificate)['changed']
    holds, said = met.connected(limit=3)
    assert not holds and 'its certificate is of an authority that %s does not hold' % met.path in said and 'CN' in said


def test_connections_that_could_not_be_ended_are_ended_by_the_next_run(met, monkeypatch):
    def fail(argv, limit, **options):
        if argv[-1].endswith('/reconnect'):
            raise _cli.CliError('ovs-appctl does not answer')
        return really(argv, limit, **options)
    really = _cli.run
    monkeypatch.setattr(_cli, 'run', fail)
    result, failed = met.trust(content=met.second.certificate)
    assert failed and 'ovs-appctl does not answer' in result['msg'] and met.content.split() == met.first.certificate.split()
    monkeypatch.setattr(_cli, 'run', really)
    assert met.done(content=met.second.certificate)['commands'] and not met.connected(limit=3)[0]


@pytest.mark.parametrize('check_mode', [True, False])
def test_a_host_that_is_connected_keeps_what_it_trusts(met, check_mode):
    result = met.done(state='anew', check_mode=check_mode)
    assert not result['changed'] and result['refused'] is None and met.content.split() == met.first.certificate.split()


def refuse(world, chain, key):
    """Give the manager another certificate, and have the switch meet it."""
    world.manager.certify(chain, key)
    return meet(world)


def meet(world):
    """Have the switch meet its manager anew, in vain; what is said of it."""
    world.switch.vsctl('del-manager')
    world.managed()
    holds, said = world.connected(limit=3)
    assert not holds
    return said


def test_a_host_that_refuses_the_manager_trusts_it_anew(met):
    refuse(met, *met.second.issue('manager'))
    foreseen, dummy = met.trust(check_mode=True, state='anew')
    assert foreseen['changed'] and met.content.split() == met.first.certificate.split()
    result = met.done(state='anew')
    assert result['changed'] and 'is of an authority' in result['refused'] and result['diff'] == foreseen['diff']
    assert met.connected() == (True, '') and met.content.split() == met.second.certificate.split()
    assert not met.done(state='anew')['changed']


def test_an_expired_certificate_is_told_and_no_reason_to_trust_anew(met):
    said = refuse(met, *met.first.issue('manager', EXPIRED))
    assert 'its certificate (' in said and 'CN = manager) has expired: give it a new one' in said
    result = met.done(state='anew')
    assert (result['changed'], 'has expired' in str(result['refused'])) == (False, True), (result, met.manager.lost)


def test_a_manager_that_refuses_the_switch_is_told(met):
    met.chain, met.key = met.second.issue('stranger')
    said = refuse(met, *met.first.issue('manager'))
    assert 'it refuses the certificate of this switch' in said


def test_a_manager_that_does_not_speak_tls_is_told_and_no_reason_to_trust_anew(met):
    met.manager.speak_plainly(b'{"id":"echo","method":"echo","params":[]}')
    assert 'what it answers is not TLS' in meet(met)
    assert not met.done(state='anew')['changed']


def test_a_manager_that_refuses_a_switch_without_an_authority_is_told(world):
    world.chain, world.key = world.second.issue('switch')
    world.path = os.path.join(world.switch.home, 'nowhere', 'cacert')  # or TLS 1.3 would put the authority there before the manager has judged
    assert 'it refuses the certificate of this switch' in meet(world)
    results = [world.trust(check_mode=check_mode, state='anew') for check_mode in (True, False)]
    assert results[0] == results[1]
    result, failed = results[0]
    assert not failed and not result['changed'] and result['commands'] == [] and 'refuses the certificate of this switch' in result['refused']


def test_a_manager_that_has_not_judged_the_switch_yet_is_not_connected(met):
    """With TLS 1.3 the switch has its connection by then; until it is refused a look finds it, and every second it tries again."""
    met.chain, met.key = met.second.issue('stranger')
    met.manager.take_time(0.7)
    met.switch.vsctl('del-manager')
    met.managed()
    wait_for(lambda: look(met)['is_connected'], 'a connection that is about to be refused')
    holds, said = met.connected(limit=3)
    assert not holds and 'it refuses the certificate of this switch' in said


def test_a_client_that_was_there_for_a_moment_is_no_manager_and_one_that_stays_is(world):
    """A switch that listens has a manager as connected before it has seen a certificate."""
    target = 'pssl:0:127.0.0.1'
    world.switch.vsctl('set-ssl', world.key, world.chain, world.first.path, '--', 'set-manager', target)
    wait_for(lambda: 'bound_port' in look(world), 'the port')
    address = ('127.0.0.1', int(look(world)['bound_port']))
    client = socket.create_connection(address)
    wait_for(lambda: look(world)['is_connected'], 'a connection without a certificate')
    client.close()
    holds, said = world.connected(limit=1, target=target)
    assert not holds and 'not connected within the time limit: ' + target in said
    client = socket.create_connection(address)
    assert world.connected(target=target) == (True, '')
    client.close()


def look(world):
    """The only manager's status, and whether it is connected."""
    row = world.switch.ask('Open_vSwitch', dict(op='select', table='Manager', where=[]))[0]['rows'][0]
    return dict(row['status'][1], is_connected=row['is_connected'])


def test_a_file_that_has_gone_since_is_no_reason_to_trust_anew(world, monkeypatch):
    """The log of a host that listens goes on telling of a file that is not there any more."""
    world.managed()
    world.path += '-gone'
    monkeypatch.setattr(_ovs_tls, 'refusal', lambda target, ssl: _ovs_tls.Refusal(_ovs_tls.UNTRUSTED, 'certificate verify failed'))
    monkeypatch.setattr(_ovs_apply, 'read', lambda vsctl: dict(
        managers=[dict(target='pssl:6640', is_connected=False)], ssl=dict(ca_certificate=world.path, bootstrap=True)))
    for check_mode in (True, False):
        result, failed = world.trust(check_mode=check_mode, state='anew')
        assert not failed and not result['changed'] and result['refused'] == 'certificate verify failed'


def test_a_key_that_came_along_goes_nowhere(world, monkeypatch):
    logged = []
    monkeypatch.setattr(basic.AnsibleModule, 'log', lambda self, msg, log_args=None: logged.append(msg))
    result, failed = world.trust(content=world.first.certificate + u'-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n')
    assert failed and 'private key' in result['msg'] and logged
    assert 'PRIVATE KEY' not in '%s %s' % (result, logged)


@pytest.mark.parametrize('text, said', [
    (u'', 'holds no certificate'), (u'garbage', 'holds no certificate'),
    (u'-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n', 'openssl cannot read'),
    (u'-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n', 'private key'),
])
def test_what_is_no_certificate_is_refused(world, text, said):
    result, failed = world.trust(content=text)
    assert failed and said in result['msg'] and not os.path.exists(world.path)


def test_an_authority_that_has_expired_is_refused(world):
    chain, dummy = world.first.issue('old', EXPIRED)
    with open(chain) as stream:
        result, failed = world.trust(content=stream.read())
    assert failed and 'CN = old has expired at Feb  1 00:00:00 2020 GMT' in result['msg'].replace('CN=', 'CN = ') and not os.path.exists(world.path)


def test_a_folder_that_is_not_there(world):
    world.path = '/nowhere/cacert'
    result, failed = world.trust(content=world.first.certificate)
    assert failed and '/nowhere is not there' in result['msg']
    assert world.trust(check_mode=True, content=world.first.certificate)[0]['changed']


def test_a_manager_that_is_not_there_cannot_be_connected(met):
    result, failed = run_module(ovs_manager.main, dict(state='connected', target=['tcp:127.0.0.1:9']))
    assert failed and 'does not have the manager tcp:127.0.0.1:9' in result['msg']
