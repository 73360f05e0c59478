"""Calico on OpenShift: CRI-O's own networks in /etc/cni/net.d, Multus' and Calico's elsewhere, Felix on port 9199."""

from . import calico
from .azure_vm import AzureVm, Nic
from .control_plane import CALICO_IS_UP, READY, condition, node as node_object

CLUSTER_CIDR = "10.128.0.0/14"
_MTU = 1450


def machine():
    return AzureVm("ocp-7m9xk-worker-westeurope1-x2q8d",
                   [Nic("00:22:48:7a:00:01", ["10.0.128.4"], "ocp-7m9xk-worker-subnet", ["10.0.128.0/17"], True)],
                   "ocp-7m9xk-rg", ["10.0.0.0/16"], network="ocp-7m9xk-vnet")


def with_calico(node):
    node.lay("kubeadm-sysctl", "openshift", "calico-networkmanager", MTU=0)
    node.boot()
    node.kubelet("/var/lib/kubelet/kubeconfig", "/etc/kubernetes/ca.crt")
    node.start("/usr/bin/crio")
    node.iptables("kube-proxy.rules")
    calico.vxlan(node, "10.128.20.128/26", _MTU, (calico.Peer("10.0.128.5", "10.128.36.64/26", "66:ca:11:00:00:01"),))
    for last in (130, 131):
        node.pod_of_calico([], _MTU, addresses=[f"10.128.20.{last}"])
    calico.start(node, calico.operator("openshift,bgp", "vxlan", **{**calico.CALICO_VXLAN, "FELIX_HEALTHPORT": "9199"}))
    node.register(node_object(node.vm.node_name, ["10.128.2.0/23"], [condition(*READY), condition(*CALICO_IS_UP)]))
