# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The commands of `xe` that are none of a class of records: hosts, virtual machines, storage, the pool."""

from __future__ import absolute_import, division, print_function
__metaclass__ = type

import os
from collections import namedtuple

from . import arguments, errors, records
from .errors import ApiError, Refusal

# function: taking a Run, printing by it; required: parameter names; needs: the generation's capability, or ''.
Spec = namedtuple('Spec', ('function', 'required', 'needs', 'help'))


class Failed(Exception):
    """A message for the standard error stream as it is."""


class Several(Exception):
    """--multiple, and some objects failed: [(uuid, message)]."""


# -- commands that pick their objects -----------------------------------------------------------------------------

def _picked(kind, names, said, operation, ignored=(), several=True, only=()):
    """A command that picks its objects by ``kind=``, or by fields as *-list does.

    :arg names: the fields that ``kind=`` is compared with.
    :arg said: what the objects are called when none, or too many, match.
    :arg only: (field, value) that are always asked for.
    """
    nothing, too_many, one_at_a_time = said

    def function(this):
        found = list(this.call(records.API_CLASS[kind] + '.get_all_records').items())
        for word, wanted in list(only) + this.params:
            if word == kind:
                found = [(ref, record) for ref, record in found if wanted in [record[name] for name in names]]
            elif word.partition(':')[0] not in arguments.STANDARD + tuple(ignored):
                found = [(ref, record) for ref, record in found if records.matches(kind, record, word, wanted, this)]
        if not found:
            raise Refusal(nothing)
        if len(found) == 1:
            operation(this, found[0][0])
        elif several and arguments.flag(this.params, 'multiple'):
            _each(this, operation, found)
        else:
            raise Refusal(too_many + ('--multiple required to complete the operation' if several else one_at_a_time))
    return function


def _each(this, operation, found):
    failures = []
    for reference, record in found:
        try:
            operation(this, reference)
        except ApiError as error:
            failures.insert(0, (record['uuid'], _message(this, error)))
    if failures:
        raise Several(failures)


def _message(this, error):
    """A failure among several: the sentence always ends its line, and a code that XAPI does not know shows with its parameters."""
    params = [records.plain(param, this) for param in error.params]
    if error.code not in errors.CODES:
        return '%s: [ %s ]' % (error.code, '; '.join(error.params))
    sentence, *labelled = errors.lines(error.code, params)
    return sentence + '\n' + '\n'.join(labelled)


def _on_hosts(operation, ignored=(), several=True):
    said = ('No matching hosts found', 'Multiple matching hosts found. ', 'Operation can only be performed on one host at a time')
    return _picked('host', ('uuid', 'hostname', 'name_label'), said, operation, ignored, several)


def _on_machines(operation, ignored=(), with_control_domains=False):
    said = ('No matching VMs found', 'Multiple matches VMs found. ', '')
    only = [('is-a-template', 'false')] + [('is-control-domain', 'false')] * (not with_control_domains)
    return _picked('vm', ('uuid', 'name_label'), said, operation, ignored, only=only)


# -- hosts ------------------------------------------------------------------------------------------------------

def _host_disable(this, host):
    this.call('host.disable', host, arguments.flag(this.params, 'auto-enable', True))


def _host_enable(this, host):
    this.call('host.remove_from_other_config', host, 'MAINTENANCE_MODE')
    this.call('host.enable', host)


def _host_evacuate(this, host):
    network = this.get('network-uuid')
    this.call('host.evacuate', host, this.call('network.get_by_uuid', network) if network is not None else records.NULL_REF)


def _host_reboot(this, host):
    this.call('host.reboot', host)


def _host_call_plugin(this):
    host = this.call('host.get_by_uuid', this.get('host-uuid'))
    this.say(this.call('host.call_plugin', host, this.get('plugin'), this.get('fn'), arguments.mapping(this.params, 'args')))


def _hindrances(this):
    host = this.call('host.get_by_uuid', this.get('uuid'))
    names = this.chosen(['uuid', 'name-label', 'reason'])
    for machine, reason in this.call('host.get_vms_which_prevent_evacuation', host).items():
        row = records.rows('vm', this.call('VM.get_record', machine), names, this)
        this.show([row + [('reason ( RO)', ','.join(reason))] * (not names or 'reason' in names)])


