# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hostile texts through the free-form options of ovs_dist, ovs_info, ovs_protocol and xapi_sdn_controller, and paths that no file can have.

Each is used as it was given, or refused before anything is called or written.
"""

from __future__ import absolute_import, division, print_function
__metaclass__ = type

import os
import re
import shutil
import tempfile

import pytest

from ansible.module_utils.common.text.converters import to_bytes

from ansible_collections.xenserver.openvswitch.plugins.module_utils import _dist_tools, _xapi_host
from ansible_collections.xenserver.openvswitch.plugins.modules import (
    ddk_info, ovs_dist, ovs_info, ovs_protocol, rpm_keep, rpm_package, rpm_ready, rpmbuild, xapi_sdn_controller)
from ansible_collections.xenserver.openvswitch.tests.unit.plugins.module_utils.xe import Pool
from ansible_collections.xenserver.openvswitch.tests.unit.plugins.modules.utils import run_module

hypothesis = pytest.importorskip('hypothesis')
st = hypothesis.strategies
hostile = pytest.importorskip('ansible_collections.xenserver.openvswitch.tests.unit.plugins.modules.hostile')

IPV4 = re.compile(r'(\d{1,3}\.){3}\d{1,3}\Z')


def listing(folder):
    """Every file below a folder with its content."""
    found = {}
    for where, dummy, names in os.walk(to_bytes(folder)):
        for name in names:
            with open(os.path.join(where, name), 'rb') as stream:
                found[os.path.join(where, name)] = stream.read()
    return found


@pytest.fixture
def home():
    """A folder to work in, with the source of a version in it."""
    folder = tempfile.mkdtemp()
    before = os.getcwd()
    os.chdir(folder)
    os.mkdir('tree')
    for name, text in (('configure.ac', b'AC_INIT(openvswitch, 3.1.0, x)\n'), ('boot.sh', b'#!/bin/sh\ntouch "$0.was-run"\n')):
        with open(os.path.join('tree', name), 'wb') as stream:
            stream.write(text)
    yield folder
    os.chdir(before)
    shutil.rmtree(folder)


@pytest.fixture
def complete(monkeypatch):
    """A host that lacks no tool, so that nothing but the options can be refused."""
    monkeypatch.setattr(_dist_tools, 'survey', lambda source, patched, limit: ({}, []))


@hostile.examples(300)
@hypothesis.given(st.sampled_from(['src', 'dest', 'version', 'patch', 'sha256']), hostile.TEXT)
def test_ovs_dist(home, complete, option, text):
    task = dict(src=os.path.join(home, 'tree'), dest=os.path.join(home, 'dest'))
    if option in ('patch', 'sha256'):
        task['patches'] = [dict(dict(path=os.path.join(home, 'none.patch'), sha256='0' * 64), **{option.replace('patch', 'path'): text})]
    else:
        task[option] = os.path.join(home, text) if option == 'dest' else text
    before = listing(home)
    result, failed = run_module(ovs_dist.main, task, check_mode=True)
    assert listing(home) == before
    if not failed:
        # An empty version asks for none.
        assert option == 'dest' or (option == 'version' and text in ('', '3.1.0')) or os.path.isfile(os.path.join(text, 'boot.sh'))
        assert result['version'] == '3.1.0'


@hostile.examples(150)
@hypothesis.given(st.sampled_from(['tables', 'rundir', 'database']), hostile.TEXT)
def test_ovs_info(home, option, text):
    before = listing(home)
    result, failed = run_module(ovs_info.main, {option: [text] if option == 'tables' else text, 'time_limit': 5})
    assert not result.get('changed') and listing(home) == before
    assert failed or result['managers'] == []


@pytest.mark.parametrize('module, task', [
    (rpm_keep, dict(name=['a'], folders=['/x\0'], dest='/y')), (rpm_keep, dict(name=['a'], folders=['/x'], dest='/y\0')),
    (rpm_package, dict(path=['/x\0'])), (rpm_ready, dict(name=['a'], folder='/x\0')), (rpm_ready, dict(name=['a'], folder='/x', keep='/y\0')),
    (rpmbuild, dict(spec='/x\0')), (rpmbuild, dict(srpm='/x\0')), (rpmbuild, dict(spec='/x', patches=['/y\0'])), (rpmbuild, dict(spec='/x', lease='/y\0')),
    (ddk_info, dict(version='3.1.0', folder='/x\0'))])
def test_a_path_that_no_file_can_have(module, task):
    """On some Pythons Ansible is the first to refuse it, where it logs the task."""
    for check_mode in (True, False):
        result, failed = run_module(module.main, task, check_mode=check_mode)
        assert failed and ('NUL' in result['msg'] or 'log to syslog' in result['msg'])


@pytest.fixture
def no_program(monkeypatch):
    """A host on which nothing may be called."""
    monkeypatch.setattr(ovs_protocol, 'run', None)


@hostile.examples(300)
@hypothesis.given(hostile.TEXT)
def test_ovs_protocol(no_program, text):
    result, failed = run_module(ovs_protocol.main, dict(protocols=[dict(protocol=text)]))
    assert failed and '/etc/protocols of this host does not name' in result['msg']


@pytest.fixture
def patch(monkeypatch):
    monkeypatch.setattr(_xapi_host, 'field_plugin', lambda: '')
    return monkeypatch


@hostile.examples(300)
@hypothesis.given(st.sampled_from(['address', 'protocol']), hostile.TEXT, st.booleans())
def test_xapi_sdn_controller(patch, option, text, sdn):
    pool = Pool(sdn=sdn)
    pool.install(patch)
    result, failed = run_module(xapi_sdn_controller.main, dict(dict(address='192.0.2.10'), **{option: text}))
    if failed:
        assert pool.calls == [] and pool.controller is None
    else:
        assert IPV4.match(text) or text == 'ssl'
        assert result['sdn_controller']['address'] == pool.controller[1]
