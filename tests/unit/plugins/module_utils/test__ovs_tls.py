# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function
__metaclass__ = type

import pytest

from ansible_collections.xenserver.openvswitch.plugins.module_utils import _cli, _ovs_tls

SSL = dict(private_key='/k', certificate='/c', ca_certificate='/ca', bootstrap=True)
# Lines of openssl 1.1.1w and 3.0.
STRANGE = ('depth=1 O = ovs-lab, CN = ovs-lab authority\nverify error:num=19:self signed certificate in certificate chain\n'
           '140269850277184:error:1416F086:SSL routines:tls_process_server_certificate:certificate verify failed:../ssl/statem/statem_clnt.c:1919:\n')
EXPIRED = 'depth=0 CN = manager\nverify error:num=10:certificate has expired\nnotAfter=Feb  1 00:00:00 2020 GMT\n'
EARLY = 'depth=0 CN = manager\nverify error:num=9:certificate is not yet valid\n'
REJECTED = ('140347:error:14094418:SSL routines:ssl3_read_bytes:tlsv1 alert unknown ca:../ssl/record/rec_layer_s3.c:1543:SSL alert number 48\n'
            'SSL handshake has read 2146 bytes and written 1338 bytes\n')
REJECTED_3 = '40C7:error:0A000418:SSL routines:ssl3_read_bytes:tlsv1 alert unknown ca:../ssl/record/rec_layer_s3.c:1600:SSL alert number 48\n'
# A manager that closes without an alert once it has read the switch's certificate, as Python 3.9's asyncio does; and one that closes at once.
LEFT = ('depth=0 O = ovs-lab, CN = controller\nverify return:1\nwrite:errno=0\nCONNECTED(00000003)\n---\nCertificate chain\n'
        ' 0 s:O = ovs-lab, CN = controller\nVerify return code: 0 (ok)\n')
NO_PEER = 'CONNECTED(00000003)\n---\nno peer certificate available\n---\nNo client certificate CA names sent\n'
CLOSED = 'write:errno=104\n' + NO_PEER
HANGS_UP = '80AB:error:0A000126:SSL routines:ssl3_read_n:unexpected eof while reading:../ssl/record/rec_layer_s3.c:318:\n' + NO_PEER
PLAIN = '807B:error:0A00010B:SSL routines:ssl3_get_record:wrong version number:../ssl/record/ssl3_record.c:350:\n' + NO_PEER
LATER = '80BB:error:0A00042E:SSL routines:ssl3_read_bytes:tlsv1 alert protocol version:../ssl/record/rec_layer_s3.c:1601:SSL alert number 70\n' + NO_PEER
CIPHERS = '802B:error:0A000410:SSL routines:ssl3_read_bytes:sslv3 alert handshake failure:../ssl/record/rec_layer_s3.c:1601:SSL alert number 40\n' + NO_PEER
OLDER = '80DB:error:0A000102:SSL routines:ssl_choose_client_version:unsupported protocol:../ssl/statem/statem_lib.c:1952:\n' + NO_PEER
SAYS_NOTHING = 'it closes the connection before it has shown a certificate: does it speak TLS on that port?'
NOTHING_IN_COMMON = 'it has no TLS 1.2, or no cipher of it, in common with this switch (%s)'
REFUSED = '139643:error:0200206F:system library:connect:Connection refused:../crypto/bio/b_sock2.c:110:\nconnect:errno=111\n'
LOG = (
    '2026-11-24T15:28:27.479Z|00018|stream_ssl|WARN|SSL_connect: error:1416F086:SSL routines:tls_process_server_certificate:certificate verify failed\n'
    '2026-11-24T15:28:27.479Z|00019|reconnect|INFO|ssl:192.0.2.10:6632: connection attempt failed (Protocol error)\n')


@pytest.mark.parametrize('text, kind, said', [
    (STRANGE, _ovs_tls.UNTRUSTED,
     'its certificate is of an authority that /ca does not hold (O = ovs-lab, CN = ovs-lab authority: self signed certificate in certificate chain)'),
    (EXPIRED, _ovs_tls.INVALID, 'its certificate (CN = manager) has expired: give it a new one'),
    (EARLY, _ovs_tls.INVALID, 'its certificate (CN = manager) is not valid yet: give it a new one'),
    (REJECTED, _ovs_tls.REJECTED, 'it refuses the certificate of this switch (unknown ca)'),
    (REJECTED_3, _ovs_tls.REJECTED, 'it refuses the certificate of this switch (unknown ca)'),
    (LEFT, _ovs_tls.REJECTED, 'it closes the connection once it has seen the certificate of this switch: does it trust its authority?'),
    (REFUSED, _ovs_tls.UNREACHABLE, 'Connection refused'),
    (CLOSED, _ovs_tls.UNREACHABLE, SAYS_NOTHING), (HANGS_UP, _ovs_tls.UNREACHABLE, SAYS_NOTHING),
    (PLAIN, _ovs_tls.UNREACHABLE, 'what it answers is not TLS: is its target meant to begin with tcp: or to have another port?'),
    (LATER, _ovs_tls.UNREACHABLE, NOTHING_IN_COMMON % 'protocol version'),
    (CIPHERS, _ovs_tls.UNREACHABLE, NOTHING_IN_COMMON % 'handshake failure'),
    (OLDER, _ovs_tls.UNREACHABLE, NOTHING_IN_COMMON % 'unsupported protocol'),
    ('verify error:num=21:unable to verify the first certificate\n', _ovs_tls.UNTRUSTED,
     'its certificate is of an authority that /ca does not hold (no subject: unable to verify the first certificate)'),
])
def test_what_openssl_tells(text, kind, said):
    assert _ovs_tls.read(text, '/ca') == (kind, said)


