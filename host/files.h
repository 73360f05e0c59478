#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "net/descriptor.h"
#include "net/error.h"

namespace host {

/// The files of a configuration that systemd puts together from several folders, in the order in which they
/// are read: by name, whichever folder they are in. A name in an earlier folder hides the same name in later
/// ones, and an empty file or a link to /dev/null hides it altogether.
/// https://www.freedesktop.org/software/systemd/man/systemd.unit.html (and sysctl.d(5), networkd.conf(5))
std::vector<std::filesystem::path> drop_ins(std::span<const std::filesystem::path> folders,
                                            std::string_view suffix);

/// /etc, /run, /usr/local/lib and /usr/lib below `root`, each with `folder`: systemd's order of precedence.
std::vector<std::filesystem::path> system_folders(const std::filesystem::path& root, std::string_view folder);

/// All of a file of at most 1 MiB. The kernel's errno, or EFBIG; the sentence names the path.
net::Result<std::string> read_text(const std::filesystem::path& file);

/// Opens a regular file for reading that nobody but root can have put there or written: it and every folder
/// and link on the way to it (those behind links too) belong to root, and group and others may write none of
/// the folders and not the file. So a link may lead anywhere: it is root's own. What is judged are
/// descriptors, each opened below the one before, never names: a rename meanwhile changes nothing.
///
/// EACCES, naming what is not root's alone; EINVAL for a path that does not begin with '/'; else open(2)'s.
net::Result<net::Descriptor> open_roots_file(const std::filesystem::path& path);

}  // namespace host
