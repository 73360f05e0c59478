#!/usr/bin/env python3
"""Azure Kubernetes Service with kubenet: Azure's route table leads to pods."""

import unittest

from case import HealthyNodes, Variant
from nodes import aks, images
from nodes.azure_vm import Nic

_KUBENET = {"mode": "udr", "cidrs": [aks.CLUSTER_CIDR], "set_up": aks.kubenet_with_calico}
_BYO = {"space": ["10.1.0.0/16"], "subnet": ["10.1.4.0/24"], "subnet_name": "aks", "network": "corp-vnet",
        "network_group": "corp-network", "addresses": ["10.1.4.5"],
        "routes": {aks.POD_CIDR: "10.1.4.5", "10.244.0.0/24": "10.1.4.4"}}


class Kubenet(HealthyNodes):
    variants = (
        Variant("kubenet_with_calico_on_ubuntu_22_04", aks.kubenet_machine(), images.AKS_UBUNTU_22_04, **_KUBENET),
        Variant("kubenet_with_calico_on_ubuntu_24_04", aks.kubenet_machine(), images.AKS_UBUNTU_24_04, **_KUBENET),
        Variant("kubenet_with_calico_on_azure_linux_3", aks.kubenet_machine(), images.AKS_AZURE_LINUX_3, **_KUBENET),
        Variant("kubenet_in_a_network_of_another_resource_group", aks.kubenet_machine(**_BYO), images.AKS_UBUNTU_22_04,
                **_KUBENET),
        Variant("kubenet_on_the_eleventh_instance", aks.kubenet_machine("00000A"), images.AKS_UBUNTU_22_04, **_KUBENET),
        Variant("kubenet_with_imds_restriction", aks.kubenet_machine(), images.AKS_UBUNTU_24_04, "udr",
                [aks.CLUSTER_CIDR], aks.kubenet_with_imds_restriction),
        Variant("kubenet_without_policies", aks.kubenet_machine(), images.AKS_UBUNTU_22_04, "udr", [aks.CLUSTER_CIDR],
                aks.kubenet_alone, calico=False),
        Variant("kubenet_with_a_second_nic",
                aks.kubenet_machine(more_nics=[Nic(aks.MACS[1], ["10.225.0.5"], "second", ["10.225.0.0/16"])]),
                images.AKS_UBUNTU_22_04, "udr", [aks.CLUSTER_CIDR], aks.kubenet_with_a_second_nic),
        Variant("kubenet_with_accelerated_networking", aks.kubenet_machine(), images.AKS_UBUNTU_22_04, vf="enP30832s1",
                **_KUBENET),
        Variant("kubenet_with_mana", aks.kubenet_machine(), images.AKS_UBUNTU_24_04, "udr", [aks.CLUSTER_CIDR],
                aks.kubenet_with_mana, vf="enP30832s1np0"),
    )


if __name__ == "__main__":
    unittest.main()
