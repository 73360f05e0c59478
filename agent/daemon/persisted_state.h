#pragma once

#include <filesystem>
#include <string>

#include "core/persisted_state.h"
#include "net/error.h"

namespace agent {

/// The contents of the file that load_state() reads.
std::string persisted_text(const core::PersistedState& state);

/// What was kept, on whatever VM; of protocol numbers those alone that routes.protocol could have. ENOENT:
/// nothing; EBADMSG for a damaged file.
net::Result<core::PersistedState> load_state(const std::filesystem::path& file);

}  // namespace agent
