# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
import yaml

from ansible import constants
from ansible.errors import AnsibleParserError
from ansible.inventory.data import InventoryData
from ansible.parsing.dataloader import DataLoader
from ansible.plugins.loader import fragment_loader
from ansible.utils.plugin_docs import add_fragments

from ansible_collections.xenserver.openvswitch.plugins.inventory import xapi_pools
from ansible_collections.xenserver.openvswitch.plugins.plugin_utils import _pools

NAME = 'xenserver.openvswitch.xapi_pools'


def load():
    """The plugin as Ansible's loader hands it out, with the options that its documentation defines."""
    documentation = yaml.safe_load(xapi_pools.DOCUMENTATION)
    add_fragments(documentation, xapi_pools.__file__, fragment_loader)
    constants.config.initialize_plugin_configuration_definitions('inventory', NAME, documentation['options'])
    plugin = xapi_pools.InventoryModule()
    plugin._load_name = plugin.ansible_name = NAME
    plugin._redirected_names = [NAME]
    return plugin


def pool(number, *hosts, **fields):
    records = [dict(uuid='h%d%s' % (number, name), name_label=name, hostname='dom0', address='192.0.2.%d' % (10 * number + index), enabled=True,
                    software_version=dict(product_version='8.%d' % number), coordinator=index == 0) for index, name in enumerate(hosts)]
    return dict(dict(uuid='p%d' % number, name='rack %d' % number, hosts=records), **fields)


@pytest.fixture
def fleet(monkeypatch, tmp_path):
    """``fleet(text, address=answer)``: the inventory that a file with this text makes; an answer is a pool or a PoolError."""
    monkeypatch.delenv('XAPI_PASSWORD', raising=False)
    monkeypatch.setattr(_pools, 'XenAPI', object())
    asked = []

    def make(text, name='fleet.xapi_pools.yml', **answers):
        def survey(wanted, dummy):
            asked.append(wanted)
            answer = answers[wanted['address']]
            if isinstance(answer, Exception):
                raise answer
            return answer
        monkeypatch.setattr(_pools, 'survey', survey)
        path = tmp_path / name
        path.write_text('plugin: %s\n%s' % (NAME, text))
        plugin, inventory = load(), InventoryData()
        assert plugin.verify_file(str(path))
        plugin.parse(inventory, DataLoader(), str(path))
        plugin.update_cache_if_changed()
        inventory.reconcile_inventory()
        return inventory
    make.asked = asked
    return make


TWO = 'password: s3cret\npools: [{address: a}, {address: b}]\n'


def members(inventory, group):
    return [host.name for host in inventory.groups[group].get_hosts()]


def test_hosts_are_in_the_groups_of_their_pool_and_role(fleet):
    inventory = fleet(TWO, a=pool(1, 'xs2', 'xs1'), b=pool(2, 'xs5'))
    assert members(inventory, 'pool_rack_1') == ['xs2', 'xs1']
    assert members(inventory, 'pool_rack_2') == ['xs5']
    assert sorted(members(inventory, 'xenserver')) == ['xs1', 'xs2', 'xs5']
    assert members(inventory, 'xenserver_coordinators') == ['xs2', 'xs5'] and members(inventory, 'xenserver_supporters') == ['xs1']
    assert inventory.get_host('xs1').vars['ansible_host'] == '192.0.2.11' and inventory.get_host('xs5').vars['xapi_role'] == 'coordinator'


def test_a_pools_own_login_goes_before_the_common_one(fleet, monkeypatch):
    monkeypatch.setenv('XAPI_PASSWORD', 'from the environment')
    fleet('user: admin\npools:\n  - {address: a, password: "{{ \'own\' ~ 1 }}"}\n  - {address: b, user: root}\n', a=pool(1, 'x'), b=pool(2, 'y'))
    assert [(one['address'], one['user'], one['password']) for one in fleet.asked] == [('a', 'admin', 'own1'), ('b', 'root', 'from the environment')]
    assert {type(one[name]) for one in fleet.asked for name in ('user', 'password')} == {str}  # xmlrpc.client cannot send any other


