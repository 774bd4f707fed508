# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The pool's database and the rules of its objects. No input or output but the one file of :class:`Store`."""

from __future__ import absolute_import, division, print_function
__metaclass__ = type

import copy
import ipaddress
import json
import os
import re
import threading
import uuid

from . import machines
from .errors import ApiError
from .records import NULL_REF

CLASSES = ('pool', 'host', 'host_metrics', 'network', 'PIF', 'SDN_controller', 'VM', 'VIF', 'VLAN', 'Bond', 'SR', 'PBD', 'VDI', 'VBD')
SSL_PORT = 6632
MANAGEMENT_BRIDGE = 'xenbr0'
# The stand-in for a network card: the container's own eth0 is its cable and never joins a bridge.
MANAGEMENT_DEVICE = 'eth1'
TERM = re.compile(r'\s*field\s+"([^"]+)"\s*=\s*"([^"]*)"\s*$')


def ref(identity):
    return 'OpaqueRef:' + identity


def mac(identity):
    """A locally administered address that a host's UUID decides."""
    return '02:' + ':'.join(re.findall('..', identity.replace('-', '')[-10:]))


class Database:
    """Objects by class and reference. Records that are handed out are copies.

    :arg tables: ``{class: {reference: record}}``; a new pool's where empty.
    """

    def __init__(self, tables=None):
        self.tables = tables or new_pool()
        for name in CLASSES:
            self.tables.setdefault(name, {})

    def table(self, name):
        return self.tables[name]

    def record(self, name, reference):
        try:
            return self.tables[name][reference]
        except KeyError:
            raise ApiError('HANDLE_INVALID', name, reference)

    def add(self, name, record):
        """A new object's reference."""
        reference = ref(record['uuid'])
        self.tables[name][reference] = record
        return reference

    def by_uuid(self, name, identity):
        for reference, record in self.tables[name].items():
            if record['uuid'] == identity:
                return reference
        raise ApiError('UUID_INVALID', name, identity)

    def by_label(self, name, label):
        return [reference for reference, record in self.tables[name].items() if record['name_label'] == label]

    def where(self, name, expression):
        """``true``, or terms ``field "F"="V"`` joined by ``and``."""
        terms = [] if expression.strip() == 'true' else [TERM.match(term) for term in re.split(r'\band\b', expression)]
        if None in terms:
            raise ApiError('INTERNAL_ERROR', 'Cannot parse the expression: ' + expression)
        wanted = [term.groups() for term in terms]
        return {
            reference: copy.deepcopy(record) for reference, record in self.tables[name].items()
            if all(_plain(record.get(field.replace('__', '_'))) == value for field, value in wanted)}

    def attribute(self, reference, name, default):
        for table in self.tables.values():
            if reference in table:
                return table[reference].get(name, default)
        return default

    @property
    def pool(self):
        return next(iter(self.tables['pool'].values()))

    # -- maps ---------------------------------------------------------------------------------------------------

    def add_to(self, name, reference, field, key, value):
        record = self.record(name, reference)
        if key in record[field]:
            raise ApiError('MAP_DUPLICATE_KEY', name, field, record['uuid'], key)
        record[field][key] = value

    def remove_from(self, name, reference, field, key):
        self.record(name, reference)[field].pop(key, None)

    # -- the manager --------------------------------------------------------------------------------------------

    def introduce(self, backend, protocol, address, port):
        """Make the one SDN controller record; it is immutable. Never touches the pool's vswitch_controller."""
        require_openvswitch(backend)
        if self.tables['SDN_controller']:
            raise ApiError('OPERATION_NOT_ALLOWED', 'SDN controller has been configured. Please forget it first.')
        port = check_controller(protocol, address, port)
        identity = str(uuid.uuid4())
        self.tables['SDN_controller'][ref(identity)] = dict(uuid=identity, protocol=protocol, address=address, port=str(port))
        return ref(identity)

    def forget(self, reference):
        """Drop the SDN controller record. The pool's vswitch_controller keeps its stale value."""
        self.record('SDN_controller', reference)
        del self.tables['SDN_controller'][reference]

    def set_vswitch_controller(self, backend, address):
        """Store the pool's field; False where the string is what is stored already, and so nothing is done."""
        require_openvswitch(backend)
        if self.pool['vswitch_controller'] == address:
            return False
        if address:
            require_ipv4(address)
        self.pool['vswitch_controller'] = address
        return True

    # -- hosts --------------------------------------------------------------------------------------------------

    def join(self, host, coordinator=False):
        """A host's XAPI started: take its facts in, mark it enabled unless it was told to stay disabled. As often as wanted.

        :arg host: uuid, name_label, address, hostname, api_version (two numbers as text), software_version, memory in bytes,
            control_domain (a UUID), boot_time and agent_start_time in seconds since 1970.
        """
        reference = ref(host['uuid'])
        if reference not in self.tables['host']:
            self.add('host', self._new_host(reference, host))
        record = self.tables['host'][reference]
        record.update(address=host['address'], hostname=host['hostname'], software_version=host['software_version'])
        record['enabled'] = record['auto_enable']
        self.record('host_metrics', record['metrics'])['live'] = True
        if coordinator:
            self.pool['master'] = reference
        self._plug(reference, host)
        times = {name: '%d.' % host[name] for name in ('boot_time', 'agent_start_time')}
        has_booted = record['other_config'].get('boot_time') not in (None, times['boot_time'])
        record['other_config'].update(times)
        machines.account(self)
        if has_booted:
            machines.arrive(self, reference)
        return reference

    def _new_host(self, reference, host):
        metrics = self.add('host_metrics', dict(uuid=str(uuid.uuid4()), live=False, memory_total=str(host['memory']), memory_free='0', other_config={}))
        domain = dict(machines.new_control_domain(host['control_domain'], host['hostname']), resident_on=reference)
        return dict(
            uuid=host['uuid'], name_label=host['name_label'], name_description='', auto_enable=True, other_config={}, tags=[], resident_VMs=[],
            control_domain=self.add('VM', domain), metrics=metrics,
            API_version_major=host['api_version'][0], API_version_minor=host['api_version'][1])

    def _plug(self, reference, host):
        network = next(one for one, record in self.tables['network'].items() if record['bridge'] == MANAGEMENT_BRIDGE)
        pif = new_pif(reference, host, network)
        self.tables['PIF'].setdefault(ref(pif['uuid']), pif)
        if ref(pif['uuid']) not in self.tables['network'][network]['PIFs']:
            self.tables['network'][network]['PIFs'].append(ref(pif['uuid']))

    def disable(self, reference, auto_enable=True):
        """Nothing happens to a host that is disabled already, not even with another ``auto_enable``."""
        record = self.record('host', reference)
        if record['enabled']:
            record.update(enabled=False, auto_enable=record['auto_enable'] and auto_enable)

    def enable(self, reference):
        self.record('host', reference).update(enabled=True, auto_enable=True)

    def require_disabled(self, reference):
        if self.record('host', reference)['enabled']:
            raise ApiError('HOST_NOT_DISABLED')


