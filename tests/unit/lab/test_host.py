# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import absolute_import, division, print_function
__metaclass__ = type

import os
import sys

import pytest

from labpool import PYTHON
from labxapi import host
from labxapi.errors import ApiError


@pytest.fixture
def dom0(tmp_path):
    (tmp_path / 'etc/xapi.d/plugins').mkdir(parents=True)
    return host.Host(str(tmp_path))


def plugin(dom0, name, text):
    path = dom0.path('etc/xapi.d/plugins/' + name)
    with open(path, 'w') as stream:
        stream.write('#!%s\nimport sys\nsys.path.insert(0, %r)\n%s' % (sys.executable, PYTHON, text))
    os.chmod(path, 0o755)


def failure(dom0, *arguments):
    with pytest.raises(ApiError) as error:
        dom0.call_plugin('OpaqueRef:s', *arguments)
    return error.value.description


DISPATCH = '''
import XenAPIPlugin
def echo(session, args):
    return '%s %s' % (session._session, sorted(args.items()))
def own(session, args):
    raise XenAPIPlugin.Failure('VSWITCH_CONFIG_MOD_FAILURE', ['1', '[]'])
def bad(session, args):
    raise KeyError('xapi9')
XenAPIPlugin.dispatch({'echo': echo, 'own': own, 'bad': bad})
'''


def test_the_protocol(dom0):
    """F47: 'Plugin protocol: one argv, XML-RPC methodCall(session, struct); stdout must be only the XML-RPC response', ocaml/xapi/xapi_plugins.ml:
    call_plugin."""
    plugin(dom0, 'p', DISPATCH)
    assert dom0.call_plugin('OpaqueRef:s', 'p', 'echo', {'a': '1 <&>'}) == "OpaqueRef:s [('a', '1 <&>')]"


def test_a_plugins_own_failure(dom0):
    plugin(dom0, 'p', DISPATCH)
    assert failure(dom0, 'p', 'own', {}) == ['VSWITCH_CONFIG_MOD_FAILURE', '1', '[]']


def test_an_exception_in_a_plugin(dom0):
    plugin(dom0, 'p', DISPATCH)
    assert failure(dom0, 'p', 'bad', {}) == ['XENAPI_PLUGIN_FAILURE', 'bad', 'KeyError', "'xapi9'"]


def test_an_unknown_function(dom0):
    """F35: 'UNKNOWN_XENAPI_PLUGIN_FUNCTION', python3/examples/XenAPIPlugin.py: dispatch."""
    plugin(dom0, 'p', DISPATCH)
    assert failure(dom0, 'p', 'nope', {}) == ['UNKNOWN_XENAPI_PLUGIN_FUNCTION', 'nope']


def test_an_unknown_plugin(dom0):
    """F31: 'XENAPI_MISSING_PLUGIN: "The requested plug-in could not be found." / "name: P"', ocaml/xapi/xapi_plugins.ml: find_plugin."""
    assert failure(dom0, 'p', 'update', {}) == ['XENAPI_MISSING_PLUGIN', 'p']
    assert failure(dom0, '../plugins/p', 'update', {}) == ['XENAPI_MISSING_PLUGIN', '../plugins/p']


def test_a_plugin_that_prints_more_than_its_answer(dom0):
    plugin(dom0, 'p', 'print("hello")\n' + DISPATCH)
    assert failure(dom0, 'p', 'echo', {})[:2] == ['XENAPI_PLUGIN_FAILURE', 'failed to parse plugin output']


def test_a_plugin_that_dies(dom0):
    """F32: 'XENAPI_PLUGIN_FAILURE: status, stdout, stderr lines', ocaml/xapi/xapi_plugins.ml: call_plugin."""
    plugin(dom0, 'p', 'sys.stdout.write("o"); sys.stderr.write("e"); sys.exit(3)')
    assert failure(dom0, 'p', 'update', {}) == ['XENAPI_PLUGIN_FAILURE', 'non-zero exit', 'o', 'e']


def test_a_plugin_that_is_killed(dom0):
    plugin(dom0, 'p', 'import os; os.kill(os.getpid(), 9)')
    assert failure(dom0, 'p', 'update', {})[1] == 'signal: 9'


def test_a_plugin_with_a_syntax_error(dom0):
    """'upstream plugin keeps Python 2 syntax under a python3 shebang ... (SyntaxError)'"""
    plugin(dom0, 'p', 'print "Python 2"')
    assert 'SyntaxError' in failure(dom0, 'p', 'update', {})[3]


def test_a_plugin_that_cannot_be_started(dom0):
    plugin(dom0, 'p', DISPATCH)
    os.chmod(dom0.path('etc/xapi.d/plugins/p'), 0o644)
    assert failure(dom0, 'p', 'echo', {})[0] == 'XENAPI_PLUGIN_FAILURE'


@pytest.mark.parametrize('text, expected', [
    ('bridge\n', 'bridge'), ('openvswitch\n', 'openvswitch'), ('vswitch', 'openvswitch'), ('', 'openvswitch'), ('nonsense', 'openvswitch')])
def test_the_backend(text, expected):
    """'networkd treats a missing or unknown value as openvswitch'"""
    assert host.backend_of(text) == expected


def test_the_backend_changes_with_a_restart_only(dom0):
    os.makedirs(dom0.path('etc/xensource'))
    assert dom0.backend == 'openvswitch'
    with open(dom0.path('etc/xensource/network.conf'), 'w') as stream:
        stream.write('bridge\n')
    assert dom0.backend == 'openvswitch'
    assert host.Host(dom0.root).backend == 'bridge'


def test_pool_conf():
    """D24: '/etc/xensource/pool.conf: `master` or `slave:IP`', ocaml/xapi-aux/pool_role.ml: slave:."""
    assert host.coordinator_of('master') is None
    assert host.coordinator_of('slave:192.0.2.1\n') == '192.0.2.1'
    with pytest.raises(ValueError):
        host.coordinator_of('slave:')


def test_the_inventory():
    assert host.inventory("PRODUCT_BRAND='XCP-ng'\nBUILD_NUMBER='release/x'\n# X='y'\n") == dict(PRODUCT_BRAND='XCP-ng', BUILD_NUMBER='release/x')


def test_certificates(dom0):
    dom0.install_certificate('sdn-controller-ca.pem', 'PEM')
    with open(dom0.path('etc/stunnel/certs/sdn-controller-ca.pem')) as stream:
        assert stream.read() == 'PEM'
    for name, code in (('sdn-controller-ca.pem', 'CERTIFICATE_ALREADY_EXISTS'), ('../x', 'CERTIFICATE_NAME_INVALID'), ('', 'CERTIFICATE_NAME_INVALID')):
        with pytest.raises(ApiError) as error:
            dom0.install_certificate(name, 'PEM')
        assert error.value.description == [code, name]
    dom0.uninstall_certificate('sdn-controller-ca.pem')
    with pytest.raises(ApiError) as error:
        dom0.uninstall_certificate('sdn-controller-ca.pem')
    assert error.value.code == 'CERTIFICATE_DOES_NOT_EXIST'


def test_reboot_comes_ten_seconds_later(dom0, monkeypatch):
    """F48: 'host-reboot returns at once and runs shutdown 10 s later', ocaml/xapi/xapi_host.ml: shutdown_and_reboot_common."""
    timers = []

    class Timer(object):
        def __init__(self, delay, function):
            timers.append([delay, function, 'made'])

        def start(self):
            timers[-1][2] = 'started'

    monkeypatch.setattr(host.threading, 'Timer', Timer)
    dom0.reboot()
    assert timers == [[10, dom0._reboot, 'started']]
