"""Pods: a namespace with eth0, and the node's end of it."""

import hashlib

from . import cni
from .azure import is_ipv6

_CALICO_MAC = "ee:ee:ee:ee:ee:ee"
_CALICO_GATEWAY6 = "fe80::ecee:eeff:feee:eeee"  # what the kernel makes of that MAC
_AZURE_MAC = "aa:aa:aa:aa:aa:aa"
_GATEWAY = "169.254.1.1"  # nobody's: the node answers for it (proxy ARP)


class Pod:
    """`link`: the node's end."""

    def __init__(self, namespace, addresses, link):
        self.namespace = namespace
        self.addresses = addresses
        self.link = link

    @property
    def address(self):
        return self.addresses[0]


def calico(node, namespace, addresses, mtu):
    """A host route to a veth, as Calico's plug-in and Felix leave it."""
    pod = _routed(node, namespace, addresses, "cali", _CALICO_MAC, mtu, "scope link")
    for address in addresses:
        if is_ipv6(address):
            namespace.ip(f"route add default via {_CALICO_GATEWAY6} dev eth0")
    return pod


def azure(node, namespace, address, mtu):
    """The same as Azure CNI leaves it in mode transparent."""
    pod = _routed(node, namespace, [address], "azv", _AZURE_MAC, mtu, "proto static scope global")
    namespace.ip(f"neigh replace {_GATEWAY} lladdr {_AZURE_MAC} dev eth0 nud permanent")
    return pod


def bridged(node, namespace, network):
    """Behind a bridge, by CNI's plug-in of that name."""
    made = cni.call(node, "bridge", "ADD", namespace, network)
    link = next(each["name"] for each in made["interfaces"] if each["name"].startswith("veth"))
    return Pod(namespace, cni.addresses(made), link)


def _routed(node, namespace, addresses, prefix, mac, mtu, route):
    link = prefix + hashlib.sha1(namespace.name.encode()).hexdigest()[:11]
    lengths = [(address, 128 if is_ipv6(address) else 32) for address in addresses]
    node.ip(f"link add {link} address {mac} mtu {mtu} type veth peer name eth0 mtu {mtu} netns {namespace.name}")
    for key, value in (("conf/{}/proxy_arp", 1), ("conf/{}/route_localnet", 1), ("conf/{}/forwarding", 1),
                       ("neigh/{}/proxy_delay", 0)):
        node.sysctl("net/ipv4/" + key.format(link), value)
    namespace.ip(*(f"addr add {address}/{length} dev eth0 nodad" if is_ipv6(address) else
                   f"addr add {address}/{length} dev eth0" for address, length in lengths), "link set eth0 up")
    node.ip(f"link set {link} up",
            *(f"route add {address}/{length} dev {link} {route}" for address, length in lengths))
    namespace.ip(f"route add {_GATEWAY} dev eth0 scope link", f"route add default via {_GATEWAY} dev eth0")
    return Pod(namespace, addresses, link)
