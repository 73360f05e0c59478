#pragma once

#include "checks/check_table.h"

// Each check is a pure function from facts; one file per subject. check_table.cpp lists them.
namespace checks {

// imds.cpp
Finding imds_reachable(const Facts& facts);

// nic.cpp
Finding nic_found(const Facts& facts);
Finding nic_address(const Facts& facts);
Finding nic_up(const Facts& facts);
Finding nic_gateway(const Facts& facts);

// mode.cpp
Finding mode_in_force(const Facts& facts);
Finding mode_contradicted(const Facts& facts);

// routes.cpp
Finding routes_in_sync(const Facts& facts);
Finding routes_shadowed(const Facts& facts);

// sysctl.cpp
Finding sysctl_ip_forward(const Facts& facts);
Finding sysctl_nic_forwarding(const Facts& facts);
Finding sysctl_ipv6_forwarding(const Facts& facts);
Finding sysctl_accept_ra(const Facts& facts);
Finding sysctl_rp_filter(const Facts& facts);

// pods.cpp
Finding pods_node_cidr(const Facts& facts);
Finding pods_overlap(const Facts& facts);

// azure.cpp, azure_routes.cpp
Finding azure_ip_forwarding(const Facts& facts);
Finding azure_route_table(const Facts& facts);
Finding azure_node_route(const Facts& facts);
Finding azure_stale_routes(const Facts& facts);
Finding azure_vnet_range(const Facts& facts);
Finding azure_cloud_config(const Facts& facts);

// kubernetes.cpp
Finding kubernetes_node_cidr(const Facts& facts);
Finding kubernetes_route_created(const Facts& facts);

// cni.cpp, cni_ipam.cpp
Finding cni_winner(const Facts& facts);
Finding cni_plugins(const Facts& facts);
Finding cni_ipam(const Facts& facts);

// host_local.cpp
Finding cni_host_local(const Facts& facts);

// calico.cpp
Finding calico_node_name(const Facts& facts);
Finding calico_felix(const Facts& facts);
Finding calico_interface_prefix(const Facts& facts);

// calico_residue.cpp
Finding calico_residue(const Facts& facts);

// pod_links.cpp
Finding pods_addresses(const Facts& facts);
Finding pods_links(const Facts& facts);
Finding pods_mtu(const Facts& facts);

// azure_cni.cpp
Finding azure_cni_configuration(const Facts& facts);
Finding azure_cni_addresses(const Facts& facts);
Finding azure_cni_state(const Facts& facts);
Finding azure_cni_cns(const Facts& facts);
Finding azure_cni_wire_server(const Facts& facts);

// overlay_device.cpp
Finding overlay_device(const Facts& facts);

// overlay_peers.cpp
Finding overlay_peers(const Facts& facts);
Finding overlay_checksum_offload(const Facts& facts);

// overlay_backend.cpp
Finding overlay_backend(const Facts& facts);

// flannel.cpp
Finding overlay_vtep(const Facts& facts);
Finding flannel_subnet_env(const Facts& facts);

// packet_filter.cpp
Finding netfilter_forward(const Facts& facts);
Finding netfilter_backends(const Facts& facts);
Finding conntrack_room(const Facts& facts);

// network_services.cpp
Finding networkd_foreign_routes(const Facts& facts);
Finding networkmanager_unmanaged(const Facts& facts);
Finding udev_mac_policy(const Facts& facts);

// boot_sysctls.cpp
Finding sysctl_persistence(const Facts& facts);

// vf.cpp
Finding nic_vf(const Facts& facts);

// policy_rules.cpp
Finding routes_main_rules(const Facts& facts);

}  // namespace checks
