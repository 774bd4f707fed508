# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hostile texts through every free-form option of rpmbuild and rpm_package, whole modules on the real tools.

A text arrives unchanged or is refused, and nothing else is touched. Refusals cost no process, so every text is given
alone first; those that are not refused then go to the real tool together.
"""

from __future__ import absolute_import, division, print_function
__metaclass__ = type

import io
import itertools
import os
import shutil

import pytest

from ansible.module_utils.common.text.converters import to_bytes, to_native, to_text

from ansible_collections.xenserver.openvswitch.plugins.modules import rpm_package, rpmbuild
from ansible_collections.xenserver.openvswitch.tests.unit.plugins.modules.rpm_host import Host, require
from ansible_collections.xenserver.openvswitch.tests.unit.plugins.modules.utils import run_module

hypothesis = pytest.importorskip('hypothesis')
st = hypothesis.strategies

PIECES = [
    u' ', u'"', u"'", u',', u'=', u'--', u'-', u'$NOSUCH', u'\\', u'\n', u'\t', u'{"k":"v"}', u'[]',
    u'%', u'%%', u'%(touch pwned)', u'%{name}', u'%{nil}',
    u'*', u'?', u'[a-z]', u'{a,b}', u';touch pwned', u'$(touch pwned)', u'`touch pwned`', u'|', u'&', u'>pwned', u'#', u'!',
    u'@', u'~', u'^', u'+', u'.', u'..',
    u'\xe9', u'\U0001f600', u'\u2028', u'\x07', u'a', u'B', u'7', u'_', u'()(64bit)', u'::', u'--nodeps', u'--define', u'-e']
# Single words are drawn often, so that many texts are not refused.
TEXT = st.one_of(
    st.lists(st.sampled_from(PIECES), max_size=4).map(u''.join),
    st.lists(st.sampled_from([u'a', u'Bc', u'7', u'_', u'.', u'+', u'-', u'$', u',', u'=', u"'", u'"', u' ', u':', u'~', u'@', u'\xe9', u'--']),
             min_size=1, max_size=5).map(u''.join),
    st.text(alphabet=st.characters(blacklist_categories=('Cs',), blacklist_characters=u'\0'), max_size=8))
SPEC = u'''# build %(number)d, so that none is taken for one before
Name: tiny
Version: 1
Release: 1
Summary: tiny
License: GPL
%%description
tiny
%%install
mkdir -p %%{buildroot}
env -0 > %(folder)s/seen-environment
cat > %(folder)s/seen <<'END OF ALL'
%(lines)s
END OF ALL
%%files
'''


def several(count, text=TEXT):
    """Settings for a test that is given ``count`` lists of texts, 40 a list."""
    settings = hypothesis.settings(max_examples=count, deadline=None, database=None, derandomize=True, phases=[hypothesis.Phase.generate],
                                   suppress_health_check=list(hypothesis.HealthCheck))

    def decorate(test):
        return settings(hypothesis.given(st.lists(text, min_size=40, max_size=40, unique=True))(test))
    return decorate


@pytest.fixture(scope='module')
def host(tmp_path_factory):
    require('rpm', 'rpmbuild', 'rpmspec')
    patch = pytest.MonkeyPatch() if hasattr(pytest, 'MonkeyPatch') else __import__('_pytest.monkeypatch').monkeypatch.MonkeyPatch()
    host = Host(tmp_path_factory.mktemp('hostile'))
    host.enter(patch)
    patch.chdir(host.make('cwd'))
    names = ['member%d' % number for number in range(40)]
    lines = ['Name: many', 'Version: 1', 'Release: 1', 'Summary: s', 'License: GPL', 'BuildArch: noarch', '%description', 's']
    for name in names:
        lines += ['%package -n ' + name, 'Summary: s', '%description -n ' + name, 's', '%files -n ' + name]
    status, out = host.run('rpmbuild', '-bb', '--define', '_build_name_fmt %%{NAME}.rpm', host.write('many.spec', '\n'.join(lines) + '\n'))
    assert status == 0, out
    host.members = [os.path.join(host.topdir, 'RPMS', name + '.rpm') for name in names]
    yield host
    patch.undo()
    assert all(number > 5 for number in TAKEN.values()), 'too few texts reached the real tools: %r' % TAKEN


def fresh(host, name):
    shutil.rmtree(os.path.join(host.folder, name), ignore_errors=True)
    return host.make(name)


def file_names(values):
    """Those of ``values`` that a file can have, and that Ansible itself, which expands variables in a path, leaves alone."""
    return [value for value in values if value.strip(u'.') and u'/' not in value and os.path.expandvars(value) == value]


def tree(host):
    """All files of the host but the record of calls and what the modules may write: topdir and rpm's database."""
    found = {}
    for parent, folders, names in os.walk(to_bytes(host.folder)):
        for name in names:
            path = os.path.join(parent, name)
            if not path.startswith((to_bytes(host.topdir), to_bytes(host.home + '/db'), to_bytes(host.folder + '/calls'))):
                found[path] = os.lstat(path).st_size
    return found


