"""VXLAN between nodes, as flanneld and Felix program it: one link, and for each peer a route, an ARP entry and a
forwarding entry."""

import dataclasses

MTU = 1450  # of a NIC with 1500: 50 bytes are VXLAN's
_UNDERLAY = "eth0"


@dataclasses.dataclass
class Vtep:
    """A node's end of it."""
    link: str
    vni: int
    port: int
    mac: str
    address: str  # in the overlay
    node: str     # the node's own


def make(namespace, vtep, with_mac=True):
    """with_mac: its maker gives the link its MAC; else the kernel draws one."""
    mac = f"address {vtep.mac} " if with_mac else ""
    namespace.ip(f"link add {vtep.link} {mac}mtu {MTU} type vxlan id {vtep.vni} dstport {vtep.port} "
                 f"local {vtep.node} dev {_UNDERLAY} nolearning",
                 f"addr add {vtep.address}/32 dev {vtep.link}", f"link set {vtep.link} up")


def reach(namespace, vtep, peer, prefix, protocol="boot"):
    """`prefix` is behind the peer."""
    namespace.ip(f"route replace {prefix} via {peer.address} dev {vtep.link} onlink proto {protocol}",
                 f"neigh replace {peer.address} lladdr {peer.mac} dev {vtep.link} nud permanent")
    namespace.bridge(f"fdb replace {peer.mac} dev {vtep.link} dst {peer.node} self permanent")


def forget(namespace, vtep, peer):
    """The forwarding entry alone is lost."""
    namespace.bridge(f"fdb del {peer.mac} dev {vtep.link} dst {peer.node} self")
