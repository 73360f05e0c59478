#pragma once

#include <filesystem>
#include <string_view>

#include "net/error.h"

namespace files {

/// Who may read it, whatever the umask is.
enum class Readers { owner, everybody };

/// Replaces the file as a whole or not at all, whenever the process or the machine dies: written beside it
/// (FILE.new), synced, renamed, and the folder synced. Makes no folders.
net::Result<void> replace(const std::filesystem::path& file, std::string_view text, Readers readers);

}  // namespace files
