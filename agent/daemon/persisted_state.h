#pragma once

#include <filesystem>
#include <span>
#include <string>

#include "agent/config/config.h"
#include "core/event.h"
#include "imds/cache.h"
#include "imds/fetch.h"
#include "net/error.h"
#include "net/link.h"

namespace agent {

/// The contents of the file that load_state() reads.
std::string persisted_text(const core::PersistedState& state);

/// What was kept, on whatever VM; of protocol numbers those alone that routes.protocol could have. ENOENT:
/// nothing; EBADMSG for a damaged file.
net::Result<core::PersistedState> load_state(const std::filesystem::path& file);

/// The document kept on disk, if it is of this VM. ENOENT: there is none; ESTALE: it is another VM's (an
/// image made from a running node, say); other errors name the file.
net::Result<imds::Cached> cached_document(const std::filesystem::path& file,
                                          std::span<const net::Link> links);

/// How to ask IMDS, and where its document is kept.
imds::Options imds_options(const Config& config);

}  // namespace agent
