# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Build options judged, inputs compared, and what rpmbuild's real logs say of a failure."""

from __future__ import absolute_import, division, print_function
__metaclass__ = type

import json
import os
import random
import subprocess

import pytest

from ansible.module_utils.common.text.converters import to_text

from ansible_collections.xenserver.openvswitch.plugins.module_utils import _cli
from ansible_collections.xenserver.openvswitch.plugins.module_utils import _rpm_build as build
from ansible_collections.xenserver.openvswitch.tests.unit.plugins.module_utils.test__rpm import VERSIONS, answer
from ansible_collections.xenserver.openvswitch.tests.unit.plugins.modules.rpm_host import require


def options(**values):
    return dict({'spec': '/x/a.spec', 'sources': [], 'patches': [], 'defines': {}, 'with': [], 'without': [], 'target': None,
                 'environment': {}, 'topdir': None, 'jobs': None, 'stage': 'binary'}, **values)


FAILURES = [
    ('compile', '%build', "hello.c:5:3: error: 'retrun' undeclared (first use in this function)"),
    ('link', '%build', 'undefined reference to `nowhere\''),
    ('make', '%build', "make: *** No rule to make target 'nosuch.h', needed by 'hello.o'.  Stop."),
    ('configure', '%build', 'configure: error: Cannot find openssl (use --disable-ssl to configure without SSL support)'),
    ('patch', '%prep', "can't find file to patch at input line 3"),
    ('source', '%prep', 'nosuch.tar.gz\': No such file or directory'),
    ('missingfile', '%files', 'error: File not found: '),
    ('unpackaged', '%files', 'error: Installed (but unpackaged) file(s) found: /opt/extra /opt/more'),
    ('parse', None, 'error: line 6: Version required: Requires: kernel-xen ='),
    ('version', None, "error: line 2: Illegal char '-' (0x2d) in: Version: 2.5.3-rc1"),
]


@pytest.mark.parametrize('version', VERSIONS)
@pytest.mark.parametrize('name, stage, error', FAILURES)
def test_stage_and_first_error(captured, version, name, stage, error):
    found = build.explain(captured('rpm/rpmbuild-%s-%s.log' % (version, name)))
    assert found['stage'] == stage and error in found['errors'][0]
    assert found['failed_tests'] == [] and found['missing_requires'] == []


@pytest.mark.parametrize('version', VERSIONS)
def test_failed_unit_tests(captured, version):
    found = build.explain(captured('rpm/rpmbuild-%s-check.log' % version))
    assert found['stage'] == '%check' and found['errors'] == []
    assert [(test['number'], test['name']) for test in found['failed_tests']] == [
        (2, 'vlog - Python (long name, with: colon)'), (3, 'expected to fail but passes'), (5, 'daemon does not start')]


@pytest.mark.parametrize('version', VERSIONS)
def test_all_missing_requires(captured, version):
    found = build.explain(captured('rpm/rpmbuild-%s-requires.log' % version))
    assert found == dict(stage=None, errors=[], failed_tests=[], missing_requires=['autoconf-nothere', 'libcap-ng-devel >= 0.7', 'openssl-devel'])


def test_a_log_that_says_nothing():
    assert build.explain('') == dict(stage=None, errors=[], failed_tests=[], missing_requires=[])


@pytest.mark.parametrize('name, word', [('parse', 'kernel_uname'), ('missingfile', 'redhat-rpm-config'), ('unpackaged', '_unpackaged_files_terminate_build')])
def test_remedies(captured, tmp_path, name, word):
    (tmp_path / 'log').write_bytes(captured('rpm/rpmbuild-4.18-%s.log' % name).encode('utf-8'))
    error = build._failure(_cli.CliError('x'), dict(live_log=str(tmp_path / 'log'), log='/log'), '/a.spec')
    assert word in str(error) and error.details()['log'] == '/log' and len(error.details()['log_tail']) <= build.TAIL


