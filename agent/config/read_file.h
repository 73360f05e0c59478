#pragma once

#include <cstddef>
#include <filesystem>
#include <string>

#include "net/error.h"

namespace agent {

/// The contents of a file, pipe or device. ENOENT when there is none; EFBIG, without reading further, when
/// there are more than `most` bytes; EISDIR for a directory; else what open(2) or read(2) said.
net::Result<std::string> read_file(const std::filesystem::path& path, std::size_t most);

}  // namespace agent
