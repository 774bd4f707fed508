# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import os
import stat
import time
from types import SimpleNamespace

import pytest

from ansible.errors import AnsibleActionFail

from ansible_collections.xenserver.openvswitch.plugins.action import fleet_report
from ansible_collections.xenserver.openvswitch.tests.unit.page import fleet

TEMPLATE = os.path.join(os.path.dirname(os.path.abspath(__file__)), '../../../../roles/ovs_verify/templates/report.html.j2')


class Action(fleet_report.ActionModule):
    """The action without a run of Ansible around it."""

    def __init__(self):
        self._connection = SimpleNamespace(_shell=SimpleNamespace(tmpdir=None))
        self._task = self._templar = None

    def do(self, folder, hosts, check_mode=False, diff=False, **others):
        arguments = dict(dict(folder=str(folder), template=TEMPLATE, hosts=hosts, inventory=[fleet.name(number) for number in range(9)]), **others)
        self._task = SimpleNamespace(args=arguments, check_mode=check_mode, diff=diff, async_val=0)
        return self.run(task_vars={})


@pytest.fixture
def report():
    return Action().do


def hosts(count=2, **changes):
    return [fleet.host(number, **changes) for number in range(count)]


def test_both_files_are_written_for_everybody_to_read(report, tmp_path):
    done = report(tmp_path / 'new/folder', hosts())
    assert (done['changed'], done['hosts'], done['need_action']) == (True, 2, [])
    assert sorted(os.listdir(tmp_path / 'new/folder')) == ['report.html', 'report.json']
    assert {stat.S_IMODE(os.stat(done[name]).st_mode) for name in ('data', 'page')} == {0o644}
    with open(done['data'], encoding='utf-8') as stream:
        assert list(json.load(stream)['hosts']) == [fleet.name(0), fleet.name(1)]
    with open(done['page'], encoding='utf-8') as stream:
        assert '<h1>' in stream.read()


def test_the_same_again_is_no_change_but_has_new_times(report, tmp_path, monkeypatch):
    report(tmp_path, hosts())
    before = (tmp_path / 'report.json').read_text(encoding='utf-8')
    later = time.time() + 100
    monkeypatch.setattr(fleet_report.time, 'time', lambda: later)
    assert report(tmp_path, hosts(), diff=True) == dict(
        report(tmp_path, hosts()), changed=False, data=str(tmp_path / 'report.json'), page=str(tmp_path / 'report.html'), hosts=2, need_action=[])
    assert (tmp_path / 'report.json').read_text(encoding='utf-8') != before


def test_the_difference_is_shown(report, tmp_path):
    report(tmp_path, hosts(1))
    diff = report(tmp_path, hosts(1, running='3.0.5'), diff=True)['diff']
    assert (diff['before'][fleet.name(0)]['facts']['running'], diff['after'][fleet.name(0)]['facts']['running']) == ('3.1.0', '3.0.5')
    assert 'diff' not in report(tmp_path, hosts(1), diff=False)


def test_check_mode_predicts_and_writes_nothing(report, tmp_path):
    folder = tmp_path / 'new'
    assert report(folder, hosts(), check_mode=True)['changed'] and not folder.exists()
    report(folder, hosts())
    texts = {path: path.read_bytes() for path in folder.iterdir()}
    assert report(folder, hosts(running='3.0.5'), check_mode=True)['changed']
    assert not report(folder, hosts(), check_mode=True)['changed']
    assert {path: path.read_bytes() for path in folder.iterdir()} == texts


def test_hosts_that_left_the_run_are_told(report, tmp_path):
    report(tmp_path, hosts())
    done = report(tmp_path, hosts(1, failed=['It drifted.']), left=[fleet.name(1)])
    assert done['need_action'] == [fleet.name(0), fleet.name(1)]
    assert 'It failed earlier in the run' in (tmp_path / 'report.html').read_text(encoding='utf-8')


@pytest.mark.parametrize('text, words', [('{"format": 1', 'is no JSON'), ('[]', 'is no report'), ('{"format": 9, "hosts": {}}', 'has the format 9')])
def test_what_is_no_report_is_left_alone(report, tmp_path, text, words):
    (tmp_path / 'report.json').write_text(text, encoding='utf-8')
    with pytest.raises(AnsibleActionFail, match='The report was not written: .*report.json %s.*Move it away' % words):
        report(tmp_path, hosts())
    assert (tmp_path / 'report.json').read_text(encoding='utf-8') == text and os.listdir(tmp_path) == ['report.json']


def test_a_folder_that_cannot_be_made(report, tmp_path):
    (tmp_path / 'file').write_text('', encoding='utf-8')
    with pytest.raises(AnsibleActionFail, match='The report was not written: .*file'):
        report(tmp_path / 'file/folder', hosts())


def test_a_write_that_fails_leaves_what_was(report, tmp_path, monkeypatch):
    report(tmp_path, hosts())
    texts = {path: path.read_bytes() for path in tmp_path.iterdir()}

    def full(*dummy):
        raise OSError(28, 'No space left on device')
    monkeypatch.setattr(fleet_report.os, 'replace', full)
    with pytest.raises(AnsibleActionFail, match='No space left'):
        report(tmp_path, hosts(running='3.0.5'))
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == texts


def test_a_host_without_a_name_is_refused(report, tmp_path):
    with pytest.raises(Exception, match='name'):
        report(tmp_path, [dict(failed=[])])
