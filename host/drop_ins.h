#pragma once

#include <filesystem>
#include <span>
#include <string_view>
#include <vector>

namespace host {

/// The files of a configuration that systemd puts together from several folders, in the order in which they
/// are read: by name, whichever folder they are in. A name in an earlier folder hides the same name in later
/// ones, and an empty file or a link to /dev/null hides it altogether.
/// https://www.freedesktop.org/software/systemd/man/systemd.unit.html (and sysctl.d(5), networkd.conf(5))
std::vector<std::filesystem::path> drop_ins(std::span<const std::filesystem::path> folders,
                                            std::string_view suffix);

/// /etc, /run, /usr/local/lib and /usr/lib below `root`, each with `folder`: systemd's order of precedence.
std::vector<std::filesystem::path> system_folders(const std::filesystem::path& root, std::string_view folder);

}  // namespace host
