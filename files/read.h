#pragma once

#include <cstddef>
#include <filesystem>
#include <string>

#include "net/descriptor.h"
#include "net/error.h"

namespace files {

/// The whole contents. Waits for nobody, whatever has been put in the file's place: a FIFO is empty, or
/// EAGAIN. EFBIG for more than `limit` bytes, of which no more are read.
net::Result<std::string> read(const std::filesystem::path& file, std::size_t limit);

/// What is left of an open file. The error is a predicate of it: "cannot be read: …", "is larger than 4 KiB".
net::Result<std::string> read_rest(const net::Descriptor& file, std::size_t limit);

}  // namespace files
