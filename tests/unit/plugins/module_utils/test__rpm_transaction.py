# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Transactions planned and judged, on what rpm really printed."""

from __future__ import absolute_import, division, print_function
__metaclass__ = type

import json

import pytest

from ansible_collections.xenserver.openvswitch.plugins.module_utils import _cli, _rpm
from ansible_collections.xenserver.openvswitch.plugins.module_utils import _rpm_transaction as transaction
from ansible_collections.xenserver.openvswitch.tests.unit.plugins.module_utils.test__rpm import VERSIONS, answer, package


@pytest.fixture(params=VERSIONS)
def said(request, captured):
    """All that one version of rpm said, by case."""
    return json.loads(captured('rpm/rpm-%s.json' % request.param))


def actions(packages, installed, keep_newer=False):
    plan = transaction.plan_install(['/%s' % found['name'] for found in packages], packages, installed, keep_newer)
    return [step['action'] for step in plan['steps']], plan['commands']


@pytest.mark.parametrize('have, action, flags', [
    ([], ['install'], []),
    ([package()], [], []),
    ([package(sha256_header='other')], ['reinstall'], ['--replacepkgs']),
    ([package(version='0.9')], ['upgrade'], []),
    ([package(version='1.1')], ['downgrade'], ['--oldpackage']),
    ([package(epoch='1', version='0.1')], ['downgrade'], ['--oldpackage']),
    ([package(arch='i686', version='0.9')], ['upgrade'], []),
    ([package(version='0.9'), package(version='1.1')], ['downgrade'], ['--oldpackage']),
    ([package(name='other', version='2')], ['install'], []),
])
def test_what_a_file_does(have, action, flags):
    assert actions([package()], have) == (action, [['-U'] + flags + ['/a']] if action else [])


def test_another_architecture_is_another_package_unless_one_is_noarch():
    assert actions([package(arch='x86_64')], [package(arch='i686', version='9')])[0] == ['install']
    assert actions([package(arch='x86_64')], [package(arch='noarch', version='9')])[0] == ['downgrade']


def test_only_what_must_change_is_in_the_transaction_and_latest_leaves_newer_ones():
    files = [package(), package(name='b'), package(name='c')]
    have = [package(), package(name='b', version='2'), package(name='c', sha256_header='other')]
    assert actions(files, have)[1] == [['-U', '--oldpackage', '--replacepkgs', '/b', '/c']]
    assert actions(files, have, keep_newer=True)[1] == [['-U', '--replacepkgs', '/c']]


def test_outcome_difference_and_goal():
    old, new, rebuilt = package(), package(version='2'), package(version='2', sha256_header='other')
    plan = transaction.plan_install(['/a'], [new], [old], False)
    assert transaction.outcome(plan, [old]) == [new] and transaction.unmet(plan, [new]) == []
    assert transaction.unmet(plan, [old]) == ['a-2-1.noarch is not installed', 'a-1-1.noarch is still installed']
    assert transaction.unmet(plan, [rebuilt]) == ['a-2-1.noarch is not installed'], 'another build of the same version is not the goal'
    assert transaction.difference([old], [new]) == (['a-2-1.noarch'], ['a-1-1.noarch'])
    assert transaction.difference([new], [rebuilt]) == (['a-2-1.noarch'], ['a-2-1.noarch'])


def test_kernel_modules_are_a_family_and_other_packages_are_not(said):
    installed = _rpm.parse(said['installed']['out'])
    ko = [found for found in installed if found['name'] == 'openvswitch-modules-3.10.0+2'][:1]
    assert transaction.family(ko[0]) == ['openvswitch-modules'] and transaction.siblings(ko, installed) == ['openvswitch-modules-4.4.0+10']
    assert transaction.family(installed[0]) == [] and transaction.siblings([installed[0]], installed) == []
    assert transaction.names_to_ask(ko) == ['openvswitch-modules', 'openvswitch-modules-3.10.0+2']
    xen = package(name='openvswitch-modules-xen-2.6.32', provides=[['openvswitch-modules-xen', '2.6.32'], ['openvswitch.ko.0', '']])
    assert transaction.family(xen) == ['openvswitch-modules-xen']


