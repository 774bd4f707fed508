# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The calls of the XenAPI for virtual machines, their storage and high availability; the rules are in machines.py."""

from __future__ import absolute_import, division, print_function
__metaclass__ = type

import uuid

from . import machines
from .errors import ApiError
from .state import ref


class MachineCalls:
    """What :class:`api.Api` answers for them: methods whose names begin with ``do_``."""

    def _with_database(self, function, *arguments):
        with self._store as database:
            return function(database, *arguments)

    # -- machines -----------------------------------------------------------------------------------------------

    def do_VM_create(self, session, wanted):
        with self._store as database:
            known = machines.new_machine(wanted['name_label'])
            return database.add('VM', dict(known, **{name: value for name, value in wanted.items() if name in known and name != 'uuid'}))

    def do_VM_start(self, session, machine, paused, force):
        return self._with_database(machines.start, machine)

    def do_VM_start_on(self, session, machine, host, paused, force):
        return self._with_database(machines.start, machine, host)

    def do_VM_clean_shutdown(self, session, machine):
        return self._with_database(machines.stop, machine, 'clean_shutdown')

    def do_VM_hard_shutdown(self, session, machine):
        return self._with_database(machines.stop, machine, 'hard_shutdown')

    def do_VM_pause(self, session, machine):
        return self._with_database(machines.pause, machine)

    def do_VM_unpause(self, session, machine):
        return self._with_database(machines.unpause, machine)

    def do_VM_pool_migrate(self, session, machine, host, options):
        return self._with_database(machines.migrate, machine, host)

    def do_VM_destroy(self, session, machine):
        return self._with_database(machines.destroy, machine)

    def do_host_evacuate(self, session, host, network='', batch_size=0):
        return self._with_database(machines.evacuate, host)

    def do_host_get_vms_which_prevent_evacuation(self, session, host):
        return self._with_database(machines.hindrances, host)

    def do_host_compute_free_memory(self, session, host):
        return str(self._with_database(machines.free_memory, host))

    # -- storage ------------------------------------------------------------------------------------------------

    def do_SR_introduce(self, session, identity, name_label, name_description, kind, content_type, shared, sm_config):
        with self._store as database:
            return database.add('SR', dict(
                uuid=identity, name_label=name_label, name_description=name_description, type=kind, content_type=content_type,
                shared=shared, VDIs=[], PBDs=[], other_config={}, tags=[]))

    def do_PBD_create(self, session, wanted):
        with self._store as database:
            reference = database.add('PBD', dict(
                uuid=str(uuid.uuid4()), host=wanted['host'], SR=wanted['SR'], device_config=wanted['device_config'], currently_attached=False,
                other_config={}))
            database.record('SR', wanted['SR'])['PBDs'].append(reference)
            return reference

    def do_PBD_plug(self, session, attachment):
        with self._store as database:
            database.record('PBD', attachment)['currently_attached'] = True
        return ''

    def do_VDI_create(self, session, wanted):
        with self._store as database:
            reference = database.add('VDI', machines.new_disk(
                wanted['SR'], wanted['name_label'], wanted['virtual_size'], name_description=wanted['name_description'], sharable=wanted['sharable']))
            database.record('SR', wanted['SR'])['VDIs'].append(reference)
            return reference

    def do_VBD_create(self, session, wanted):
        with self._store as database:
            reference = database.add('VBD', dict(
                uuid=str(uuid.uuid4()), VM=wanted['VM'], VDI=wanted['VDI'], userdevice=wanted['userdevice'], device='', empty=False,
                other_config={}))
            for name in ('VM', 'VDI'):
                database.record(name, wanted[name])['VBDs'].append(reference)
            return reference

    # -- high availability --------------------------------------------------------------------------------------

    def do_pool_enable_ha(self, session, storage, configuration):
        return self._with_database(machines.enable_availability, storage, configuration)

    def do_pool_disable_ha(self, session):
        return self._with_database(machines.disable_availability)

    def do_pool_set_ha_host_failures_to_tolerate(self, session, pool, failures):
        if int(failures) < 0:
            raise ApiError('INVALID_VALUE', 'ha_host_failures_to_tolerate', failures)
        with self._store as database:
            database.record('pool', pool)['ha_host_failures_to_tolerate'] = str(failures)
        return ''
