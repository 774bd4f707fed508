# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The helper itself: a helper that hides a failure would hide every failure."""

from __future__ import absolute_import, division, print_function
__metaclass__ = type

import pytest

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.xenserver.openvswitch.tests.unit.plugins.modules.utils import run_module

SPEC = dict(name=dict(type='str', required=True), secret=dict(type='str', no_log=True), warn=dict(type='bool', default=False))


def _module():
    return AnsibleModule(argument_spec=SPEC, supports_check_mode=True)


def echo():
    module = _module()
    if module.params['warn']:
        module.warn('mind the gap')
    module.exit_json(changed=not module.check_mode, name=module.params['name'], said=module.params['secret'], diffs=module._diff)


def refuse():
    _module().fail_json(msg='no such thing', rc=3)


def test_result_and_modes():
    result, failed = run_module(echo, dict(name=u'caf\xe9 "x"'))
    assert (failed, result['changed'], result['name'], result['diffs']) == (False, True, u'caf\xe9 "x"', False)
    result, failed = run_module(echo, dict(name='x'), check_mode=True, diff=True)
    assert (failed, result['changed'], result['diffs']) == (False, False, True)


def test_failure():
    result, failed = run_module(refuse, dict(name='x'))
    assert failed
    assert (result['msg'], result['rc']) == ('no such thing', 3)


def test_bad_arguments_are_a_failure():
    result, failed = run_module(echo, {})
    assert failed
    assert 'name' in result['msg']


def test_secrets_are_masked():
    result, failed = run_module(echo, dict(name='x', secret='hunter2'))
    assert not failed
    assert 'hunter2' not in str(result)


def test_warnings_do_not_leak():
    assert run_module(echo, dict(name='x', warn=True))[0]['warnings'] == ['mind the gap']
    assert not run_module(echo, dict(name='x'))[0].get('warnings')


def test_no_result_is_an_error():
    with pytest.raises(AssertionError):
        run_module(_module, dict(name='x'))
