#!/bin/sh
# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# After the files of a replaced package are gone. A vendor's may have owned the sysconfig, which no package owns now.
sysconfig=/etc/sysconfig/openvswitch
if test -e "$sysconfig"; then
    rm -f "$sysconfig.kept"
else
    mv -f "$sysconfig.kept" "$sysconfig"
fi
exit 0
