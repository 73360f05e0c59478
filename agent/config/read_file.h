#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>

#include "net/error.h"

namespace agent {

/// What may be read: reading a pipe may block, which a daemon cannot afford. /dev/null is an empty regular
/// file.
enum class Kinds : std::uint8_t { any, regular };

/// The contents of a file; with Kinds::any also of a pipe or device. ENOENT or ENOTDIR when there is none;
/// ENOLINK when a link on the way leads nowhere, for somebody meant a file to be there; EFBIG, without
/// reading further, when there are more than `most` bytes; EISDIR for a directory; EINVAL for another kind;
/// else the error of open(2) or read(2).
net::Result<std::string> read_file(const std::filesystem::path& path, std::size_t most,
                                   Kinds kinds = Kinds::any);

}  // namespace agent
