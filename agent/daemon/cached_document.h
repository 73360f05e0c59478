#pragma once

#include <filesystem>
#include <span>

#include "imds/cache.h"
#include "net/error.h"
#include "net/link.h"

namespace agent {

/// The document kept on disk, if it is of this VM. ENOENT: there is none; ESTALE: it is another VM's (an
/// image made from a running node, say); other errors name the file.
net::Result<imds::Cached> cached_document(const std::filesystem::path& file,
                                          std::span<const net::Link> links);

}  // namespace agent
