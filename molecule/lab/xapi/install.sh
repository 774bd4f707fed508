#!/bin/sh
# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# install.sh ROOT systemd|sysv: put the XAPI stand-in into a dom0 image. As often as wanted; needs no network.
set -eu

[ $# -eq 2 ] || { echo "Usage: $0 ROOT systemd|sysv" >&2; exit 1; }
here=$(cd "$(dirname "$0")" && pwd)
root=${1%/} generation=$2
case "$generation" in
    systemd|sysv) ;;
    *) echo "$0: the generation is systemd or sysv, not '$generation'" >&2; exit 1 ;;
esac
[ -d "$root/" ] || { echo "$0: no folder $1" >&2; exit 1; }

put() { # MODE DESTINATION SOURCE...
    mode=$1 to=$root/$2
    shift 2
    mkdir -p "$to"
    for file in "$@"; do
        install -m "$mode" "$here/$file" "$to/${file##*/}"
    done
}

# Python sources in this folder carry no interpreter line; an installed program does.
program() { # DESTINATION SOURCE
    mkdir -p "$(dirname "$root/$1")"
    { echo '#!/usr/bin/env python3'; cat "$here/$2"; } > "$root/$1.new"
    chmod 755 "$root/$1.new"
    mv -f "$root/$1.new" "$root/$1"
}

for module in "$here"/labxapi/*.py; do
    put 644 opt/lab-xapi/labxapi "labxapi/${module##*/}"
done
put 755 opt/lab-xapi bin/configure
echo "$generation" > "$root/opt/lab-xapi/generation"
put 755 opt/xensource/bin bin/xe bin/xapi bin/xe-switch-network-backend bin/xe-toolstack-restart
put 755 opt/xensource/libexec bin/lab-networks
put 755 etc/xapi.d/plugins plugins/firewall-port
for folder in usr/lib/python2.7/dist-packages usr/lib/python3/dist-packages; do
    put 644 $folder python/XenAPI.py python/XenAPIPlugin.py
done
mkdir -p "$root/etc/xensource/scripts" "$root/etc/stunnel/certs" "$root/etc/openvswitch" "$root/etc/modprobe.d" "$root/etc/sysconfig" \
    "$root/var/lib/lab-xapi" "$root/var/lib/xcp" "$root/usr/bin"
[ -e "$root/usr/bin/xe" ] || ln -s ../../opt/xensource/bin/xe "$root/usr/bin/xe"
[ -e "$root/etc/xensource/network.conf" ] || echo bridge > "$root/etc/xensource/network.conf"

if [ "$generation" = systemd ]; then
    program etc/xapi.d/plugins/openvswitch-config-update plugins/openvswitch_config_update.py
    put 644 usr/lib/systemd/system systemd/xapi.service systemd/xcp-networkd.service systemd/toolstack.target
    wants() { # TARGET UNIT
        mkdir -p "$root/etc/systemd/system/$1.wants"
        ln -sfn "/usr/lib/systemd/system/$2" "$root/etc/systemd/system/$1.wants/$2"
    }
    wants multi-user.target toolstack.target
    wants toolstack.target xapi.service
    wants toolstack.target xcp-networkd.service
else
    put 755 etc/init.d sysv/xapi sysv/management-interface
    put 755 opt/xensource/libexec sysv/interface-reconfigure
    put 755 etc/xensource/scripts sysv/vif
    for module in InterfaceReconfigure InterfaceReconfigureBridge InterfaceReconfigureVswitch; do
        echo "# The lab's $module: a checksum that no package knows." > "$root/opt/xensource/libexec/$module.py"
    done
    if [ -z "$root" ] && command -v update-rc.d >/dev/null; then
        update-rc.d management-interface defaults
        update-rc.d xapi defaults
    else
        rc() { # NAME START STOP
            for level in 2 3 4 5; do mkdir -p "$root/etc/rc$level.d"; ln -sfn "../init.d/$1" "$root/etc/rc$level.d/S$2$1"; done
            for level in 0 1 6; do mkdir -p "$root/etc/rc$level.d"; ln -sfn "../init.d/$1" "$root/etc/rc$level.d/K$3$1"; done
        }
        rc management-interface 11 89
        rc xapi 23 77
    fi
fi
