#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "net/error.h"

namespace kubernetes {

/// Whose files are read.
enum class FilesOf : std::uint8_t {
  anybody,  ///< whatever this process may read: it asks with no more rights than who named them
  root,     ///< those alone that only root can have put there (host/roots_file.h): it may read more than who
            ///< asks
};

/// All of a file of at most 1 MiB. The kernel's errno, EFBIG, or host::open_roots_file()'s; the sentence
/// names the path.
net::Result<std::string> read_file(const std::filesystem::path& path, FilesOf whose = FilesOf::anybody);

}  // namespace kubernetes
