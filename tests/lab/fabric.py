"""Azure's network between VMs: one namespace, to which every NIC is a cable. It routes by destination and route table
alone, checks each packet's source and destination against the NIC's addresses, and loses what it does not carry without
a word, as Azure does."""

import ipaddress

from . import security
from .azure import is_ipv6
from .namespace import CommandFailed

FABRIC_MAC = "12:34:56:78:9a:bc"
IMDS = "169.254.169.254"
WIRE_SERVER = "168.63.129.16"
IPV6_ROUTER = "fe80::1234:5678:9abc"

# Where lost packets go. A device, for proxy ARP answers only for what leads somewhere else, and Azure answers for all.
_LOST = "lost"
_DELIVERY = 99  # every address of the virtual network, behind the subnets' own tables
_FIRST_SUBNET = 100

_CHECKS = """
table inet azure
delete table inet azure
table inet azure {{
  set own4 {{
    type ifname . ipv4_addr
    {own4}
  }}
  set own6 {{
    type ifname . ipv6_addr
    {own6}
  }}
  set platform_clients {{
    type ifname . ipv4_addr
    {platform_clients}
  }}
  set ports {{
    type ifname
    {ports}
  }}
  set forwarding {{
    type ifname
    {forwarding}
  }}
  chain from_nic {{
    type filter hook prerouting priority raw
    iifname != @ports accept
    meta l4proto {{ 4, 47 }} counter drop comment "IP in IP, GRE: Azure carries neither"
    ip daddr 224.0.0.0/4 drop
    ip daddr {{ {imds}, {wire_server} }} iifname . ip saddr != @platform_clients drop
    iifname @forwarding accept
    iifname . ip saddr @own4 accept
    iifname . ip6 saddr @own6 accept
    ip saddr 0.0.0.0 udp dport 67 accept
    ip6 saddr {{ ::, fe80::/10 }} accept
    counter drop comment "source is not the NIC's"
  }}
  chain to_nic {{
    type filter hook postrouting priority 0
    oifname != @ports accept
    oifname @forwarding accept
    oifname . ip daddr @own4 accept
    oifname . ip6 daddr @own6 accept
    ip daddr 255.255.255.255 accept
    ip6 daddr {{ fe80::/10, ff02::/16 }} accept
    counter drop comment "destination is not the NIC's"
  }}
{groups}  chain security_out {{
    type filter hook prerouting priority -150
    ct state established,related accept
    {platform}
    {security_out}
  }}
  chain security_in {{
    type filter hook postrouting priority -10
    ct state established,related accept
    {platform}
    {security_in}
  }}
  chain silence {{
    type filter hook output priority 0
    icmp type {{ destination-unreachable, time-exceeded, redirect, parameter-problem }} drop
    icmpv6 type {{ destination-unreachable, time-exceeded, packet-too-big, parameter-problem, nd-redirect }} drop
  }}
}}
"""

_IMDS_OF_EACH_VM = """
table ip imds {{
  map servers {{
    type ifname : ipv4_addr
    {servers}
  }}
  chain to_server {{
    type nat hook prerouting priority dstnat
    ip daddr {imds} tcp dport 80 dnat ip to iifname map @servers
  }}
}}
"""


def route_lines(network):
    """What the fabric's kernel routes by, as lines for `ip route replace`."""
    for nic in network.nics.values():
        first = {}
        for address in nic.addresses:
            primary = first.setdefault(is_ipv6(address), address)
            # Azure delivers to the NIC, whether or not the VM answers for a further address.
            way = f"dev {nic.port}" if primary == address else f"via {primary} dev {nic.port} onlink"
            yield f"{address} {way} table {_DELIVERY}"
    for number, subnet in enumerate(network.subnets, _FIRST_SUBNET):
        for route in network.effective_routes(subnet):
            appliance = network.owner(route.next_hop) if route.next_hop_type == "VirtualAppliance" else None
            if route.next_hop_type == "VnetLocal":
                yield f"throw {route.prefix} table {number}"
            elif appliance:
                yield f"{route.prefix} via {route.next_hop} dev {appliance.port} onlink table {number}"
            else:
                yield f"{route.prefix} dev {_LOST} table {number}"


def checks(network):
    """The nftables rules of the network, for one transaction."""
    nics = network.nics.values()
    pairs = [(nic, address) for nic in nics for address in nic.addresses]
    return _CHECKS.format(
        imds=IMDS, wire_server=WIRE_SERVER,
        own4=_elements(f'"{nic.port}" . {address}' for nic, address in pairs if not is_ipv6(address)),
        own6=_elements(f'"{nic.port}" . {address}' for nic, address in pairs if is_ipv6(address)),
        platform_clients=_elements(f'"{nic.port}" . {nic.addresses[0]}' for nic in nics if nic.number == 0),
        ports=_elements(f'"{nic.port}"' for nic in nics),
        forwarding=_elements(f'"{nic.port}"' for nic in nics if nic.ip_forwarding),
        platform=security.PLATFORM, groups="".join(_group_chains(network)),
        security_out="\n    ".join(_security(network, "Outbound")),
        security_in="\n    ".join(_security(network, "Inbound")))


