#pragma once

#include <span>
#include <string_view>

namespace simulator {

/// Every documented version, oldest first
/// (https://learn.microsoft.com/azure/virtual-machines/instance-metadata-service). Text order is time order.
std::span<const std::string_view> api_versions();

bool is_api_version(std::string_view text);

/// The version that brought a field of /metadata/instance, by its path ("compute/resourceId"); the first one
/// for fields that the documentation does not date.
std::string_view field_since(std::string_view path);

}  // namespace simulator