class Store:
    """The database in its file. ``with store as database:`` holds the lock and saves on the way out."""

    def __init__(self, path):
        self._path = path
        self._lock = threading.RLock()
        self._database = Database(self._load())

    def __enter__(self):
        self._lock.acquire()
        return self._database

    def __exit__(self, *failure):
        try:
            self._save()
        finally:
            self._lock.release()

    def _load(self):
        try:
            with open(self._path, encoding='utf-8') as stream:
                return json.load(stream)
        except FileNotFoundError:
            return None

    def _save(self):
        text = json.dumps(self._database.tables, indent=1)
        if getattr(self, '_saved', None) == text:
            return
        os.makedirs(os.path.dirname(self._path), exist_ok=True)
        with open(self._path + '.new', 'w', encoding='utf-8') as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(self._path + '.new', self._path)
        self._saved = text


def require_openvswitch(backend):
    if backend != 'openvswitch':
        raise ApiError('OPERATION_NOT_ALLOWED', 'host not configured for vswitch operation')


def require_ipv4(address):
    try:
        ipaddress.IPv4Address(address)
    except ValueError:
        raise ApiError('INVALID_IP_ADDRESS_SPECIFIED', 'address')


def check_controller(protocol, address, port):
    """The port to store. ssl needs an IPv4 address, its port 0 means 6632; pssl takes neither address nor port."""
    if protocol == 'pssl':
        if address:
            raise ApiError('INVALID_VALUE', 'address', address)
        if port:
            raise ApiError('INVALID_VALUE', 'port', port)
        return 0
    if not address:
        raise ApiError('INVALID_VALUE', 'address', address)
    require_ipv4(address)
    if port and not 0 < port <= 65535:
        raise ApiError('VALUE_NOT_SUPPORTED', 'port', port, 'Port out of range')
    return port or SSL_PORT


def new_pool():
    pool, network = str(uuid.uuid4()), str(uuid.uuid4())
    return {
        'pool': {ref(pool): dict(
            uuid=pool, name_label='', name_description='', master=NULL_REF, default_SR=NULL_REF, crash_dump_SR=NULL_REF,
            suspend_image_SR=NULL_REF, other_config={}, vswitch_controller='', tags=[],
            ha_enabled=False, ha_configuration={}, ha_statefiles=[], ha_host_failures_to_tolerate='0', ha_plan_exists_for='0',
            ha_allow_overcommit=True, ha_overcommitted=False)},
        'network': {ref(network): dict(
            uuid=network, name_label='Pool-wide network associated with ' + MANAGEMENT_DEVICE, name_description='', VIFs=[], PIFs=[], MTU='1500',
            bridge=MANAGEMENT_BRIDGE, managed=True, other_config={}, tags=[], purpose=[])},
    }


def new_pif(reference, host, network):
    identity = str(uuid.uuid5(uuid.UUID(host['uuid']), MANAGEMENT_DEVICE))
    return dict(
        uuid=identity, device=MANAGEMENT_DEVICE, MAC=mac(host['uuid']), currently_attached=True, MTU='1500', VLAN='-1', bond_slave_of=NULL_REF, management=True,
        physical=True, managed=True, network=network, host=reference, ip_configuration_mode='Static', IP=host['address'], other_config={})


def _plain(value):
    return ('false', 'true')[value] if isinstance(value, bool) else str(value)