@pytest.mark.parametrize('text', ['', 'Verify return code: 0 (ok)\n', 'unknown option -tls1_2\nusage: s_client args\n'])
def test_what_tells_nothing(text):
    assert _ovs_tls.read(text, '/ca') is None


@pytest.mark.parametrize('target, where', [
    ('ssl:192.0.2.10:6632', '192.0.2.10:6632'), ('ssl:192.0.2.10', '192.0.2.10:6640'), ('ssl:[2001:db8::1]:9', '[2001:db8::1]:9')])
def test_the_handshake_is_that_of_the_switch(target, where):
    argv = _ovs_tls.handshake('/usr/bin/openssl', target, SSL, True)
    assert argv == ['/usr/bin/openssl', 's_client', '-connect', where, '-tls1_2', '-cert', '/c', '-key', '/k', '-verify_return_error', '-CAfile', '/ca']
    assert '-CAfile' not in _ovs_tls.handshake('/usr/bin/openssl', target, SSL, False)


# openssl goes on after what it finds wrong where no authority was given to it.
ANY = 'depth=0 CN = manager\nverify error:num=20:unable to get local issuer certificate\nverify return:1\n'
ANY_LATE = ANY + 'depth=0 CN = manager\nverify error:num=10:certificate has expired\nnotAfter=Feb  1 00:00:00 2020 GMT\nverify return:1\n'


@pytest.mark.parametrize('text, expected', [
    (ANY + REJECTED, (_ovs_tls.REJECTED, 'it refuses the certificate of this switch (unknown ca)')),
    (ANY + 'write:errno=0\n', (_ovs_tls.REJECTED, 'it closes the connection once it has seen the certificate of this switch: does it trust its authority?')),
    (ANY_LATE + REJECTED, (_ovs_tls.INVALID, 'its certificate (CN = manager) has expired: give it a new one')),
    (ANY + 'Verify return code: 20 (unable to get local issuer certificate)\n', None),
])
def test_where_any_authority_is_taken(text, expected):
    assert _ovs_tls.read(text, None) == expected


@pytest.mark.parametrize('held, bootstrap, kind', [
    (False, True, _ovs_tls.REJECTED), (True, True, _ovs_tls.UNTRUSTED), (True, False, _ovs_tls.UNTRUSTED), (False, False, _ovs_tls.UNTRUSTED)])
def test_an_authority_is_taken_on_first_use_alone(monkeypatch, tmp_path, held, bootstrap, kind):
    if held:
        (tmp_path / 'ca').write_text(u'')
    results = [_cli.Result(['s_client'], 1, '', ANY + REJECTED), _cli.Result(['x509'], 0, '', '')]
    monkeypatch.setattr(_cli, 'find', lambda name: '/usr/bin/' + name)
    monkeypatch.setattr(_cli, 'run', lambda argv, limit, ok: results.pop(0))
    assert _ovs_tls.refusal('ssl:192.0.2.10:6632', dict(SSL, ca_certificate=str(tmp_path / 'ca'), bootstrap=bootstrap)).kind == kind


def test_a_target_that_leads_nowhere_is_told(monkeypatch):
    """Old plugins of XAPI have set such a one."""
    monkeypatch.setattr(_cli, 'find', lambda name: '/usr/bin/' + name)
    found = _ovs_tls.refusal('ssl::6632', SSL)
    assert found.kind == _ovs_tls.UNREACHABLE and 'lacks the host' in found.text


@pytest.mark.parametrize('target, ssl', [('tcp:192.0.2.10:6640', SSL), ('ptcp:6640', SSL), ('ssl:192.0.2.10:6632', None)])
def test_without_tls_there_is_nothing_to_tell(target, ssl):
    assert _ovs_tls.refusal(target, ssl) is None


