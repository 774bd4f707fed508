# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""rpm_package on the real rpm, with tiny packages and a database of their own."""

from __future__ import absolute_import, division, print_function
__metaclass__ = type

import os
import shutil
import signal
import subprocess
import sys
import threading

import pytest

from ansible_collections.xenserver.openvswitch.plugins.module_utils import _rpm
from ansible_collections.xenserver.openvswitch.plugins.module_utils import _rpm_transaction as transaction
from ansible_collections.xenserver.openvswitch.plugins.modules import rpm_package
from ansible_collections.xenserver.openvswitch.tests.unit.plugins.modules.rpm_host import BASE, Host, path_of, require, writer
from ansible_collections.xenserver.openvswitch.tests.unit.plugins.modules.utils import kept, run_module

KO = 'openvswitch-modules-3.10.0+2'
KO_TAGS = 'Provides: openvswitch-modules = %s\nProvides: openvswitch.ko.0\n'
FAILS = {
    'prefail': '%pre -p /bin/sh\necho pre says no; exit 1\n',
    'postfail': '%post -p /bin/sh\necho post breaks; exit 3\n',
    'preunfail': '%preun -p /bin/sh\necho preun says no; exit 1\n'}


# Kernels of module packages: version in the package's name, and uname -r. This host's own kernel is the one that runs.
KERNELS = dict(ko=('3.10.0+2', None), ko_other=('4.4.0+10', None), ko_running=('running', os.uname()[2]), ko_newer=('999.0+1', None))


def module_of(host, kernel, uname):
    return host.rpm('openvswitch-modules-' + kernel, version='2.5.3', tags=KO_TAGS % kernel,
                    ghost='/lib/modules/%s/extra/openvswitch/openvswitch.ko' % (uname or kernel))


def build(folder):
    """A host and its packages."""
    host = Host(folder)
    arch = os.uname()[4]
    host.files = dict(
        base=host.rpm(**BASE),
        alpha1=host.rpm('alpha', content='one'),
        alpha1_rebuilt=host.rpm('alpha', content='two', folder='rebuilt'),
        alpha2=host.rpm('alpha', version='2.0', scripts='%post\necho post of alpha $1\n%preun\necho preun of alpha $1\n'),
        acme=host.rpm('alpha', version='3.0', tags='Vendor: Acme\tand Sons\n'),
        part2=host.rpm('alpha-part', version='2.0', tags='Requires: alpha = 2.0-1\n'),
        needs_part=host.rpm('needs_part', tags='Requires: alpha-part\n'),
        side1=host.rpm('side', file='side-1'), side2=host.rpm('side', version='2.0', file='side-2'),
        needs_old=host.rpm('needs_old', tags='Requires: openvswitch-modules = 3.10.0+2\n'),
        needy=host.rpm('needy', tags='Requires: libnothere.so.9\nRequires: nothing-else\n'),
        foreign=host.rpm('foreign', arch='s390x' if arch != 's390x' else 'x86_64', tags='Requires: libnothere.so.9\n'),
        openvswitch=host.rpm('openvswitch', version='2.5.3', tags='Requires: openvswitch.ko.0\n'),
        **dict((name, host.rpm(name, scripts=scripts)) for name, scripts in FAILS.items()))
    host.files.update(('p%d' % number, host.rpm('p%d' % number)) for number in range(4))
    host.files.update((name, module_of(host, kernel, uname)) for name, (kernel, uname) in KERNELS.items())
    return host


@pytest.fixture(scope='module')
def built():
    """A host whose packages are built once; every test installs into a database of its own."""
    require('rpm', 'rpmbuild', 'rpmkeys')
    return kept('rpm', build)


@pytest.fixture
def host(built, monkeypatch):
    for folder in (os.path.join(built.home, 'db'), built.file_of('')):
        shutil.rmtree(folder, ignore_errors=True)
    built.enter(monkeypatch)
    assert built.run('rpm', '-U', built.files['base'])[0] == 0
    built.forget_calls()
    return built


