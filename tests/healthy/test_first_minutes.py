#!/usr/bin/env python3
"""Nodes that are seconds old when the agent starts, and become what they are to be."""

import unittest

from case import HealthyNodes, Variant
from nodes import aks, images, kubeadm

# The node of that name had another CIDR before.
_FORMER = {"10.244.7.0/24": "10.224.0.5", "10.244.0.0/24": "10.224.0.4"}
_NONE_YET = {"10.244.0.0/24": "10.224.0.4"}
_TO_COME = ("azure.node_route", "azure.stale_routes", "azure.security_groups", "kubernetes.route_created")


class FirstMinutes(HealthyNodes):
    variants = (
        Variant("fresh_kubenet", aks.kubenet_machine(routes=dict(_NONE_YET)), images.AKS_UBUNTU_22_04, "udr",
                [aks.CLUSTER_CIDR], aks.fresh_kubenet, later=aks.fresh_kubenet_gets_its_network),
        Variant("kubenet_before_its_route", aks.kubenet_machine(routes=_NONE_YET), images.AKS_UBUNTU_22_04, "udr",
                [aks.CLUSTER_CIDR], aks.kubenet_before_its_route, not_judged=_TO_COME),
        Variant("kubenet_with_a_former_route", aks.kubenet_machine(routes=_FORMER), images.AKS_AZURE_LINUX_3, "udr",
                [aks.CLUSTER_CIDR], aks.kubenet_before_its_route, not_judged=_TO_COME),
        Variant("fresh_azure_cni", aks.machine(), images.AKS_UBUNTU_24_04, "azure-cni", ["10.241.0.0/16"], aks.fresh,
                later=aks.fresh_gets_azure_cns, judged=("azure_cni.cns",)),
        Variant("fresh_byo_cni", aks.machine(), images.AKS_UBUNTU_22_04, "calico-vxlan", [aks.CLUSTER_CIDR], aks.fresh,
                later=aks.fresh_gets_byo_cni),
        Variant("fresh_flannel", kubeadm.machine(), images.DEBIAN_12, "flannel", [kubeadm.CLUSTER_CIDR], kubeadm.fresh,
                later=kubeadm.fresh_gets_flannel, calico=False),
        Variant("fresh_canal", kubeadm.machine(), images.UBUNTU_24_04, "flannel", [kubeadm.CLUSTER_CIDR], kubeadm.fresh,
                later=kubeadm.fresh_gets_canal),
    )


if __name__ == "__main__":
    unittest.main()