# -- virtual machines and their storage ---------------------------------------------------------------------------

def _machine_create(this):
    this.say(this.call('VM.get_uuid', this.call('VM.create', dict(
        name_label=this.get('name-label'), name_description=this.get('name-description', '')))))


def _machine_start(this, machine):
    if this.get('on') is None:
        this.call('VM.start', machine, False, arguments.flag(this.params, 'force'))
    else:
        this.call('VM.start_on', machine, _host(this, this.get('on')), False, arguments.flag(this.params, 'force'))


def _machine_shutdown(this, machine):
    this.call('VM.hard_shutdown' if arguments.flag(this.params, 'force') else 'VM.clean_shutdown', machine)


def _machine_pause(this, machine):
    this.call('VM.pause', machine)


def _machine_unpause(this, machine):
    this.call('VM.unpause', machine)


def _machine_migrate(this, machine):
    names = [this.get(word) for word in ('host', 'host-uuid', 'host-name') if this.get(word) is not None]
    if not names:
        raise Refusal('No destination host specified')
    this.call('VM.pool_migrate', machine, _host(this, names[0]), dict(live=str(arguments.flag(this.params, 'live')).lower()))


def _host(this, name):
    for reference, host in this.call('host.get_all_records').items():
        if name in (host['uuid'], host['name_label']):
            return reference
    raise Refusal('Host %s not found' % name)


def _machine_destroy(this):
    this.call('VM.destroy', this.call('VM.get_by_uuid', this.get('uuid')))


def _storage_introduce(this):
    this.call('SR.introduce', this.get('uuid'), this.get('name-label'), this.get('name-description', ''), this.get('type'),
              this.get('content-type', ''), arguments.flag(this.params, 'shared'), arguments.mapping(this.params, 'sm-config'))
    this.say(this.get('uuid'))


def _created(this, name, **record):
    this.say(this.call(name + '.get_uuid', this.call(name + '.create', record)))


def _storage_attachment_create(this):
    _created(this, 'PBD', host=this.call('host.get_by_uuid', this.get('host-uuid')), SR=this.call('SR.get_by_uuid', this.get('sr-uuid')),
             device_config=arguments.mapping(this.params, 'device-config'))


def _storage_attachment_plug(this):
    this.call('PBD.plug', this.call('PBD.get_by_uuid', this.get('uuid')))


def _disk_create(this):
    _created(this, 'VDI', SR=this.call('SR.get_by_uuid', this.get('sr-uuid')), name_label=this.get('name-label'), name_description='',
             virtual_size=str(arguments.size(this.get('virtual-size'))), sharable=arguments.flag(this.params, 'sharable'))


def _disk_attach(this):
    if this.get('vdi-uuid') is None:
        raise Refusal('Empty VBDs can only be made for type=CD')
    _created(this, 'VBD', VM=this.call('VM.get_by_uuid', this.get('vm-uuid')), VDI=this.call('VDI.get_by_uuid', this.get('vdi-uuid')),
             userdevice=this.get('device'))


# -- the pool ---------------------------------------------------------------------------------------------------

def _set_vswitch_controller(this):
    this.call('pool.set_vswitch_controller', this.get('address'))


def _sdn_introduce(this):
    try:
        port = int(this.get('tcp-port', '0'))
    except ValueError:
        raise Refusal('port field should be an integer')
    protocol = this.get('protocol', 'ssl')
    if protocol not in ('ssl', 'pssl'):
        raise Refusal("Expected 'ssl','pssl', got %s" % protocol)
    reference = this.call('SDN_controller.introduce', protocol, this.get('address', ''), str(port))
    this.say(this.call('SDN_controller.get_uuid', reference))


def _sdn_forget(this):
    this.call('SDN_controller.forget', this.call('SDN_controller.get_by_uuid', this.get('uuid')))


def _install_certificate(this):
    text = this.files.get(this.get('filename'))
    if text is None:
        raise Failed('Failed to read certificate')
    this.call('pool.install_ca_certificate', os.path.basename(this.get('filename')), text)


