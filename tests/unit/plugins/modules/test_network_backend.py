# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function
__metaclass__ = type

import pytest

from ansible_collections.xenserver.openvswitch.plugins.module_utils import _backend
from ansible_collections.xenserver.openvswitch.plugins.modules import network_backend
from ansible_collections.xenserver.openvswitch.tests.unit.plugins.modules.utils import run_module

# As the script of XenServer does it, its trap included: a literal "vswitch" stays with openvswitch.
SCRIPT = u"""#!/bin/sh
conf=%(conf)s
was=$(cat $conf 2>/dev/null)
case "$1" in
bridge) [ "$was" = vswitch ] && new=openvswitch || new=bridge ;;
openvswitch|vswitch) new=openvswitch ;;
*) exit 1 ;;
esac
echo "$1" >> %(calls)s
%(act)s
echo 'You *MUST* now reboot your system' >&2
"""


@pytest.fixture
def host(tmp_path, monkeypatch):
    """A dom0's file and script in a folder of their own; ``host(text)`` says what network.conf holds."""
    conf, script, calls = tmp_path / 'network.conf', tmp_path / 'xe-switch-network-backend', tmp_path / 'calls'
    for module in (_backend, network_backend):
        monkeypatch.setattr(module, 'CONF', str(conf))
        monkeypatch.setattr(module, 'SWITCH', str(script))
    monkeypatch.setattr(network_backend, 'read_conf', lambda: _backend.read_conf(str(conf)))

    def prepare(text, act='echo $new > $conf', with_script=True):
        if text is not None:
            conf.write_text(text)
        if with_script:
            script.write_text(SCRIPT % dict(conf=conf, calls=calls, act=act))
            script.chmod(0o755)
        return lambda: calls.read_text().split() if calls.exists() else []
    prepare.conf = conf
    return prepare


@pytest.mark.parametrize('text, backend', [
    ('bridge', 'bridge'), ('openvswitch', 'openvswitch'), ('vswitch', 'openvswitch'), ('', 'openvswitch'), ('nonsense', 'openvswitch'),
])
def test_the_spellings_of_network_conf(text, backend):
    assert _backend.backend_of(text) == backend


def test_a_missing_file_is_openvswitch(tmp_path):
    assert _backend.backend_of(_backend.read_conf(str(tmp_path / 'none'))) == 'openvswitch'


@pytest.mark.parametrize('text', [u'bridge\n', u'openvswitch\n', u'vswitch\n', None])
@pytest.mark.parametrize('backend', ['bridge', 'openvswitch'])
def test_the_backend_is_selected_once(host, text, backend):
    calls = host(text)
    differs = _backend.backend_of((text or '').strip()) != backend
    result, failed = run_module(network_backend.main, dict(backend=backend))
    assert (failed, result['changed']) == (False, differs)
    assert [command[1] for command in result['commands']] == calls()
    assert _backend.backend_of(_backend.read_conf(str(host.conf))) == backend
    again, failed = run_module(network_backend.main, dict(backend=backend))
    assert (failed, again['changed']) == (False, False)


def test_the_way_from_vswitch_to_the_bridge(host):
    calls = host(u'vswitch\n')
    run_module(network_backend.main, dict(backend='bridge'))
    assert calls() == ['openvswitch', 'bridge']


def test_check_mode_predicts_and_runs_nothing(host):
    calls = host(u'bridge\n')
    result, failed = run_module(network_backend.main, dict(backend='openvswitch'), check_mode=True, diff=True)
    assert (failed, result['changed'], calls()) == (False, True, [])
    assert result['diff'] == dict(before=dict(backend='bridge'), after=dict(backend='openvswitch'))


def test_a_host_that_is_no_xenserver(host):
    host(u'bridge\n', with_script=False)
    result, failed = run_module(network_backend.main, dict(backend='openvswitch'))
    assert failed
    assert 'no XenServer or XCP-ng dom0' in result['msg']


def test_a_script_that_ends_well_and_did_nothing(host):
    host(u'bridge\n', act=':')
    result, failed = run_module(network_backend.main, dict(backend='openvswitch'))
    assert failed
    assert 'says "bridge", where openvswitch was asked for' in result['msg']


def test_a_script_that_fails(host):
    host(u'bridge\n', act='echo "Failed to enable unit" >&2; exit 1')
    result, failed = run_module(network_backend.main, dict(backend='openvswitch'))
    assert failed
    assert result['rc'] == 1
    assert 'Failed to enable unit' in result['msg']
