"""What images of Azure's marketplace and of products have: files, a network service and its leases, sysctls of the
boot, the Azure agent's firewall."""

import dataclasses

from lab.fabric import IMDS, IPV6_ROUTER, WIRE_SERVER


@dataclasses.dataclass(frozen=True)
class Image:
    """`trees`: below files/, a later one over an earlier. `metric`: of the first NIC's routes."""
    trees: tuple
    network_service: tuple = ("/usr/lib/systemd/systemd-networkd",)
    metric: int = 100
    firewall: tuple = ("waagent.rules",)
    iptables: str = "nft"  # what update-alternatives chose

    def install(self, node):
        node.lay(*self.trees)
        for number in range(len(node.vm.nics)):
            self._lease(node, number)
        node.boot()
        node.start(*self.network_service)
        node.start("/usr/sbin/chronyd")
        node.start("/usr/bin/python3", "-u", "/usr/sbin/waagent", "-daemon")
        for rules in self.firewall:
            node.iptables(rules, self.iptables)

    def _lease(self, node, number):
        """What Azure's DHCP gave the network service, and what that made of it. A service that reads router
        advertisements itself keeps the kernel from it."""
        nic, link = node.vm.nics[number], f"eth{number}"
        network, metric = nic.network(), self.metric * (number + 1)
        way = f"via {network[1]} dev {link} proto dhcp src {nic.addresses[0]} metric {metric}"
        node.machine.sysctl(f"net/ipv6/conf/{link}/accept_ra", 0)
        node.machine.ip(f"addr add {nic.addresses[0]}/{network.prefixlen} brd + dev {link} metric {metric}",
                        f"link set {link} up", f"route add default {way}",
                        f"route add {network[1]} dev {link} proto dhcp scope link "
                        f"src {nic.addresses[0]} metric {metric}")
        if number == 0:
            node.machine.ip(f"route add {IMDS} {way}", f"route add {WIRE_SERVER} {way}")
        for address in nic.of_version(6)[:1]:
            node.machine.ip(f"addr add {address}/128 dev {link} metric {metric} nodad",
                            f"route add default via {IPV6_ROUTER} dev {link} proto ra metric {metric} expires 8990")


_NETWORK_MANAGER = ("/usr/sbin/NetworkManager", "--no-daemon")

UBUNTU_22_04 = Image(("ubuntu-22.04",))
UBUNTU_24_04 = Image(("ubuntu-24.04",))
DEBIAN_12 = Image(("debian-12",))
DEBIAN_12_WITH_LEGACY = Image(("debian-12",), iptables="legacy")
RHEL_9 = Image(("rhel-9",), _NETWORK_MANAGER)
RHEL_9_WITH_CANAL = Image(("rhel-9", "rke2-canal"), _NETWORK_MANAGER)
RHCOS = Image(("rhel-9", "rhcos"), _NETWORK_MANAGER)
FLATCAR = Image(("flatcar",), metric=1024)
GARDEN_LINUX = Image(("garden-linux",), metric=1024)

AKS_UBUNTU_22_04 = Image(("ubuntu-22.04", "aks"))
AKS_UBUNTU_24_04 = Image(("ubuntu-24.04", "aks"))
AKS_AZURE_LINUX_3 = Image(("azure-linux-3", "aks", "aks-azure-linux"), metric=1024)
CAPI_UBUNTU_24_04 = Image(("ubuntu-24.04", "image-builder-ubuntu"), firewall=("waagent.rules", "image-builder.rules"))