def module(kernel, name='openvswitch-modules', flavour='', **values):
    return package(name='%s-%s' % (name, kernel), provides=[[name, kernel], ['openvswitch.ko.0', '']], kernels=[kernel + flavour], **values)


RUNNING = '4.4.0+10'


@pytest.mark.parametrize('installed, expected', [
    (module('4.4.0+2'), True), (module(RUNNING), False), (module('4.19.0+1'), False),
    (module('3.10.0+2'), False),  # one of the files is for this kernel
    (dict(module('4.4.0+2'), kernels=[]), False), (dict(module('4.4.0+2'), kernels=['4.4.0+2', RUNNING]), False),
    (dict(module('4.4.0+2'), provides=[['openvswitch.ko.0', '']]), False),
    (package(name='openvswitch-modules', provides=[['openvswitch-modules', '2.1.3-1']], kernels=['4.4.0+2']), True),  # the vendor's name
    (package(name='kernel', kernels=['4.4.0+2']), False),
    (module('2.6.32.12-0.7.1.xs5', 'openvswitch-modules-kdump', 'kdump'), False)])
def test_modules_of_kernels_left_behind_are_obsolete(installed, expected):
    files = [package(), package(name='openvswitch-modules-own', provides=[['openvswitch-modules', 'own']], kernels=['3.10.0+2'])]
    assert transaction.obsolete(files, [installed] + files, RUNNING) == ([installed] if expected else [])


def test_a_module_that_is_installed_anew_under_its_name_is_not_obsolete():
    assert transaction.obsolete([dict(module('4.4.0+2'), kernels=[])], [module('4.4.0+2')], RUNNING) == []


def test_the_glued_flavour_of_old_kernels_is_told_by_the_files():
    old, new = [module('2.6.32.12-0.7.1.xs5.6.100.%d' % number, 'openvswitch-modules-xen', 'xen') for number in (9, 323)]
    assert transaction.obsolete([new], [old], '2.6.32.12-0.7.1.xs5.6.100.323xen') == [old]


def test_obsolete_packages_go_after_the_installation():
    old, new = module('4.4.0+2'), module(RUNNING)
    plan = transaction.plan_install(['/new'], [new], [old], False, [old])
    assert plan['commands'] == [['-U', '/new'], ['-e', 'openvswitch-modules-4.4.0+2-1-1.noarch']] and plan['erase'] == [old]
    assert transaction.outcome(plan, [old]) == [new] and transaction.unmet(plan, [old, new]) == ['openvswitch-modules-4.4.0+2-1-1.noarch is still installed']
    assert transaction.plan_install(['/new'], [new], [old, new], False, [old])['commands'] == [['-e', 'openvswitch-modules-4.4.0+2-1-1.noarch']]


def test_what_the_new_packages_provide_does_not_hold_a_removal_back(said, monkeypatch):
    plan = dict(commands=[['-U', '/new'], ['-e', 'old']], install=[module(RUNNING)])
    fine = dict(rc=0, out='', err='')
    calls = answer(monkeypatch, fine, said['test erase needed'])
    transaction.rehearse(plan, 9)
    assert calls == [['rpm', '-U', '--test', '/new'], ['rpm', '-e', '--test', 'old']]
    answer(monkeypatch, fine, said['test erase needed'])
    with pytest.raises(_cli.CliError) as error:
        transaction.rehearse(dict(plan, install=[]), 9)
    assert 'openvswitch.ko.0 is needed by (installed) openvswitch' in str(error.value)
    answer(monkeypatch, said['test needs'], said['test erase needed'])
    with pytest.raises(_cli.CliError) as error:
        transaction.rehearse(plan, 9)
    assert 'libnothere.so.9' in str(error.value) and 'openvswitch.ko.0' not in str(error.value)
    answer(monkeypatch, dict(fine, rc=1), fine)
    with pytest.raises(_cli.CliError) as error:
        transaction.rehearse(plan, 9)
    assert 'no reason given' in str(error.value)


