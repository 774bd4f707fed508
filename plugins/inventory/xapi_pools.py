# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r'''
name: xapi_pools
short_description: The hosts of XenServer and XCP-ng pools, from XAPI
version_added: 0.1.0
author: The xenserver.openvswitch project (@xenserver-openvswitch)
description:
  - Asks the coordinator of each pool for its hosts, over HTTPS with the XenAPI library.
  - Every host is in the group C(xenserver), in a group of its pool, and in C(xenserver_coordinators) or C(xenserver_supporters).
    In each group the coordinator of a pool comes before its supporters.
  - The group of a pool is C(pool_) and the pool's name, or its coordinator's where the pool has none, in lower case. What is no letter of ASCII, digit or C(_)
    becomes C(_). Where two pools would have the same, each gets the first eight characters of its UUID behind it.
  - Its variables are C(ansible_host), C(xapi_pool_uuid), C(xapi_pool_name), C(xapi_pool_size), C(xapi_host_uuid), C(xapi_host_name), C(xapi_role)
    (V(coordinator) or V(supporter)), C(xapi_enabled), C(xapi_network_backend), C(xapi_product_brand), C(xapi_product_version) and C(xapi_build_number).
  - The name of the file must end in C(xapi_pools.yml) or C(xapi_pools.yaml).
requirements:
  - XenAPI, from PyPI, on the controller
extends_documentation_fragment:
  - constructed
  - inventory_cache
options:
  plugin:
    description: Says that the file is for this plugin.
    type: str
    required: true
    choices: [xenserver.openvswitch.xapi_pools]
  pools:
    description:
      - The pools, each by one of its hosts.
      - O(pools[].user), O(pools[].password), O(pools[].ca_certificate) and O(pools[].validate_certs) go before the options of these names
        and may be templates.
    type: list
    elements: dict
    required: true
    suboptions:
      address:
        description: Name or address of the coordinator. That of a supporter works as well, as long as it knows its coordinator.
        type: str
        required: true
      user:
        description: As O(user).
        type: str
      password:
        description: As O(password).
        type: str
      ca_certificate:
        description: As O(ca_certificate).
        type: path
      validate_certs:
        description: As O(validate_certs).
        type: bool
  user:
    description: The user to log in to XAPI with.
    type: str
    default: root
    env:
      - name: XAPI_USER
  password:
    description: The user's password. Keep it in a vault or in the environment.
    type: str
    env:
      - name: XAPI_PASSWORD
  ca_certificate:
    description:
      - File on the controller with the certificates to trust, as PEM.
      - Hosts make their own certificates. Without this option they are only trusted where the system knows who signed them.
      - So the file holds the certificate of each coordinator, which C(openssl x509 -in /etc/xensource/xapi-ssl.pem) prints there.
    type: path
    env:
      - name: XAPI_CA_CERTIFICATE
  validate_certs:
    description: Whether the certificate of the coordinator must be trusted and be for its address. Without it the password can be stolen on the way.
    type: bool
    default: true
  hostname:
    description: What of a host becomes its name in the inventory.
    type: str
    choices: [name_label, hostname, address, uuid]
    default: name_label
  on_failure:
    description: What to do where a pool cannot be asked. With V(warn) the inventory lacks the hosts of that pool.
    type: str
    choices: [fail, warn]
    default: fail
  time_limit:
    description: The longest that an answer of XAPI may take, in seconds.
    type: int
    default: 30
'''

EXAMPLES = r'''
# fleet.xapi_pools.yml
# pools.pem holds the certificates of the coordinators, for each:
#   ssh root@xs1.rack1.example.com openssl x509 -in /etc/xensource/xapi-ssl.pem >> /etc/pki/pools.pem
plugin: xenserver.openvswitch.xapi_pools
password: "{{ lookup('ansible.builtin.file', '~/.xapi-password') }}"
ca_certificate: /etc/pki/pools.pem
pools:
  - address: xs1.rack1.example.com
  - address: xs1.rack2.example.com
    password: !vault |
      $ANSIBLE_VAULT;1.1;AES256
      33363965326261303234626563623963633531343539616138316433353830356566396130353436
cache: true
cache_plugin: ansible.builtin.jsonfile
cache_connection: ~/.cache/xapi_pools
keyed_groups:
  - key: xapi_product_version
    prefix: version
