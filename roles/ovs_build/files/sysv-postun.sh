#!/bin/sh
# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# After the files are gone. $1: 0 on erase, 1 on upgrade.
# A link that leads nowhere stands where a replacement was that no package has any more: the host gets its own back.
saved=/usr/lib/openvswitch/xs-saved
for script in /usr/sbin/xen-bugtool \
    /etc/xensource/scripts/vif \
    /opt/xensource/libexec/interface-reconfigure \
    /opt/xensource/libexec/InterfaceReconfigure.py \
    /opt/xensource/libexec/InterfaceReconfigureBridge.py \
    /opt/xensource/libexec/InterfaceReconfigureVswitch.py
do
    if test -h "$script" && test ! -e "$script"; then
        mv -f "$saved/${script##*/}" "$script" ||
            echo "openvswitch: the host's own $script could not be put back" >&2
    fi
done
if test "$1" = 0; then
    rm -f /etc/openvswitch/conf.db /etc/openvswitch/vswitchd.cacert /etc/sysconfig/openvswitch
    # Python wrote its caches there.
    rm -rf /usr/share/openvswitch/python
    rm -f /usr/share/openvswitch/scripts/*.py[co]
    rmdir /usr/share/openvswitch/scripts /usr/share/openvswitch "$saved" /usr/lib/openvswitch 2>/dev/null || :
fi
exit 0
