"""The control command's verbs, and how they are made true. Tests and administrators say the same words."""

from . import dhcp
from .azure import NEXT_HOPS, Network, NoSuchThing, Route
from .azure_resources import verbs_of
from .cloud import CERTIFICATE, CloudOrders
from .security import SecurityRule
from .simulator import Orders

USAGE = """\
nic VM[:N] ip-forwarding on|off           IP forwarding of a network interface; N is 0 where it is not said
nic VM[:N] allow|deny in|out PREFIX       a rule at the end of its network security group, made where none is
nic VM[:N] open                           no group any more
nic VM[:N] secure GROUP                   associates the group
security-group create|delete GROUP
security-group rule GROUP NAME PRIORITY Inbound|Outbound Allow|Deny PROTOCOL SOURCES DESTINATIONS PORTS
security-group remove GROUP NAME          takes a rule out
nic VM[:N] address ADDRESS[,ADDRESS]      other ipConfigurations
address-space PREFIX…                     of the virtual network
route-table create|delete TABLE
route-table add TABLE PREFIX VirtualAppliance ADDRESS
route-table add TABLE PREFIX VnetLocal|Internet|None
route-table remove TABLE PREFIX
subnet associate SUBNET TABLE             a subnet has one table at the most
subnet disassociate SUBNET
subnet secure SUBNET GROUP
subnet open SUBNET                        no group any more
imds VM fault CODE|KIND [KEY=VALUE…]      what goes wrong with its metadata service, as azure-simulator knows it
imds VM well                              nothing any more
az COMMAND…                               a remedy of the agent's, as it is written
show                                      all of it, as JSON
"""


class BadWords(ValueError):
    """The words are no command; says what would be."""


def changed(network, words):
    """The network after the command; what it was given stays as it is."""
    after = Network.from_json(network.to_json())
    match words:
        case ["nic", name, "ip-forwarding", ("on" | "off") as state]:
            after.nic(name).ip_forwarding = state == "on"
        case ["nic", name, ("allow" | "deny") as access, ("in" | "out") as direction, prefix]:
            rules = _rules_of(after, after.nic(name))
            side = "sources" if direction == "in" else "destinations"
            number = 1000 + 10 * len(rules)
            rules.append(SecurityRule(f"{access}-{number}", number, f"{direction.capitalize()}bound",
                                      access.capitalize(), **{side: [prefix]}))
        case ["nic", name, "open"]:
            after.nic(name).security_group = ""
        case ["nic", name, "secure", group]:
            after.security_group(group)
            after.nic(name).security_group = group
        case ["security-group", "create", group]:
            after.security_groups.setdefault(group, [])
        case ["security-group", "delete", group]:
            holders = [*after.subnets.values(), *after.nics.values()]
            if any(each.security_group == group for each in holders):
                raise BadWords(f"{group} is associated")
            after.security_group(group)
            del after.security_groups[group]
        case ["security-group", "rule", group, name, priority, ("Inbound" | "Outbound") as direction,
              ("Allow" | "Deny") as access, protocol, sources, destinations, ports]:
            rules = after.security_group(group)
            _take_rule(rules, name)
            if any((each.priority, each.direction) == (int(priority), direction) for each in rules):
                raise BadWords(f"SecurityRuleConflict: {group} has a rule of priority {priority}, {direction}")
            rules.append(SecurityRule(name, int(priority), direction, access, protocol, sources.split(","),
                                      destinations.split(","), ports.split(",")))
        case ["security-group", "remove", group, name]:
            if not _take_rule(after.security_group(group), name):
                raise NoSuchThing(f"no rule {name} in {group}")
        case ["nic", name, "address", addresses]:
            after.nic(name).addresses = addresses.split(",")
        case ["address-space", _, *_]:
            after.address_space = words[1:]
        case ["route-table", "create", table]:
            after.route_tables.setdefault(table, {})
        case ["route-table", "delete", table]:
            used = [name for name, subnet in after.subnets.items() if subnet.route_table == table]
            if used:
                raise BadWords(f"{table} is associated with {', '.join(used)}")
            after.route_table(table)
            del after.route_tables[table]
        case ["route-table", "add", table, prefix, "VirtualAppliance", address]:
            after.route_table(table)[prefix] = Route(prefix, "VirtualAppliance", address)
        case ["route-table", "add", table, prefix, kind] if kind in NEXT_HOPS and kind != "VirtualAppliance":
            after.route_table(table)[prefix] = Route(prefix, kind)
        case ["route-table", "remove", table, prefix]:
            if after.route_table(table).pop(prefix, None) is None:
                raise NoSuchThing(f"no route to {prefix} in {table}; there is {', '.join(after.route_table(table))}")
        case ["subnet", "associate", subnet, table]:
            after.route_table(table)
            after.subnet(subnet).route_table = table
        case ["subnet", "disassociate", subnet]:
            after.subnet(subnet).route_table = ""
        case ["subnet", "secure", subnet, group]:
            after.security_group(group)
            after.subnet(subnet).security_group = group
        case ["subnet", "open", subnet]:
            after.subnet(subnet).security_group = ""
        case _:
            raise BadWords(f"no such command: {' '.join(words)}\n{USAGE}")
    return after


def _rules_of(network, nic):
    """Of its own group."""
    if not nic.security_group:
        nic.security_group = f"{nic.vm}-nic{nic.number}-nsg"
        network.security_groups[nic.security_group] = []
    return network.security_group(nic.security_group)


def _take_rule(rules, name):
    """True where there was one of that name."""
    before = len(rules)
    rules[:] = [each for each in rules if each.name.lower() != name.lower()]
    return len(rules) < before


def imds_control(vm):
    """The port of the control endpoint of a VM's metadata service, in the fabric."""
    return 8081 + int(vm.removeprefix("vm"))


def fault(words):
    """["429"] or ["delay", "seconds=3"] as azure-simulator takes it."""
    kind, *members = words
    made = {"kind": "status", "code": int(kind)} if kind.isdigit() else {"kind": kind}
    for member in members:
        key, _, value = member.partition("=")
        made[key] = int(value) if value.isdigit() else value
    return made


class Control:
    """The network of a lab that runs. It is kept in the lab's folder, so that any process can go on."""

    def __init__(self, fabric, folder):
        self._fabric = fabric
        self._folder = folder
        self.file = folder / "network.json"

    @property
    def network(self):
        return Network.from_json(self.file.read_text(encoding="utf-8"))

    def keep(self, network):
        self.file.write_text(network.to_json(), encoding="utf-8")

    def do(self, words):
        """Makes it so, and returns what there is to say."""
        if words == ["show"]:
            return self.network.to_json()
        if words[:1] == ["imds"] and len(words) > 2:
            return self._imds(words[1], words[2:])
        before = self.network
        if words[:1] == ["az"]:
            words = verbs_of(before, words)
        after = changed(before, words)
        self._fabric.apply(before, after)
        self.keep(after)
        if [nic.addresses for nic in before.nics.values()] != [nic.addresses for nic in after.nics.values()]:
            dhcp.follow(self._fabric.namespace, self._folder, after)
        if (self._folder / CERTIFICATE).exists():
            CloudOrders(self._fabric.namespace).follow(after)
        return ""

    def _imds(self, name, words):
        orders = Orders(self._fabric.namespace, imds_control(self.network.nic(name).vm))
        match words:
            case ["fault", _, *_]:
                orders.fault(fault(words[1:]))
            case ["well"]:
                orders.fault()
            case _:
                raise BadWords(f"no such command: imds {name} {' '.join(words)}\n{USAGE}")
        return ""