def untouched(host, before, *but):
    after = tree(host)
    for name in but:
        after.pop(to_bytes(os.path.join(host.folder, name)), None)
    assert after == before and os.listdir('.') == []


def accepted(host, values, option):
    """Those of ``values`` that rpmbuild does not refuse with ``{option: value}``; the spec is missing, so nothing can be built."""
    taken = []
    host.forget_calls()
    for value in values:
        result, failed = run_module(rpmbuild.main, dict(option(value), spec=host.folder + '/none.spec'))
        assert failed and 'Nothing was built' in result['msg'] and host.argvs == []
        if result['msg'] == 'Nothing was built: %s/none.spec is not there or is no file.' % host.folder:
            taken.append(value)
    return taken


def arrives(host, lines, **options):
    """Build a spec that writes ``lines`` down as it sees them; those, and the environment it saw."""
    spec = os.path.join(host.folder, 'tiny.spec')
    with io.open(spec, 'w', encoding='utf-8') as stream:
        stream.write(SPEC % dict(folder=host.folder, number=next(NUMBERS), lines=u'\n'.join(u'<%s>' % line for line in lines)))
    result, failed = run_module(rpmbuild.main, dict(options, spec=spec))
    assert not failed, result
    seen = []
    for name in ('seen', 'seen-environment'):
        path = os.path.join(host.folder, name)
        with io.open(path, encoding='utf-8', newline='') as stream:
            seen.append(stream.read())
        os.unlink(path)
    os.unlink(spec)
    return [line[1:-1] for line in seen[0].split(u'\n')[:len(lines)]], dict(entry.split(u'=', 1) for entry in seen[1].split(u'\0') if u'=' in entry)


TAKEN = {}
NUMBERS = itertools.count()


def count(option, values):
    TAKEN[option] = TAKEN.get(option, 0) + len(values)


@several(12)
def test_values_of_macros(host, values):
    before = tree(host)
    taken = [value for value in accepted(host, values, lambda value: dict(defines=dict(macro=value))) if value != u'%{nil}']
    defines = dict(('macro%d' % number, value) for number, value in enumerate(taken))
    assert arrives(host, [u'%%{macro%d}' % number for number in range(len(taken))], defines=defines)[0] == taken
    untouched(host, before)
    count('defines', taken)


WORDS = st.lists(st.sampled_from([u'a', u'Zz', u'_', u'9', u'-', u'.', u'x_y']), min_size=1, max_size=6).map(lambda parts: u'q' + u''.join(parts))
NAMES = st.one_of(TEXT, WORDS, WORDS)


@several(4, NAMES)
def test_names_of_macros_and_conditions(host, values):
    before = tree(host)
    names = accepted(host, values, lambda value: dict(defines={value: 'x'}))
    seen = arrives(host, [u'%%{%s}' % name for name in names], defines=dict((name, u'value of ' + name) for name in names))[0]
    assert seen == [u'value of ' + name for name in names]
    for option in ('with', 'without'):
        taken = accepted(host, values, lambda value: {option: [value]})
        assert arrives(host, [u'%%{_%s_%s}' % (option, name) for name in taken], **{option: taken})[0] == [u'--%s-%s' % (option, name) for name in taken]
        count(option, taken)
    untouched(host, before)
    count('names', names)


@several(5, NAMES)
def test_environment(host, values):
    before = tree(host)
    names = accepted(host, [u'Q' + value for value in values], lambda value: dict(environment={value: 'x'}))
    texts = accepted(host, values, lambda value: dict(environment=dict(QQ=value)))
    assert len(texts) == len(values)
    wanted = dict((name, values[number]) for number, name in enumerate(names))
    wanted.update((u'VALUE%d' % number, value) for number, value in enumerate(texts))
    seen = arrives(host, [u'x'], environment=wanted)[1]
    assert dict((name, seen.get(name)) for name in wanted) == wanted
    untouched(host, before)
    count('environment', names + texts)


