# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function
__metaclass__ = type

import pytest

from ansible_collections.xenserver.openvswitch.plugins.module_utils import _xapi_settings as settings
from ansible_collections.xenserver.openvswitch.plugins.module_utils._xapi import Refused, Xe
from ansible_collections.xenserver.openvswitch.tests.unit.plugins.module_utils.xe import POOL, Pool

FAIL_MODE, IN_BAND = 'vswitch-controller-fail-mode', 'vswitch-disable-in-band'


def network(bridge, name='n', fail_mode=None, disable_in_band=None):
    return dict(uuid='u-' + bridge, name=name, bridge=bridge, fail_mode=fail_mode, disable_in_band=disable_in_band)


def have(*networks, **pool):
    return dict(pool=dict(uuid=POOL, fail_mode=pool.get('fail_mode')), networks=list(networks))


def test_reading_takes_two_processes(monkeypatch):
    pool = Pool().install(monkeypatch)
    pool.other_config = {'memory-ratio': '1', FAIL_MODE: 'secure'}
    pool.networks = {'xenbr0': {IN_BAND: 'true'}, 'xenbr1': {}}
    found = settings.read(Xe(9))
    assert found['pool'] == dict(uuid=POOL, fail_mode='secure')
    assert [(one['bridge'], one['fail_mode'], one['disable_in_band']) for one in found['networks']] == [('xenbr0', None, 'true'), ('xenbr1', None, None)]
    assert pool.commands == ['pool-list', 'network-list']


@pytest.mark.parametrize('text', ['u-xenbr1', 'xenbr1', u'Pr\xfcfnetz'])
def test_a_network_is_named_by_what_tells_it(text):
    found = settings.desired(have(network('xenbr0'), network('xenbr1', u'Pr\xfcfnetz')), None, [dict(network=text, fail_mode='secure')])
    assert [one['fail_mode'] for one in found['networks']] == [None, 'secure']


@pytest.mark.parametrize('networks, said', [
    ([dict(network='nowhere')], 'no network "nowhere". Its bridges are xenbr0, xenbr1'),
    ([dict(network='n')], '2 networks of the pool have the name "n"'),
    ([dict(network='xenbr0'), dict(network='u-xenbr0')], 'named twice'),
])
def test_a_network_that_cannot_be_told_is_refused(networks, said):
    with pytest.raises(Refused) as caught:
        settings.desired(have(network('xenbr0'), network('xenbr1')), None, networks)
    assert said in str(caught.value)


def test_what_is_not_asked_for_stays():
    present = have(network('xenbr0', fail_mode='secure', disable_in_band='true'), fail_mode='secure')
    assert settings.desired(present, None, None) == present
    assert settings.desired(present, None, [dict(network='xenbr0', fail_mode=None, disable_in_band=None)]) == present
    assert settings.plan(present, present) == []


def test_the_plan_sets_and_takes_out_single_keys():
    before = have(network('xenbr0', fail_mode='secure'), network('xenbr1'), fail_mode='secure')
    after = settings.desired(before, 'default', [dict(network='xenbr0', fail_mode='standalone'), dict(network='xenbr1', disable_in_band='true')])
    assert settings.plan(before, after) == [
        ('pool-param-remove', [('uuid', POOL), ('param-name', 'other-config'), ('param-key', FAIL_MODE)]),
        ('network-param-set', [('uuid', 'u-xenbr0'), ('other-config:' + FAIL_MODE, 'standalone')]),
        ('network-param-set', [('uuid', 'u-xenbr1'), ('other-config:' + IN_BAND, 'true')]),
    ]


@pytest.mark.parametrize('pool, own, mode', [
    # openvswitch-config-update: the network's where it is one of both, else the pool's, else standalone
    (None, None, 'standalone'), ('secure', None, 'secure'), ('secure', 'standalone', 'standalone'), ('standalone', 'secure', 'secure'),
    ('secure', 'nonsense', 'secure'), ('nonsense', None, 'standalone'), (None, 'secure', 'secure'),
])
def test_the_fail_mode_of_a_bridge(pool, own, mode):
    assert settings.bridges(have(network('xenbr0', fail_mode=own), fail_mode=pool))['xenbr0']['fail_mode'] == mode


@pytest.mark.parametrize('value, expected', [(None, ''), ('', ''), ('true', 'true'), ('false', 'false'), ('maybe', None)])
def test_in_band_control_of_a_bridge(value, expected):
    assert settings.bridges(have(network('xenbr0', disable_in_band=value)))['xenbr0']['disable_in_band'] == expected
