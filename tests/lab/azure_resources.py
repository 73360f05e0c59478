"""The virtual network as Azure Resource Manager shows it, and `az` as far as remedies use it."""

import shlex

from .azure import NoSuchThing

SUBSCRIPTION = "8d10da13-8125-4ba9-a717-bf7490507b3d"
GROUP = "cluster"
NETWORK = "vnet"

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


def documents(network):
    """Every resource by its id, in the form of GET."""
    made = {network_id(): {"id": network_id(), "name": NETWORK,
                           "properties": {"addressSpace": {"addressPrefixes": network.address_space}}}}
    for name, subnet in network.subnets.items():
        properties = {"addressPrefixes": subnet.prefixes, "provisioningState": "Succeeded"}
        if subnet.route_table:
            properties["routeTable"] = {"id": route_table_id(subnet.route_table)}
        made[subnet_id(name)] = {"id": subnet_id(name), "name": name, "properties": properties}
    for name, routes in network.route_tables.items():
        made[route_table_id(name)] = {
            "id": route_table_id(name), "name": name,
            "properties": {"provisioningState": "Succeeded", "routes": list(map(_route, routes.values()))}}
    for nic in network.nics.values():
        made[nic_id(nic)] = {"id": nic_id(nic), "name": nic_id(nic).rpartition("/")[2], "properties": {
            "enableIPForwarding": nic.ip_forwarding, "primary": nic.number == 0,
            "macAddress": nic.mac.replace(":", "-").upper(), "virtualMachine": {"id": vm_id(nic.vm)},
            "ipConfigurations": [{"name": f"ipconfig{number}", "properties": {
                "privateIPAddress": address, "primary": number == 0, "subnet": {"id": subnet_id(nic.subnet)}}}
                for number, address in enumerate(nic.addresses)]}}
        vm = made.setdefault(vm_id(nic.vm), {"id": vm_id(nic.vm), "name": nic.vm, "properties": {
            "networkProfile": {"networkInterfaces": []}}})
        vm["properties"]["networkProfile"]["networkInterfaces"].append(
            {"id": nic_id(nic), "properties": {"primary": nic.number == 0}})
    return made


def _route(route):
    properties = {"addressPrefix": route.prefix, "nextHopType": route.next_hop_type, "provisioningState": "Succeeded"}
    if route.next_hop:
        properties["nextHopIpAddress"] = route.next_hop
    return {"name": "to-" + route.prefix.translate(str.maketrans(".:/", "---")), "properties": properties}


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
    return next(route.prefix for route in routes.values() if _route(route)["name"] == one("--name"))
