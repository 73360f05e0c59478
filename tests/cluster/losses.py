"""What Azure loses between the pods of vm1 and vm2, and what brings it back: words of the control command."""

from case import ROUTE_TABLE

# In both directions, for an answer is lost too.
LOSSES = {
    "ip_forwarding": ("nic vm2 ip-forwarding off", "nic vm2 ip-forwarding on"),
    "no_table": ("subnet disassociate nodes", f"subnet associate nodes {ROUTE_TABLE}"),
    "no_route": (f"route-table remove {ROUTE_TABLE} 10.244.2.0/24",
                 f"route-table add {ROUTE_TABLE} 10.244.2.0/24 VirtualAppliance 10.240.0.5"),
    "next_hop_left_behind": (f"route-table add {ROUTE_TABLE} 10.244.2.0/24 VirtualAppliance 10.240.0.77",
                             f"route-table add {ROUTE_TABLE} 10.244.2.0/24 VirtualAppliance 10.240.0.5"),
    "longer_route_to_none": (f"route-table add {ROUTE_TABLE} 10.244.2.0/25 None",
                             f"route-table remove {ROUTE_TABLE} 10.244.2.0/25"),
}
# From vm1 to vm2; answers in the other direction pass.
ONE_WAY_LOSSES = {
    "into_vm2": ("nic vm2 deny in 10.244.0.0/16", "nic vm2 open"),
    "out_of_vm1": ("nic vm1 deny out 10.244.0.0/16", "nic vm1 open"),
}