def apply(host, *files, **options):
    args = dict(dict(path=[host.files[name] for name in files], allow_unsigned=True), **options)
    check_mode = args.pop('check_mode', False)
    return run_module(rpm_package.main, args, check_mode=check_mode, diff=True)


def remove(*names, **options):
    check_mode = options.pop('check_mode', False)
    return run_module(rpm_package.main, dict(options, state='absent', name=list(names)), check_mode=check_mode, diff=True)


def have(host):
    return [nevra for nevra in host.installed() if nevra != 'base-1.0-1.noarch']


def test_install_is_predicted_done_and_then_nothing_more_with_two_processes(host):
    predicted = apply(host, 'openvswitch', 'ko', check_mode=True)[0]
    assert have(host) == [], 'check mode installed'
    done, failed = apply(host, 'openvswitch', 'ko')
    assert not failed and done['changed']
    for key in ('before', 'after', 'installed', 'removed', 'diff', 'commands'):
        assert predicted[key] == done[key], key
    assert done['after'] == have(host) == ['openvswitch-2.5.3-1.noarch', KO + '-2.5.3-1.noarch']
    host.forget_calls()
    again, failed = apply(host, 'openvswitch', 'ko')
    assert not failed and not again['changed'] and not again['commands']
    assert len(host.calls) == 2, host.calls


def test_a_rebuild_of_the_same_version_is_seen_and_replaces(host):
    apply(host, 'alpha1')
    result, failed = apply(host, 'alpha1_rebuilt')
    assert not failed and result['installed'] == result['removed'] == ['alpha-1.0-1.noarch']
    assert '--replacepkgs' in result['commands'][0]
    assert result['diff']['before'] != result['diff']['after']
    assert not apply(host, 'alpha1_rebuilt')[0]['changed']


def test_scripts_of_the_packages_are_heard(host):
    result = apply(host, 'alpha2')[0]
    assert result['output'] == 'post of alpha 1'
    assert remove('alpha')[0]['output'] == 'preun of alpha 0'


def test_an_older_one_wants_consent_and_latest_keeps_the_newer(host):
    apply(host, 'alpha2')
    result, failed = apply(host, 'alpha1')
    assert failed and 'allow_downgrade' in result['msg'] and have(host) == ['alpha-2.0-1.noarch']
    result, failed = apply(host, 'alpha1', state='latest')
    assert not failed and not result['changed']
    result, failed = apply(host, 'alpha1', allow_downgrade=True)
    assert not failed and have(host) == ['alpha-1.0-1.noarch'] and '--oldpackage' in result['commands'][0]
    assert apply(host, 'alpha2', state='latest')[0]['changed']


@pytest.fixture
def halves(host):
    """What rpm leaves where it is killed after it has put the new package in, and before it has taken the old one out."""
    apply(host, 'alpha1')
    assert host.run('rpm', '-i', '--force', host.files['alpha2'])[0] == 0
    assert have(host) == ['alpha-1.0-1.noarch', 'alpha-2.0-1.noarch']
    return host


@pytest.mark.parametrize('wanted, other, consents', [('alpha2', 'alpha-1.0-1.noarch', {}), ('alpha1', 'alpha-2.0-1.noarch', dict(allow_downgrade=True))])
def test_what_a_killed_rpm_has_left_is_mended_either_way(halves, wanted, other, consents):
    predicted = apply(halves, wanted, check_mode=True, **consents)[0]
    result, failed = apply(halves, wanted, **consents)
    assert not failed and result['removed'] == predicted['removed'] == [other] and result['installed'] == []
    assert other not in have(halves) and len(have(halves)) == 1 and halves.run('rpm', '-V', 'alpha')[0] == 0
    assert not apply(halves, wanted, **consents)[0]['changed']


