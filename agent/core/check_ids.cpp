#include "agent/core/check_ids.h"

#include <array>

namespace agent {
namespace {

constexpr std::array<std::string_view, 15> kIds = {
    "imds.reachable",        "nic.found",
    "nic.address",           "nic.up",
    "nic.gateway",           "routes.in_sync",
    "routes.shadowed",       "sysctl.ip_forward",
    "sysctl.nic_forwarding", "sysctl.ipv6_forwarding",
    "sysctl.accept_ra",      "sysctl.rp_filter",
    "pods.node_cidr",        "pods.overlap",
    "pods.cluster_cidr",
};

}  // namespace

std::span<const std::string_view> check_ids() { return kIds; }

}  // namespace agent
