#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>

#include "net/error.h"
#include "net/time.h"

namespace agent {

/// Files by name, as a .tar.gz holds them: small ones, in one folder.
using Files = std::map<std::string, std::string>;

/// What an archive may hold when it is read: more is no bundle, whoever made it.
inline constexpr std::size_t kLargestArchive = std::size_t{64} * 1024 * 1024;

/// A .tar.gz (ustar, POSIX 1003.1) of these files in that folder, readable by their owner alone.
net::Result<std::string> pack(std::string_view folder, const Files& files, net::WallTime time);

/// The plain files of a .tar.gz without their folders; what else it holds is left out. EBADMSG for what is no
/// such archive, EFBIG for one that is larger unpacked than kLargestArchive.
net::Result<Files> unpack(std::string_view archive);

}  // namespace agent
