#pragma once

#include <string>
#include <string_view>

namespace agent {

/// The value after a key of an ARM id, in any case: segment_of(id, "resourceGroups"); empty when there is
/// none. https://learn.microsoft.com/azure/azure-resource-manager/management/resource-name-rules
std::string_view segment_of(std::string_view id, std::string_view key);

/// The resource's own name: what stands behind the last slash.
std::string_view name_of(std::string_view id);

/// The text as one word of a POSIX shell: as it is where that is safe, else in single quotes.
std::string shell_word(std::string_view text);

}  // namespace agent
