# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function
__metaclass__ = type

import pytest

from ansible_collections.xenserver.openvswitch.plugins.module_utils import _cli, _ovs, _ovs_apply, _ovs_json, _ovs_manager

UNANSWERED = _ovs.NotReached('no answer', _cli.Result(['ovs-vsctl'], -14, '', 'Alarm clock'))


class Switch(object):
    """Stands for ovs-vsctl: answers from captured tables, notes what it was asked."""

    time_limit = 60

    def __init__(self, tables, hangs=()):
        self.tables, self.hangs, self.calls = tables, hangs, []

    def _call(self, name, *words):
        self.calls.append((name,) + words)
        if name in self.hangs:
            raise UNANSWERED

    def read(self, *names):
        self._call('read')
        return self.tables

    def write(self, commands, wait):
        self._call('write', commands, wait)
        return ['new']

    def await_rows(self, conditions, then):
        self._call('await', conditions)
        return self.tables[1]


@pytest.fixture
def switch(captured):
    return lambda name='two-managers', **options: Switch(_ovs_json.tables(captured('ovs-3.1.0-%s.json' % name)), **options)


def apply(switch, plan, wait=True, missing=()):
    have = _ovs_manager.have(*switch.tables)
    return _ovs_apply.apply(switch, have, have, plan, wait, lambda: list(missing))


def test_converged_and_applied_asks_nothing_more(switch):
    asked = switch()
    assert [row['target'] for row in apply(asked, [])] == ['ptcp:0:127.0.0.1', 'tcp:127.0.0.1:6641'] and asked.calls == []


def test_a_change_is_one_more_process(switch):
    asked = switch()
    apply(asked, [['clear']])
    assert asked.calls == [('write', [['clear']], True)]


@pytest.mark.parametrize('missing, stored', [([], True), ([['set']], False)])
def test_a_change_that_nobody_took_up_tells_whether_it_is_stored(switch, missing, stored):
    with pytest.raises(_ovs_apply.NotDone) as caught:
        apply(switch(hangs=['write']), [['clear']], missing=missing)
    told = caught.value.details()
    assert (told['stored'], told['applied'], told['changed'], told['rc']) == (stored, False, stored, -14)
    assert ('Stored, not applied' in str(caught.value)) == stored


def test_the_second_run_is_no_false_ok(switch):
    asked = switch('not-applied', hangs=['await'])
    with pytest.raises(_ovs_apply.NotDone, match='Stored, not applied') as caught:
        apply(asked, [])
    assert asked.calls == [('await', [['Open_vSwitch', '.', 'cur_cfg>=11']])]
    assert caught.value.details()['applied'] is False


def test_the_second_run_waits_for_a_daemon_that_catches_up(switch):
    assert apply(switch('not-applied'), [])[0]['target'] == 'ptcp:0:127.0.0.1'


def test_a_daemon_that_is_down_on_request_is_not_waited_for(switch):
    asked = switch('not-applied', hangs=['await'])
    apply(asked, [], wait=False)
    assert asked.calls == []


def connected(tables, target):
    column = [row for row in tables[1] if row['target'] == target][0]
    column['is_connected'] = True


def test_connections_are_waited_for_in_one_process(switch):
    asked = switch()
    before = _ovs_manager.have(*asked.tables)
    connected(asked.tables, 'tcp:127.0.0.1:6641')
    after = _ovs_apply.connect(asked, before, ['tcp:127.0.0.1:6641'], changed=False)
    assert [row['is_connected'] for row in after] == [False, True]
    assert asked.calls == [('await', [['Manager', before['managers'][1]['uuid'], 'is_connected=true']])]


def test_what_is_connected_is_not_asked_again(switch):
    asked = switch()
    connected(asked.tables, 'tcp:127.0.0.1:6641')
    _ovs_apply.connect(asked, _ovs_manager.have(*asked.tables), ['tcp:127.0.0.1:6641'])
    assert asked.calls == []


def test_a_manager_that_does_not_connect_is_named_with_its_state(switch):
    asked = switch(hangs=['await'])
    with pytest.raises(_ovs_apply.NotDone) as caught:
        _ovs_apply.connect(asked, _ovs_manager.have(*asked.tables), ['tcp:127.0.0.1:6641'], changed=True, applied=True)
    assert 'tcp:127.0.0.1:6641 (' in str(caught.value) and 'BACKOFF' in str(caught.value)
    told = caught.value.details()
    assert told['stored'] and told['changed'] and told['applied'] and len(told['managers']) == 2


@pytest.fixture
def met(switch, monkeypatch):
    """A switch whose manager is connected when ovs-vsctl was waiting for it; ``looks`` are its columns at each look after that.

    ``slept`` are the pauses. A switch that listens always tells that it has been connected ``since`` 0 seconds.
    """
    def make(looks, ovs_version='3.1.0', time_limit=60, target='pssl:6640', since=0):
        asked = switch()
        asked.tables[0][0]['ovs_version'], asked.time_limit = ovs_version, time_limit
        asked.tables[1][1]['target'] = target

        def see(is_connected, since=0):
            asked.tables[1][1].update(is_connected=is_connected, status=['map', [['sec_since_connect', str(since)]]])

        def look(seconds):
            slept.append(seconds)
            see(*looks.pop(0))
        slept, before = [], _ovs_manager.have(*asked.tables)
        see(True, since)
        monkeypatch.setattr(_ovs_apply.time, 'sleep', look)
        return slept, lambda: _ovs_apply.connect(asked, before, [target], changed=True)
    return make


@pytest.mark.parametrize('ovs_version, pause', [('3.1.0', 3), ('2.6.0', 3), ('2.5.3', 6), (['set', []], 3)])
def test_a_manager_that_connects_by_itself_must_still_be_there_at_the_next_look(met, ovs_version, pause):
    slept, connect = met([(True,)], ovs_version)
    assert [row['is_connected'] for row in connect()] == [True, False] and slept == [pause]


def test_one_that_was_gone_and_came_back_is_looked_at_again(met):
    slept, connect = met([(False,), (False,), (True,)])
    assert [row['is_connected'] for row in connect()] == [True, False] and len(slept) == 3


@pytest.mark.parametrize('since, looks', [(2, []), (709, []), (1, [(True, 4)]), (0, [(True, 1), (True, 0), (False, 1), (True, 3)])])
def test_a_manager_that_the_switch_connects_to_must_have_stayed_for_two_seconds(met, since, looks):
    slept, connect = met(list(looks), target='tcp:192.0.2.1:6640', since=since)
    assert True in [row['is_connected'] for row in connect()] and len(slept) == len(looks)


@pytest.mark.parametrize('target, since, look', [('pssl:6640', 0, (False,)), ('ssl:192.0.2.1', 0, (False, 0)), ('ssl:192.0.2.1', 0, (True, 1))])
def test_one_that_is_refused_again_and_again_is_not_connected(met, target, since, look):
    slept, connect = met([look], target=target, since=since, time_limit=0)
    with pytest.raises(_ovs_apply.NotDone, match='not connected within the time limit: %s' % target) as caught:
        connect()
    assert ('connected for a moment only' in str(caught.value)) == look[0]
    assert len(slept) == 1 and caught.value.details()['stored'] and caught.value.details()['changed']
