#pragma once

#include <filesystem>
#include <string_view>
#include <vector>

#include "net/address.h"

namespace kubernetes {

/// Addresses of Kubernetes services that this node is told of: KUBERNETES_SERVICE_HOST (in a pod), and the
/// cluster's name servers in the kubelet's configuration. Nothing on a node tells the whole range; an address
/// of it is enough to see that pods were given the same. What cannot be read tells none.
std::vector<net::Address> service_addresses(
    const std::filesystem::path& kubelet_config = "/var/lib/kubelet/config.yaml");

/// clusterDNS of a KubeletConfiguration, without link-local addresses: those are of a cache on the node.
/// https://kubernetes.io/docs/reference/config-api/kubelet-config.v1beta1/
std::vector<net::Address> cluster_dns(std::string_view kubelet_config);

}  // namespace kubernetes