def test_an_older_one_beside_a_newer_wants_consent(halves):
    result, failed = apply(halves, 'alpha1')
    assert failed and 'allow_downgrade' in result['msg'] and len(have(halves)) == 2


def test_packages_that_are_side_by_side_on_purpose_stay(host):
    for name in ('side1', 'side2'):
        assert host.run('rpm', '-i', host.files[name])[0] == 0
    result, failed = apply(host, 'side1')
    assert not failed and not result['changed'] and len(have(host)) == 2


def test_a_part_that_the_older_build_has_not_goes_first(host):
    apply(host, 'alpha2', 'part2')
    result, failed = apply(host, 'alpha1', allow_downgrade=True)
    assert failed and 'alpha-part' in result['msg'] and len(have(host)) == 2
    options = dict(allow_downgrade=True, remove_first=['alpha-part', 'alpha', 'nothing'])
    predicted = apply(host, 'alpha1', check_mode=True, **options)[0]
    result, failed = apply(host, 'alpha1', **options)
    assert not failed and have(host) == ['alpha-1.0-1.noarch']
    assert result['removed'] == predicted['removed'] == ['alpha-2.0-1.noarch', 'alpha-part-2.0-1.noarch']
    assert [command[1] for command in result['commands']] == ['-e', '-U'] and not apply(host, 'alpha1', **options)[0]['changed']


def test_a_part_that_something_else_needs_holds_all_back(host):
    apply(host, 'alpha2', 'part2', 'needs_part')
    result, failed = apply(host, 'alpha1', allow_downgrade=True, remove_first=['alpha-part'])
    assert failed and 'alpha-part' in result['msg'] and len(have(host)) == 3
    result, failed = apply(host, 'alpha1', allow_downgrade=True, remove_first=['--nodeps'])
    assert failed and 'no name of a package' in result['msg']


def test_another_vendor_wants_consent_in_both_directions(host):
    apply(host, 'alpha2')
    result, failed = apply(host, 'acme')
    assert failed and 'Acme\tand Sons' in result['msg'] and 'no vendor' in result['msg']
    assert not apply(host, 'acme', allow_vendor_change=True)[1]
    result, failed = apply(host, 'alpha2', allow_downgrade=True)
    assert failed and 'allow_vendor_change' in result['msg'] and have(host) == ['alpha-3.0-1.noarch']


def test_unsigned_files_want_a_checksum_or_consent(host):
    path = host.files['alpha1']
    result, failed = apply(host, 'alpha1', allow_unsigned=False)
    assert failed and 'not signed' in result['msg']
    promised = {os.path.basename(path): '0' * 64}
    result, failed = apply(host, 'alpha1', allow_unsigned=False, checksums=promised)
    assert failed and '0' * 64 in result['msg'] and have(host) == []
    promised = {os.path.basename(path): _rpm.sha256(path).upper()}
    assert not apply(host, 'alpha1', allow_unsigned=False, checksums=promised)[1]
    assert have(host) == ['alpha-1.0-1.noarch']


@pytest.mark.parametrize('value', ['', 'x', '0' * 63, '0' * 64 + '\n', 123, None, ['0' * 64], True])
def test_a_checksum_that_is_none_vouches_for_nothing(host, value):
    result, failed = apply(host, 'alpha1', allow_unsigned=False, checksums={os.path.basename(host.files['alpha1']): value})
    assert failed and 'is no SHA-256' in result['msg'] and host.calls == []


def test_twelve_files_that_are_installed_take_two_processes(host):
    some = ['alpha1', 'openvswitch', 'needs_old', 'preunfail'] + sorted(KERNELS) + ['p%d' % number for number in range(4)]
    apply(host, *some)
    host.forget_calls()
    result, failed = apply(host, *some)
    assert not failed and not result['changed'] and len(some) == len(result['after']) == 12
    assert [argv[:2] for argv in host.argvs] == [['rpm', '-q']] * 2
    host.forget_calls()
    apply(host, *some, **dict(check_mode=True, state='latest'))
    assert len(host.argvs) == 2
    host.forget_calls()
    remove('nothing', 'of', 'this', 'is-installed')
    assert len(host.argvs) == 1


