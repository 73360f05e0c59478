"""Clusters of the Cluster API Provider for Azure, by its templates and add-ons."""

from lab import cni

from . import calico, kubeadm
from .azure_vm import AzureVm, Nic
from .control_plane import CALICO_IS_UP, READY, ROUTE_CREATED

_POD_CIDR, _POD_CIDR6 = "10.244.1.0/24", "2001:1234:5678:9a41::/64"
CLUSTER_CIDR, CLUSTER_CIDR6 = "10.244.0.0/16", "2001:1234:5678:9a40::/58"
VXLAN_CIDR = "192.168.0.0/16"
_MTU = 1350


def machine(ipv6=False, ip_forwarding=False, routes=None, addresses=("10.1.0.4",)):
    """A Machine's, with the templates' virtual network."""
    addresses = [*addresses, *(["2001:1234:5678:9abd::4"] if ipv6 else [])]
    prefixes = ["10.1.0.0/16", *(["2001:1234:5678:9abd::/64"] if ipv6 else [])]
    nic = Nic("00:0d:3a:5b:10:01", addresses, "node-subnet", prefixes, ip_forwarding)
    return AzureVm("capz-md-0-7xk2p-hs9vd", [nic], "capz",
                   ["10.0.0.0/8", *(["2001:1234:5678:9a00::/56"] if ipv6 else [])], network="capz-vnet",
                   route_table="capz-node-routetable", routes=routes or {})


def dual_stack_machine():
    return machine(True, True, {_POD_CIDR: "10.1.0.4", _POD_CIDR6: "2001:1234:5678:9abd::4",
                                "10.244.2.0/24": "10.1.0.5", "2001:1234:5678:9a42::/64": "2001:1234:5678:9abd::5"})


def ipv6_machine():
    return machine(True, True, {_POD_CIDR6: "2001:1234:5678:9abd::4",
                                "2001:1234:5678:9a42::/64": "2001:1234:5678:9abd::5"})


def vxlan(node, process=calico.PROCESS):
    """templates/addons/calico."""
    node.lay("capz", "operator-calico-ipam", MTU=_MTU)
    kubeadm.join(node, "10.96.0.10")
    kubeadm.kube_proxy(node)
    calico.plug_ins(node)
    calico.vxlan(node, "192.168.20.128/26", _MTU, (calico.Peer("10.1.0.5", "192.168.36.64/26", "66:ca:11:00:00:01"),
                                                   calico.Peer("10.0.0.4", "192.168.110.0/26", "66:ca:11:00:00:02")))
    for last in (130, 131):
        node.pod_of_calico([], _MTU, addresses=[f"192.168.20.{last}"])
    calico.start(node, calico.operator(backend="vxlan", FELIX_VXLANMTU=str(_MTU), FELIX_WIREGUARDMTU=str(_MTU),
                                       **calico.CALICO_VXLAN), process)
    kubeadm.register(node, ["192.168.1.0/24"], (READY, CALICO_IS_UP))


def dual_stack(node):
    """templates/addons/calico-dual-stack."""
    _routed(node, "operator-host-local-dual", [_POD_CIDR, _POD_CIDR6], ipv4=True)


def ipv6(node):
    """templates/addons/calico-ipv6."""
    _routed(node, "operator-host-local-ipv6", [_POD_CIDR6], ipv4=False)


def _routed(node, conflist, pod_cidrs, ipv4):
    node.lay("capz", conflist, MTU=_MTU)
    kubeadm.join(node, "10.0.0.10" if ipv4 else "fd00::10")
    kubeadm.kube_proxy(node, ipv6=True)
    calico.plug_ins(node)
    for _ in range(2):
        node.pod_of_calico(pod_cidrs, _MTU)
    families = {"IP": "autodetect", "IP_AUTODETECTION_METHOD": "first-found"} if ipv4 else {}
    calico.start(node, calico.operator(FELIX_VXLANMTU=str(_MTU), IP6="autodetect", FELIX_IPV6SUPPORT="true",
                                       IP6_AUTODETECTION_METHOD="first-found", **calico.HOST_LOCAL, **families))
    kubeadm.register(node, pod_cidrs, (READY, ROUTE_CREATED))


def azure_cni_machine():
    return machine(addresses=["10.1.0.4", *(f"10.1.0.{last}" for last in range(10, 40))])


def azure_cni(node):
    """templates/addons/azure-cni-v1."""
    node.lay("capz", "azure-cni-of-image")
    kubeadm.join(node, "10.96.0.10")
    kubeadm.kube_proxy(node)
    node.wire_server()
    cni.install(node.files, "azure-vnet", "azure-vnet-ipam", "azure-vnet-telemetry", "loopback", "portmap")
    for address in node.vm.nic.addresses[1:3]:
        node.pod_of_azure(address)
    kubeadm.write_azure_state(node)
    kubeadm.register(node, ["10.244.1.0/24"], (READY,))
