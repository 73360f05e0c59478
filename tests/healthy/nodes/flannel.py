"""What flanneld leaves on a node."""

import json

from lab import overlay

_MAC = "a2:f1:00:00:00:04"


def start(node, cluster_cidr, pods, peers, backend="nft"):
    """flanneld runs, with its overlay to these calico.Peers, and its rules."""
    node.start("/opt/bin/flanneld", "--ip-masq", "--kube-subnet-mgr")
    own = _vtep(node.vm.nic.addresses[0], pods, _MAC)
    overlay.make(node.machine, own)
    for peer in peers:
        overlay.reach(node.machine, own, _vtep(peer.node, peer.pods, peer.mac), peer.pods)
    node.iptables("flannel.rules", backend, CLUSTER_CIDR=cluster_cidr, POD_CIDR=pods)
    node.machine.sysctl("net/ipv4/ip_forward", 1)


def annotations(node):
    """Of the Node object."""
    domain = "flannel.alpha.coreos.com"
    return {f"{domain}/backend-data": json.dumps({"VNI": 1, "VtepMAC": _MAC}), f"{domain}/backend-type": "vxlan",
            f"{domain}/kube-subnet-manager": "true", f"{domain}/public-ip": node.vm.nic.addresses[0]}


def _vtep(node, pods, mac):
    return overlay.Vtep("flannel.1", 1, 8472, mac, pods.partition("/")[0], node)
