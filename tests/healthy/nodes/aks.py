"""Azure Kubernetes Service: its machines and what its provisioning and its add-ons put there."""

import ipaddress

from lab import azure_cni as azure_state, cni

from . import calico
from .azure_vm import AzureVm, Nic
from .control_plane import (CALICO_IS_UP, NOT_READY, READY, ROUTE_CREATED, WAITS_FOR_ROUTES, ago, condition,
                            node as node_object)

MACS = ("7c:1e:52:0a:1b:2c", "7c:1e:52:0a:1b:3d")
_GROUP = "MC_aks-rg_aks_westeurope"
_NETWORK = "aks-vnet-29274152"
POD_CIDR = "10.244.1.0/24"
CLUSTER_CIDR = "10.244.0.0/16"  # kubenet's and overlay's default
_LABELS = {"kubernetes.azure.com/agentpool": "nodepool1", "kubernetes.azure.com/cluster": _GROUP,
           "kubernetes.azure.com/mode": "system"}


def machine(ip_forwarding=False, route_table="", number="000000", scale_set="aks-nodepool1-29274152-vmss", space=None,
            subnet=None, addresses=("10.224.0.5",), routes=None, group=_GROUP, more_nics=(), **more):
    """An instance of a node pool's scale set, in the network that AKS makes unless told otherwise."""
    nic = Nic(MACS[0], list(addresses), more.pop("subnet_name", "aks-subnet"), subnet or ["10.224.0.0/16"],
              ip_forwarding)
    return AzureVm(f"{scale_set}{number}", [nic, *more_nics], group, space or ["10.224.0.0/12"],
                   network=more.pop("network", _NETWORK), scale_set=scale_set, instance=str(int(number, 36)),
                   route_table=route_table, routes=routes or {}, **more)


def kubenet_machine(number="000000", **more):
    """With the table that kubenet needs, and IP forwarding on."""
    address = more.get("addresses", ["10.224.0.5"])[0]
    routes = more.pop("routes", {POD_CIDR: address, "10.244.0.0/24": "10.224.0.4", "10.244.2.0/24": "10.224.0.6"})
    return machine(True, "aks-agentpool-29274152-routetable", number, routes=routes, **more)


def provision(node, *trees, **words):
    """What the image's customisation leaves, and kube-proxy, on a node that the kubelet has registered."""
    vm = node.vm
    node.lay("aks", *trees, AKS_VNET_GROUP=vm.network_group or vm.group, **words)
    node.iptables("aks.rules")
    node.kubelet("/var/lib/kubelet/kubeconfig", "/etc/kubernetes/certs/ca.crt")


def kube_proxy(node):
    node.start("kube-proxy", "--conntrack-max-per-core=0", "--metrics-bind-address=0.0.0.0:10249")
    node.iptables("kube-proxy.rules")


def register(node, pod_cidrs=(), conditions=(READY,), **more):
    since = more.get("created")
    node.register(node_object(node.vm.node_name, pod_cidrs, [condition(*each, since=since) for each in conditions],
                              labels=_LABELS, **more))


def ip_masq_agent(node, cluster_cidr):
    node.start("/ip-masq-agent-v2")
    node.iptables("ip-masq-agent.rules", VNET_CIDR=node.vm.space[0], CLUSTER_CIDR=cluster_cidr)


def kubenet_with_calico(node):
    """The managed Calico of kubenet is the CNI too; it gives addresses of the node's pod CIDR."""
    provision(node, "aks-kubenet")
    start_kubenet(node)
    register(node, [POD_CIDR], (READY, ROUTE_CREATED))


def start_kubenet(node):
    kube_proxy(node)
    ip_masq_agent(node, CLUSTER_CIDR)
    node.lay("operator-host-local", MTU=0)
    calico.plug_ins(node)
    node.files.write("/var/lib/calico/mtu", "1500")
    for _ in range(2):
        node.pod_of_calico([POD_CIDR], 1500)
    calico.start(node, calico.operator("aks", **calico.HOST_LOCAL))


