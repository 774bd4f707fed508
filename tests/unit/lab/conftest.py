# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab's programs, importable; a pool of its XAPI stand-in without processes.

They run on Python 3.9 and later: nothing here is collected by an older one.
"""

from __future__ import absolute_import, division, print_function
__metaclass__ = type

import os
import sys

import pytest

HERE = os.path.dirname(os.path.abspath(__file__))
LAB = os.path.normpath(os.path.join(HERE, '..', '..', '..', 'molecule', 'lab'))
XAPI = os.path.join(LAB, 'xapi')

if sys.version_info < (3, 9):
    collect_ignore_glob = ['test_*.py']
else:
    sys.path[:0] = [HERE, XAPI]  # not every way to start pytest puts a test's folder there


def make_pool(folder, **host):
    from labpool import Pool
    return Pool(str(folder / 'state.json'), **host)


@pytest.fixture
def pool(tmp_path):
    return make_pool(tmp_path)


@pytest.fixture
def old_pool(tmp_path):
    """A pool of the SysV generation: no SDN_controller."""
    return make_pool(tmp_path, has_sdn=False)


@pytest.fixture
def bridge_pool(tmp_path):
    """A pool whose coordinator runs on the bridge backend."""
    return make_pool(tmp_path, backend='bridge')


@pytest.fixture
def load(monkeypatch):
    """``load(path below molecule/lab, name)``: a file as a module, in sys.modules for the time of the test."""
    import importlib.util
    monkeypatch.setattr(sys, 'dont_write_bytecode', True)

    def function(path, name):
        spec = importlib.util.spec_from_file_location(name, os.path.join(LAB, path))
        module = importlib.util.module_from_spec(spec)
        monkeypatch.setitem(sys.modules, name, module)
        spec.loader.exec_module(module)
        return module
    return function


@pytest.fixture
def load_below(tmp_path):
    """``load_below(path below molecule/lab)``: a script as a module that takes ``tmp_path`` for the root folder.

    Every text of the script that begins with a slash begins with that folder's name instead.
    """
    import ast
    import types

    class Below(ast.NodeTransformer):
        def visit_Constant(self, node):
            absolute = isinstance(node.value, str) and node.value.startswith('/')
            return ast.copy_location(ast.Constant(str(tmp_path) + node.value), node) if absolute else node

    def function(path):
        with open(os.path.join(LAB, path), encoding='utf-8') as stream:
            tree = ast.parse(stream.read(), path)
        module = types.ModuleType(os.path.basename(path)[:-len('.py')])
        exec(compile(Below().visit(tree), os.path.join(LAB, path), 'exec'), module.__dict__)
        return module
    return function