def _uninstall_certificate(this):
    this.call('pool.uninstall_ca_certificate', this.get('name'))


def _availability_enable(this):
    uuids = this.get('heartbeat-sr-uuids')
    storage = [this.call('SR.get_by_uuid', uuid) for uuid in uuids.split(',')] if uuids is not None else []
    this.call('pool.enable_ha', storage, arguments.mapping(this.params, 'ha-config'))


def _availability_disable(this):
    this.call('pool.disable_ha')


COMMANDS = {
    'host-disable': Spec(_on_hosts(_host_disable, ['auto-enable']), (), '', 'Disable hosts.'),
    'host-enable': Spec(_on_hosts(_host_enable), (), '', 'Enable hosts.'),
    'host-evacuate': Spec(_on_hosts(_host_evacuate, ['network-uuid', 'batch-size'], several=False), (), '', 'Move all VMs off a host.'),
    'host-get-vms-which-prevent-evacuation': Spec(_hindrances, ('uuid',), '', 'List the VMs that cannot leave a host, with the reasons.'),
    'host-reboot': Spec(_on_hosts(_host_reboot), (), '', 'Reboot disabled hosts.'),
    'host-call-plugin': Spec(_host_call_plugin, ('host-uuid', 'plugin', 'fn'), '', 'Call a plugin on a host.'),
    'vm-create': Spec(_machine_create, ('name-label',), '', 'Create a VM.'),
    'vm-start': Spec(_on_machines(_machine_start, ['on', 'paused', 'progress'], True), (), '', 'Start VMs.'),
    'vm-shutdown': Spec(_on_machines(_machine_shutdown, ['progress']), (), '', 'Shut VMs down.'),
    'vm-pause': Spec(_on_machines(_machine_pause, (), True), (), '', 'Pause VMs.'),
    'vm-unpause': Spec(_on_machines(_machine_unpause, (), True), (), '', 'Let paused VMs go on.'),
    'vm-migrate': Spec(
        _on_machines(_machine_migrate, ['host', 'host-uuid', 'host-name', 'live', 'compress'], True), (), '', 'Move VMs to another host.'),
    'vm-destroy': Spec(_machine_destroy, ('uuid',), '', 'Destroy a VM.'),
    'sr-introduce': Spec(_storage_introduce, ('name-label', 'type', 'uuid'), '', 'Introduce an SR.'),
    'pbd-create': Spec(_storage_attachment_create, ('host-uuid', 'sr-uuid'), '', 'Create a PBD.'),
    'pbd-plug': Spec(_storage_attachment_plug, ('uuid',), '', 'Plug a PBD.'),
    'vdi-create': Spec(_disk_create, ('sr-uuid', 'name-label', 'virtual-size'), '', 'Create a VDI.'),
    'vbd-create': Spec(_disk_attach, ('vm-uuid', 'device'), '', 'Create a VBD.'),
    'pool-ha-enable': Spec(_availability_enable, (), '', 'Enable HA on this pool.'),
    'pool-ha-disable': Spec(_availability_disable, (), '', 'Disable HA on this pool.'),
    'pool-set-vswitch-controller': Spec(_set_vswitch_controller, ('address',), '', 'Set the switch\'s controller, or clear it.'),
    'pool-certificate-install': Spec(_install_certificate, ('filename',), '', 'Install a CA certificate on all hosts.'),
    'pool-certificate-uninstall': Spec(_uninstall_certificate, ('name',), '', 'Remove a CA certificate from all hosts.'),
    'pool-install-ca-certificate': Spec(_install_certificate, ('filename',), 'sdn', 'Install a CA certificate on all hosts.'),
    'pool-uninstall-ca-certificate': Spec(_uninstall_certificate, ('name',), 'sdn', 'Remove a CA certificate from all hosts.'),
    'sdn-controller-introduce': Spec(_sdn_introduce, (), 'sdn', 'Introduce the SDN controller.'),
    'sdn-controller-forget': Spec(_sdn_forget, ('uuid',), 'sdn', 'Forget the SDN controller.'),
}