def test_obsoleted_packages_are_concerned():
    file = package(obsoletes=['older'])
    assert transaction.names_to_ask([file]) == ['a', 'older']
    assert transaction.concerned([file], [package(name='older'), package(name='other')]) == [package(name='older')]


def test_removal_prefers_the_name_and_falls_back_to_what_is_provided():
    virtual = [package(name='m-1', provides=[['m', '1']]), package(name='m-2', provides=[['m', '2']])]
    assert transaction.plan_erase(['m', 'm-1'], virtual)['commands'] == [['-e', 'm-1-1-1.noarch', 'm-2-1-1.noarch']]
    assert transaction.plan_erase(['m'], virtual + [package(name='m')])['commands'] == [['-e', 'm-1-1.noarch']]
    assert transaction.plan_erase(['n'], virtual) == dict(commands=[], steps=[], install=[], erase=[])


def step(action='install', replaces=(), **values):
    return dict(path='/a.rpm', package=package(**values), action=action, replaces=list(replaces))


def consent(steps, checksums=(), **given):
    consents = dict(dict(allow_downgrade=False, allow_vendor_change=False, allow_unsigned=False), **given)
    return transaction.refusals(steps, dict(checksums), **consents)


def test_consents():
    older = step('downgrade', [package(version='2', vendor='V')], signed=True)
    assert len(consent([older])) == 2 and len(consent([older], allow_downgrade=True)) == 1
    assert consent([older], allow_downgrade=True, allow_vendor_change=True) == []
    assert len(consent([step()])) == 1 and consent([step()], [('a.rpm', 'x')]) == [] and consent([step()], allow_unsigned=True) == []
    assert consent([step(signed=True)]) == []


def test_signatures_are_checked_where_no_checksum_vouches():
    assert transaction.unproven([step(signed=True)], {}) == ['/a.rpm']
    assert transaction.unproven([step(signed=True)], {'a.rpm': 'x'}) == transaction.unproven([step()], {}) == []


def test_rpmkeys_that_does_not_agree_refuses(said, monkeypatch):
    answer(monkeypatch, said['keys'])
    with pytest.raises(_cli.CliError) as error:
        transaction.check_signatures(['/var/tmp/payloadcut.rpm'], 9)
    assert 'payloadcut.rpm: DIGESTS NOT OK' in str(error.value)
    transaction.check_signatures([], 9)


def test_an_rpm_before_rpmkeys_checks_by_itself(monkeypatch):
    calls = answer(monkeypatch, dict(rc=0, out='', err=''))

    def find(name):
        if name == 'rpmkeys':
            raise _cli.CliError('none')
        return name
    monkeypatch.setattr(_cli, 'find', find)
    transaction.check_signatures(['/a.rpm'], 9)
    assert calls == [['rpm', '-K', '/a.rpm']]


def test_files_given_twice_or_other_than_promised():
    texts = transaction.bad_files(['/x/a.rpm', '/y/b.rpm'], [package(), package(version='2')], {'b.rpm': 'AB'}, digest=lambda path: 'cd')
    assert len(texts) == 2 and 'both files of package a.noarch' in texts[0] and '/y/b.rpm has the SHA-256 cd, not AB' in texts[1]
    assert transaction.bad_files(['/b.rpm'], [package()], {'b.rpm': 'AB'}, digest=lambda path: 'ab') == []


