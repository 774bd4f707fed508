# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hostile texts through every free-form option of ovs_manager, the real ovs-vsctl and a real database.

Each text is there afterwards as it was given, or the task was refused; nothing else in the database or on the host has changed.
"""

from __future__ import absolute_import, division, print_function
__metaclass__ = type

import json
import numbers
import os

import pytest

from ansible_collections.xenserver.openvswitch.plugins.modules import ovs_manager
from ansible_collections.xenserver.openvswitch.tests.unit.plugins.modules import ovs_host
from ansible_collections.xenserver.openvswitch.tests.unit.plugins.modules.utils import run_module

hypothesis = pytest.importorskip('hypothesis')
st = hypothesis.strategies
hostile = pytest.importorskip('ansible_collections.xenserver.openvswitch.tests.unit.plugins.modules.hostile')

TCP = 'tcp:127.0.0.1:1'
TEXT, examples = hostile.TEXT, hostile.examples
SCALAR = st.one_of(TEXT, TEXT, TEXT, st.booleans(), st.integers(-2 ** 70, 2 ** 70), st.none())
VALUE = st.one_of(SCALAR, st.lists(SCALAR, max_size=2), st.dictionaries(TEXT, SCALAR, max_size=2))
MAP = st.dictionaries(TEXT, VALUE, max_size=3)
NOW_AND_THEN = st.sampled_from([True, False, False, False])  # a second run of each would double the time


@pytest.fixture
def store():
    """A database with something to lose, and no daemon that would act on what is stored."""
    host = ovs_host.Host(counted=())
    try:
        with host.entered(SECRET='s3cr3t'):
            host.start_server(serve_managers=False)
            host.vsctl('--no-wait', 'add-br', 'br0', '--', 'set', 'Bridge', 'br0', 'external_ids:k=v', 'fail_mode=secure', '--', 'set', 'Port', 'br0',
                       'other_config:a=b', '--', 'set', 'Open_vSwitch', '.', 'external_ids:system-id=s1')
            yield host
    finally:
        host.close()


def run(**args):
    return run_module(ovs_manager.main, dict(args, wait=False, time_limit=60))


def others(content):
    """The database beside what ovs_manager is there to change."""
    switches = dict((uuid, dict(row, manager_options=None, ssl=None)) for uuid, row in content['Open_vSwitch'].items())
    return dict(content, Open_vSwitch=switches, Manager=None, SSL=None)


def managers(content):
    return dict((row['target'], row) for row in content['Manager'].values())


def attempt(host, again, **task):
    """Run a task, and ``again`` a second time; the database before and after it, where None stands for a refusal."""
    before, files = host.content(), host.files()
    result, failed = run(**task)
    after = host.content()
    assert host.files() == files and others(after) == others(before)
    if failed:
        assert after == before and not result.get('changed'), result['msg']
        return before, None
    if again:
        second, failed = run(**task)
        assert not failed and not second['changed'] and second['managers'] == result['managers'] and host.content() == after
    return before, after


def as_text(value):
    return json.dumps(value, sort_keys=True) if isinstance(value, (bool, list, dict)) else u'%s' % value


def merged(old, asked):
    """What a map should hold, told without the module."""
    new = dict(old)
    for key, value in asked.items():
        if value is None:
            new.pop(key, None)
        else:
            new[key] = as_text(value)
    return new


def has_nul(*maps):
    """A list or dictionary is stored as JSON, which writes NUL as an escape."""
    return any('\0' in text for one in maps for pair in one.items() for text in pair if not isinstance(text, (numbers.Integral, list, dict, type(None))))


@examples(420)
@hypothesis.given(MAP, MAP, st.booleans(), NOW_AND_THEN)
def test_maps(store, other, external, own, again):
    hypothesis.assume('dscp' not in other)
    maps = dict(other_config=other, external_ids=external)
    task = dict(managers=[dict(maps, target=TCP)]) if own else dict(maps, target=[TCP])
    before, after = attempt(store, again, **task)
    refused = has_nul(dict((key, value) for key, value in other.items() if value is not None),
                      dict((key, value) for key, value in external.items() if value is not None))
    assert (after is None) == refused
    if after:
        old = managers(before).get(TCP, dict(other_config=['map', []], external_ids=['map', []]))
        for name, asked in maps.items():
            assert dict(managers(after)[TCP][name][1]) == merged(dict(old[name][1]), asked)
        assert list(managers(after)) == [TCP]
    if after and sum(len(row[name][1]) for row in managers(after).values() for name in maps) > 20:
        assert run(target=[])[0]['changed']


FILE = st.one_of(TEXT, TEXT.map(lambda text: text + 'x')).filter(lambda text: '/' not in text and '\0' not in text and text not in ('', '.', '..'))


@examples(100)
@hypothesis.given(FILE, FILE, FILE, st.booleans(), NOW_AND_THEN)
def test_paths_of_tls_material(store, key, certificate, authority, bootstrap, again):
    hypothesis.assume(all(len(name.encode('utf-8')) < 200 for name in (key, certificate, authority)))
    folder = os.path.join(store.home, 'tls')
    os.mkdir(folder)
    paths = dict(zip(('private_key', 'certificate', 'ca_certificate'), ('%s/%s' % (folder, name) for name in (key, certificate, authority))))
    try:
        for path in paths.values():
            open(path.encode('utf-8'), 'w').close()
        after = attempt(store, again, target=[], state='present', ssl=dict(paths, bootstrap=bootstrap))[1]
        row = list(after['SSL'].values())[0]
        assert (row['private_key'], row['certificate'], row['ca_cert'], row['bootstrap_ca_cert']) == (
            paths['private_key'], paths['certificate'], paths['ca_certificate'], bootstrap)
    finally:
        for path in set(paths.values()):
            os.unlink(path.encode('utf-8'))
        os.rmdir(folder)


@examples(130)
@hypothesis.given(TEXT, TEXT, TEXT)
def test_paths_that_are_no_files_are_refused(store, key, certificate, authority):
    assert attempt(store, False, target=[], ssl=dict(private_key='/none/' + key, certificate=certificate, ca_certificate=authority))[1] is None


FORMS = ['%s', 'tcp:%s', 'ssl:%s', 'tcp:127.0.0.1:%s', 'tcp:%s:6640', 'ssl:[%s]:6640', 'ptcp:%s', 'pssl:6640:%s', 'ptcp:6640:[%s]', 'unix:%s', 'punix:%s']


@examples(250)
@hypothesis.given(st.sampled_from(FORMS), TEXT, st.sampled_from(['exact', 'present', 'absent']), NOW_AND_THEN)
def test_parts_of_targets(store, form, text, state, again):
    target = form % text
    before, after = attempt(store, again, target=[target], state=state)
    if after is None:
        assert form not in ('unix:%s', 'punix:%s') or not text or any(ord(char) < 32 or ord(char) == 127 for char in text)
        return
    kept = {} if state == 'exact' else dict((name, row) for name, row in managers(before).items() if name != target)
    assert sorted(managers(after)) == sorted(list(kept) + ([] if state == 'absent' else [target]))
    if len(managers(after)) > 20:
        assert run(target=[])[0]['changed']


@examples(100)
@hypothesis.example('unix:/%s', '%s')
@hypothesis.given(st.sampled_from(['%s', 'unix:%s', 'unix:/%s', 'unix:%%s %s', 'tcp:%s:x']), TEXT)
def test_database(store, form, text):
    hypothesis.assume(text.strip('/.'))
    where = (form % text).replace('%s', store.database[len('unix:'):])
    found = attempt(store, False, target=[TCP], database=where, state='present')[1]
    assert found is None or os.path.samefile(where[len('unix:'):], store.database[len('unix:'):])  # another spelling of its path, such as //tmp
