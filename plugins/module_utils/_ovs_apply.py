# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Carry out a plan for the managers, and tell stored from applied from connected."""

from __future__ import absolute_import, division, print_function
__metaclass__ = type

import time

from ansible_collections.xenserver.openvswitch.plugins.module_utils import _cli, _ovs, _ovs_manager, _ovs_targets, _ovs_tls

# Seconds in which ovsdb-server has looked at its connections once more and written down what it saw: it does so every 2.5, before 2.6 every 5
# (ovsdb/ovsdb-server.c, status_timer).
LOOK, LOOK_BEFORE_2_6 = 3, 6
# Seconds after which a connection is more than an attempt that the other side has not judged yet.
STAYS = 2


class NotDone(_cli.CliError):
    """What was asked for holds in part only; ``values`` say which part, for the module's failure."""

    def __init__(self, message, result=None, **values):
        super(NotDone, self).__init__(message, result)
        self._values = values

    def details(self):
        return dict(super(NotDone, self).details(), **self._values)


def read(vsctl):
    """What the switch has, as :func:`_ovs_manager.have` tells it."""
    return _ovs_manager.have(*vsctl.read('Open_vSwitch', 'Manager', 'SSL'))


def apply(vsctl, present, after, plan, wait, missing):
    """Store ``plan`` where there is one; with ``wait`` see to it that ovs-vswitchd takes up what the database holds.

    :arg present: what the switch had when ``plan`` was made.
    :arg missing: a function that looks at the switch again and tells whether a part of the plan is still missing.
    :returns: the managers of ``after``, with the UUIDs of new rows.
    :raises NotDone: ovs-vswitchd did not answer; ``stored`` says whether the database holds the change.
    """
    if plan:
        return _ovs_manager.with_uuids(after, _store(vsctl, plan, wait, missing))
    if wait and present['next_cfg'] > present['cur_cfg']:
        _confirm(vsctl, present['next_cfg'])
    return after['managers']


def _store(vsctl, plan, wait, missing):
    try:
        return vsctl.write(plan, wait)
    except _ovs.NotReached as error:
        stored = not missing()
        raise NotDone(_unapplied() if stored else str(error), error.result, stored=stored, applied=False, changed=stored)


def _confirm(vsctl, next_cfg):
    """An earlier change, of whomever, was stored and waits for ovs-vswitchd."""
    try:
        vsctl.await_rows([['Open_vSwitch', '.', 'cur_cfg>=%d' % next_cfg]], 'Manager')
    except _ovs.NotReached as error:
        raise NotDone(_unapplied(), error.result, stored=True, applied=False, changed=False)


def _unapplied():
    return ('Stored, not applied: the database holds what was asked for, but ovs-vswitchd has not taken it up within the time limit. '
            'Start or restart ovs-vswitchd, or set wait to false to do without it.')


def connect(vsctl, present, targets, **known):
    """Wait until each manager named in ``targets`` is connected and stays so.

    Open vSwitch counts as connected what may be refused a moment later: with TLS 1.3 a switch has its connection before the manager has judged the
    switch's certificate (RFC 8446, section 2), and a switch that listens has one with whoever has opened it (ovsdb/jsonrpc-server.c). Who is refused
    tries again and again, so that now and then a look falls into such a moment. A switch that connects tells since when it has been connected. One that
    listens does not: its manager must still be there at the next look.

    :arg vsctl: a :class:`_ovs.Vsctl` whose time limit is that of the connections.
    :arg present: ``dict(managers, ovs_version)`` of the switch.
    :arg known: what the failure says beside it, such as ``changed``.
    :returns: all managers as they are then.
    :raises NotDone: naming those that are not connected, with the switch's own account of why.
    """
    end = _cli.seconds() + vsctl.time_limit
    managers, seen = _await(vsctl, present['managers'], targets, known), 0
    while _late(managers, targets, seen):
        await_look(present['ovs_version'])
        found, seen = read(vsctl), LOOK
        managers = found['managers']
        if _late(managers, targets, seen):
            if _cli.seconds() >= end:
                raise _unconnected(found, targets, None, known)
            managers, seen = _await(vsctl, managers, targets, known), 0
    return managers


def await_look(ovs_version):
    """Until the database tells the state of the connections as it is now."""
    time.sleep(LOOK_BEFORE_2_6 if () < _ovs_targets.release(ovs_version) < (2, 6) else LOOK)


def _named(managers, targets):
    return [row for row in managers if row['target'] in targets]


def _late(managers, targets, seen=LOOK):
    """Those of ``targets`` that are not connected, or may not stay; ``seen``: the seconds for which one that does not tell was seen connected."""
    return [row for row in _named(managers, targets) if not row['is_connected'] or _since(row, seen) < STAYS]


def _since(row, seen):
    """The seconds for which a manager has been connected. Of a switch that listens the status has a 0 that means nothing, from Open vSwitch 2.6 on."""
    return seen if _ovs_targets.listens(row['target']) else int(row['status'].get('sec_since_connect', seen))


def _await(vsctl, managers, targets, known):
    waiting = [row for row in _named(managers, targets) if not row['is_connected']]
    if not waiting:
        return managers
    try:
        rows = _ovs_manager.rows(vsctl.await_rows([['Manager', row['uuid'], 'is_connected=true'] for row in waiting], 'Manager'))
    except _ovs.NotReached as error:
        raise _unconnected(read(vsctl), [row['target'] for row in waiting], error.result, known)
    return sorted(rows, key=lambda row: row['target'])


def _unconnected(present, targets, result, known):
    rows = present['managers']
    told = ', '.join('%s (%s)' % (row['target'], _account(row, present['ssl'])) for row in _late(rows, targets))
    message = 'Stored, but not connected within the time limit: %s. ' % (told or ', '.join(sorted(set(targets))))
    advice = 'See that the manager runs, that a firewall lets the switch reach it, and that each side trusts the other\'s certificate.'
    return NotDone(message + advice, result, stored=True, managers=rows, **known)


def _account(row, ssl):
    """What the switch says of a connection that is not there, and why that is, where it can be told."""
    refusal = _ovs_tls.refusal(row['target'], ssl)
    said = ['connected for a moment only'] if row['is_connected'] else []
    said += [row['status'][key] for key in ('state', 'last_error') if key in row['status']] + ([refusal.text] if refusal else [])
    return ', '.join(said) or 'no connection yet'
