#pragma once

#include <filesystem>

#include "net/descriptor.h"
#include "net/error.h"

namespace host {

/// Opens a regular file for reading that nobody but root can have put there or written: it and every folder
/// and link on the way to it (those behind links too) belong to root, and group and others may write none of
/// the folders and not the file. So a link may lead anywhere: it is root's own. What is judged are
/// descriptors, each opened below the one before, never names: whoever renames meanwhile changes nothing.
///
/// EACCES, naming what is not root's alone; EINVAL for a path that does not begin with '/'; else open(2)'s.
net::Result<net::Descriptor> open_roots_file(const std::filesystem::path& path);

}  // namespace host