def test_a_signature_counts_only_with_its_key(host, tmp_path):
    require('gpg', 'rpmsign')
    signed = str(tmp_path / 'alpha-1.0-1.noarch.rpm')
    shutil.copy(host.files['alpha1'], signed)
    keys, agent = str(tmp_path / 'gnupg'), dict(os.environ)
    os.mkdir(keys, 0o700)
    agent['GNUPGHOME'] = keys
    subprocess.check_call(['gpg', '--batch', '--quiet', '--passphrase', '', '--quick-generate-key', 'tester', 'rsa2048', 'sign'], env=agent)
    sign = ['rpmsign', '--define', '_gpg_name tester', '--define', '__gpg ' + path_of('gpg'), '--addsign', signed]
    subprocess.check_call(sign, env=agent, stdout=subprocess.PIPE)
    with open(str(tmp_path / 'key'), 'wb') as stream:
        stream.write(subprocess.check_output(['gpg', '--armor', '--export', 'tester'], env=agent))
    subprocess.call(['gpgconf', '--kill', 'all'], env=agent)
    result, failed = run_module(rpm_package.main, dict(path=[signed]))
    assert failed and 'rpm --import' in result['msg'] and have(host) == []
    assert host.run('rpmkeys', '--import', str(tmp_path / 'key'))[0] == 0
    result, failed = run_module(rpm_package.main, dict(path=[signed]))
    assert not failed and result['installed'] == ['alpha-1.0-1.noarch']


def test_all_missing_dependencies_are_told_in_check_mode_too(host):
    for check_mode in (True, False):
        result, failed = apply(host, 'needy', 'openvswitch', check_mode=check_mode)
        assert failed and not result.get('changed')
        for word in ('libnothere.so.9', 'nothing-else', 'openvswitch.ko.0'):
            assert word in result['msg']
    assert have(host) == []


def test_another_architecture_is_told_before_its_missing_libraries(host):
    result, failed = apply(host, 'foreign')
    assert failed and 'foreign-1.0-1' in result['msg'] and 'is built for' in result['msg'] and 'libnothere' not in result['msg']
    assert not [call for call in host.calls if '--test' in call]


def test_damaged_missing_and_foreign_files_are_named_together(host, tmp_path):
    with open(host.files['alpha1'], 'rb') as stream:
        content = stream.read()
    for name, data in (('cut.rpm', content[:3000]), ('short.rpm', content[:300]), ('text.rpm', b'/etc/hosts\n')):
        (tmp_path / name).write_bytes(data)
    result, failed = run_module(rpm_package.main, dict(path=[str(tmp_path / name) for name in ('cut.rpm', 'short.rpm')]))
    assert failed and 'cut.rpm' in result['msg'] and 'short.rpm' in result['msg']
    result, failed = run_module(rpm_package.main, dict(path=[str(tmp_path / name) for name in ('text.rpm', 'none.rpm')] + ['relative.rpm']))
    assert failed and all(name in result['msg'] for name in ('text.rpm: no RPM', 'none.rpm: No such file', 'relative.rpm: no absolute'))
    (tmp_path / 'payload.rpm').write_bytes(content[:-20])
    result, failed = run_module(rpm_package.main, dict(path=[str(tmp_path / 'payload.rpm')], allow_unsigned=True))
    assert failed and 'damaged' in result['msg'] and have(host) == []


