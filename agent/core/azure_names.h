#pragma once

#include <string_view>

namespace agent {

/// The value after a key of an ARM id, in any case: segment_of(id, "resourceGroups"); empty when there is
/// none. https://learn.microsoft.com/azure/azure-resource-manager/management/resource-name-rules
std::string_view segment_of(std::string_view id, std::string_view key);

/// The resource's own name: what stands behind the last slash.
std::string_view name_of(std::string_view id);

}  // namespace agent
