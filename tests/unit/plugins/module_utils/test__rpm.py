# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What rpm printed, version by version, read as packages; and versions ordered as rpm orders them."""

from __future__ import absolute_import, division, print_function
__metaclass__ = type

import json
import random
import re
import subprocess

import pytest

from ansible_collections.xenserver.openvswitch.plugins.module_utils import _cli, _rpm
from ansible_collections.xenserver.openvswitch.tests.unit.plugins.modules.rpm_host import require

VERSIONS = ['4.16', '4.18']


@pytest.fixture(params=VERSIONS)
def said(request, captured):
    """All that one version of rpm said, by case."""
    return json.loads(captured('rpm/rpm-%s.json' % request.param))


def package(name='a', epoch='', version='1', release='1', arch='noarch', **values):
    return dict(dict(name=name, epoch=epoch, version=version, release=release, arch=arch, vendor='', sha256_header='x', sha1_header='y',
                     md5='z', signed=False, provides=[], obsoletes=[], kernels=[]), **values)


def answer(monkeypatch, *results):
    """Let rpm give these captured answers, in turn; the calls it got."""
    calls, queue = [], list(results)

    def run(argv, time_limit, ok=(0,), output=None):
        calls.append(argv)
        result = queue.pop(0)
        if output:
            output.write((result['out'] + result['err']).encode('utf-8'))
            return _cli.Result(argv, result['rc'], '', '')
        return _cli.Result(argv, result['rc'], result['out'], result['err'])
    monkeypatch.setattr(_cli, 'find', lambda name: name)
    monkeypatch.setattr(_cli, 'run', run)
    return calls


def test_packages_in_files(said):
    assert said['files']['argv'][3] == _rpm._FORMAT, 'the fixture was captured with another format'
    alpha, ko, ovs, vendor, rebuilt = _rpm.parse(said['files']['out'])
    assert _rpm.nevra(ovs) == 'openvswitch-1:3.1.0-1.x86_64' and _rpm.label(ovs) == 'openvswitch-3.1.0-1.x86_64'
    assert (ko['name'], ko['epoch'], ko['vendor'], ko['signed']) == ('openvswitch-modules-3.10.0+2', '', '', False)
    assert ['openvswitch-modules', '3.10.0+2'] in ko['provides'] and ['openvswitch.ko.0', ''] in ko['provides']
    assert ko['kernels'] == ['3.10.0+2'] and ovs['kernels'] == alpha['kernels'] == []
    assert vendor['vendor'] == 'Citrix Systems, Inc.'
    for digest, size in (('sha256_header', 64), ('sha1_header', 40), ('md5', 32)):
        assert re.match('[0-9a-f]{%d}$' % size, alpha[digest])
    assert _rpm.nevra(alpha) == _rpm.nevra(rebuilt) and not _rpm.same_build(alpha, rebuilt) and _rpm.same_build(alpha, dict(alpha))


def test_installed_packages_and_files_are_the_same_builds(said):
    files = dict((_rpm.nevra(found), found) for found in _rpm.parse(said['files']['out'])[:4])
    installed = _rpm.parse(said['installed']['out'])
    assert len(installed) == 5
    for found in installed:
        if _rpm.nevra(found) in ('alpha-1.0-1.noarch', 'openvswitch-modules-3.10.0+2-2.5.3-1.x86_64'):
            assert _rpm.same_build(found, files[_rpm.nevra(found)])


def test_what_provides_two_of_the_names_is_one_package(said, monkeypatch):
    calls = answer(monkeypatch, said['installed'])
    names = [found['name'] for found in _rpm.read_installed(['openvswitch', 'openvswitch-modules'], 9)]
    assert sorted(names) == ['alpha', 'openvswitch', 'openvswitch-modules-3.10.0+2', 'openvswitch-modules-4.4.0+10']
    assert len(calls) == 1 and calls[0][-3:] == ['--whatprovides', 'openvswitch', 'openvswitch-modules']


def test_no_names_need_no_process(monkeypatch):
    answer(monkeypatch)
    assert _rpm.read_installed([], 9) == [] and _rpm.read_files([], 9) == []


def test_damaged_files_are_named_and_whole_ones_not(said, monkeypatch):
    answer(monkeypatch, said['files broken'])
    monkeypatch.setattr(_rpm, 'file_problem', lambda path: None)
    with pytest.raises(_cli.CliError) as error:
        _rpm.read_files(['/var/tmp/' + name for name in ('alpha-1.0-1.noarch.rpm', 'truncated.rpm', 'short.rpm')], 9)
    assert 'every file is a whole RPM: /var/tmp/truncated.rpm, /var/tmp/short.rpm.' in str(error.value)


