#pragma once

#include <filesystem>
#include <string_view>

#include "net/error.h"

namespace agent {

/// Writes the text beside the file and renames it: a reader never sees half of it. Makes the folder.
net::Result<void> replace_file(const std::filesystem::path& file, std::string_view text);

}  // namespace agent
