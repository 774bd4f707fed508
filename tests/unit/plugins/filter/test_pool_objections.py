# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.xenserver.openvswitch.plugins.filter import pool_objections

objections = pool_objections.FilterModule().filters()['pool_objections']
MANAGER = 'ssl:192.0.2.10:6632'


def foreseen(name, pool=(), secured=(), **values):
    """What is foreseen for a host whose UUID is its name."""
    hosts, at_risk = ([dict(uuid=one, name=one) for one in names] for names in (pool, secured))
    return {name: dict(dict(host_uuid=name, pool=dict(hosts=hosts, secured=at_risk), manager=MANAGER, unread=None, lost_words='', cut_off=[]), **values)}


WELL = foreseen('a', pool=['a', 'b'], secured=['a', 'b'])
# What is seen of b, the consent that it asks for, and the words of the objection.
CASES = {
    'unread': (dict(unread='No database.'), 'unread_consent', ['b: No database.']),
    'lost': (dict(lost_words='port bond0: lacp'), 'emer_reset_consent', ['ovs_manager_emer_reset_consent to true where they may go; b: port bond0: lacp.']),
    'stranger': (dict(pool=['a', 'b', 'c', 'd']), 'emer_reset_consent', ['this play does not know', 'cannot be told: c, d. Let the play have all']),
    'secure stranger': (dict(secured=['a', 'b', 'c', 'd']), 'secure_consent', ['this play does not know', 'cannot be told: c, d. Let the play have all',
                                                                               'ovs_manager_secure_consent']),
    'cut off': (dict(cut_off=['xenbr0', 'xenbr1']), 'secure_consent', ['b: xenbr0, xenbr1; these bridges', 'ovs_manager_secure_consent']),
}


@pytest.mark.parametrize('case', CASES)
def test_what_one_host_would_not_stand_is_an_objection_until_consented_to(case):
    values, consent, words = CASES[case]
    found = objections(dict(WELL, **foreseen('b', **values)))
    assert len(found) == 1 and all(word in found[0] for word in words), found
    assert objections(dict(WELL, **foreseen('b', **values)), **{consent: True}) == []
    others = {other for other in ('unread_consent', 'emer_reset_consent', 'secure_consent') if other != consent}
    assert objections(dict(WELL, **foreseen('b', **values)), **dict.fromkeys(others, True)) == found


@pytest.mark.parametrize('manager, word', [('ssl:192.0.2.11:6632', 'b: ssl:192.0.2.11:6632'), (None, 'b: none')])
def test_hosts_of_one_pool_that_are_asked_for_different_managers_have_no_consent(manager, word):
    found = objections(dict(WELL, **foreseen('b', manager=manager)), True, True, True)
    assert len(found) == 1 and 'a: %s' % MANAGER in found[0] and word in found[0] and 'Give all of them the same' in found[0], found


def test_a_pool_whose_hosts_are_known_and_lose_nothing_has_no_objection():
    assert objections(dict(WELL, **foreseen('b'))) == []


def test_all_objections_are_told_at_once():
    several = dict(WELL, **foreseen('b', pool=['c'], secured=['c'], lost_words='bridge br0: mirrors', cut_off=['br0'], unread='Gone.'))
    assert len(objections(several)) == 5


def test_a_host_that_could_not_be_read_tells_no_losses():
    unread = foreseen('b', unread='No database.')
    for name in ('lost_words', 'cut_off'):
        del unread['b'][name]
    assert objections(dict(WELL, **unread), unread_consent=True) == []
