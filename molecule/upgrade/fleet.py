"""Give the lab's pools what an upgrade must leave as it is: virtual machines, high availability, auto_poweron. Idempotent."""

from dom0 import POOLS

SR = "77777777-0000-4000-8000-000000000007"


def furnish(coordinator, members):
    xe, listed = coordinator.xe, coordinator.listed
    hosts = {member: coordinator.uuid_of(member) for member in members}
    pool = xe("pool-list", "--minimal")
    if not listed("vm-list", is_control_domain="false"):
        for name, uuid in hosts.items():
            xe("vm-start", uuid=xe("vm-create", name_label=f"guest-{name}"), on=uuid)
    xe("pool-param-set", "other-config:auto_poweron=true", uuid=pool)
    if len(hosts) > 1 and coordinator.pool_param("ha-enabled") == "false":
        if not listed("sr-list", uuid=SR):
            xe("sr-introduce", uuid=SR, name_label="shared", type="nfs", shared="true")
            for uuid in hosts.values():
                xe("pbd-plug", uuid=xe("pbd-create", host_uuid=uuid, sr_uuid=SR))
        for machine in listed("vm-list", is_control_domain="false"):
            xe("vm-param-set", uuid=machine, ha_restart_priority="restart")
        xe("pool-ha-enable", "ha-config:timeout=60", heartbeat_sr_uuids=SR)
        xe("pool-param-set", uuid=pool, ha_host_failures_to_tolerate="1")


if __name__ == "__main__":
    for fleet in POOLS:
        furnish(fleet[0], fleet)
