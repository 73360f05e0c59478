#pragma once

#include <filesystem>
#include <string>

#include "net/error.h"

namespace kubernetes {

/// All of a file of at most 1 MiB. The kernel's errno, or EFBIG; the sentence names the path.
net::Result<std::string> read_file(const std::filesystem::path& path);

}  // namespace kubernetes
