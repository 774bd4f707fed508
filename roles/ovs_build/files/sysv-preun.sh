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
