# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import http.client
import ssl
import types
import xml.parsers.expat
import xmlrpc.client

import pytest

from ansible_collections.xenserver.openvswitch.plugins.plugin_utils import _pools

POOL = dict(address='xs1', user='root', password='secret')


class Failure(Exception):
    """As XenAPI.Failure: what XAPI answered, the code first."""

    def __init__(self, details):
        super().__init__(details)
        self.details = details


@pytest.fixture(autouse=True)
def library(monkeypatch):
    monkeypatch.setattr(_pools, 'XenAPI', types.SimpleNamespace(Failure=Failure))


def host(number, **fields):
    record = dict(uuid='h%d' % number, name_label='xs%d' % number, hostname='dom0-%d' % number, address='192.0.2.%d' % number, enabled=True,
                  software_version=dict(product_brand='XCP-ng', product_version='8.3.0', build_number='cloud', network_backend='openvswitch'))
    return dict(record, memory_overhead='1', **fields)


class Session:
    """A session to a host that answers; ``refuse`` maps an address to the details of its refusal or to an exception."""

    def __init__(self, refuse=None, pools=1, name='rack one'):
        self.refuse = refuse or {}
        self.calls = []
        self.pools = {'P%d' % number: dict(uuid='p%d' % number, name_label=name, master='R2') for number in range(pools)}

    def to(self, address):
        return types.SimpleNamespace(xenapi=types.SimpleNamespace(
            login_with_password=lambda user, password: self._login(address, user, password),
            session=types.SimpleNamespace(logout=lambda: self.calls.append('logout')),
            pool=types.SimpleNamespace(get_all_records=lambda: self.pools),
            host=types.SimpleNamespace(get_all_records=lambda: {'R%d' % number: host(number) for number in (1, 2, 3)})))

    def _login(self, address, user, password):
        self.calls.append((address, user, password))
        refusal = self.refuse.get(address)
        if isinstance(refusal, Exception):
            raise refusal
        if refusal:
            raise Failure(refusal)


def test_a_pool_is_its_hosts_with_the_coordinator_first():
    session = Session()
    found = _pools.survey(POOL, session.to)
    assert session.calls == [('xs1', 'root', 'secret'), 'logout']
    assert (found['uuid'], found['name']) == ('p0', 'rack one')
    assert [(one['name_label'], one['coordinator']) for one in found['hosts']] == [('xs2', True), ('xs1', False), ('xs3', False)]
    assert set(found['hosts'][0]) == set(_pools.HOST_FIELDS) | {'coordinator'}, 'what is cached is what is needed'
    assert 'secret' not in repr(found)


def test_a_supporter_leads_to_its_coordinator():
    """xapi answers HOST_IS_SLAVE with the coordinator's address to every login on a supporter."""
    session = Session({'xs1': ['HOST_IS_SLAVE', '192.0.2.2']})
    assert len(_pools.survey(POOL, session.to)['hosts']) == 3
    assert [call[0] for call in session.calls if call != 'logout'] == ['xs1', '192.0.2.2']


@pytest.mark.parametrize('refuse, words', [
    (dict(xs1=['SESSION_AUTHENTICATION_FAILED', 'root', 'Authentication failure']), 'xs1 does not know this user and password'),
    (dict(xs1=['HOST_STILL_BOOTING']), 'xs1 is still booting'),
    (dict(xs1=['RBAC_PERMISSION_DENIED', 'pool.get_all']), 'xs1 refused: RBAC_PERMISSION_DENIED pool.get_all'),
    ({'xs1': ['HOST_IS_SLAVE', 'xs2'], 'xs2': ['HOST_IS_SLAVE', 'xs1']}, 'xs2 calls itself a supporter of xs1'),
    (dict(xs1=ConnectionRefusedError(111, 'Connection refused')), 'xs1 does not answer as XAPI'),
    (dict(xs1=http.client.BadStatusLine('x')), 'xs1 does not answer as XAPI'),
    (dict(xs1=xmlrpc.client.ProtocolError('xs1', 404, 'Not Found', {})), 'xs1 does not answer as XAPI'),
    (dict(xs1=xml.parsers.expat.ExpatError('mismatched tag: line 6, column 2')), 'xs1 does not answer as XAPI (mismatched tag: line 6, column 2)'),
])
def test_a_pool_that_cannot_be_asked_is_told_with_the_remedy(refuse, words):
    with pytest.raises(_pools.PoolError) as error:
        _pools.survey(POOL, Session(refuse).to)
    assert words in str(error.value) and 'secret' not in str(error.value)


