# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The calls of the XenAPI, on the coordinator. Rules are in state.py; this is what they touch: sessions, hosts, plugins."""

from __future__ import absolute_import, division, print_function
__metaclass__ = type

import copy
import inspect
import logging
import re
import uuid

from . import machines
from .errors import ApiError, internal
from .machine_api import MachineCalls
from .state import CLASSES, ref

LOG = logging.getLogger('xapi')
LOGINS = ('session.login_with_password', 'session.slave_local_login', 'session.slave_local_login_with_password')
GENERIC = re.compile(r'(get_all|get_all_records|get_all_records_where|get_record|get_by_uuid|get_by_name_label)\Z')
# Fields that a client may set, and maps that it may set or edit key by key.
SETTABLE = {
    'pool': ('name_label', 'name_description', 'default_SR', 'crash_dump_SR', 'suspend_image_SR', 'other_config', 'tags', 'ha_allow_overcommit'),
    'host': ('name_label', 'name_description', 'other_config', 'tags'),
    'network': ('name_label', 'name_description', 'MTU', 'other_config', 'tags'),
    'PIF': ('other_config',),
    'VM': ('name_label', 'name_description', 'is_a_template', 'memory_static_max', 'blocked_operations', 'affinity', 'other_config',
           'ha_restart_priority', 'tags'),
    'SR': ('name_label', 'name_description', 'shared', 'other_config', 'tags'),
    'VDI': ('name_label', 'name_description', 'other_config'),
    'VBD': ('userdevice', 'other_config'),
    'PBD': ('other_config',),
}
MAPS = ('other_config', 'blocked_operations')
# Kept beside a host's record, and no field of it.
INTERNAL = ('auto_enable',)


