#pragma once

#include <filesystem>
#include <string_view>

#include "net/error.h"

namespace agent {

/// Writes the text beside the file and renames it: a reader never sees half of it. Makes the folder. Whether
/// others may read it is said here, whatever the umask is.
enum class Readers { owner, everybody };
net::Result<void> replace_file(const std::filesystem::path& file, std::string_view text,
                               Readers readers = Readers::owner);

}  // namespace agent