def test_an_rpm_without_sha256_headers_is_asked_again_without(said, monkeypatch):
    lacking = dict(said['unknown tag'], err=said['unknown tag']['err'].replace('NOSUCHTAG', 'SHA256HEADER'))
    older = dict(said['installed'], out=re.sub('\t[0-9a-f]{64}\t', '\t(none)\t', said['installed']['out']))
    calls = answer(monkeypatch, lacking, older)
    found = _rpm.read_installed(['alpha'], 9)
    assert found[0]['sha256_header'] == '' and len(found[0]['sha1_header']) == 40
    assert 'SHA256HEADER' in calls[0][3] and 'SHA256HEADER' not in calls[1][3]
    assert _rpm.same_build(found[0], dict(found[0], sha256_header='only one side knows this')), 'SHA-1 decides then'
    assert not _rpm.same_build(found[0], dict(found[0], sha1_header='0'))


def test_a_database_that_cannot_be_read_is_not_an_empty_one(monkeypatch):
    answer(monkeypatch, dict(rc=1, out='', err='error: cannot open Packages database in /var/lib/rpm\n'))
    with pytest.raises(_cli.CliError) as error:
        _rpm.read_installed(['alpha'], 9)
    assert 'cannot open Packages' in str(error.value)


def test_signatures_and_odd_values():
    words = ['a', '(none)', '1', '1', '(none)', '(none)', '(none)', 'f', '(none)(none)RSA/SHA256, Mon, Key ID 1(none)', '', 'b\fc\f',
             '/usr/lib/modules/4.4.0+10/extra/a/\f/lib/modules/3.10.0+2/\f/lib/modules/4.4.0+10/\f/lib/modules/\f/opt/lib/modules/x/\f',
             u'V\tW\u2028X']
    found, = _rpm.parse('\t'.join(words) + '\n')
    assert found['signed'] and found['vendor'] == u'V\tW\u2028X' and found['obsoletes'] == ['b', 'c'] and found['provides'] == []
    assert found['kernels'] == ['3.10.0+2', '4.4.0+10']
    assert _rpm.nevra(found) == _rpm.label(found) == 'a-1-1', 'a key has no architecture'
    assert _rpm.parse('package x is not installed\n\n') == []


def test_builds_without_a_common_digest_are_not_the_same():
    assert not _rpm.same_build(package(sha256_header='', sha1_header='', md5=''), package())


@pytest.mark.parametrize('one, two, order', [
    ('1.0', '1.0', 0), ('1.0', '1.00', 0), ('1.0', '1_0', 0), ('1.0', '1.0.', 0), ('1.9', '1.10', -1), ('2.5.3', '3.1.0', -1), ('1a', '1', 1),
    ('1a', '1.1', -1), ('1.0~rc1', '1.0', -1), ('1.0~rc1', '1.0~rc2', -1), ('1.0^git1', '1.0', 1), ('1.0^git1', '1.0.1', -1), ('1.0^', '1.0~', 1),
    ('3.10.0+2', '3.10.0+10', -1), ('', '1', -1), ('~', '', -1), ('20010101000000000000000001', '20010101000000000000000002', -1)])
def test_versions(one, two, order):
    assert _rpm.vercmp(one, two) == order and _rpm.vercmp(two, one) == -order


def test_the_epoch_decides_first_and_the_release_last():
    older = package(version='2.5.3', release='1')
    assert _rpm.compare(older, package(version='2.5.3', release='2.3.14.2.xcpng8.2')) == -1
    assert _rpm.compare(package(epoch='1', version='1'), package(version='9')) == 1
    assert _rpm.compare(package(epoch='0'), package()) == 0


def test_versions_are_ordered_as_rpm_orders_them():
    require('rpm')
    pieces, dice = ['1', '2', '10', '01', '0', '99999999999999999999', 'a', 'b', 'rc', 'A', 'el7', '.', '.', '_', '+', '~', '^'], random.Random(2026)
    pairs = [[''.join(dice.choice(pieces) for count in range(dice.randint(1, 7))) for side in '12'] for count in range(6000)]
    wrong = []
    for start in range(0, len(pairs), 500):  # an argument must stay below the kernel's limit
        batch = pairs[start:start + 500]
        lua = ' '.join('t[#t+1] = rpm.vercmp("%s", "%s")' % tuple(pair) for pair in batch)
        said = subprocess.check_output(['rpm', '--eval', '%%{lua: local t = {} %s print(table.concat(t, " "))}' % lua]).split()
        assert len(said) == len(batch)
        wrong += [(pair, order) for pair, order in zip(batch, said) if _rpm.vercmp(*pair) != int(order)]
    assert wrong == []


def test_sha256(tmp_path):
    (tmp_path / 'file').write_bytes(b'hello\n')
    assert _rpm.sha256(str(tmp_path / 'file')) == '5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03'
