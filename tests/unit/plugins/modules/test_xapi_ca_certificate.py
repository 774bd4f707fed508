# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function
__metaclass__ = type

import os
import tempfile

import pytest
from ansible.module_utils import basic

from ansible_collections.xenserver.openvswitch.plugins.module_utils import _cli, _xapi_certificate
from ansible_collections.xenserver.openvswitch.plugins.modules import xapi_ca_certificate
from ansible_collections.xenserver.openvswitch.tests.unit.plugins.module_utils.xe import PATH, USAGE, Pool
from ansible_collections.xenserver.openvswitch.tests.unit.plugins.modules.utils import run_module

NAME = 'sdn-controller-ca.pem'
PEM = '-----BEGIN CERTIFICATE-----\n%s\n-----END CERTIFICATE-----\n'
ONE, TWO, LATE = PEM % 'AAAA', PEM % 'BBBB', PEM % 'LATE'


class Certificates(Pool):
    """The same pool with the files of this host, and openssl."""

    def __init__(self, folder, *held):
        super(Certificates, self).__init__()
        self.folder = str(folder)
        self.certificates = dict((NAME, text) for text in held)
        self.refuses = ''
        self.lacks = ()

    def run(self, argv, time_limit, ok=(0,), data=None):
        if argv[0] == '/usr/bin/openssl':
            late = 'LATE' in data
            return _cli.Result(argv, int(late), 'subject=CN = %s\nnotAfter=Jan  1 00:00:00 2020 GMT\nSHA256 Fingerprint=00\n' % data.split()[2], '')
        try:
            return super(Certificates, self).run(argv, time_limit, ok)
        finally:
            self.sync()

    def find(self, name, paths=()):
        return PATH if name == 'xe' else '/usr/bin/' + name

    def do_pool_install_ca_certificate(self, params):
        if 'pool-install-ca-certificate' in self.lacks:
            return '', 'Unknown command: pool-install-ca-certificate\n' + USAGE
        assert os.stat(os.path.dirname(params['filename'])).st_mode & 0o077 == 0
        with open(params['filename']) as stream:
            if self.refuses and self.refuses in stream.read():
                return '', 'Error code: CA_CERTIFICATE_NOT_VALID_YET\nError parameters: now, then\n'
        return super(Certificates, self).do_pool_install_ca_certificate(params)

    def do_pool_certificate_install(self, params):
        return super(Certificates, self).do_pool_install_ca_certificate(params)

    def sync(self):
        """XAPI keeps the same files on every host."""
        for name in os.listdir(self.folder):
            os.unlink(os.path.join(self.folder, name))
        for name, text in self.certificates.items():
            with open(os.path.join(self.folder, name), 'w') as stream:
                stream.write(text)


@pytest.fixture
def run(monkeypatch, tmp_path):
    monkeypatch.setattr(_xapi_certificate, 'FOLDER', str(tmp_path / 'certs'))
    (tmp_path / 'certs').mkdir()
    (tmp_path / 'tmp').mkdir()
    monkeypatch.setattr(tempfile, 'tempdir', str(tmp_path / 'tmp'))

    def function(pool, check_mode=False, **options):
        pool.install(monkeypatch)
        pool.sync()
        del pool.calls[:]
        result = run_module(xapi_ca_certificate.main, options, check_mode=check_mode, diff=True)
        assert [name for name in os.listdir(str(tmp_path / 'tmp')) if not name.startswith('ansible')] == []
        return result
    function.pool = lambda *held: Certificates(tmp_path / 'certs', *held)
    return function


def test_a_new_certificate(run):
    pool = run.pool()
    foreseen, failed = run(pool, check_mode=True, content=ONE)
    assert not failed and foreseen['changed'] and pool.certificates == {} and pool.calls == []
    result, failed = run(pool, content=ONE)
    assert not failed and result['changed'] and pool.certificates == {NAME: ONE} and result['certificate']['subject'] == 'CN = AAAA'
    for name in ('diff', 'commands', 'certificate'):
        assert foreseen[name] == result[name]


def test_a_converged_run_is_no_process(run):
    pool = run.pool('text around it\n' + ONE)
    result, failed = run(pool, content=ONE)
    assert not failed and not result['changed'] and pool.calls == [] and result['certificate'] is None


def test_another_certificate_replaces_it(run):
    pool = run.pool(ONE)
    result, failed = run(pool, content=TWO)
    assert not failed and result['changed'] and pool.certificates == {NAME: TWO}
    assert (result['diff']['before']['certificate']['subject'], result['diff']['after']['certificate']['subject']) == ('CN = AAAA', 'CN = BBBB')
    assert pool.commands == ['pool-uninstall-ca-certificate', 'pool-install-ca-certificate']
    assert [argv[1:] for argv in result['commands']] == [
        ['pool-uninstall-ca-certificate', 'name=' + NAME], ['pool-install-ca-certificate', 'filename=' + NAME]]


