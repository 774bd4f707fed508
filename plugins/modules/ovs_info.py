#!/usr/bin/python
# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function
__metaclass__ = type

DOCUMENTATION = r'''
module: ovs_info
version_added: 0.1.0
short_description: Tell what a host's Open vSwitch is and does
description:
  - Returns versions, daemons, managers, TLS material, bridges with their controllers, packages, the kernel module,
    and whether a restart or reboot is due, with the reasons.
  - Does not fail where Open vSwitch is not installed, its daemons are down or do not answer. The values say so.
  - Writes nothing. Daemons are asked over their control sockets and the kernel through its files; the database takes two processes,
    the tools' version and the packages one each.
extends_documentation_fragment:
  - xenserver.openvswitch.attributes.info
  - xenserver.openvswitch.attributes.time_limit
  - xenserver.openvswitch.ovs
options:
  tables:
    description: Tables of the database to return whole in RV(tables), such as V(Interface), beside what the module returns anyway.
    type: list
    elements: str
    default: []
  rundir:
    description: The folder of the daemons' pidfiles and control sockets, and of the database's socket where O(database) is not given.
    type: path
    default: /var/run/openvswitch
seealso:
  - module: xenserver.openvswitch.ovs_manager
  - module: xenserver.openvswitch.xenserver_info
author:
  - The xenserver.openvswitch project (@xenserver-openvswitch)
'''

EXAMPLES = r'''
- name: Look at Open vSwitch
  xenserver.openvswitch.ovs_info:
  register: switch

- name: Say what has to be restarted
  ansible.builtin.debug:
    msg: "{{ (switch.pending_restart + switch.pending_reboot) | join('; ') }}"

- name: Look at the interfaces as well
  xenserver.openvswitch.ovs_info:
    tables:
      - Interface
  register: switch
'''

RETURN = r'''
installed:
  description: Whether the tools of Open vSwitch are on the host.
  returned: always
  type: bool
  sample: true
versions:
  description:
    - The version of the tools on disk, of each running daemon, and of the database's schema.
    - Null where there is none, or it does not answer.
  returned: always
  type: dict
  sample:
    openvswitch: 3.1.0
    ovs_vswitchd: 3.1.0
    ovsdb_server: 3.1.0
    db_schema: 8.3.1
daemons:
  description:
    - Each daemon. C(running) means that its pidfile or control socket names a process of that name, C(responding) that it answers on its control socket.
    - C(replaced) means that the file it was started from is no longer on disk, C(started) when it was, in seconds since 1970.
    - C(ovs_xapi_sync) brings XAPI's names of networks and interfaces into the database. Null where Open vSwitch has come without it.
  returned: always
  type: dict
  sample:
    ovsdb_server: {running: true, responding: true, pid: 811, started: 1760000020.5, version: 3.1.0, replaced: false}
    ovs_vswitchd: {running: true, responding: true, pid: 842, started: 1760000021.1, version: 3.1.0, replaced: false}
    ovs_xapi_sync: {running: true, responding: true, pid: 877, started: 1760000021.9, version: 3.1.0, replaced: false}
boot:
  description:
    - C(time) is when the host was booted, C(mark) when C(/var/run/openvswitch.booted) was written, which the start script of Open vSwitch makes the first
      time that it starts since a boot, in seconds since 1970. Null where there is none.
    - The first start deletes all bridges from the database, later ones keep them. Without the mark the next start takes itself for the first.
  returned: always
  type: dict
  sample: {time: 1760000000.2, mark: 1760000021.6}
database:
  description:
    - Whether the database could be read, and the reason if not.
    - C(applied) is false while C(ovs-vswitchd) has yet to take up what the database holds.
  returned: always
  type: dict
  sample: {reachable: true, error: null, next_cfg: 12, cur_cfg: 12, applied: true}
system:
  description: The type, version and identifiers of the switch, and what it can do.
  returned: always
  type: dict
  sample:
    type: XenServer
    version: 8.2.0
    id: 6d3b27bc-1d9c-4f5c-a1d2-9e2c5fd1ab4d
    external_ids: {system-id: 6d3b27bc-1d9c-4f5c-a1d2-9e2c5fd1ab4d}
    other_config: {}
    datapath_types: [netdev, system]
    interface_types: [gre, internal, patch, tap, vxlan]
managers:
  description: The managers, sorted by target. Empty where the database could not be read.
  returned: always
  type: list
  elements: dict
  sample:
    - target: ssl:192.0.2.10:6640
      uuid: 9ab4a3c4-5ab8-4a0c-8ea3-c6e4c11b45d4
      is_connected: true
      status: {sec_since_connect: '12', state: ACTIVE}
      inactivity_probe: null
      max_backoff: null
      connection_mode: null
      other_config: {}
      external_ids: {}
ssl:
  description: The TLS material, or null.
  returned: always
  type: dict
  sample:
    private_key: /etc/xensource/xapi-ssl.pem
    certificate: /etc/xensource/xapi-ssl.pem
    ca_certificate: /etc/openvswitch/vswitchd.cacert
    bootstrap: true
bridges:
  description: The bridges, sorted by name.
  returned: always
  type: list
  elements: dict
  sample:
    - name: xenbr0
      uuid: 1dff33b6-4c9f-4369-88e3-054429ea29b1
      datapath_type: ''
      datapath_id: 0000525400123456
      fail_mode: standalone
      protocols: []
      other_config: {}
      external_ids: {xs-network-uuids: 2a3f9a5c-5a4e-4f4a-9a44-0d9a6e0f7d11}
      controllers:
        - {target: 'ssl:192.0.2.10:6633', is_connected: true, role: master, connection_mode: null, status: {state: ACTIVE}}
tables:
  description: The rows of each table that O(tables) names. A set is a list, an optional value is that value or null, a map is a dictionary.
  returned: always
  type: dict
  sample:
    Interface:
      - {_uuid: e5d83ceb-b4c8-49fb-ae9c-532cbc5ae561, name: eth0, type: '', ofport: 1, error: null, options: {}}
kernel_module:
  description:
    - The openvswitch module that the kernel has loaded, and the file that it would load.
    - Null is what a module or file does not tell. Modules of the kernel's own tree have no version.
  returned: always
  type: dict
  sample:
    loaded: true
    version: null
    srcversion: 37C7C2D3A5D8E5D2A3F4E5B
    file: /lib/modules/4.19.0+1/kernel/net/openvswitch/openvswitch.ko
    file_version: null
    file_srcversion: 37C7C2D3A5D8E5D2A3F4E5B
rpms:
  description:
    - The installed packages with C(openvswitch) in their name, sorted. Null where the host has no rpm or rpm failed.
    - C(header_sha1) tells a rebuild from the build before, as that of M(xenserver.openvswitch.rpmbuild) does.
  returned: always
  type: list
  elements: dict
  sample:
    - name: openvswitch
      epoch: null
      version: 3.1.0
      release: '1'
      arch: x86_64
      vendor: null
      install_time: 1760000000
      header_sha1: b5a2c96250612366ea272ffac6d9744aaf4b45aa
      nevra: openvswitch-3.1.0-1.x86_64
pending_restart:
  description: Why the daemons should be restarted, a sentence each.
  returned: always
  type: list
  elements: str
  sample: ['ovs-vswitchd runs version 2.17.7, and 3.1.0 is installed']
pending_reboot:
  description:
    - Why the host should be rebooted, a sentence each.
    - Packages that were installed after the host and its daemons had started are a reason, daemons that outlived their package,
      and a kernel module that is not the one on disk.
  returned: always
  type: list
  elements: str
  sample: []
'''

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.xenserver.openvswitch.plugins.module_utils import _boot, _cli, _ovs, _ovs_info, _ovs_kernel
from ansible_collections.xenserver.openvswitch.plugins.module_utils._change import guarded

