# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Build options judged, and the words that rpmbuild gets."""

from __future__ import absolute_import, division, print_function
__metaclass__ = type

import os
import random
import subprocess

import pytest

from ansible.module_utils.common.text.converters import to_text

from ansible_collections.xenserver.openvswitch.plugins.module_utils import _rpm_options as build
from ansible_collections.xenserver.openvswitch.tests.unit.plugins.modules.rpm_host import require


def options(**values):
    return dict({'spec': '/x/a.spec', 'spec_member': None, 'srpm': None, 'sources': [], 'patches': [], 'defines': {}, 'with': [], 'without': [], 'target': None,
                 'environment': {}, 'topdir': None, 'jobs': None, 'stage': 'binary'}, **values)


def files(tmp_path, **contents):
    for name, text in contents.items():
        (tmp_path / name.replace('_', '.')).write_bytes(text.encode('utf-8'))
    return options(spec=str(tmp_path / 'a.spec'), sources=[str(tmp_path / 'b.txt')], defines=dict(one=1), environment=dict(two=2))


@pytest.mark.parametrize('defines, words', [
    (dict(kenel_uname='4.4'), ['no spec knows kenel_uname; the name is kernel_uname']),
    (dict(openvswitch_version=''), ['is empty']),
    (dict(openvswitch_version='2.5-rc1'), ['no -']),
    (dict(openvswitch_version='2 5'), ['no -']), (dict(openvswitch_version=u'2.\xe4'), ['no -']), ({u'macro\xe4': '1'}, ['no macro name']),
    (dict(openvswitch_version='%{nil}'), ['no -']),
    ({'a b': '1'}, ['no macro name']), ({'': '1'}, ['no macro name']), ({'ab': '1'}, ['no macro name']), ({'--nodeps': '1'}, ['no macro name']),
    ({'1abc': '1'}, ['no macro name']), ({'abc\n': '1'}, ['no macro name']), ({'abc(x)': '1'}, ['no macro name']),
    (dict(abc=True), ['text or a whole number']), (dict(abc=3.10), ['text or a whole number']), (dict(abc=None), ['text or a whole number']),
    (dict(abc=['x']), ['text or a whole number']), (dict(abc='-x'), ['leading -']), (dict(abc=' x'), ['blank']), (dict(abc='x\n'), ['control character']),
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


@pytest.mark.parametrize('given, word', [
    (dict(environment={'A=B': 'x'}), 'environment'), (dict(environment=dict(A=u'a\0b')), 'NUL'), (dict(environment=dict(A=True)), 'quotes'),
    (dict(environment=dict(A=None)), 'quotes'), (dict(environment=dict(A=['x'])), 'quotes'), (dict(jobs=0), 'at least 1'),
    (dict(topdir='/%(touch pwned)'), 'topdir'), (dict(topdir='relative'), 'topdir'), (dict(topdir=''), 'topdir'), (dict(target='-x'), 'target'),
    (dict(spec=None), 'spec or srpm'), (dict(srpm='/x.src.rpm'), 'spec or srpm'), (dict(spec_member='a/b.txt'), 'spec_member'),
    (dict(spec=None, srpm='/x.src.rpm', spec_member='b.spec'), 'says nothing of srpm'), (dict(spec=None, srpm='/x.src.rpm', patches=['/p']), 'leave sources')])
def test_options_that_are_refused(given, word):
    found = build.bad_options(options(**given))
    assert len(found) == 1 and word in found[0]


def test_a_spec_whose_path_rpm_would_expand_is_refused(tmp_path):
    (tmp_path / '%(touch pwned)').mkdir()
    given = dict(files(tmp_path, b_txt='x'), spec=str(tmp_path / '%(touch pwned)' / 'a.spec'))
    (tmp_path / '%(touch pwned)' / 'a.spec').write_bytes(b'')
    assert 'rpm expands' in build.bad_files(given)[0]


def test_arguments_are_separate_words_in_a_fixed_order():
    given = options(topdir='/t', defines=dict(b=2, a='x y'), without=['check', 'afxdp'], target='i686', **{'with': ['dpdk']})
    assert build.arguments(given) == ['--define', '_topdir /t', '--define', 'a x y', '--define', 'b 2', '--with', 'dpdk',
                                      '--without', 'afxdp', '--without', 'check', '--target', 'i686']


def test_files_are_judged_together(tmp_path):
    given = files(tmp_path, a_spec='s', b_txt='t')
    (tmp_path / 'more').mkdir()
    (tmp_path / 'more' / 'b.txt').write_bytes(b'')
    (tmp_path / 'a b').write_bytes(b'')
    given = dict(given, patches=[str(tmp_path / 'more' / 'b.txt'), str(tmp_path / 'a b'), str(tmp_path / 'none'), str(tmp_path)])
    texts = ' '.join(build.bad_files(given))
    assert all(word in texts for word in ('none is not there', 'b.txt is given more than once', "'a b'", '%s is not there' % tmp_path))