@pytest.mark.parametrize('defines, words', [
    (dict(kenel_uname='4.4'), ['no spec knows kenel_uname; the name is kernel_uname']),
    (dict(openvswitch_version=''), ['is empty']),
    (dict(openvswitch_version='2.5-rc1'), ['no -']),
    (dict(openvswitch_version='2 5'), ['no -']), (dict(openvswitch_version=u'2.\xe4'), ['no -']), ({u'macro\xe4': '1'}, ['no macro name']),
    (dict(openvswitch_version='%{nil}'), ['no -']),
    ({'a b': '1'}, ['no macro name']), ({'': '1'}, ['no macro name']), ({'ab': '1'}, ['no macro name']), ({'--nodeps': '1'}, ['no macro name']),
    ({'1abc': '1'}, ['no macro name']), ({'abc\n': '1'}, ['no macro name']), ({'abc(x)': '1'}, ['no macro name']),
    (dict(abc=True), ['text or a whole number']), (dict(abc=3.10), ['text or a whole number']), (dict(abc=None), ['text or a whole number']),
    (dict(abc=['x']), ['text or a whole number']),
    (dict(_topdir='/x'), ['topdir']), (dict(_rpmdir='/x'), ['topdir']), (dict(_smp_mflags='4'), ['jobs']), (dict(_build_name_fmt='x'), ['_build_name_fmt']),
])
def test_macros_that_are_refused(defines, words):
    found = build.bad_options(options(defines=defines))
    assert len(found) == 1 and all(word in found[0] for word in words)


@pytest.mark.parametrize('defines', [dict(openvswitch_version='2.17.7~rc1^git+5'), dict(kernel_version='3.10.41-323.380416', xen_version='3.10.0+2'),
                                     dict(_unpackaged_files_terminate_build=0), dict(debug_package='%{nil}'), dict(abc=u'it\'s "all" $right, `x` \xe4; a=b')])
def test_macros_that_are_accepted(defines):
    assert build.bad_options(options(defines=defines)) == []


def test_a_value_arrives_unchanged_or_is_refused():
    require('rpmbuild')
    pieces = [' ', '"', "'", ',', '=', '--', '-', '$', '\\', '\n', '\t', '%', '%%', '%(touch pwned)', '%{nil}', '{', '}', '(', ')', u'\xe4', u'\u2028', '#',
              '`', ';', '|', '&', '*', '~', '[1]', '!', 'define', 'x', '0', '$(x)', '{"k": "v"}']
    dice, accepted, refused = random.Random(2026), [], 0
    while len(accepted) + refused < 2500:
        value = ''.join(dice.choice(pieces) for count in range(dice.randint(0, 5)))
        if build.bad_options(options(defines=dict(abc=value))):
            refused += 1
        else:
            accepted.append(value)
    assert refused > 500 and len(accepted) > 500
    accepted = [value for value in accepted if value != '%{nil}']
    for start in range(0, len(accepted), 200):
        batch = accepted[start:start + 200]
        words = build.arguments(options(defines=dict(('macro%d' % number, value) for number, value in enumerate(batch))))
        asked = '\n'.join('<%%{macro%d}>' % number for number in range(len(batch)))
        said = to_text(subprocess.check_output(['rpmbuild'] + words + ['-E', asked]))
        assert said == '\n'.join('<%s>' % value for value in batch) + '\n'
    assert not os.path.exists('pwned')


def test_arguments_are_separate_words_in_a_fixed_order():
    given = options(topdir='/t', defines=dict(b=2, a='x y'), without=['check', 'afxdp'], target='i686', **{'with': ['dpdk']})
    assert build.arguments(given) == ['--define', '_topdir /t', '--define', 'a x y', '--define', 'b 2', '--with', 'dpdk',
                                      '--without', 'afxdp', '--without', 'check', '--target', 'i686']


def files(tmp_path, **contents):
    for name, text in contents.items():
        (tmp_path / name.replace('_', '.')).write_bytes(text.encode('utf-8'))
    return options(spec=str(tmp_path / 'a.spec'), sources=[str(tmp_path / 'b.txt')], defines=dict(one=1), environment=dict(two=2))


