#pragma once

#include <cstddef>
#include <filesystem>
#include <string>

#include "net/error.h"

namespace files {

/// The whole contents. Waits for nobody, whatever has been put in the file's place: a FIFO is empty, or
/// EAGAIN. EFBIG for more than `limit` bytes, of which no more are read.
net::Result<std::string> read(const std::filesystem::path& file, std::size_t limit);

}  // namespace files