class Api(MachineCalls):
    """One pool.

    :arg store: a :class:`state.Store`.
    :arg host: the coordinator's :class:`host.Host`.
    :arg remote: ``remote(address, method, *arguments)`` calls another host's XAPI.
    :arg record: called with the method's name and its parameters before each call.
    """

    def __init__(self, store, host, remote, record):
        self._store = store
        self._host = host
        self._remote = remote
        self._record = record
        self._sessions = {}

    def call(self, method, params, trusted=False):
        """The value of a call.

        :arg params: as on the wire: the session first, except for logins.
        :arg trusted: it came over the local socket or from the pool, so that a login needs no password.
        :raises ApiError: what the call fails with.
        """
        if method in LOGINS:
            self._record(method, [])
            return self._login(method, params, trusted)
        session, rest = (params[0] if params else ''), list(params[1:])
        self._record(method, rest)
        local = method == 'session.local_logout'
        if self._sessions.get(session) != ('local' if local else 'pool'):
            raise ApiError('SESSION_INVALID', session)
        value = self._function(method)(session, *self._counted(method, rest))
        return '' if value is None else value

    def attribute(self, reference, name, default):
        """A field of whatever object a reference names; no call, and not recorded."""
        with self._store as database:
            return database.attribute(reference, name, default)

    def _login(self, method, params, trusted):
        if not trusted and not self._host.password_fits(*(list(params) + ['', ''])[:2]):
            raise ApiError('SESSION_AUTHENTICATION_FAILED', (list(params) + [''])[0])
        session = ref(str(uuid.uuid4()))
        self._sessions[session] = 'pool' if method == LOGINS[0] else 'local'
        return session

    def _function(self, method):
        name, dummy, verb = method.partition('.')
        own = getattr(self, 'do_%s_%s' % (name, verb), None)
        if name == 'SDN_controller' and not self._host.has_sdn:
            raise ApiError('MESSAGE_METHOD_UNKNOWN', method)
        return own or self._generic(name, verb) or self._unknown(method)

    @staticmethod
    def _unknown(method):
        raise ApiError('MESSAGE_METHOD_UNKNOWN', method)

    def _counted(self, method, params):
        """``params``, if the method takes as many; XAPI counts the session among them."""
        wanted = list(inspect.signature(self._function(method)).parameters.values())[1:]
        least = len([one for one in wanted if one.default is inspect.Parameter.empty])
        if not least <= len(params) <= len(wanted):
            raise ApiError('MESSAGE_PARAMETER_COUNT_MISMATCH', method, len(wanted) + 1, len(params) + 1)
        return params

    # -- every class has these ----------------------------------------------------------------------------------

    def _generic(self, name, verb):
        if name not in CLASSES:
            return None
        if GENERIC.match(verb):
            return getattr(self, '_' + verb)(name)
        action, dummy, field = verb.partition('_')
        settable = SETTABLE.get(name, ())
        if action == 'get':
            return self._get(name, field)
        if action == 'set' and field in settable:
            return self._set(name, field)
        for prefix in ('add_to_', 'remove_from_'):
            field = verb[len(prefix):]
            if verb.startswith(prefix) and field in MAPS and field in settable:
                return getattr(self, '_' + prefix + 'map')(name, field)
        if verb in ('add_tags', 'remove_tags') and 'tags' in settable:
            return self._edit_tags(name, action == 'add')
        return None

    def _get_all(self, name):
        def function(session):
            with self._store as database:
                return list(database.table(name))
        return function

    def _get_all_records(self, name):
        def function(session):
            return self._where(name, 'true')
        return function

    def _get_all_records_where(self, name):
        def function(session, expression):
            return self._where(name, expression)
        return function

    def _where(self, name, expression):
        with self._store as database:
            return {reference: _public(record) for reference, record in database.where(name, expression).items()}

    def _get_record(self, name):
        def function(session, reference):
            with self._store as database:
                return _public(database.record(name, reference))
        return function

    def _get_by_uuid(self, name):
        def function(session, identity):
            with self._store as database:
                return database.by_uuid(name, identity)
        return function

    def _get_by_name_label(self, name):
        def function(session, text):
            with self._store as database:
                return database.by_label(name, text)
        return function

    def _get(self, name, field):
        def function(session, reference):
            with self._store as database:
                record = _public(database.record(name, reference))
            return record[field] if field in record else self._unknown('%s.get_%s' % (name, field))
        return function

    def _set(self, name, field):
        def function(session, reference, value):
            with self._store as database:
                database.record(name, reference)[field] = value
            return ''
        return function

    def _add_to_map(self, name, field):
        def function(session, reference, key, value):
            with self._store as database:
                database.add_to(name, reference, field, key, value)
            return ''
        return function

    def _remove_from_map(self, name, field):
        def function(session, reference, key):
            with self._store as database:
                database.remove_from(name, reference, field, key)
            return ''
        return function

    def _edit_tags(self, name, adding):
        def function(session, reference, tag):
            with self._store as database:
                tags = database.record(name, reference)['tags']
                tags[:] = [one for one in tags if one != tag] + [tag] * adding
            return ''
        return function

    # -- sessions -----------------------------------------------------------------------------------------------

    def do_session_logout(self, session):
        self._sessions.pop(session, None)
        return ''

    do_session_local_logout = do_session_logout

    def do_session_get_this_host(self, session, self_):
        return ref(self._host.uuid)

    def do_session_get_uuid(self, session, self_):
        return self_.partition(':')[2]

    # -- the manager --------------------------------------------------------------------------------------------

    def do_pool_set_vswitch_controller(self, session, address):
        with self._store as database:
            changed = database.set_vswitch_controller(self._host.backend, address)
            controllers = list(database.table('SDN_controller'))
        if not changed:
            return ''
        if not self._host.has_sdn:
            self._update_switches(session)
            return ''
        for controller in controllers:
            self.do_SDN_controller_forget(session, controller)
        if address:
            self.do_SDN_controller_introduce(session, 'ssl', address, 6632)
        return ''

    def do_SDN_controller_introduce(self, session, protocol, address, port):
        if protocol not in ('ssl', 'pssl'):
            raise internal('Unknown value of sdn_controller_protocol: %s' % protocol)
        with self._store as database:
            reference = database.introduce(self._host.backend, protocol, address, int(port))
        self._update_switches(session)
        return reference

    def do_SDN_controller_forget(self, session, reference):
        with self._store as database:
            database.forget(reference)
        if self._host.backend == 'openvswitch':
            self._update_switches(session)
        return ''

    def _update_switches(self, session):
        with self._store as database:
            hosts = list(database.table('host'))
        for host in hosts:
            self._update_switch(session, host)

    def _update_switch(self, session, host):
        """Run the switch's plugin on a host. Whatever it fails with is written down, and swallowed."""
        try:
            result = self.do_host_call_plugin(session, host, self._host.plugin, 'update', {})
            LOG.info('%s (on %s): %s', self._host.plugin, host, result)
        except ApiError as error:
            LOG.warning('%s (on %s) failed, which is ignored: %s', self._host.plugin, host, error.description)

    # -- hosts --------------------------------------------------------------------------------------------------

    def do_host_call_plugin(self, session, host, plugin, fn, args):
        return self._on(host, 'call_plugin', session, plugin, fn, args)

    def do_host_disable(self, session, host, auto_enable=True):
        with self._store as database:
            database.disable(host, auto_enable)
        return ''

    def do_host_enable(self, session, host):
        with self._store as database:
            database.enable(host)
        return ''

    def do_host_reboot(self, session, host):
        with self._store as database:
            database.require_disabled(host)
        self._on(host, 'reboot')
        return ''

    # -- certificates -------------------------------------------------------------------------------------------

    def do_pool_install_ca_certificate(self, session, name, cert):
        return self._everywhere('install_certificate', name, cert)

    def do_pool_uninstall_ca_certificate(self, session, name, force=False):
        return self._everywhere('uninstall_certificate', name)

    do_pool_certificate_install = do_pool_install_ca_certificate
    do_pool_certificate_uninstall = do_pool_uninstall_ca_certificate

    def _everywhere(self, action, *arguments):
        with self._store as database:
            hosts = list(database.table('host'))
        for host in hosts:
            self._on(host, action, *arguments)
        return ''

    def _on(self, host, action, *arguments):
        """Let a host of the pool do something: :class:`host.Host`'s method ``action``, there."""
        with self._store as database:
            record = copy.deepcopy(database.record('host', host))
        if record['uuid'] == self._host.uuid:
            return getattr(self._host, action)(*arguments)
        try:
            return self._remote(record['address'], action, *arguments)
        except OSError as error:
            LOG.warning('%s on %s (%s): %s', action, record['name_label'], record['address'], error)
            raise ApiError('HOST_OFFLINE', host)

    # -- for the pool's own hosts -------------------------------------------------------------------------------

    def leave(self, identity):
        """A host goes down."""
        with self._store as database:
            machines.leave(database, ref(identity))
        return ''

    def join(self, facts):
        """A host's XAPI has started."""
        with self._store as database:
            return database.join(facts, coordinator=facts['uuid'] == self._host.uuid)


def _public(record):
    return copy.deepcopy({field: value for field, value in record.items() if field not in INTERNAL})