@pytest.mark.parametrize('code, why, remedy', [
    (18, 'self-signed certificate', 'self-signed certificate. Set ca_certificate'),
    (64, "IP address mismatch, certificate is not valid for 'xs1'.", "not valid for 'xs1'. Name the host as its certificate does"),
])
def test_a_certificate_that_is_not_trusted_is_told_with_the_remedy(code, why, remedy):
    refusal = ssl.SSLCertVerificationError(1, 'certificate verify failed')
    refusal.verify_code, refusal.verify_message = code, why
    with pytest.raises(_pools.PoolError) as error:
        _pools.survey(POOL, Session(dict(xs1=refusal)).to)
    assert remedy in str(error.value)


@pytest.mark.parametrize('address, url', [
    ('xs1', 'https://xs1/'), ('192.0.2.1', 'https://192.0.2.1/'), ('xs1:8443', 'https://xs1:8443/'),
    ('2001:db8::21', 'https://[2001:db8::21]/'), ('[2001:db8::21]', 'https://[2001:db8::21]/'), ('[2001:db8::21]:8443', 'https://[2001:db8::21]:8443/'),
])
def test_an_ipv6_address_has_brackets_in_its_url(monkeypatch, address, url):
    """XAPI names the coordinator of a supporter by its address alone."""
    monkeypatch.setattr(_pools.XenAPI, 'Session', lambda given, transport: given, raising=False)
    assert _pools.connect(address, _pools.tls(None, False), 1) == url


def test_what_is_no_xapi_is_refused():
    with pytest.raises(_pools.PoolError) as error:
        _pools.survey(POOL, Session(pools=2).to)
    assert '2 pools' in str(error.value)


def pool(uuid, name, *hosts):
    return dict(uuid=uuid, name=name, hosts=[dict(name_label=one) for one in hosts])


@pytest.mark.parametrize('pools, names', [
    ([pool('a', 'Rack 1', 'x')], dict(a='pool_rack_1')),
    ([pool('a', '', 'XS 1', 'y')], dict(a='pool_xs_1')),
    ([pool('a', 'Çé', 'x')], dict(a='pool_unnamed')),
    ([pool('aaaaaaaa-1', 'r', 'x'), pool('bbbbbbbb-2', 'R', 'y'), pool('c', 's', 'z')],
     {'aaaaaaaa-1': 'pool_r_aaaaaaaa', 'bbbbbbbb-2': 'pool_r_bbbbbbbb', 'c': 'pool_s'}),
])
def test_every_pool_has_a_group_of_its_own(pools, names):
    assert _pools.group_names(pools) == names


def test_a_hosts_variables():
    found = _pools.survey(POOL, Session().to)
    assert _pools.variables(found, found['hosts'][1]) == dict(
        ansible_host='192.0.2.1', xapi_pool_uuid='p0', xapi_pool_name='rack one', xapi_pool_size=3, xapi_host_uuid='h1', xapi_host_name='xs1',
        xapi_role='supporter', xapi_enabled=True, xapi_network_backend='openvswitch', xapi_product_brand='XCP-ng', xapi_product_version='8.3.0',
        xapi_build_number='cloud')


def test_old_releases_tell_less():
    known = dict(uuid='p', name='', hosts=[dict(host(1), software_version={}, coordinator=True)])
    assert _pools.variables(known, known['hosts'][0])['xapi_network_backend'] is None


def test_certificates_are_checked_by_default(tmp_path):
    assert _pools.tls(None, True).verify_mode == ssl.CERT_REQUIRED and _pools.tls(None, True).check_hostname
    assert _pools.tls(None, False).verify_mode == ssl.CERT_NONE
    for content in ('', 'no certificate'):
        (tmp_path / 'ca.pem').write_text(content)
        with pytest.raises(_pools.PoolError):
            _pools.tls(str(tmp_path / 'ca.pem'), True)
    with pytest.raises(_pools.PoolError) as error:
        _pools.tls(str(tmp_path / 'absent.pem'), True)
    assert 'absent.pem' in str(error.value)
