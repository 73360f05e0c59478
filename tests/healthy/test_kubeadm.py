#!/usr/bin/env python3
"""Clusters of one's own, and OpenShift."""

import unittest

from case import VERIFIED, HealthyNodes, Variant
from nodes import images, kubeadm, openshift

_CIDRS = [kubeadm.CLUSTER_CIDR]


class Kubeadm(HealthyNodes):
    variants = (
        Variant("flannel", kubeadm.machine(), images.DEBIAN_12, "flannel", _CIDRS, kubeadm.with_flannel, calico=False,
                judged=("flannel.subnet_env",)),
        Variant("canal", kubeadm.machine(), images.RHEL_9_WITH_CANAL, "flannel", _CIDRS, kubeadm.with_canal,
                network_manager=True, **VERIFIED),
        Variant("canal_of_calico_3_0", kubeadm.machine(), images.DEBIAN_12_WITH_LEGACY, "flannel", _CIDRS,
                kubeadm.with_canal_3_0),
        Variant("policy_only_with_docker", kubeadm.routed_machine(), images.UBUNTU_22_04, "udr", _CIDRS,
                kubeadm.with_docker),
        Variant("policy_only_with_other_engines", kubeadm.routed_machine(name="Worker-2"), images.UBUNTU_24_04, "udr",
                _CIDRS, kubeadm.with_other_engines, reads_roots_files=True),
        Variant("policy_only_with_legacy_iptables", kubeadm.routed_machine(), images.DEBIAN_12_WITH_LEGACY, "udr",
                _CIDRS, lambda node: kubeadm.with_policy_only(node, "legacy")),
        Variant("calico_with_route_server", kubeadm.machine(), images.UBUNTU_24_04, "calico-vxlan", _CIDRS,
                kubeadm.with_route_server),
        Variant("openshift", openshift.machine(), images.RHCOS, "calico-vxlan", [openshift.CLUSTER_CIDR],
                openshift.with_calico, network_manager=True, not_judged=("cni.winner", "cni.plugins", "cni.mode")),
    )


if __name__ == "__main__":
    unittest.main()
