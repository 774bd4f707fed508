# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The manager of a pool, as XAPI holds it and as its plugins make Open vSwitch follow.

A controller is a dict of protocol, address and port as XAPI stores them, or None. From 7.2 on XAPI keeps it as
an object of class SDN_controller; before, as the field vswitch_controller of the pool: an address and no more.
The field is still there on later releases, where it is stale and setting it to what it holds does nothing, so
the object wins wherever there is one.
"""

from __future__ import absolute_import, division, print_function
__metaclass__ = type

import re

from ansible_collections.xenserver.openvswitch.plugins.module_utils._cli import CliError
from ansible_collections.xenserver.openvswitch.plugins.module_utils._xapi import NOT_SET, UNKNOWN_COMMAND, UNREACHABLE, Refused, XeError

OBJECT = 'SDN_controller'
FIELD = 'pool.vswitch_controller'
PLUGINS = {OBJECT: 'openvswitch-config-update', FIELD: 'openvswitch-cfg-update'}
SSL_PORT = 6632
PSSL_PORT = 6640

OCTET = r'(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])'
IPV4 = re.compile(r'(?:%s\.){3}%s\Z' % (OCTET, OCTET))
# XAPI forgets a controller, and keeps settings, on any backend.
NEED_BACKEND = ('sdn-controller-introduce', 'pool-set-vswitch-controller')
# What the plugin says when it did something; a warning about a bad other_config value is neither.
DID = re.compile('Successfully|Updated ')


def target(controller):
    """The OVSDB target that a controller becomes, such as ssl:192.0.2.10:6632 or pssl:6640; None for none."""
    if controller is None:
        return None
    if controller['protocol'] == 'pssl':
        return 'pssl:%d' % PSSL_PORT
    return '%s:%s:%d' % (controller['protocol'], controller['address'], controller['port'] or SSL_PORT)


def wanted(protocol, address=None, port=None):
    """The controller that a user asks for, if XAPI can hold it; the port stays None where none was given.

    :raises Refused: XAPI cannot; the message says what it can instead.
    """
    if protocol == 'pssl':
        return _wanted_pssl(address, port)
    if protocol != 'ssl':
        raise Refused(
            'protocol "%s" cannot be set: XAPI holds ssl (the hosts connect to address and port) and pssl (they listen at port %d), '
            'and removes any other manager. Give the controller a certificate and use ssl, or pssl.' % (protocol, PSSL_PORT))
    if not address:
        raise Refused('protocol ssl needs an address: the IPv4 address of the controller.')
    if not IPV4.match(address) or not 0 < int(address.split('.')[0]) < 224:
        raise Refused(
            'address "%s" is not the IPv4 address of a host. XAPI holds no names, no IPv6 addresses and no targets: give the address '
            'alone, such as 192.0.2.10, or use protocol pssl, which needs none.' % address)
    if port is not None and not 0 < port <= 65535:
        raise Refused('port %d is out of range: give one from 1 to 65535, or leave it out for %d.' % (port, SSL_PORT))
    return dict(protocol='ssl', address=address, port=port)


def _wanted_pssl(address, port):
    given = [name for name, value in (('address', address), ('port', port)) if value]
    if given:
        raise Refused(
            'protocol pssl takes no %s: every host listens at port %d of its own and XAPI holds nothing else. '
            'Leave it out, or use protocol ssl.' % (' and no '.join(given), PSSL_PORT))
    return dict(protocol='pssl', address='', port=0)


def fitted(want, api, field_port):
    """``want`` with its port filled in, if this release of XAPI can hold it.

    :arg field_port: the port that the plugin of the field uses, see :func:`plugin_port`.
    :raises Refused: the field holds an address for ssl at one port, and something else is wanted.
    """
    if want is None:
        return None
    if api == OBJECT:
        return dict(want, port=SSL_PORT if want['port'] is None else want['port'])
    if want['protocol'] != 'ssl':
        raise Refused(
            'This XAPI is older than SDN controllers and holds only the address of a controller for ssl. '
            'Use protocol ssl with an address, or upgrade the pool to XenServer 7.2 or later for %s.' % want['protocol'])
    if want['port'] not in (None, field_port):
        raise Refused(
            'This XAPI is older than SDN controllers and holds only an address: its plugin %s connects to port %d, never to %d. '
            'Let the controller listen at %d, or upgrade the pool to XenServer 7.2 or later.'
            % (PLUGINS[FIELD], field_port, want['port'], field_port))
    return dict(want, port=field_port)


def plugin_port(text):
    """The port that a plugin openvswitch-cfg-update connects to.

    XenServer's own has 6632; upstream's has 6640 from Open vSwitch 2.4 on, as a literal or as a variable.

    :arg text: the plugin's source, '' where this host has none.
    """
    found = re.search(r'''(?i)(?:port\s*=\s*|['"]:)['"]?(\d{1,5})['"]''', text)
    return int(found.group(1)) if found else SSL_PORT


def read(xe, field_port):
    """What XAPI holds: dict(api, uuid, controller); uuid is that of the object to forget, or of the pool."""
    try:
        found = xe.records('sdn-controller-list')
    except XeError as error:
        if error.code != UNKNOWN_COMMAND:
            raise
        return _read_field(xe, field_port)
    if not found:
        return dict(api=OBJECT, uuid=None, controller=None)
    controller = dict(protocol=found[0]['protocol'], address=found[0]['address'], port=int(found[0]['port']))
    return dict(api=OBJECT, uuid=found[0]['uuid'], controller=controller)


def _read_field(xe, field_port):
    # The field is hidden: no list command shows it, so that it must be asked for by name.
    pool = xe.pool()['uuid']
    address = xe.call('pool-param-get', [('uuid', pool), ('param-name', 'vswitch-controller')]).strip()
    unset = address in ('', NOT_SET)
    return dict(api=FIELD, uuid=pool, controller=None if unset else dict(protocol='ssl', address=address, port=field_port))


def plan(have, want):
    """The calls, as (command, parameters), that turn what :func:`read` found into ``want``.

    An object cannot be altered, and each forget and introduce makes every host drop its bond and QoS settings:
    so nothing is done where both mean the same target.
    """
    if target(have['controller']) == target(want):
        return []
    if have['api'] == FIELD:
        return [('pool-set-vswitch-controller', [('address', want['address'] if want else '')])]
    steps = []
    if have['controller']:
        steps.append(('sdn-controller-forget', [('uuid', have['uuid'])]))
    if want:
        steps.append(('sdn-controller-introduce', _introduction(want)))
    return steps


def _introduction(want):
    if want['protocol'] == 'pssl':
        return [('protocol', 'pssl')]
    return [('protocol', want['protocol']), ('address', want['address']), ('tcp-port', want['port'])]


def require_backend(xe, steps):
    """Refuse calls that XAPI would refuse halfway: it forgets on any backend, and introduces on one.

    :raises Refused: the coordinator runs another backend than openvswitch.
    """
    if not set(command for command, dummy in steps) & set(NEED_BACKEND):
        return
    backend = xe.backend()
    if backend != 'openvswitch':
        raise Refused(
            'The pool\'s coordinator (host %s) runs the network backend "%s", and XAPI manages Open vSwitch only with the backend '
            'openvswitch. Nothing was changed. Select it on every host with xe-switch-network-backend openvswitch, reboot them and '
            'run again.' % (xe.pool()['master'], backend))


class Unfinished(CliError):
    """A change that stopped on its way; the next run completes it."""

    def details(self):
        return dict(super(Unfinished, self).details(), changed=True)


def apply(xe, have, want, steps):
    """Run the calls of :func:`plan`, and those before it.

    :raises XeError: XAPI refused the first, so that it holds what it did.
    :raises Unfinished: it holds, or may hold, something else.
    """
    for number, (command, params) in enumerate(steps):
        try:
            xe.call(command, params)
        except CliError as error:
            _judge(xe, have, want, command, error, number)


def _judge(xe, have, want, command, error, done):
    """Raise what a failed call comes to, unless another run got there first and left it nothing to do.

    :arg done: how many calls went before it.
    """
    code = getattr(error, 'code', None)
    if command == 'sdn-controller-forget' and code == 'UUID_INVALID':
        return
    if command == 'sdn-controller-introduce' and code == 'OPERATION_NOT_ALLOWED':
        now = target(read(xe, SSL_PORT)['controller'])
        if now == target(want):
            return
        if now:
            raise Unfinished(
                'Another run has set the manager %s in the meantime, so that %s was not set. Let one run at a time manage a pool, and run again.'
                % (now, target(want)), error.result)
    forgot = command == 'sdn-controller-introduce' and have['controller'] is not None
    if not done and isinstance(error, XeError) and code != UNREACHABLE:
        raise error
    said = 'XAPI has already forgotten %s.' % target(have['controller']) if forgot else 'XAPI may have changed the manager all the same.'
    raise Unfinished('%s\n%s Run the task again: it completes the change to %s.' % (error, said, target(want) or 'no manager'), error.result)


def update_hosts(xe, plugin):
    """Let every host of the pool follow XAPI, as XAPI does itself, but with the failures that XAPI swallows.

    :returns: a list of dict(uuid, name, plugin_ok, changed, result, error).
    """
    return [dict(update_host(xe, plugin, host['uuid']), uuid=host['uuid'], name=host['name-label']) for host in xe.hosts()]


def update_call(plugin, host):
    return 'host-call-plugin', [('host-uuid', host), ('plugin', plugin), ('fn', 'update')]


def update_host(xe, plugin, host):
    """The same for one host: dict(plugin_ok, changed, result, error)."""
    try:
        result = xe.call(*update_call(plugin, host)).strip()
    except CliError as error:
        return dict(plugin_ok=False, changed=False, result=None, error=getattr(error, 'said', str(error)))
    return dict(plugin_ok=True, changed=bool(DID.search(result)), result=result, error=None)
