"""Gardener's shoots on Azure: overlay off, routes by the cloud controller, Calico in kube-system."""

from lab import cni

from . import calico
from .azure_vm import AzureVm, Nic
from .control_plane import READY, ROUTE_CREATED, condition, node as node_object

CLUSTER_CIDR, _POD_CIDR = "100.96.0.0/11", "100.96.1.0/24"
KUBECONFIG = "/var/lib/kubelet/kubeconfig-real"
_SHOOT = "shoot--garden--az"


def machine(zone="z1"):
    return AzureVm(f"{_SHOOT}-worker-{zone}-5f7d9-x8k2p",
                   [Nic("60:45:bd:a1:00:01", ["10.250.0.4"], f"{_SHOOT}-nodes", ["10.250.0.0/16"], True)], _SHOOT,
                   ["10.250.0.0/16"], network=_SHOOT, route_table="worker_route_table",
                   routes={_POD_CIDR: "10.250.0.4", "100.96.0.0/24": "10.250.0.5"})


def with_calico(node):
    node.lay("gardener", "gardener-calico")
    node.boot()
    node.kubelet(KUBECONFIG, "/var/lib/kubelet/ca.crt")
    node.files.write("/var/lib/kubelet/config/kubelet", "kind: KubeletConfiguration\nclusterDNS:\n- 100.64.0.10\n")
    node.start("kube-proxy", "--config=/var/lib/kube-proxy-config/config.yaml", "--v=2")
    node.iptables("kube-proxy.rules")
    calico.plug_ins(node)
    for _ in range(2):
        node.pod_of_calico([_POD_CIDR], 1500)
    calico.start(node, calico.GARDENER)
    node.register(node_object(node.vm.node_name, [_POD_CIDR], [condition(*READY), condition(*ROUTE_CREATED)]))


def without_identity(node):
    """Its machines have one only if the shoot asks for it."""
    node.imds.fault(kind="identity_not_found")
    with_calico(node)


def with_multus(node):
    with_calico(node)
    node.lay("multus-thin")
    cni.install(node.files, "multus")
    node.start("/thin_entrypoint", "--multus-conf-file=auto", "--multus-master-cni-file-name=10-calico.conflist")
