#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "net/error.h"

namespace host {

/// All of a file of at most 1 MiB. The kernel's errno, or EFBIG; the sentence names the path.
net::Result<std::string> read_text(const std::filesystem::path& file);

/// Without spaces and tabs at its ends.
std::string_view trimmed(std::string_view text);

/// The parts between any of the separators that are not empty, trimmed.
std::vector<std::string> parts(std::string_view text, std::string_view separators);

/// The lines, without their ends.
std::vector<std::string_view> lines(std::string_view text);

/// As fnmatch(3) has it: "cali*".
bool matches(const std::string& pattern, const std::string& name);

}  // namespace host
