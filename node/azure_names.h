#pragma once

#include <string_view>

namespace node {

/// The value after a key of an ARM id, in any case: segment_of(id, "resourceGroups"); empty when there is
/// none. https://learn.microsoft.com/azure/azure-resource-manager/management/resource-name-rules
std::string_view segment_of(std::string_view id, std::string_view key);

/// The resource's own name: what stands behind the last slash.
std::string_view name_of(std::string_view id);

/// What the cloud provider puts between a node's name and the CIDR where a node has two.
/// https://github.com/kubernetes-sigs/cloud-provider-azure/blob/master/pkg/provider/azure_routes.go
inline constexpr std::string_view kBeforeTheCidr = "____";

/// Whether the cloud provider would give a route of this node's that name. Azure keeps the case of names, and
/// compares without.
bool is_named_after(std::string_view node, std::string_view route);

}  // namespace node
