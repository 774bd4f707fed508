# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function
__metaclass__ = type

import pytest

from ansible_collections.xenserver.openvswitch.plugins.module_utils import _cli, _pem

ONE = '-----BEGIN CERTIFICATE-----\nAAAA\nBBBB\n-----END CERTIFICATE-----\n'
TWO = '-----BEGIN CERTIFICATE-----\nCCCC\n-----END CERTIFICATE-----\n'
KEY = '-----BEGIN %sPRIVATE KEY-----\nAAAA\n-----END %sPRIVATE KEY-----\n'


def test_what_counts_in_a_text():
    assert _pem.bodies('subject: x\n' + ONE + TWO) == ['AAAABBBB', 'CCCC']
    assert _pem.bodies(ONE.replace('\n', '\r\n').replace('CERTIFICATE', 'X509 CERTIFICATE')) == ['AAAABBBB']


@pytest.mark.parametrize('kind', ['', 'RSA ', 'EC ', 'ENCRYPTED '])
def test_a_private_key_is_refused_and_not_told(kind):
    with pytest.raises(_pem.PemError) as caught:
        _pem.bodies(ONE + KEY % (kind, kind))
    assert 'private key' in str(caught.value) and 'AAAA' not in str(caught.value)


@pytest.mark.parametrize('text, other, expected', [
    (ONE, 'x' + ONE, True), (ONE + TWO, TWO + ONE, True), (ONE, TWO, False), (ONE, ONE + TWO, False), (ONE, None, False), (ONE, '', False),
    (ONE, 'junk', False)])
def test_the_same_certificates(text, other, expected):
    assert _pem.same(text, other) is expected


@pytest.mark.parametrize('out', [
    'subject=O = ovs-lab, CN = x\nnotAfter=Nov 21 15:24:32 2036 GMT\nSHA256 Fingerprint=5C:0D\nCertificate will not expire\n',  # 1.1.1
    'subject=O = ovs-lab, CN = x\nnotAfter=Nov 21 15:24:32 2036 GMT\nsha256 Fingerprint=5C:0D\nCertificate will not expire\n',  # 3.0
    'subject= O = ovs-lab, CN = x\nnotAfter=Nov 21 15:24:32 2036 GMT\nSHA256 Fingerprint=5C:0D\n',  # 1.0.2
])
def test_what_openssl_says(monkeypatch, out):
    given = []
    monkeypatch.setattr(_cli, 'find', lambda name: '/usr/bin/' + name)
    monkeypatch.setattr(_cli, 'run', lambda argv, limit, ok, data: given.append(data) or _cli.Result(argv, 0, out, ''))
    assert _pem.check(ONE, 9) == [dict(subject='O = ovs-lab, CN = x', not_after='Nov 21 15:24:32 2036 GMT', sha256='5C:0D', expired=False)]
    assert given == ['-----BEGIN CERTIFICATE-----\nAAAABBBB\n-----END CERTIFICATE-----\n']


def test_one_that_has_expired(monkeypatch):
    out = 'subject=CN = x\nnotAfter=Feb  1 00:00:00 2020 GMT\nCertificate will expire\n'
    monkeypatch.setattr(_cli, 'find', lambda name: '/usr/bin/' + name)
    monkeypatch.setattr(_cli, 'run', lambda argv, limit, ok, data: _cli.Result(argv, 1, out, ''))
    with pytest.raises(_pem.PemError, match='CN = x has expired at Feb  1 00:00:00 2020 GMT'):
        _pem.check(ONE, 9)


def test_files(tmp_path):
    path = tmp_path / 'ca.pem'
    assert _pem.read(str(path)) is None
    path.write_text(u'\xe9')
    assert _pem.read(str(path)) == u'\xe9'
    with pytest.raises(_cli.CliError, match='could not be read'):
        _pem.read(str(tmp_path))
