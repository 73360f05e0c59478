"""What an administrator of Azure sees: a virtual network, its subnets, route tables and network interfaces. Values
only; fabric.py makes them true of packets. Terms and rules are Azure's
(https://learn.microsoft.com/azure/virtual-network, "Virtual network traffic routing")."""

import dataclasses
import ipaddress
import json

from .security import SecurityRule

NEXT_HOPS = ("VirtualAppliance", "VnetLocal", "Internet", "None")

# System routes to None: private and shared addresses that the virtual network does not have itself.
_NOWHERE = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10")


@dataclasses.dataclass
class Route:
    prefix: str
    next_hop_type: str
    next_hop: str = ""


@dataclasses.dataclass
class Nic:
    vm: str
    number: int
    mac: str
    subnet: str
    addresses: list  # the ipConfigurations; the first is the primary one
    ip_forwarding: bool = False
    security_group: str = ""

    @property
    def name(self):
        return f"{self.vm}:{self.number}"

    @property
    def port(self):
        """The fabric's end of the cable."""
        return f"{self.vm}-{self.number}"


@dataclasses.dataclass
class Subnet:
    prefixes: list
    route_table: str = ""
    security_group: str = ""
    listed: bool = False  # ARM shows a single prefix as addressPrefixes too, as for the portal's subnets of today


class NoSuchThing(LookupError):
    """The words name something that is not there."""


@dataclasses.dataclass
class Network:
    address_space: list
    subnets: dict = dataclasses.field(default_factory=dict)
    route_tables: dict = dataclasses.field(default_factory=dict)  # name: {prefix: Route}
    nics: dict = dataclasses.field(default_factory=dict)  # "vm1:0": Nic
    security_groups: dict = dataclasses.field(default_factory=dict)  # name: its own SecurityRules

    def nic(self, name):
        """`vm1` is the first NIC of vm1, `vm1:1` the second."""
        return _find(self.nics, name if ":" in name else f"{name}:0", "NIC")

    def subnet(self, name):
        return _find(self.subnets, name, "subnet")

    def route_table(self, name):
        return _find(self.route_tables, name, "route table")

    def security_group(self, name):
        return _find(self.security_groups, name, "network security group")

    def virtual_network(self, subnet):
        """What the service tag VirtualNetwork holds for its NICs: prefixes of user-defined routes, too."""
        table = self.subnet(subnet).route_table
        routes = self.route_table(table) if table else ()
        return [*self.address_space, *(each for each in routes if not each.endswith("/0"))]

    def owner(self, address):
        """The NIC with this address in an ipConfiguration."""
        return next((nic for nic in self.nics.values() if address in nic.addresses), None)

    def effective_routes(self, subnet):
        """What leaves the subnet, as Azure chooses it: of equal prefixes the user-defined route wins; the longest
        prefix is the fabric's business."""
        routes = {prefix: Route(prefix, "VnetLocal") for prefix in self.address_space}
        for prefix in ("0.0.0.0/0", "::/0"):
            routes[prefix] = Route(prefix, "Internet")
        for prefix in _NOWHERE:
            routes.setdefault(prefix, Route(prefix, "None"))
        table = self.subnet(subnet).route_table
        if table:
            routes.update(self.route_table(table))
        return list(routes.values())

    def to_json(self):
        return json.dumps(dataclasses.asdict(self), indent=1)

    @classmethod
    def from_json(cls, text):
        found = json.loads(text)
        return cls(found["address_space"],
                   {name: Subnet(**subnet) for name, subnet in found["subnets"].items()},
                   {name: {prefix: Route(**route) for prefix, route in table.items()}
                    for name, table in found["route_tables"].items()},
                   {name: Nic(**nic) for name, nic in found["nics"].items()},
                   {name: [SecurityRule(**rule) for rule in rules]
                    for name, rules in found["security_groups"].items()})


def is_ipv6(text):
    return ipaddress.ip_network(text, strict=False).version == 6


def _find(things, name, kind):
    if name not in things:
        raise NoSuchThing(f"no {kind} {name!r}; there is {', '.join(things) or 'none'}")
    return things[name]