@pytest.mark.parametrize('result, expected', [(None, None), (_cli.Result(['openssl'], -15, '', ''), _ovs_tls.UNREACHABLE)])
def test_no_openssl_and_no_answer(monkeypatch, result, expected):
    def run(*words, **options):
        raise _cli.CliError('no', result)
    monkeypatch.setattr(_cli, 'find', lambda name: '/usr/bin/' + name)
    monkeypatch.setattr(_cli, 'run', run)
    found = _ovs_tls.refusal('ssl:192.0.2.10:6632', SSL)
    assert (found and found.kind) == expected


@pytest.mark.parametrize('handshake, rc, out, expected', [
    (LEFT, 1, 'subject=O = ovs-lab, CN = xs8-a\nnotAfter=Nov 23 17:15:22 2026 GMT\nCertificate will expire\n',
     (_ovs_tls.INVALID, 'the certificate of this switch, /c (O = ovs-lab, CN = xs8-a), has expired at Nov 23 17:15:22 2026 GMT: give it a new one')),
    (LEFT, 0, 'subject=CN = xs8-a\nnotAfter=Nov 25 17:15:22 2026 GMT\nCertificate will not expire\n',
     (_ovs_tls.REJECTED, 'it closes the connection once it has seen the certificate of this switch: does it trust its authority?')),
    (REJECTED, 1, '', (_ovs_tls.REJECTED, 'it refuses the certificate of this switch (unknown ca)')),  # openssl cannot read the file
    ('', 1, 'subject= /CN=xs6\nnotAfter=Nov 23 17:15:22 2026 GMT\nCertificate will expire\n',
     (_ovs_tls.INVALID, 'the certificate of this switch, /c (/CN=xs6), has expired at Nov 23 17:15:22 2026 GMT: give it a new one')),
])
def test_the_switchs_own_certificate_has_expired(monkeypatch, handshake, rc, out, expected):
    results = [_cli.Result(['s_client'], 1, '', handshake), _cli.Result(['x509'], rc, out, '')]
    monkeypatch.setattr(_cli, 'find', lambda name: '/usr/bin/' + name)
    monkeypatch.setattr(_cli, 'run', lambda argv, limit, ok: results.pop(0))
    assert _ovs_tls.refusal('ssl:192.0.2.10:6632', SSL) == expected


def test_what_stands_against_the_manager_comes_before_the_own_certificate(monkeypatch):
    results = [_cli.Result(['s_client'], 1, '', STRANGE)]
    monkeypatch.setattr(_cli, 'find', lambda name: '/usr/bin/' + name)
    monkeypatch.setattr(_cli, 'run', lambda argv, limit, ok: results.pop(0))
    assert _ovs_tls.refusal('ssl:192.0.2.10:6632', dict(SSL, bootstrap=False)).kind == _ovs_tls.UNTRUSTED


@pytest.mark.parametrize('line, kind', [
    ('SSL_accept: error:1416F086:SSL routines:x:certificate verify failed', _ovs_tls.UNTRUSTED),
    ('SSL_accept: error:14094415:SSL routines:ssl3_read_bytes:sslv3 alert certificate expired', _ovs_tls.REJECTED),
    ('CA certificate must be configured to use SSL', _ovs_tls.INVALID),
])
def test_a_host_that_listens_has_its_log_alone(monkeypatch, tmp_path, line, kind):
    log = tmp_path / 'ovsdb-server.log'
    log.write_text(LOG + u'2026-11-24T15:29:01.000Z|00020|stream_ssl|WARN|%s\n' % line)
    monkeypatch.setattr(_ovs_tls, 'LOG', str(log))
    assert _ovs_tls.refusal('pssl:6640', SSL) == (kind, 'ovsdb-server at 2026-11-24T15:29:01.000Z: ' + line)


def test_a_manager_that_comes_and_goes_does_not_hide_why_it_is_refused():
    line = '2026-11-24T17:22:3%d.204Z|0009%d|stream_ssl|WARN|SSL_accept: %s\n'
    refused, gone = 'error:1417C086:SSL routines:tls_process_client_certificate:certificate verify failed', 'system error (Success)'
    assert _ovs_tls.logged(line % (4, 0, refused) + line % (6, 1, gone)) == (
        _ovs_tls.UNTRUSTED, 'ovsdb-server at 2026-11-24T17:22:34.204Z: SSL_accept: ' + refused)
    assert _ovs_tls.logged(line % (6, 1, gone)).kind == _ovs_tls.INVALID


def test_a_log_without_trouble_or_none(monkeypatch, tmp_path):
    monkeypatch.setattr(_ovs_tls, 'LOG', str(tmp_path / 'none'))
    assert _ovs_tls.refusal('pssl:6640', SSL) is None
    assert _ovs_tls.logged('2026-11-24T15:28:27.479Z|00019|reconnect|INFO|x: connected\n') is None
