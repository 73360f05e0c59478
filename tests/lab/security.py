"""Network security groups: their rules as values, as Azure Resource Manager shows them, and as nftables has them.
https://learn.microsoft.com/azure/virtual-network/network-security-groups-overview"""

import dataclasses
import ipaddress

_HOST = "168.63.129.16"
# What of Azure's own services comes and goes whatever the groups say: "Azure platform considerations".
PLATFORM = f"""\
ip daddr {{ 169.254.169.254, {_HOST}, 255.255.255.255 }} accept
    ip saddr {{ 169.254.169.254, {_HOST}, 0.0.0.0 }} accept
    udp dport {{ 67, 68, 546, 547 }} accept
    ip6 saddr {{ ::, fe80::/10 }} accept
    ip6 daddr {{ fe80::/10, ff02::/16 }} accept"""
_NO_INTERNET = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7")
_FAMILIES = {4: "ip", 6: "ip6"}
_PROTOCOLS = {"*": "", "Tcp": "meta l4proto tcp ", "Udp": "meta l4proto udp ", "Icmp": "meta l4proto { icmp, icmpv6 } "}


@dataclasses.dataclass
class SecurityRule:
    """`sources`, `destinations`: prefixes, names of service tags, "*". `ports`: of the destination."""
    name: str
    priority: int
    direction: str  # Inbound, Outbound
    access: str  # Allow, Deny
    protocol: str = "*"
    sources: list = dataclasses.field(default_factory=lambda: ["*"])
    destinations: list = dataclasses.field(default_factory=lambda: ["*"])
    ports: list = dataclasses.field(default_factory=lambda: ["*"])


_NETWORK = ["VirtualNetwork"]
DEFAULT_RULES = (
    SecurityRule("AllowVnetInBound", 65000, "Inbound", "Allow", sources=_NETWORK, destinations=_NETWORK),
    SecurityRule("AllowAzureLoadBalancerInBound", 65001, "Inbound", "Allow", sources=["AzureLoadBalancer"]),
    SecurityRule("DenyAllInBound", 65500, "Inbound", "Deny"),
    SecurityRule("AllowVnetOutBound", 65000, "Outbound", "Allow", sources=_NETWORK, destinations=_NETWORK),
    SecurityRule("AllowInternetOutBound", 65001, "Outbound", "Allow", destinations=["Internet"]),
    SecurityRule("DenyAllOutBound", 65500, "Outbound", "Deny"))


def properties(rules, rule_resource):
    """A group's, as ARM has them; `rule_resource` makes a document of a list's name, a rule's name and properties."""
    return {"provisioningState": "Succeeded", "resourceGuid": "00000000-0000-0000-0000-000000000000",
            **{key: [rule_resource(key, each.name, _rule(each)) for each in those]
               for key, those in (("securityRules", rules), ("defaultSecurityRules", DEFAULT_RULES))}}


def _rule(rule):
    def one_or_several(key, values):
        """Where there are several the singular is left out and the plural filled."""
        several = len(values) > 1
        plural = f"{key}es" if key.endswith("x") else f"{key}s"
        return {plural: values if several else [], **({} if several else {key: values[0]})}

    return {"provisioningState": "Succeeded", "protocol": rule.protocol, "priority": rule.priority,
            "direction": rule.direction, "access": rule.access,
            **one_or_several("sourcePortRange", ["*"]), **one_or_several("destinationPortRange", rule.ports),
            **one_or_several("sourceAddressPrefix", rule.sources),
            **one_or_several("destinationAddressPrefix", rule.destinations)}


def chain_name(subnet, group, direction):
    return f"group-{subnet}-{group}-{direction}"


def chain(rules, direction, virtual_network):
    """The lines of a chain that drops what the group denies and returns with the rest. `virtual_network`: the prefixes
    of the service tag."""
    for rule in sorted([*rules, *DEFAULT_RULES], key=lambda each: each.priority):
        if rule.direction != direction:
            continue
        verdict = "return" if rule.access == "Allow" else f'counter drop comment "{rule.name}"'
        for version, family in _FAMILIES.items():
            sides = [_side(family, match, names, version, virtual_network)
                     for match, names in (("saddr", rule.sources), ("daddr", rule.destinations))]
            if None not in sides:
                yield f"meta nfproto ipv{version} {''.join(sides)}{_traffic(rule)}{verdict}"


def _traffic(rule):
    if rule.ports == ["*"]:
        return _PROTOCOLS[rule.protocol]
    protocol = _PROTOCOLS[rule.protocol] or "meta l4proto { tcp, udp } "
    return f"{protocol}th dport {{ {', '.join(rule.ports)} }} "


def _side(family, match, names, version, virtual_network):
    """None where nothing of the family matches."""
    if "*" in names:
        return ""
    if names == ["Internet"]:
        return f"{family} {match} != {{ {_set([*virtual_network, *_NO_INTERNET], version)} }} "
    tags = {"VirtualNetwork": virtual_network, "AzureLoadBalancer": [_HOST]}
    listed = _set([prefix for name in names for prefix in tags.get(name, [name])], version)
    return f"{family} {match} {{ {listed} }} " if listed else None


def _set(prefixes, version):
    networks = [each for each in map(ipaddress.ip_network, prefixes) if each.version == version]
    return ", ".join(map(str, ipaddress.collapse_addresses(networks)))