@pytest.mark.parametrize('case, words', [
    ('test needs', ['libnothere.so.9 is needed by beta-1.0-1.x86_64']),
    ('test conflict', ['alpha < 2 conflicts with conflictor-1.0-1.noarch']),
    ('test older', ['package alpha-2.0-1.noarch (which is newer than alpha-1.0-1.noarch) is already installed']),
    ('test same', ['package alpha-1.0-1.noarch is already installed']),
    ('test architecture', ['package gamma-1.0-1.aarch64 is intended for a different architecture']),
    ('test payload', ['the file is damaged, copy or build it again']),
    ('test erase needed', ['openvswitch.ko.0 is needed by (installed) openvswitch-2.5.3-1.x86_64; name that package in the same task'])])
def test_what_rpm_holds_against_a_transaction(said, case, words):
    found = transaction.problems(said[case]['err'])
    assert len(found) == len(words) and all(word in text for word, text in zip(words, found))


def test_the_rehearsal_changes_nothing_and_tells_all(said, monkeypatch):
    calls = answer(monkeypatch, said['test needs'])
    with pytest.raises(_cli.CliError) as error:
        transaction.rehearse(dict(commands=[['-U', '/a.rpm']], install=[]), 9)
    assert calls == [['rpm', '-U', '--test', '/a.rpm']] and 'nothing was changed: libnothere.so.9' in str(error.value)


def test_a_held_lock_is_waited_for_and_then_told(said, monkeypatch):
    done = dict(rc=0, out='', err='')
    calls = answer(monkeypatch, said['locked'], said['locked'], done)
    assert transaction.transact(['-U', '/a.rpm'], 60, pause=0).rc == 0 and len(calls) == 3
    answer(monkeypatch, said['locked'])
    with pytest.raises(_cli.CliError) as error:
        transaction.transact(['-U', '/a.rpm'], 1, pause=1)
    assert 'Another rpm held' in str(error.value) and '/var/lib/rpm/db/.rpm.lock' in str(error.value)


def test_a_user_who_never_gets_the_lock_does_not_wait_for_it(said, monkeypatch):
    denied = said['locked']['err'].replace('Resource temporarily unavailable', 'Permission denied')
    calls = answer(monkeypatch, dict(rc=1, out='', err=denied))
    with pytest.raises(_cli.CliError) as error:
        transaction.transact(['-U', '/a.rpm'], 60)
    assert 'Permission denied' in denied and 'become: true' in str(error.value) and len(calls) == 1


def test_architectures_come_from_rpm(said, monkeypatch):
    archs = 'compatible archs      : x86_64 amd64 noarch i686\n'
    calls = answer(monkeypatch, dict(said['showrc'], out=said['showrc']['out'] + ('' if 'compatible archs' in said['showrc']['out'] else archs)))
    found = transaction.host_architectures([step(arch='x86_64')], 9)
    assert 'x86_64' in found and 'noarch' in found and len(calls) == 1
    assert transaction.host_architectures([step()], 9) == ['noarch'] and len(calls) == 1
    assert transaction.foreign([step(arch='x86_64')], found) == [] and 'built for s390x' in transaction.foreign([step(arch='s390x')], found)[0]
    answer(monkeypatch, dict(rc=0, out='', err=''))
    with pytest.raises(_cli.CliError):
        transaction.host_architectures([step(arch='x86_64')], 9)


@pytest.mark.parametrize('name', ['', '.', '..', '.a', '-x', '--nodeps', '*', 'a?', 'a b', '/bin/sh', 'a\n',
                                  'a;b', 'a|b', '$a', 'a,b', '%a', u'\xe4', '{a}', "a'"])
def test_names_to_remove_are_exact(name):
    assert transaction.bad_names([name])


@pytest.mark.parametrize('name', ['openvswitch', 'openvswitch-modules-3.10.0+2', 'libssl.so.10()(64bit)', 'perl(A::B)', 'openvswitch.ko.0', 'a~b^c_d'])
def test_names_that_packages_have_are_accepted(name):
    assert transaction.bad_names([name]) == []
