"""kOps on Azure: a scale set for each instance group, Calico's VXLAN always."""

from . import calico
from .azure_vm import AzureVm, Nic
from .control_plane import CALICO_IS_UP, READY, condition, node as node_object

CLUSTER_CIDR = "100.96.0.0/11"
_MTU = 1450


def machine():
    return AzureVm("nodes000000", [Nic("00:22:48:7a:00:01", ["10.0.0.4"], "eastus", ["10.0.0.0/24"], True)],
                   "minimal-azure.example.com", ["10.0.0.0/16"], network="minimal-azure.example.com",
                   scale_set="nodes.minimal-azure.example.com", route_table="minimal-azure.example.com")


def with_calico(node):
    node.lay("kops", "calico-vxlan", MTU=_MTU)
    node.boot()
    node.kubelet("/var/lib/kubelet/kubeconfig")
    node.start("/usr/local/bin/kube-proxy", "--cluster-cidr=100.96.0.0/11")
    node.iptables("kube-proxy.rules")
    calico.plug_ins(node)
    calico.vxlan(node, "100.97.20.128/26", _MTU, (calico.Peer("10.0.0.5", "100.97.36.64/26", "66:ca:11:00:00:01"),
                                                  calico.Peer("10.0.0.6", "100.97.110.0/26", "66:ca:11:00:00:02")))
    for last in (130, 131):
        node.pod_of_calico([], _MTU, addresses=[f"100.97.20.{last}"])
    calico.start(node, calico.KOPS)
    node.register(node_object(node.vm.node_name, ["100.96.1.0/24"], [condition(*READY), condition(*CALICO_IS_UP)]))