def _elements(items):
    listed = ", ".join(items)
    return f"elements = {{ {listed} }}" if listed else ""


def _groups(network, nic, direction):
    """Of a NIC: what comes in meets the subnet's first, what goes out the NIC's."""
    both = (network.subnet(nic.subnet).security_group, nic.security_group)
    return [each for each in (both if direction == "Inbound" else reversed(both)) if each]


def _group_chains(network):
    """Each group for each subnet where it is met, for the service tag VirtualNetwork is the subnet's."""
    met = {(nic.subnet, group, direction) for nic in network.nics.values() for direction in ("Inbound", "Outbound")
           for group in _groups(network, nic, direction)}
    for subnet, group, direction in sorted(met):
        lines = security.chain(network.security_group(group), direction, network.virtual_network(subnet))
        body = "".join(f"    {line}\n" for line in lines)
        yield f"  chain {security.chain_name(subnet, group, direction)} {{\n{body}  }}\n"


def _security(network, direction):
    end = {"Outbound": "iifname", "Inbound": "oifname"}[direction]
    for nic in network.nics.values():
        for group in _groups(network, nic, direction):
            yield f'{end} "{nic.port}" jump {security.chain_name(nic.subnet, group, direction)}'


class Fabric:
    """build() makes it for a network, plug() connects the NICs of that, and apply() follows its changes."""

    def __init__(self, namespace):
        self.namespace = namespace

    def build(self, network):
        namespace = self.namespace
        for key in ("net.ipv4.ip_forward", "net.ipv6.conf.all.forwarding"):
            namespace.sysctl(key, 1)
        for scope in ("all", "default"):
            namespace.sysctl(f"net.ipv4.conf.{scope}.send_redirects", 0)
        servers = imds_servers(network)
        namespace.ip(*(f"addr add {address}/32 dev lo" for address in (IMDS, *servers.values())),
                     f"link add {_LOST} type ifb", f"link set {_LOST} up",
                     f"route add 0.0.0.0/0 dev {_LOST} table {_DELIVERY}",
                     f"route add ::/0 dev {_LOST} table {_DELIVERY}")
        for family in ("-4", "-6"):  # replies of the metadata services
            namespace.ip(f"rule add lookup {_DELIVERY} pref 300", options=[family])
        _nft(namespace, _IMDS_OF_EACH_VM.format(
            imds=IMDS, servers=_elements(f'"{port}" : {address}' for port, address in servers.items())))

    def plug(self, network, nic, namespace, name, mac=None):
        """A cable from the NIC's port to a link of that name in the VM."""
        fabric = self.namespace
        fabric.ip(f"link add {nic.port} address {FABRIC_MAC} type veth "
                  f"peer name {name} address {mac or nic.mac} netns {namespace.name}",
                  f"link set {nic.port} addrgenmode none up", f"addr add {WIRE_SERVER}/32 dev {nic.port}",
                  *(f"addr add {address} dev {nic.port} nodad" for address in _routers(network.subnet(nic.subnet))))
        fabric.sysctl(f"net.ipv4.conf.{nic.port}.proxy_arp", 1)
        fabric.sysctl(f"net.ipv4.neigh.{nic.port}.proxy_delay", 0)
        table = _FIRST_SUBNET + list(network.subnets).index(nic.subnet)
        for family in ("-4", "-6"):
            fabric.ip(f"rule add iif {nic.port} lookup {table} pref 100",
                      f"rule add iif {nic.port} lookup {_DELIVERY} pref 200", options=[family])

    def apply(self, before, after):
        """Makes it so; packets in flight meet the routes of before or of after, never none."""
        had = set(route_lines(before)) if before else set()
        wanted = set(route_lines(after))
        stay = {_key(line) for line in wanted}
        self.namespace.ip(*(f"route replace {line}" for line in sorted(wanted - had)),
                          *(f"route del {line}" for line in sorted(had - wanted) if _key(line) not in stay))
        _nft(self.namespace, checks(after))


def _routers(subnet):
    """Who advertises itself, and who does in a prefix: an address there makes dnsmasq serve it."""
    yield f"{IPV6_ROUTER}/64"
    for prefix in map(ipaddress.ip_network, filter(is_ipv6, subnet.prefixes)):
        yield f"{prefix[1]}/{prefix.prefixlen}"


def imds_servers(network):
    """Each VM's own metadata service: the fabric sends what a VM says to 169.254.169.254 to this address."""
    primary = (nic for nic in network.nics.values() if nic.number == 0)
    return {nic.port: f"192.0.2.{number}" for number, nic in enumerate(primary, 1)}


def _key(line):
    """Table and destination: what a route replaces."""
    words = line.removeprefix("throw ").split()
    return words[0], words[words.index("table") + 1]


def _nft(namespace, text):
    done = namespace.run("nft", "-f", "-", input=text, stdin=None)
    if done.returncode != 0:
        raise CommandFailed(f"nft: {done.stderr.strip()}")
