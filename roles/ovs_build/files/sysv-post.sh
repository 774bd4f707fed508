#!/bin/sh
# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# After the files of a SysV package are in place. $1: 1 on install, 2 on upgrade.
# Known host scripts make way for the package's own; the host's are kept in xs-saved.
ours=/usr/share/openvswitch/scripts
saved=/usr/lib/openvswitch/xs-saved
original=/usr/lib/openvswitch/xs-original
host_scripts="/etc/xensource/scripts/vif
    /opt/xensource/libexec/InterfaceReconfigure.py
    /opt/xensource/libexec/InterfaceReconfigureBridge.py
    /opt/xensource/libexec/InterfaceReconfigureVswitch.py
    /opt/xensource/libexec/interface-reconfigure"

# Where the host's own copy of a script is: an earlier package may have moved it away.
host_copy () {
    for copy in "$saved/${1##*/}" "$original/${1##*/}"; do
        if test -e "$copy"; then
            echo "$copy"
            return
        fi
    done
    if test -e "$1" && test ! -h "$1"; then
        echo "$1"
    fi
}

sums=
for script in $host_scripts; do
    copy=$(host_copy "$script")
    if test -n "$copy"; then
        sums="$sums $(md5sum <"$copy" | cut -d' ' -f1)"
    else
        echo "openvswitch: $script is not on this host"
        sums="$sums none"
    fi
done
release=$(awk -v sums="$sums" '!/^#/ && " " $2 " " $3 " " $4 " " $5 " " $6 == sums { print $1 }' "$ours/xs-host-scripts.md5")
if test -n "$release"; then
    echo "openvswitch: the host scripts are those of XenServer $release."
    replace=$host_scripts
    keep=
else
    echo "openvswitch: the host scripts are of no XenServer release that this package knows, so they are kept."
    echo "openvswitch: Open vSwitch is not verified to work with them."
    replace=
    keep=$host_scripts
fi

# Packages of long ago restored the originals on upgrade when they found them where they had put them.
mkdir -p "$saved"
if test -d "$original"; then
    find "$original" -mindepth 1 -maxdepth 1 -exec mv -f '{}' "$saved/" ';'
    rmdir "$original" || :
fi
for script in $replace; do
    name=${script##*/}
    if test -e "$ours/$name" && test -f "$script" && test ! -h "$script"; then
        mv "$script" "$saved/$name" && ln -s "$ours/$name" "$script" ||
            echo "openvswitch: $script could not be replaced" >&2
    fi
done
# What is kept, and what is not replaced any more, goes back to its place.
for script in /usr/sbin/xen-bugtool $keep; do
    if test -e "$saved/${script##*/}"; then
        mv -f "$saved/${script##*/}" "$script"
    fi
done

# xhad binds to one device and is confused by ARP answers on the others.
if ! grep -qF net.ipv4.conf.all.arp_filter /etc/sysctl.conf 2>/dev/null; then
    {
        echo "# Answer ARP on the interface that has the address only: the high availability daemon relies on it."
        echo "net.ipv4.conf.all.arp_filter = 1"
    } >>/etc/sysctl.conf
fi

if test ! -e /etc/openvswitch/conf.db; then
    mkdir -p /etc/openvswitch
    ovsdb-tool -vconsole:off create /etc/openvswitch/conf.db /usr/share/openvswitch/vswitch.ovsschema &&
        ovsdb-tool -vconsole:off transact /etc/openvswitch/conf.db \
            '["Open_vSwitch", {"op": "insert", "table": "Open_vSwitch", "row": {}}]' >/dev/null ||
        echo "openvswitch: /etc/openvswitch/conf.db could not be made" >&2
fi

# A new sysconfig, or the settings that are new since the one at hand; what the administrator wrote stays.
template=$ours/sysconfig.template
sysconfig=/etc/sysconfig/openvswitch
if test ! -e "$sysconfig"; then
    mkdir -p /etc/sysconfig
    cp "$template" "$sysconfig"
else
    sed -n 's/^# \([A-Z_]*\): .*/\1/p' "$template" | while read -r name; do
        if ! grep -q "\<$name\>" "$sysconfig"; then
            { echo; sed -n "/^# $name: /,/^# $name=/p" "$template"; } >>"$sysconfig"
        fi
    done
fi
# Where the package that is replaced owns the file, rpm is yet to take it away: sysv-posttrans.sh puts it back.
ln -f "$sysconfig" "$sysconfig.kept"

for service in openvswitch openvswitch-xapi-update; do
    if chkconfig --list $service >/dev/null 2>&1; then
        chkconfig --del $service || :
    fi
    chkconfig --add $service && chkconfig $service on ||
        echo "openvswitch: the service $service could not be enabled" >&2
done

if test "$1" = 1; then
    /opt/xensource/bin/xe-switch-network-backend vswitch ||
        echo "openvswitch: this host was not switched to Open vSwitch: run 'xe-switch-network-backend vswitch'" >&2
else
    case $(cat /etc/xensource/network.conf 2>/dev/null) in
        vswitch|openvswitch) ;;
        *)
            echo "openvswitch: the networks of this host are not made by Open vSwitch."
            echo "openvswitch: to change that run 'xe-switch-network-backend vswitch'."
            ;;
    esac
fi
exit 0
