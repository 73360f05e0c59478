#pragma once

#include <string_view>

#include "observed/cni.h"

namespace cni {

/// Whether the file holds one JSON object, as azure-vnet.json and azure-endpoints.json do; EBADMSG, as a
/// predicate of the file, if not.
net::Result<void> check_azure_state(std::string_view text);

/// The addresses in azure-vnet-ipam.json, over all address spaces and pools; what is absent counts as none.
/// EBADMSG, as a predicate of the file, for what is no JSON object.
/// https://github.com/Azure/azure-container-networking/blob/master/ipam/pool.go
net::Result<observed::AzureCniState::Pool> parse_azure_pool(std::string_view text);

}  // namespace cni
