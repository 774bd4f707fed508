# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the Python of the lab's hosts compiles out of archives is kept, and is the same as if it were not."""

from __future__ import absolute_import, division, print_function
__metaclass__ = type

import os
import subprocess
import sys
import zipfile

import pytest

PACKAGES = os.path.join(
    os.path.dirname(os.path.abspath(__file__)), '../../../molecule/lab/images/base/files/usr/lib/python3/dist-packages')
# A run says where the code of a function believes to be, what it returns, and how often something was compiled.
RUN = '''
import sys
import lab_zipimport
lab_zipimport.FOLDER, archive = sys.argv[1:]
compiled, compile_source = [], lab_zipimport.compile_source
lab_zipimport.compile_source = lambda path, source: compiled.append(path) or compile_source(path, source)
sys.path.insert(0, archive)
import some
print(some.outer().__code__.co_filename, some.outer()(), len(compiled))
'''


@pytest.fixture
def run(tmp_path):
    """``run(name, value)``: import a module that returns the value out of an archive of that name."""
    folder = tmp_path / 'kept'
    folder.mkdir()

    def function(name, value, kept=folder):
        archive = str(tmp_path / name)
        with zipfile.ZipFile(archive, 'w') as stream:
            stream.writestr('some.py', 'def outer():\n    def inner():\n        return %r\n    return inner\n' % value)
        out = subprocess.check_output([sys.executable, '-c', RUN, str(kept), archive], env=dict(os.environ, PYTHONPATH=PACKAGES))
        path, found, compiled = out.decode().split()
        assert path == os.path.join(archive, 'some.py') and found == value
        return int(compiled)
    return function


def test_the_same_source_is_compiled_once_wherever_the_archive_lies(run):
    assert [run('a.zip', 'one'), run('a.zip', 'one'), run('b.zip', 'one')] == [1, 0, 0]


def test_another_source_is_compiled_anew(run):
    assert [run('a.zip', 'one'), run('a.zip', 'two'), run('a.zip', 'one')] == [1, 1, 0]


def test_where_nothing_can_be_kept_it_is_compiled_as_ever(run, tmp_path):
    assert run('a.zip', 'one', tmp_path / 'none') == run('a.zip', 'one', tmp_path / 'none') > 0