def test_a_pools_own_certificates_may_be_in_the_users_home(fleet, monkeypatch):
    named = []
    monkeypatch.setattr(_pools, 'tls', lambda ca_certificate, dummy: named.append(ca_certificate))
    monkeypatch.setenv('HOME', '/home/user')
    monkeypatch.setenv('FOLDER', '/etc/pki')
    fleet('password: s\nca_certificate: ~/all.pem\npools:\n  - {address: a, ca_certificate: "{{ \'~/\' ~ \'a.pem\' }}"}\n'
          '  - {address: b, ca_certificate: $FOLDER/b.pem}\n  - {address: c}\n', a=pool(1, 'x'), b=pool(2, 'y'), c=pool(3, 'z'))
    fleet('password: s\npools: [{address: a}]\n', a=pool(1, 'x'))
    assert named == ['/home/user/a.pem', '/etc/pki/b.pem', '/home/user/all.pem', None]


def test_a_pool_that_fails_fails_the_inventory_or_is_warned_of(fleet):
    down = _pools.PoolError('b does not answer as XAPI.')
    with pytest.raises(AnsibleParserError) as error:
        fleet(TWO, a=pool(1, 'x'), b=down)
    assert 'The pool of b could not be asked. b does not answer as XAPI.' in str(error.value)
    inventory = fleet(TWO + 'on_failure: warn\n', a=pool(1, 'x'), b=down)
    assert members(inventory, 'xenserver') == ['x']


@pytest.mark.parametrize('text, words', [
    ('pools: [{address: a}]\n', 'It has no password'),
    ('password: s\npools: [{user: root}]\n', 'It has no address'),
    ('password: s\nca_certificate: /nonexistent/ca.pem\npools: [{address: a}]\n', 'ca_certificate /nonexistent/ca.pem cannot be used'),
])
def test_what_is_missing_is_told(fleet, text, words):
    with pytest.raises(AnsibleParserError) as error:
        fleet(text, a=pool(1, 'x'))
    assert words in str(error.value) and fleet.asked == []


def test_hosts_of_one_name_are_no_silent_merge(fleet):
    with pytest.raises(AnsibleParserError) as error:
        fleet(TWO, a=pool(1, 'xs'), b=pool(2, 'xs'))
    assert 'Two hosts are called xs' in str(error.value) and 'hostname' in str(error.value)
    assert sorted(members(fleet(TWO + 'hostname: address\n', a=pool(1, 'xs'), b=pool(2, 'xs')), 'xenserver')) == ['192.0.2.10', '192.0.2.20']


def test_the_library_is_asked_for(fleet, monkeypatch):
    with pytest.raises(AnsibleParserError) as error:
        monkeypatch.setattr(_pools, 'XenAPI', None)
        fleet(TWO)
    assert 'pip install XenAPI' in str(error.value)


def test_answers_are_cached_and_failures_are_not(fleet, tmp_path):
    text = TWO + 'on_failure: warn\ncache: true\ncache_plugin: jsonfile\ncache_connection: %s/cache\n' % tmp_path
    fleet(text, a=pool(1, 'x'), b=_pools.PoolError('down'))
    fleet(text, a=pool(1, 'x'), b=pool(2, 'y'))
    assert len(fleet.asked) == 4
    assert sorted(members(fleet(text), 'xenserver')) == ['x', 'y']
    assert len(fleet.asked) == 4
    assert not any('s3cret' in path.read_text() for path in (tmp_path / 'cache').iterdir())


def test_groups_and_variables_by_expressions(fleet):
    inventory = fleet(TWO + 'keyed_groups: [{key: xapi_product_version, prefix: version}]\ncompose: {rack: xapi_pool_name | upper}\n'
                      'groups: {first: xapi_role == "coordinator"}\n', a=pool(1, 'x', 'z'), b=pool(2, 'y'))
    assert members(inventory, 'version_8_1') == ['x', 'z'] and members(inventory, 'first') == ['x', 'y']
    assert inventory.get_host('y').vars['rack'] == 'RACK 2'
