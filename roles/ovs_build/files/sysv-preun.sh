#!/bin/sh
# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Before the files go. $1: 0 on erase, 1 on upgrade.
if test "$1" = 0; then
    /opt/xensource/bin/xe-switch-network-backend bridge ||
        echo "openvswitch: this host was not switched to bridges: run 'xe-switch-network-backend bridge'" >&2
    for service in openvswitch openvswitch-xapi-update; do
        if chkconfig --list $service >/dev/null 2>&1; then
            chkconfig --del $service || echo "openvswitch: the service $service could not be removed" >&2
        fi
    done
fi
exit 0