'''

from ansible.errors import AnsibleParserError
from ansible.plugins.inventory import BaseInventoryPlugin, Cacheable, Constructable
from ansible.utils.display import Display
from ansible.utils.path import unfrackpath

from ansible_collections.xenserver.openvswitch.plugins.plugin_utils import _pools

OWN = ('user', 'password', 'ca_certificate', 'validate_certs')


class InventoryModule(BaseInventoryPlugin, Constructable, Cacheable):
    """Hosts of XenServer pools."""

    NAME = 'xenserver.openvswitch.xapi_pools'

    def verify_file(self, path):
        return super().verify_file(path) and path.endswith(('xapi_pools.yml', 'xapi_pools.yaml'))

    def parse(self, inventory, loader, path, cache=True):
        super().parse(inventory, loader, path, cache)
        self._read_config_data(path)
        if _pools.XenAPI is None:
            raise AnsibleParserError('%s: the Python library XenAPI is missing on the controller. Install it: pip install XenAPI' % self.NAME)
        self._populate(self._cached(cache, self.get_cache_key(path)))

    def _cached(self, cache, key):
        """The pools as they were asked for last, or asked for now; what failed is not kept."""
        self.load_cache_plugin()
        if cache and self.get_option('cache'):
            try:
                return self._cache[key]
            except KeyError:
                pass  # nothing yet, or too old
        pools, whole = self._survey()
        if whole and self.get_option('cache'):
            self._cache[key] = pools
        return pools

    def _survey(self):
        """``(pools, whether all answered)``."""
        answers, failures = [], []
        for given in self.get_option('pools'):
            try:
                answers.append(self._ask(given))
            except _pools.PoolError as error:
                failures.append('The pool of %s could not be asked. %s' % (given.get('address'), error))
        if failures and self.get_option('on_failure') == 'fail':
            raise AnsibleParserError('\n'.join(failures))
        for failure in failures:
            Display().warning(failure)
        return answers, not failures

    def _ask(self, given):
        pool = {name: self.templar.template(given[name] if given.get(name) is not None else self.get_option(name)) for name in OWN}
        if not given.get('address'):
            raise _pools.PoolError('It has no address: give the name or address of its coordinator.')
        if not pool['password']:
            raise _pools.PoolError('It has no password: set it in the file, or XAPI_PASSWORD in the environment.')
        # Ansible does so with the option of this name, and not within a list.
        authority = unfrackpath(pool['ca_certificate'], follow=False) if pool['ca_certificate'] else None
        context = _pools.tls(authority, pool['validate_certs'])
        # XML-RPC takes plain text alone, and Ansible's is of types of its own.
        login = dict(address=given['address'], user=str(pool['user']), password=str(pool['password']))
        return _pools.survey(login, lambda address: _pools.connect(address, context, self.get_option('time_limit')))

    def _populate(self, pools):
        groups = _pools.group_names(pools)
        for pool in pools:
            group = self.inventory.add_group(groups[pool['uuid']])
            self.inventory.add_group('xenserver')
            self.inventory.add_child('xenserver', group)
            for host in pool['hosts']:
                self._add(pool, host, group)

    def _add(self, pool, host, group):
        name, values = host[self.get_option('hostname')], _pools.variables(pool, host)
        known = self.inventory.get_host(name)
        if known is not None and known.vars.get('xapi_host_uuid', values['xapi_host_uuid']) != values['xapi_host_uuid']:
            raise AnsibleParserError(
                'Two hosts are called %s (%s and %s). Set hostname to address or uuid, or rename one.'
                % (name, known.vars['xapi_host_uuid'], values['xapi_host_uuid']))
        self.inventory.add_host(name, group=group)
        self.inventory.add_host(name, group=self.inventory.add_group('xenserver_%ss' % values['xapi_role']))
        for variable, value in values.items():
            self.inventory.set_variable(name, variable, value)
        strict = self.get_option('strict')
        self._set_composite_vars(self.get_option('compose'), values, name, strict=strict)
        self._add_host_to_composed_groups(self.get_option('groups'), values, name, strict=strict)
        self._add_host_to_keyed_groups(self.get_option('keyed_groups'), values, name, strict=strict)