@several(3, NAMES)
def test_targets_and_folders(host, values):
    before = tree(host)
    targets = accepted(host, values, lambda value: dict(target=value))
    folders = accepted(host, file_names(values), lambda value: dict(topdir=host.topdir + u'/' + value))
    for folder in folders[:4]:
        asked = host.topdir + u'/' + folder
        assert arrives(host, [u'%{_topdir}'], topdir=asked)[0] == [asked]
    host.forget_calls()
    for target in targets[:5]:
        spec = host.write('target.spec', '')
        result = run_module(rpmbuild.main, dict(spec=spec, target=target), check_mode=True)[0]
        assert result['commands'][0][2:4] == ['--target', target]
        assert [argv for argv in host.argvs if argv[1:3] == [u'--target', target]]
        os.unlink(spec)
    untouched(host, before)
    count('target', targets)
    count('topdir', folders)


@several(3, NAMES)
def test_names_of_sources_and_specs(host, values):
    before = tree(host)
    folder = fresh(host, 'given')
    names = file_names(values)
    paths = [os.path.join(folder, to_native(name)) for name in names]
    for path in paths:
        with open(path, 'w') as stream:
            stream.write('x')
    taken = accepted(host, paths, lambda path: dict(sources=[path]))
    assert not [path for path in taken if path not in paths]
    arrives(host, [u'x'], sources=taken)
    assert set(os.path.basename(path) for path in taken) <= set(os.listdir(host.topdir + '/SOURCES'))
    for name in names:
        result, failed = run_module(rpmbuild.main, dict(spec=os.path.join(folder, to_native(name)), defines=dict(name='x')), check_mode=True)
        assert failed == (os.path.join(folder, to_native(name)) not in taken), result
        result, failed = run_module(rpmbuild.main, dict(srpm=os.path.join(folder, to_native(name))))
        assert failed and 'Nothing was built' in result['msg']
        result, failed = run_module(rpmbuild.main, dict(spec=host.members[0], spec_member=name + u'.spec'))
        assert failed and 'Nothing was built' in result['msg']
    shutil.rmtree(folder)
    untouched(host, before)
    count('sources', taken)


def rpms(host):
    return host.run('rpm', '-qa')[1]


@several(6)
def test_names_to_remove(host, values):
    """Accepted names are provided by a package that is then found by each, and by nothing else."""
    before, installed = tree(host), rpms(host)
    host.forget_calls()
    taken = []
    for value in values:
        result, failed = run_module(rpm_package.main, dict(state='absent', name=[value, u'--']))
        assert failed and 'Nothing was changed' in result['msg'] and host.argvs == []
        if result['msg'].count('is no name') == 1:
            taken.append(value)
    result, failed = run_module(rpm_package.main, dict(state='absent', name=taken)) if taken else ({'changed': False}, False)
    assert not failed and not result['changed'], (taken, result)
    if taken:
        query = host.argvs[-1]
        assert len(host.argvs) == 1 and query[query.index(u'--whatprovides') + 1:] == taken
    untouched(host, before)
    assert rpms(host) == installed
    count('name', taken)


@several(5)
def test_paths_and_checksums(host, values):
    before = tree(host)
    folder = fresh(host, 'packages')
    run_module(rpm_package.main, dict(state='absent', name=[os.path.basename(member)[:-4] for member in host.members]))
    installed = rpms(host)
    names = file_names(values)
    taken = []
    host.forget_calls()
    for name, member in zip(names, host.members):
        path = os.path.join(folder, to_native(name))
        os.link(member, path)
        result, failed = run_module(rpm_package.main, dict(path=[path, '/none.rpm']))
        assert failed and host.argvs == [] and '/none.rpm: No such file' in result['msg']
        if 'rpm would expand' not in result['msg']:
            taken.append((path, member))
    for path, member in taken[:2]:
        result, failed = run_module(rpm_package.main, dict(path=[path], checksums={os.path.basename(path): values[0]}))
        assert failed and 'SHA-256' in result['msg'], 'a checksum that is none was taken'
    if taken:
        paths = [path for path, member in taken]
        others = dict((value, '0' * 64) for value in values if value not in names)
        result, failed = run_module(rpm_package.main, dict(path=paths, allow_unsigned=True, checksums=others), check_mode=True)
        assert not failed and result['commands'][0][2:] == [to_text(path) for path in paths] and len(result['installed']) == len(paths), result
        result, failed = run_module(rpm_package.main, dict(path=paths, allow_unsigned=True))
        assert not failed and len(result['installed']) == len(paths), result
        assert sorted(result['installed']) == sorted(to_text(os.path.basename(member))[:-4] + u'-1-1.noarch' for path, member in taken)
        assert run_module(rpm_package.main, dict(state='absent', name=[nevra.rsplit('-', 2)[0] for nevra in result['installed']]))[0]['after'] == []
    shutil.rmtree(folder)
    untouched(host, before)
    assert rpms(host) == installed
    count('path', taken)
