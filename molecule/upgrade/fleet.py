"""Give the lab's pools what an upgrade must leave as it is: virtual machines, high availability, auto_poweron. Idempotent.

    fleet.py CONTAINER...    the coordinators
"""

import subprocess
import sys

SR = "77777777-0000-4000-8000-000000000007"


def xe(container, *words):
    argv = ["podman", "exec", container, "/opt/xensource/bin/xe", *words]
    return subprocess.run(argv, check=True, stdout=subprocess.PIPE, text=True).stdout.strip()


def listed(container, command, *params):
    return [word for word in xe(container, command, *params, "--minimal").split(",") if word]


def furnish(container):
    pool, hosts = xe(container, "pool-list", "--minimal"), listed(container, "host-list")
    if not listed(container, "vm-list", "is-control-domain=false"):
        for host in hosts:
            name = xe(container, "host-param-get", f"uuid={host}", "param-name=name-label")
            machine = xe(container, "vm-create", f"name-label=guest-{name}")
            xe(container, "vm-start", f"uuid={machine}", f"on={host}")
    xe(container, "pool-param-set", f"uuid={pool}", "other-config:auto_poweron=true")
    if len(hosts) > 1 and xe(container, "pool-param-get", f"uuid={pool}", "param-name=ha-enabled") == "false":
        if not listed(container, "sr-list", f"uuid={SR}"):
            xe(container, "sr-introduce", f"uuid={SR}", "name-label=shared", "type=nfs", "shared=true")
            for host in hosts:
                xe(container, "pbd-plug", "uuid=" + xe(container, "pbd-create", f"host-uuid={host}", f"sr-uuid={SR}"))
        for machine in listed(container, "vm-list", "is-control-domain=false"):
            xe(container, "vm-param-set", f"uuid={machine}", "ha-restart-priority=restart")
        xe(container, "pool-ha-enable", f"heartbeat-sr-uuids={SR}", "ha-config:timeout=60")
        xe(container, "pool-param-set", f"uuid={pool}", "ha-host-failures-to-tolerate=1")


if __name__ == "__main__":
    for name in sys.argv[1:]:
        furnish(name)