def fresh_kubenet(node):
    """Seconds after its boot: the kubelet has just registered, nobody has given it a pod CIDR or made its route."""
    provision(node, "aks-kubenet")
    register(node, conditions=(NOT_READY, WAITS_FOR_ROUTES), created=ago(seconds=4))


def fresh_kubenet_gets_its_network(node):
    """A minute later, as the API server and Azure tell it."""
    node.vm.routes[POD_CIDR] = node.vm.nic.addresses[0]
    node.control_plane.azure(node.vm)
    start_kubenet(node)
    register(node, [POD_CIDR], (READY, ROUTE_CREATED), created=ago(seconds=60))


def kubenet_before_its_route(node, age=60):
    """The cloud provider writes routes in batches and waits half a minute for each."""
    provision(node, "aks-kubenet")
    start_kubenet(node)
    register(node, [POD_CIDR], (READY, WAITS_FOR_ROUTES), created=ago(seconds=age))


def kubenet_alone(node):
    """Without a network policy: pods on the bridge cbr0."""
    provision(node, "aks-kubenet", "aks-kubenet-cni", POD_CIDR=POD_CIDR)
    kube_proxy(node)
    ip_masq_agent(node, CLUSTER_CIDR)
    cni.install(node.files, "bridge", "host-local", "loopback", "portmap")
    network = {"cniVersion": "0.3.1", "name": "kubenet", "type": "bridge", "bridge": "cbr0", "mtu": 1500,
               "isGateway": True, "ipMasq": False, "promiscMode": True, "hairpinMode": False,
               "ipam": {"type": "host-local", "ranges": [[{"subnet": POD_CIDR}]], "routes": [{"dst": "0.0.0.0/0"}]}}
    for _ in range(2):
        node.pod_on_bridge(network)
    register(node, [POD_CIDR], (READY, ROUTE_CREATED))


def secondary_addresses(count=30):
    """Of the NIC, for pods of Azure CNI without overlay."""
    return ["10.224.0.5", *(str(ipaddress.ip_address("10.224.0.6") + each) for each in range(count))]


def azure_cni(node, conflist="azure-cni"):
    """NodeSubnet: azure-vnet-ipam takes the NIC's further addresses."""
    provision(node, conflist)
    kube_proxy(node)
    node.wire_server()
    cni.install(node.files, "azure-vnet", "azure-vnet-ipam", "azure-vnet-telemetry", "loopback", "portmap")
    for address in node.vm.nic.addresses[1:3]:
        node.pod_of_azure(address)
    _write_azure_state(node)
    node.start("/opt/cni/bin/azure-vnet-telemetry", "-d", "/opt/cni/bin")
    calico.start(node, calico.operator("aks", **calico.AZURE_VNET), prefix="azv")
    register(node)


def azure_cns(node, conflist="azure-cni-cns", pod_addresses=("10.241.0.12", "10.241.0.13"), pod_subnet="10.241.0.0/16",
              pod_cidrs=()):
    """Pod subnet or overlay: azure-cns gives addresses, in chunks that it asks Azure for."""
    provision(node)
    start_azure_cns(node, conflist, pod_addresses, pod_subnet)
    register(node, pod_cidrs)


def start_azure_cns(node, conflist="azure-cni-cns", pod_addresses=("10.241.0.12", "10.241.0.13"),
                    pod_subnet="10.241.0.0/16"):
    """Since Kubernetes 1.32 it brings the configuration too."""
    kube_proxy(node)
    node.start("/usr/local/bin/azure-cns", "-c", "tcp://localhost:10090", "-t", "stdout")
    node.answer(10090)
    node.answer(10092, readyz=200, healthz=200)
    node.iptables("azure-cns.rules", POD_SUBNET=pod_subnet)
    cni.install(node.files, "azure-vnet", "azure-vnet-telemetry", "azure-ipam", "loopback", "portmap")
    node.lay(conflist)
    for address in pod_addresses:
        node.pod_of_azure(address)
    _write_endpoints(node)
    calico.start(node, calico.operator("aks", **calico.AZURE_VNET), prefix="azv")


