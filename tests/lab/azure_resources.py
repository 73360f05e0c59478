"""The virtual network as Azure Resource Manager shows it, and `az` as far as remedies use it."""

import json
import shlex
import uuid

from . import security
from .azure import NoSuchThing

SUBSCRIPTION = "8d10da13-8125-4ba9-a717-bf7490507b3d"
GROUP = "cluster"
NETWORK = "vnet"
LOCATION = "westeurope"

_PREFIX = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{GROUP}/providers"


def vm_id(vm):
    return f"{_PREFIX}/Microsoft.Compute/virtualMachines/{vm}"


def nic_id(nic):
    return f"{_PREFIX}/Microsoft.Network/networkInterfaces/{nic.vm}-nic{nic.number}"


def network_id():
    return f"{_PREFIX}/Microsoft.Network/virtualNetworks/{NETWORK}"


def subnet_id(name):
    return f"{network_id()}/subnets/{name}"


def route_table_id(name):
    return f"{_PREFIX}/Microsoft.Network/routeTables/{name}"


def security_group_id(name):
    return f"{_PREFIX}/Microsoft.Network/networkSecurityGroups/{name}"


def security_group(identity, rules):
    """Its document; `rules` are its own."""
    return resource(identity, security.properties(
        rules, lambda key, name, properties: resource(f"{identity}/{key}/{name}", properties)))


def resource(identity, properties):
    """A document as ARM sends it. Microsoft.Network's have an etag, another one for other properties; what is a part of
    something has no location of its own, but for a scale set's instances, whose NICs have no type either."""
    provider, *rest = identity.partition("/providers/")[2].split("/")
    made = {"name": rest[-1], "id": identity}
    of_scale_set = provider == "Microsoft.Compute" and rest[-2] == "networkInterfaces"
    if provider == "Microsoft.Network" or of_scale_set:
        made["etag"] = f'W/"{uuid.uuid5(uuid.NAMESPACE_URL, identity + json.dumps(properties, sort_keys=True))}"'
    if not of_scale_set:
        made["type"] = "/".join([provider, *rest[::2]])
    if len(rest) == 2 or rest[-2] == "virtualMachines":
        made["location"] = LOCATION
    return {**made, "properties": properties}


def documents(network):
    """Every resource by its id, in the form of GET."""
    made = {}
    for name, subnet in network.subnets.items():
        made[subnet_id(name)] = resource(subnet_id(name), _subnet(subnet))
    made[network_id()] = resource(network_id(), {
        "provisioningState": "Succeeded", "addressSpace": {"addressPrefixes": network.address_space},
        "subnets": list(made.values())})
    for name, routes in network.route_tables.items():
        made[route_table_id(name)] = resource(route_table_id(name), {
            "provisioningState": "Succeeded", "disableBgpRoutePropagation": False,
            "routes": [_route(name, route) for route in routes.values()]})
    for name, rules in network.security_groups.items():
        made[security_group_id(name)] = security_group(security_group_id(name), rules)
    for nic in network.nics.values():
        made[nic_id(nic)] = resource(nic_id(nic), _nic(nic))
        vm = made.setdefault(vm_id(nic.vm), resource(vm_id(nic.vm), {
            "provisioningState": "Succeeded", "networkProfile": {"networkInterfaces": []}}))
        vm["properties"]["networkProfile"]["networkInterfaces"].append(
            {"id": nic_id(nic), "properties": {"primary": nic.number == 0}})
    return made


def _subnet(subnet):
    several = subnet.listed or len(subnet.prefixes) > 1
    properties = {"provisioningState": "Succeeded",
                  **({"addressPrefixes": subnet.prefixes} if several else {"addressPrefix": subnet.prefixes[0]})}
    if subnet.route_table:
        properties["routeTable"] = {"id": route_table_id(subnet.route_table)}
    return {**properties, **_secured(subnet)}


def _secured(holder):
    """A subnet or a NIC."""
    return {"networkSecurityGroup": {"id": security_group_id(holder.security_group)}} if holder.security_group else {}


def _nic(nic):
    return {"provisioningState": "Succeeded", "enableIPForwarding": nic.ip_forwarding, "primary": nic.number == 0,
            "macAddress": nic.mac.replace(":", "-").upper(), "virtualMachine": {"id": vm_id(nic.vm)}, **_secured(nic),
            "ipConfigurations": [resource(f"{nic_id(nic)}/ipConfigurations/ipconfig{number}", {
                "provisioningState": "Succeeded", "privateIPAddress": address, "primary": number == 0,
                "privateIPAddressVersion": "IPv6" if ":" in address else "IPv4",
                "subnet": {"id": subnet_id(nic.subnet)}}) for number, address in enumerate(nic.addresses)]}


def _route_name(route):
    return "to-" + route.prefix.translate(str.maketrans(".:/", "---"))


def _route(table, route):
    properties = {"provisioningState": "Succeeded", "addressPrefix": route.prefix, "nextHopType": route.next_hop_type}
    if route.next_hop:
        properties["nextHopIpAddress"] = route.next_hop
    return resource(f"{route_table_id(table)}/routes/{_route_name(route)}", properties)


def verbs_of(network, words):
    """The control command's words for those of an `az` command, as remedies have them; NoSuchThing for others."""
    options = {key: value for key, *value in _options(words)}

    def one(key):
        return options[key][0]

    match words[:next((place for place, word in enumerate(words) if word.startswith("--")), None)]:
        case ["az", "network", "nic", "update"]:
            nic = next(nic for nic in network.nics.values() if nic_id(nic) == one("--ids"))
            return ["nic", nic.name, "ip-forwarding", "on" if one("--ip-forwarding") == "true" else "off"]
        case ["az", "network", "vnet", "subnet", "update"]:
            return ["subnet", "associate", _name(one("--ids")), _name(one("--route-table"))]
        case ["az", "network", "vnet", "update"] if one("--ids") == network_id():
            return ["address-space", *options["--address-prefixes"]]
        case ["az", "network", "route-table", "route", ("create" | "update") as verb]:
            prefix = one("--address-prefix") if verb == "create" else _prefix_of(network, one)
            return ["route-table", "add", one("--route-table-name"), prefix, one("--next-hop-type"),
                    one("--next-hop-ip-address")]
        case ["az", "network", "nsg", "rule", "create"]:
            return ["security-group", "rule", *map(one, ("--nsg-name", "--name", "--priority", "--direction",
                                                         "--access", "--protocol")),
                    *(",".join(options[key]) for key in ("--source-address-prefixes",
                                                         "--destination-address-prefixes",
                                                         "--destination-port-ranges"))]
        case ["az", "network", "route-table", "route", "delete"]:
            return ["route-table", "remove", one("--route-table-name"), _prefix_of(network, one)]
    raise NoSuchThing(f"no such command here: {shlex.join(words)}")


def _options(words):
    """[["--ids", value, …], …]"""
    found = []
    for word in words:
        if word.startswith("--"):
            found.append([word])
        elif found:
            found[-1].append(word)
    return found


def _name(text):
    return text.rpartition("/")[2]


def _prefix_of(network, one):
    routes = network.route_table(one("--route-table-name"))
    return next(route.prefix for route in routes.values() if _route_name(route) == one("--name"))