@pytest.mark.parametrize('name', ['a%(touch pwned).rpm', 'a b.rpm', 'a*.rpm', "a'b.rpm", 'a{b,c}.rpm', 'a\\b.rpm', 'a[b].rpm'])
def test_file_names_that_rpm_expands_are_refused(host, tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    path = str(tmp_path / name)
    shutil.copy(host.files['alpha1'], path)
    result, failed = run_module(rpm_package.main, dict(path=[path], allow_unsigned=True))
    assert failed and 'rpm would expand' in result['msg']
    assert host.calls == [] and os.listdir(str(tmp_path)) == [name]


def test_two_builds_of_one_package_are_refused(host):
    result, failed = apply(host, 'alpha1', 'alpha2')
    assert failed and 'both files of package alpha.noarch' in result['msg']


def test_a_partial_failure_tells_what_is_installed(host):
    result, failed = apply(host, 'prefail', 'postfail')
    assert failed and result['changed'] and result['after'] == result['installed'] == have(host) == ['postfail-1.0-1.noarch']
    assert 'prefail-1.0-1.noarch is not installed' in result['msg'] and 'pre says no' in result['msg']
    assert any('%post(postfail' in warning for warning in result['warnings'])


def test_a_package_that_does_not_go_is_told(host):
    apply(host, 'preunfail', 'alpha1')
    result, failed = remove('preunfail', 'alpha')
    assert failed and 'preunfail-1.0-1.noarch is still installed' in result['msg']
    assert result['removed'] == ['alpha-1.0-1.noarch'] and result['after'] == have(host) == ['preunfail-1.0-1.noarch']


def test_removal_by_virtual_name_takes_the_modules_of_all_kernels_in_one_transaction(host):
    apply(host, 'openvswitch', 'ko', 'ko_other')
    predicted = remove('openvswitch', 'openvswitch-modules', check_mode=True)[0]
    assert len(have(host)) == 3
    host.forget_calls()
    result, failed = remove('openvswitch', 'openvswitch-modules')
    assert not failed and have(host) == [] and len([call for call in host.calls if ' -e ' in call and '--test' not in call]) == 1
    assert predicted['removed'] == result['removed'] and len(result['removed']) == 3
    host.forget_calls()
    result, failed = remove('openvswitch', 'openvswitch-modules')
    assert not failed and not result['changed'] and len(host.calls) == 1


def test_removal_by_exact_name_with_a_plus_leaves_the_other_kernels(host):
    apply(host, 'ko', 'ko_other')
    result, failed = remove(KO)
    assert not failed and have(host) == ['openvswitch-modules-4.4.0+10-2.5.3-1.noarch']


def test_modules_of_other_kernels_are_reported(host):
    apply(host, 'openvswitch', 'ko')
    assert apply(host, 'ko_other')[0]['siblings'] == [KO]
    assert KO + '-2.5.3-1.noarch' in have(host)


OBSOLETE = [KO + '-2.5.3-1.noarch', 'openvswitch-modules-4.4.0+10-2.5.3-1.noarch']


def test_obsolete_modules_are_reported_and_stay_without_a_word(host):
    apply(host, 'openvswitch', 'ko', 'ko_other', 'ko_newer')
    for dummy in range(2):
        result, failed = apply(host, 'ko_running')
        assert not failed and result['obsolete'] == OBSOLETE and 'openvswitch-modules-999.0+1' in result['siblings']
    assert not result['changed'] and len(have(host)) == 5
    assert apply(host, 'openvswitch')[0]['obsolete'] == [], 'only of the packages that the files concern'
    assert apply(host, 'ko_running', 'ko')[0]['obsolete'] == OBSOLETE[1:], 'not the kernel of one of the files'


def test_obsolete_modules_go_on_consent_with_the_installation(host):
    apply(host, 'openvswitch', 'ko', 'ko_other')
    predicted, failed = apply(host, 'ko_running', remove_obsolete=True, check_mode=True)
    assert not failed and len(have(host)) == 3
    done, failed = apply(host, 'ko_running', remove_obsolete=True)
    assert not failed and done['removed'] == done['obsolete'] == OBSOLETE and done['installed'] == ['openvswitch-modules-running-2.5.3-1.noarch']
    for key in ('before', 'after', 'installed', 'removed', 'diff', 'commands', 'obsolete'):
        assert predicted[key] == done[key], key
    assert [command[1] for command in done['commands']] == ['-U', '-e'] and len(have(host)) == 2
    host.forget_calls()
    again, failed = apply(host, 'ko_running', remove_obsolete=True)
    assert not failed and not again['changed'] and again['obsolete'] == [] and len(host.calls) == 2


def test_obsolete_modules_go_after_a_reboot_into_the_new_kernel(host):
    apply(host, 'openvswitch', 'ko', 'ko_running', 'ko_newer')
    result, failed = apply(host, 'ko_running', remove_obsolete=True)
    assert not failed and result['removed'] == OBSOLETE[:1] and len(result['commands']) == 1
    assert [nevra for nevra in have(host) if '999.0+1' in nevra], 'a module prepared for the next boot must stay'


def test_an_obsolete_module_that_something_needs_holds_all_back(host):
    apply(host, 'ko', 'needs_old')
    result, failed = apply(host, 'ko_running', remove_obsolete=True)
    assert failed and 'nothing was changed' in result['msg'] and 'is needed by (installed) needs_old' in result['msg']
    assert have(host) == ['needs_old-1.0-1.noarch', OBSOLETE[0]]


def wrapped(host, *argv):
    """What a task that calls rpm itself gets; ``(status, what it printed)``."""
    return host.run('rpm', *[host.files.get(word, word) for word in argv])


def content(host, name):
    with open(host.file_of(name)) as stream:
        return stream.read().strip()


# What happens to those who call rpm themselves, one test a defect; docs/peer-defects.md lists them.

def test_e1_a_repeated_install_is_no_failure_and_no_change(host):
    assert wrapped(host, '-U', 'alpha1', 'openvswitch', 'ko')[0] == 0
    assert wrapped(host, '-U', 'alpha1', 'openvswitch', 'ko')[0] > 0, 'rpm counts what is installed already as failures'
    result, failed = apply(host, 'alpha1', 'openvswitch', 'ko')
    assert not failed and not result['changed'] and result['commands'] == []


def test_e2_an_older_file_is_refused_kept_out_or_installed_as_was_asked(host):
    wrapped(host, '-U', 'alpha2')
    status, said = wrapped(host, '-U', 'alpha1')
    assert status != 0 and 'which is newer than' in said
    result, failed = apply(host, 'alpha1')
    assert failed and 'allow_downgrade=true replaces it, state=latest keeps it' in result['msg']
    result, failed = apply(host, 'alpha1', state='latest')
    assert not failed and not result['changed']
    result, failed = apply(host, 'alpha1', allow_downgrade=True)
    assert not failed and have(host) == ['alpha-1.0-1.noarch'] and content(host, 'alpha') == 'one'


def test_e3_what_is_installed_already_does_not_keep_the_rest_out(host):
    wrapped(host, '-U', 'alpha1')
    status, said = wrapped(host, '-U', 'alpha1', 'openvswitch', 'ko')
    assert status != 0 and have(host) == ['alpha-1.0-1.noarch'], 'rpm installs nothing then'
    result, failed = apply(host, 'alpha1', 'openvswitch', 'ko')
    assert not failed and result['installed'] == ['openvswitch-2.5.3-1.noarch', KO + '-2.5.3-1.noarch'] and len(have(host)) == 3


def test_e4_a_rebuild_of_the_same_version_replaces_the_build_before(host):
    wrapped(host, '-U', 'alpha1')
    assert wrapped(host, '-U', 'alpha1_rebuilt')[0] != 0 and content(host, 'alpha') == 'one', 'rpm takes it for the same'
    result, failed = apply(host, 'alpha1_rebuilt')
    assert not failed and result['changed'] and content(host, 'alpha') == 'two'
    assert not apply(host, 'alpha1_rebuilt')[0]['changed']


def test_e5_a_module_for_a_new_kernel_does_not_leave_the_old_one_unnoticed(host):
    wrapped(host, '-U', 'ko')
    assert wrapped(host, '-U', 'ko_running')[0] == 0 and len(have(host)) == 2, 'rpm keeps both and says nothing'
    result, failed = apply(host, 'ko_running')
    assert not failed and result['obsolete'] == [KO + '-2.5.3-1.noarch'] and result['siblings'] == [KO]
    result, failed = apply(host, 'ko_running', remove_obsolete=True)
    assert not failed and have(host) == ['openvswitch-modules-running-2.5.3-1.noarch']


def test_e6_a_truncated_file_is_named_before_anything_is_changed(host, tmp_path):
    with open(host.files['alpha2'], 'rb') as stream:
        whole = stream.read()
    for cut in (100, 2000, len(whole) - 10):
        (tmp_path / 'alpha-2.0-1.noarch.rpm').write_bytes(whole[:cut])
        result, failed = run_module(rpm_package.main, dict(path=[host.files['ko'], str(tmp_path / 'alpha-2.0-1.noarch.rpm')], allow_unsigned=True))
        assert failed and 'alpha-2.0-1' in result['msg'] and ('not every file is a whole' in result['msg'].lower() or 'damaged' in result['msg'])
        assert have(host) == []


def test_e7_an_absent_name_does_not_keep_the_others_installed(host):
    wrapped(host, '-U', 'openvswitch', 'ko')
    status, said = wrapped(host, '-e', 'openvswitch', 'openvswitch-modules-xen')
    assert status > 0 and 'openvswitch-modules-xen is not installed' in said and len(have(host)) == 2, 'rpm removes nothing then'
    result, failed = remove('openvswitch', 'openvswitch-modules-xen', 'openvswitch-modules')
    assert not failed and len(result['removed']) == 2 and have(host) == []
    assert not remove('openvswitch', 'openvswitch-modules-xen', 'openvswitch-modules')[0]['changed']


def test_what_merely_provides_the_name_of_a_removed_package_stays_and_is_not_told(host):
    assert host.run('rpm', '-U', host.files['alpha1'], host.rpm('beta', tags='Provides: alpha = 2\n'))[0] == 0
    foretold, result = remove('alpha', check_mode=True)[0], remove('alpha')[0]
    for name in ('before', 'after', 'installed', 'removed', 'diff'):
        assert result[name] == foretold[name]
    assert result['removed'] == ['alpha-1.0-1.noarch'] and result['installed'] == result['after'] == [] and have(host) == ['beta-1.0-1.noarch']


@pytest.mark.parametrize('obsoletes, goes', [('alpha', True), ('alpha < 2', True), ('alpha <= 1.0-1', True), ('alpha = 1.0', True), ('alpha < 1.0-1', False),
                                             ('alpha > 1.0', False), ('alpha >= 1:1', False)])
def test_what_a_file_obsoletes_goes_as_foretold_and_with_consent(host, obsoletes, goes):
    apply(host, 'alpha1')
    host.files['heir'] = host.rpm('heir', tags='Vendor: Acme\nObsoletes: %s\n' % obsoletes)
    result, failed = apply(host, 'heir')
    assert failed == goes and (not goes or 'would replace alpha-1.0-1.noarch by no vendor; allow_vendor_change=true' in result['msg'])
    assert have(host) == ['alpha-1.0-1.noarch'] + ([] if goes else ['heir-1.0-1.noarch'])
    if goes:
        foretold, done = [apply(host, 'heir', allow_vendor_change=True, check_mode=check_mode)[0] for check_mode in (True, False)]
        for key in ('before', 'after', 'installed', 'removed', 'diff', 'commands'):
            assert foretold[key] == done[key], key
        assert done['removed'] == ['alpha-1.0-1.noarch'] and have(host) == ['heir-1.0-1.noarch']
        assert not apply(host, 'heir')[0]['changed']


def test_removing_what_others_need_is_refused_whole(host):
    apply(host, 'openvswitch', 'ko', 'alpha1')
    result, failed = remove(KO, 'alpha')
    assert failed and 'is needed by (installed) openvswitch' in result['msg'] and len(have(host)) == 3


@pytest.mark.parametrize('name', ['--test', '-a', '*', 'alph?', 'alpha[1]', '/bin/sh', 'a b', '', 'alpha\nbase', '%{name}', u'alph\xe4', '$(touch x)'])
def test_names_are_no_options_patterns_or_paths(host, name):
    result, failed = remove('alpha', name)
    assert failed and 'Nothing was changed' in result['msg'] and host.calls == []


def test_the_lock_of_another_rpm_is_waited_for(host):
    hold = "import fcntl, sys, time; lock = open(sys.argv[1], 'r+'); fcntl.lockf(lock, fcntl.LOCK_EX); print('held'); sys.stdout.flush(); time.sleep(60)"
    holder = subprocess.Popen([sys.executable, '-c', hold, os.path.join(host.home, 'db', '.rpm.lock')], stdout=subprocess.PIPE)
    try:
        assert holder.stdout.readline().strip() == b'held'
        result, failed = apply(host, 'alpha1', time_limit=1)
        assert failed and 'Another rpm held' in result['msg'] and not result['changed'] and have(host) == []
        timer = threading.Timer(0.3, holder.terminate)
        timer.start()
        result, failed = apply(host, 'alpha1', time_limit=30)
        timer.join()
    finally:
        if holder.poll() is None:
            holder.terminate()
        holder.communicate()
    assert not failed and have(host) == ['alpha-1.0-1.noarch']


def test_a_script_that_does_not_get_the_lock_for_an_rpm_of_its_own_fails_nothing(host):
    package = host.rpm('nested', scripts="%post\necho \"error: can't create transaction lock on x\"\n")
    result, failed = run_module(rpm_package.main, dict(path=[package], allow_unsigned=True))
    assert not failed and result['installed'] == ['nested-1.0-1.noarch'] and len([call for call in host.calls if call.startswith('rpm -U /')]) == 1


def test_a_transaction_and_the_scripts_of_its_packages_outlive_the_module(host):
    """rpm gives its streams to the scripts, and one that writes to a pipe without a reader is killed."""
    pipe, end = os.path.join(host.folder, 'pipe'), os.path.join(host.folder, 'end')
    os.mkfifo(pipe)
    package = host.rpm('slow', scripts='%%post\nread -r line < %s\necho $line\necho $line > %s\n' % (pipe, end))
    module = os.fork()
    if not module:
        transaction.transact(['-U', package], 60)
        os._exit(0)
    with writer(pipe) as gate:
        os.kill(module, signal.SIGKILL)
        os.waitpid(module, 0)
        gate.write('ended\n')
    transaction.wait_for_others(60)
    assert have(host) == ['slow-1.0-1.noarch']
    with open(end) as stream:
        assert stream.read() == 'ended\n'


def test_it_says_so_where_rpm_is_missing(monkeypatch, tmp_path):
    monkeypatch.setenv('PATH', str(tmp_path))
    monkeypatch.setattr('ansible.module_utils.common.process.is_executable', lambda path: False)
    result, failed = remove('alpha')
    assert failed and 'The program rpm is not on this host' in result['msg']


def test_check_mode_counts_a_file_that_an_earlier_task_would_bring_as_a_change(host, tmp_path):
    awaited = str(tmp_path / 'openvswitch-3.1.0-1.x86_64.rpm')
    result, failed = run_module(rpm_package.main, dict(path=[host.files['alpha1'], awaited], allow_unsigned=True), check_mode=True, diff=True)
    assert not failed and result['changed'] and result['diff']['after'] == dict(files=[awaited])
    assert any(awaited in warning for warning in result['warnings'])
    result, failed = run_module(rpm_package.main, dict(path=[awaited], allow_unsigned=True))
    assert failed and 'No such file' in result['msg']