def fresh(node):
    """Seconds after its boot, with any network plug-in but kubenet."""
    provision(node)
    register(node, conditions=(NOT_READY,), created=ago(seconds=4))


def fresh_gets_azure_cns(node):
    start_azure_cns(node)
    register(node, created=ago(seconds=60))


def _write_endpoints(node):
    """What azure-cns and azure-vnet keep of pods."""
    endpoints = {each.namespace.name: {"PodName": each.namespace.name, "PodNamespace": "default", "IfnameToIPMap": {
        "eth0": {"IPv4": [{"IP": each.address, "Mask": "//8AAA=="}], "HostVethName": each.link}}} for each in node.pods}
    node.write_json("/run/azure-cns/azure-endpoints.json", {"Endpoints": endpoints})
    _write_vnet_state(node)


def _write_azure_state(node):
    azure_state.write(node.files, node.vm.nic, str(node.vm.nic.network()), node.pods)


def _write_vnet_state(node):
    azure_state.write(node.files, node.vm.nic, str(node.vm.nic.network()), node.pods)
    node.files.remove(azure_state.IPAM)


PEERS = (calico.Peer("10.224.0.4", "10.244.36.64/26", "66:ca:11:00:00:01"),
         calico.Peer("10.224.0.6", "10.244.110.0/26", "66:ca:11:00:00:02"))
BLOCK = "10.244.20.128/26"


def byo_cni(node, process=calico.PROCESS, rules="calico.rules"):
    """network-plugin none, and Calico's VXLAN by tigera-operator, as its documentation has it."""
    provision(node)
    start_byo_cni(node, process, rules)
    register(node, conditions=(READY, CALICO_IS_UP))


def start_byo_cni(node, process=calico.PROCESS, rules="calico.rules"):
    mtu = 1450
    calico.plug_ins(node)  # first, as Calico's install-cni does
    node.lay("operator-calico-ipam", MTU=0)
    if rules.endswith(".nft"):
        node.start("kube-proxy", "--proxy-mode=nftables")
        node.nft("kube-proxy.nft")
    else:
        kube_proxy(node)
    node.files.write("/var/lib/calico/mtu", str(mtu))
    calico.vxlan(node, BLOCK, mtu, PEERS)
    for last in (130, 131):
        node.pod_of_calico([], mtu, addresses=[f"10.244.20.{last}"])
    calico.start(node, calico.operator("aks", "vxlan", **calico.CALICO_VXLAN), process, rules)


def fresh_gets_byo_cni(node):
    start_byo_cni(node)
    register(node, conditions=(READY, CALICO_IS_UP), created=ago(seconds=60))


def kubenet_with_a_second_nic(node):
    """As the provisioning configures it, with a default route of a higher metric."""
    node.lay("aks-second-nic", MAC_2=MACS[1])
    kubenet_with_calico(node)


def kubenet_with_imds_restriction(node):
    kubenet_with_calico(node)
    node.iptables("aks-imds-restriction.rules")


def kubenet_with_mana(node):
    node.lay("azure-vm-utils")
    kubenet_with_calico(node)


def azure_cni_with_overlay(node):
    azure_cns(node, "azure-cni-overlay", ("10.244.1.12", "10.244.1.13"), POD_CIDR, [POD_CIDR])


def azure_cni_with_multus(node):
    azure_cni(node)
    node.lay("multus-thick", MASTER="10-azure.conflist")
    cni.install(node.files, "multus-shim", "passthru")
    node.start("/usr/src/multus-cni/bin/multus-daemon")


def karpenters_machine():
    """A machine of its own, whose NIC forwards nothing."""
    return AzureVm("aks-default-x8k2p", [Nic(MACS[0], ["10.224.0.5"], "aks-subnet", ["10.224.0.0/16"])], _GROUP,
                   ["10.224.0.0/12"], network=_NETWORK)