ARGUMENTS = dict(
    tables=dict(type='list', elements='str', default=[]),
    rundir=dict(type='path', default=_ovs.RUNDIR),
    database=dict(type='str'),
    time_limit=dict(type='int', default=60),
)


def version(time_limit):
    """The version of the tools on disk, or None where there are none."""
    try:
        program = _cli.find('ovs-vsctl')
    except _cli.CliError:
        return None
    return _ovs.version_in(_cli.run([program, '--version'], time_limit).out)


def packages(time_limit):
    """The packages, or None where rpm is not there or does not work."""
    try:
        argv = [_cli.find('rpm'), '-qa', '--queryformat', _ovs_info.RPM_FORMAT, _ovs_info.RPM_PATTERN]
        return _ovs_info.rpms(_cli.run(argv, time_limit).out)
    except _cli.CliError:
        return None


def content(params, installed, server):
    """The schema's version and what the database holds; no failure where it does not answer.

    :arg server: the daemon ovsdb-server as it was found.
    """
    if not installed:
        return None, _ovs_info.nothing('Open vSwitch is not installed.')
    if not params['database'] and not server['responding']:
        return None, _ovs_info.nothing('ovsdb-server %s.' % ('does not answer' if server['running'] else 'is not running'))
    try:
        where = params['database'] or _ovs_info.socket_in(params['rundir'])
        schema, rows = _ovs_info.database(where, params['tables'], params['time_limit'])
    except _ovs_info.UnknownTable:
        raise
    except _cli.CliError as error:
        return None, _ovs_info.nothing(str(error))
    return schema['version'], _ovs_info.switch(schema, rows, params['tables'])


def not_in_use(rpms, daemons):
    running = sorted((name.replace('_', '-'), daemon['started']) for name, daemon in daemons.items() if daemon['started'] is not None)
    return _boot.not_in_use(rpms, [name for name, dummy in running], [_boot.time()] + [started for dummy, started in running])


@guarded
def run(module):
    params = module.params
    _cli.check_path('rundir', params['rundir'])
    try:
        if params['database']:
            _ovs.check_database(params['database'])
    except ValueError as error:
        module.fail_json(msg=str(error))
    tools, daemons, kernel = version(params['time_limit']), _ovs_info.daemons(params['rundir']), _ovs_kernel.state()
    schema, values = content(params, tools is not None, daemons['ovsdb_server'])
    versions = dict((name, daemon['version']) for name, daemon in daemons.items())
    rpms = packages(params['time_limit'])
    module.exit_json(
        changed=False, installed=tools is not None, versions=dict(versions, openvswitch=tools, db_schema=schema),
        daemons=dict(daemons, ovs_xapi_sync=_ovs_info.xapi_sync(params['rundir'])),
        boot=dict(time=_boot.time(), mark=_boot.written(_boot.MARK)), kernel_module=kernel, rpms=rpms,
        pending_restart=_ovs_info.pending_restart(tools, daemons),
        pending_reboot=_ovs_info.pending_reboot(kernel) + not_in_use(rpms, daemons), **values)


def main():
    run(AnsibleModule(argument_spec=ARGUMENTS, supports_check_mode=True))


if __name__ == '__main__':
    main()