def test_differences(tmp_path):
    given = files(tmp_path, a_spec='s', b_txt='t')
    wanted = build.inputs(given, dict(rpm='RPM version 4.18.0', compiler='gcc 12'))
    manifest = json.loads(json.dumps(dict(inputs=wanted, rpms=[], prepared=None)))
    assert build.differences(manifest, wanted) == [], 'a manifest read again must equal what was written'
    assert build.differences(None, wanted)
    for name in build.flat(wanted):
        manifest['inputs'] = dict(wanted)
        top, dummy, key = name.partition('/')
        manifest['inputs'][top] = dict(wanted[top], **{key: 'other'}) if key else 'other'
        assert build.differences(manifest, wanted) == [name + ' changed']
    manifest['inputs'] = dict(wanted, sources=dict(wanted['sources'], gone='x'))
    assert build.differences(manifest, wanted) == ['sources/gone is no longer an input']


def test_every_parameter_has_a_manifest_of_its_own_and_files_and_versions_share_one(tmp_path):
    given = files(tmp_path, a_spec='s', b_txt='t')
    folders = dict((name, '/t/' + name) for name in build.FOLDERS)

    def manifest(versions='1', **values):
        return build.places(folders, build.inputs(dict(given, **values), dict(rpm=versions, compiler='x')))['manifest']
    names = [manifest(), manifest(stage='all'), manifest(defines={}), manifest(without=['x']), manifest(target='i686'), manifest(environment={}),
             manifest(**{'with': ['x']})]
    assert len(set(names)) == len(names) and all(name.startswith('/t/_rpmdir/a-') for name in names)
    assert manifest('2') == manifest(jobs=3) == names[0]
    files(tmp_path, a_spec='changed')
    assert manifest() == names[0]


@pytest.mark.parametrize('text', ['', '{', '[]', '{"inputs": {}}', 'null'])
def test_a_manifest_that_is_no_manifest(tmp_path, text):
    (tmp_path / 'm').write_bytes(text.encode('utf-8'))
    assert build.read_manifest(str(tmp_path / 'm')) is None
    assert build.read_manifest(str(tmp_path / 'none')) is None


def test_files_are_judged_together(tmp_path):
    given = files(tmp_path, a_spec='s', b_txt='t')
    (tmp_path / 'more').mkdir()
    (tmp_path / 'more' / 'b.txt').write_bytes(b'')
    (tmp_path / 'a b').write_bytes(b'')
    given = dict(given, patches=[str(tmp_path / 'more' / 'b.txt'), str(tmp_path / 'a b'), str(tmp_path / 'none'), str(tmp_path)])
    texts = ' '.join(build.bad_files(given))
    assert all(word in texts for word in ('none is not there', 'b.txt is given more than once', "'a b'", '%s is not there' % tmp_path))


def test_a_host_without_compiler_is_surveyed_all_the_same(monkeypatch):
    folders = ''.join('/t/%s\n' % name for name in build.FOLDERS)
    answer(monkeypatch, dict(rc=0, out=folders + 'nosuchcc -m64\n', err=''), dict(rc=0, out='RPM version 4.18.0\n', err=''))
    real = _cli.run

    def run(argv, time_limit, **values):
        if argv[0] == 'nosuchcc':
            raise _cli.CliError('could not be started')
        return real(argv, time_limit, **values)
    monkeypatch.setattr(_cli, 'run', run)
    assert build.survey(options(), 9)[1] == dict(rpm='RPM version 4.18.0', compiler='none')


def test_a_spec_that_cannot_be_read_alone_is_left_to_rpmbuild(monkeypatch):
    answer(monkeypatch, dict(rc=1, out='', err='error: line 6: Version required\n'))
    assert build.unlisted(options(), 9) == []


def test_a_source_that_changes_while_it_is_copied_is_refused(tmp_path):
    given = files(tmp_path, a_spec='s', b_txt='t')
    (tmp_path / 'S').mkdir()
    wanted = build.inputs(given, {})
    files(tmp_path, b_txt='changed meanwhile')
    with pytest.raises(_cli.CliError) as error:
        build.collect(given, dict(_sourcedir=str(tmp_path / 'S'), _specdir=str(tmp_path / 'S')), wanted)
    assert 'changed while it was copied' in str(error.value)