def test_a_release_with_the_older_command(run):
    pool = run.pool()
    pool.lacks = ['pool-install-ca-certificate']
    assert not run(pool, content=ONE)[1] and pool.certificates == {NAME: ONE} and pool.commands[-1] == 'pool-certificate-install'


def test_a_refused_certificate_leaves_the_old_one_in_place(run):
    pool = run.pool(ONE)
    pool.refuses = 'BBBB'
    result, failed = run(pool, content=TWO)
    assert failed and 'CA_CERTIFICATE_NOT_VALID_YET' in result['msg'] and pool.certificates == {NAME: ONE}


def test_a_run_killed_between_uninstall_and_install_is_completed_by_the_next(run):
    pool = run.pool(ONE)
    pool.certificates.clear()
    assert run(pool, content=TWO)[0]['changed'] and pool.certificates == {NAME: TWO}


def test_a_host_that_missed_it_has_it_distributed_again(run):
    pool = run.pool(ONE)
    pool.sync = lambda: None  # XAPI holds it, and this host does not
    result, failed = run(pool, content=ONE)
    assert not failed and result['changed'] and pool.commands == ['pool-uninstall-ca-certificate', 'pool-install-ca-certificate']


def test_a_database_that_did_not_know_the_file(run):
    # xapi_pool.ml: the file is removed first, then INVALID_VALUE where the database has no such certificate
    pool = run.pool(ONE)
    pool.before['pool-uninstall-ca-certificate'] = pool.certificates.clear
    pool.fails['pool-uninstall-ca-certificate'] = 'The value given is invalid\nfield: certificate:name\nvalue: %s\n' % NAME
    assert not run(pool, content=TWO)[1] and pool.certificates == {NAME: TWO}


def test_absent(run):
    pool = run.pool(ONE)
    result, failed = run(pool, state='absent')
    assert not failed and result['changed'] and pool.certificates == {} and result['diff']['after'] == dict(certificate=None)
    assert not run(pool, state='absent')[0]['changed']


@pytest.mark.parametrize('options', [dict(state='absent'), dict(content=TWO)])
def test_a_certificate_that_xapi_could_not_remove_is_no_success(run, options):
    # certificates.ml: CERTIFICATE_CORRUPT, whose label is that of CERTIFICATE_DOES_NOT_EXIST
    pool = run.pool(ONE)
    pool.fails['pool-uninstall-ca-certificate'] = 'The specified certificate is corrupt or unreadable.\nname: %s\n' % NAME
    result, failed = run(pool, **options)
    assert failed and 'corrupt or unreadable' in result['msg'] and pool.certificates == {NAME: ONE}


def test_what_is_there_may_be_no_certificate(run):
    pool = run.pool('junk')
    result, failed = run(pool, content=ONE)
    assert not failed and 'no certificate' in result['diff']['before']['certificate'] and pool.certificates == {NAME: ONE}


@pytest.mark.parametrize('options, said', [
    (dict(content=ONE + TWO), 'holds 2 certificates'), (dict(content='junk'), 'holds no certificate'), (dict(content=LATE), 'has expired'),
    (dict(content=ONE + '-----BEGIN PRIVATE KEY-----\nAA\n-----END PRIVATE KEY-----\n'), 'private key'), (dict(), 'content'),
    (dict(content=ONE, name='../x.pem'), 'none that XAPI takes'), (dict(content=ONE, name='x'), 'none that XAPI takes'),
    (dict(content=ONE, name='.x.pem'), 'none that XAPI takes'), (dict(content=ONE, name='x.pem\n'), 'none that XAPI takes'),
])
def test_refused_before_anything_changed(run, options, said):
    pool = run.pool(ONE if 'LATE' in str(options) else TWO)
    held = dict(pool.certificates)
    result, failed = run(pool, **options)
    assert failed and said in result['msg'] and pool.certificates == held and pool.calls == []


def test_xapi_down(run):
    pool = run.pool(ONE)
    pool.fails['pool-uninstall-ca-certificate'] = 'Error: Connection refused (calling connect )\n'
    result, failed = run(pool, content=TWO)
    assert failed and 'xe-toolstack-restart' in result['msg'] and pool.certificates == {NAME: ONE}


def test_a_key_that_came_along_goes_nowhere(run, monkeypatch):
    logged = []
    monkeypatch.setattr(basic.AnsibleModule, 'log', lambda self, msg, log_args=None: logged.append(msg))
    result, failed = run(run.pool(), content=ONE + '-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n')
    assert failed and 'private key' in result['msg'] and logged
    assert 'PRIVATE KEY' not in '%s %s' % (result, logged)
