#pragma once

#include <sys/types.h>

#include <filesystem>
#include <initializer_list>
#include <optional>
#include <string_view>

namespace host {

/// The first process of this network namespace with one of these names, as /proc/PID/comm has them: their
/// first fifteen characters.
std::optional<pid_t> find_process(const std::filesystem::path& root,
                                  std::initializer_list<std::string_view> names);

}  // namespace host
