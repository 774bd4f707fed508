# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A pool of the XAPI stand-in without processes."""

from __future__ import absolute_import, division, print_function
__metaclass__ = type

import os

from labxapi import api, cli, state

XAPI = os.path.dirname(os.path.dirname(os.path.abspath(api.__file__)))
# Where the stand-ins of the dom0's own Python modules are.
PYTHON = os.path.join(XAPI, 'python')

A = '11111111-1111-4111-8111-111111111111'
B = '22222222-2222-4222-8222-222222222222'


def facts(uuid, name, address, backend='openvswitch'):
    """What a host tells its coordinator."""
    return dict(
        uuid=uuid, name_label=name, address=address, hostname=name, api_version=['2', '21'],
        control_domain=uuid.replace('-4', '-5'), memory=str(16 << 30), boot_time=1700000000, agent_start_time=1700000060,
        software_version=dict(product_brand='XCP-ng', product_version='8.3.0', build_number='1', network_backend=backend))


def _fail(error):
    raise error


class FakeHost(object):
    """The coordinator, whose plugin fails with the first of ``failures`` and writes down when it was called."""

    uuid = A

    def __init__(self, backend='openvswitch', has_sdn=True):
        self.backend = backend
        self.has_sdn = has_sdn
        self.plugin = 'openvswitch-config-update' if has_sdn else 'openvswitch-cfg-update'
        self.done = []
        self.failures = []

    def call_plugin(self, session, name, function, args):
        self.done.append(('call_plugin', A, name, function, args))
        if self.failures:
            _fail(self.failures[0])
        return 'No change to configuration'

    def reboot(self):
        self.done.append(('reboot', A))

    def install_certificate(self, name, text):
        self.done.append(('install_certificate', A, name, text))

    def password_fits(self, user, password):
        return (user, password) == ('root', 'secret')


class Pool(object):
    """An API over two hosts; what reaches them is in ``done``."""

    def __init__(self, path, **host):
        self.host = FakeHost(**host)
        self.recorded = []
        self.store = state.Store(path)
        self.api = api.Api(self.store, self.host, self._remote, lambda *call: self.recorded.append(call))
        self.api.join(facts(A, 'xs-a', '192.0.2.1'))
        self.api.join(facts(B, 'xs-b', '192.0.2.2'))
        self.uuid = self.store._database.pool['uuid']
        self.session = self.api.call('session.login_with_password', ['', ''], trusted=True)

    @property
    def done(self):
        return self.host.done

    def _remote(self, address, action, *arguments):
        self.done.append((action, address) + arguments[1:])
        return 'No change to configuration'

    def call(self, method, *params):
        return self.api.call(method, [self.session] + list(params))

    def xe(self, *words, **options):
        """(standard output, standard error, exit status), as the client writes them."""
        output, status = cli.run(self.api, self.host.has_sdn, list(words), options.get('files', {}), options.get('trusted', True))
        out = ''.join(text + '\n' for stream, text in output if stream == 1)
        err = ''.join(text for stream, text in output if stream == 2)
        return out, err, status
