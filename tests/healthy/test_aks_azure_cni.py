#!/usr/bin/env python3
"""Azure Kubernetes Service with Azure CNI, and with a network plug-in of one's own."""

import unittest

from case import VERIFIED, HealthyNodes, Variant
from nodes import aks, calico, images

_NODE_SUBNET = {"mode": "azure-cni", "judged": ("azure_cni.addresses", "azure_cni.wire_server")}
_CNS = {"mode": "azure-cni", "judged": ("azure_cni.cns",)}


class AzureCni(HealthyNodes):
    variants = (
        Variant("azure_cni_with_node_subnet", aks.machine(addresses=aks.secondary_addresses()), images.AKS_UBUNTU_22_04,
                cidrs=[], set_up=aks.azure_cni, reads_roots_files=True, **_NODE_SUBNET),
        # Without the drop-in the agent does not see the configuration, which is root's.
        Variant("azure_cni_whose_subnet_is_named", aks.machine(addresses=aks.secondary_addresses()),
                images.AKS_AZURE_LINUX_3, cidrs=["10.224.0.0/16"], set_up=aks.azure_cni, **_NODE_SUBNET),
        Variant("azure_cni_with_pod_subnet", aks.machine(), images.AKS_UBUNTU_24_04, cidrs=["10.241.0.0/16"],
                set_up=aks.azure_cns, **_CNS),
        Variant("azure_cni_with_overlay", aks.machine(), images.AKS_AZURE_LINUX_3, cidrs=[aks.CLUSTER_CIDR],
                set_up=aks.azure_cni_with_overlay, mode="azure-cni", **VERIFIED),
        Variant("azure_cni_with_multus", aks.machine(addresses=aks.secondary_addresses()), images.AKS_UBUNTU_22_04,
                cidrs=[], set_up=aks.azure_cni_with_multus, reads_roots_files=True, **_NODE_SUBNET),
    )


_BYO = {"mode": "calico-vxlan", "cidrs": [aks.CLUSTER_CIDR]}


class BringYourOwn(HealthyNodes):
    variants = (
        Variant("byo_cni_with_calico", aks.machine(), images.AKS_UBUNTU_22_04, set_up=aks.byo_cni, **_BYO, **VERIFIED),
        Variant("byo_cni_with_calico_3_33", aks.machine(), images.AKS_AZURE_LINUX_3, **_BYO,
                set_up=lambda node: aks.byo_cni(node, calico.PROCESS_3_33)),
        Variant("byo_cni_with_nftables", aks.machine(), images.AKS_UBUNTU_24_04, **_BYO,
                set_up=lambda node: aks.byo_cni(node, rules="calico.nft")),
        Variant("karpenters_node", aks.karpenters_machine(), images.AKS_UBUNTU_22_04, set_up=aks.byo_cni, **_BYO),
    )


if __name__ == "__main__":
    unittest.main()
