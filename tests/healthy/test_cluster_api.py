#!/usr/bin/env python3
"""The Cluster API Provider for Azure, kOps and Gardener."""

import unittest

from case import HealthyNodes, Variant
from nodes import capz, gardener, images, kops

_IPV6 = ("sysctl.ipv6_forwarding", "sysctl.accept_ra")


class ClusterApi(HealthyNodes):
    variants = (
        Variant("capz_with_vxlan", capz.machine(), images.CAPI_UBUNTU_24_04, "calico-vxlan", [capz.VXLAN_CIDR],
                capz.vxlan),
        Variant("capz_with_dual_stack", capz.dual_stack_machine(), images.CAPI_UBUNTU_24_04, "udr",
                [capz.CLUSTER_CIDR, capz.CLUSTER_CIDR6], capz.dual_stack, judged=_IPV6),
        Variant("capz_with_ipv6", capz.ipv6_machine(), images.CAPI_UBUNTU_24_04, "udr", [capz.CLUSTER_CIDR6], capz.ipv6,
                judged=_IPV6),
        Variant("capz_with_azure_cni", capz.azure_cni_machine(), images.CAPI_UBUNTU_24_04, "azure-cni", [],
                capz.azure_cni, calico=False, judged=("azure_cni.addresses", "azure_cni.wire_server")),
    )


class Kops(HealthyNodes):
    variants = (
        Variant("kops", kops.machine(), images.UBUNTU_24_04, "calico-vxlan", [kops.CLUSTER_CIDR], kops.with_calico),
    )


_NAMED = {"config": {"kubernetes": {"kubeconfig": gardener.KUBECONFIG}}}
_UNTOLD = ("kubernetes.node_cidr", "kubernetes.route_created", "pods.node_cidr")


class Gardener(HealthyNodes):
    variants = (
        Variant("gardener_on_garden_linux", gardener.machine(), images.GARDEN_LINUX, "udr", [gardener.CLUSTER_CIDR],
                gardener.with_calico, **_NAMED),
        Variant("gardener_on_ubuntu", gardener.machine(), images.UBUNTU_22_04, "udr", [gardener.CLUSTER_CIDR],
                gardener.with_calico, **_NAMED),
        Variant("gardener_on_flatcar", gardener.machine(), images.FLATCAR, "udr", [gardener.CLUSTER_CIDR],
                gardener.with_calico, **_NAMED),
        Variant("gardener_without_identity", gardener.machine("z2"), images.GARDEN_LINUX, "udr",
                [gardener.CLUSTER_CIDR], gardener.without_identity, azure_answers=False, kubernetes_answers=False,
                not_judged=_UNTOLD),
        Variant("gardener_with_multus", gardener.machine(), images.GARDEN_LINUX, "udr", [gardener.CLUSTER_CIDR],
                gardener.with_multus, reads_roots_files=True, **_NAMED),
    )


if __name__ == "__main__":
    unittest.main()
