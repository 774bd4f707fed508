# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a task asks of a pool: its manager and the settings of its bridges, and the calls that lead there."""

from __future__ import absolute_import, division, print_function
__metaclass__ = type

from ansible_collections.xenserver.openvswitch.plugins.module_utils import _xapi_host, _xapi_manager, _xapi_settings

# The options of the fragment xapi, which say what a pool should have.
ARGUMENTS = dict(
    state=dict(type='str', choices=['present', 'absent'], default='present'),
    protocol=dict(type='str', default='ssl'),
    address=dict(type='str'),
    port=dict(type='int'),
    fail_mode=dict(type='str', choices=['secure', 'standalone', 'default']),
    networks=dict(type='list', elements='dict', options=dict(
        network=dict(type='str', required=True),
        fail_mode=dict(type='str', choices=['secure', 'standalone', 'default']),
        disable_in_band=dict(type='str', choices=['true', 'false', 'default']),
    )),
)


def asked(params):
    """The controller that a task asks for, None for none, before XAPI is asked for anything.

    :raises Refused: XAPI cannot hold it.
    """
    if params['state'] == 'absent':
        return None
    return _xapi_manager.wanted(params['protocol'], params['address'], params['port'])


def survey(xe, params, controller, with_settings):
    """``dict(api, have, want, before, after, steps)``: controllers, settings, and the calls between.

    :arg controller: what :func:`asked` returned. :arg with_settings: whether to read the settings of bridges, which are None otherwise.
    :raises Refused: this XAPI cannot hold what is asked for.
    """
    port = _xapi_manager.plugin_port(_xapi_host.field_plugin())
    held = _xapi_manager.read(xe, port)
    want = _xapi_manager.fitted(controller, held['api'], port)
    before = _xapi_settings.read(xe) if with_settings else None
    after = _xapi_settings.desired(before, params['fail_mode'], params['networks']) if before else None
    # Settings first, so that the plugin, which runs when the manager is set, takes them up at once.
    steps = (_xapi_settings.plan(before, after) if before else []) + _xapi_manager.plan(held, want)
    return dict(api=held['api'], held=held, have=held['controller'], want=want, before=before, after=after, steps=steps)
