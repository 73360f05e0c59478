#pragma once

#include <filesystem>

namespace agent {

/// /run/calico-azure-agent, or the first folder of systemd's $RUNTIME_DIRECTORY.
std::filesystem::path runtime_directory();

/// /var/lib/calico-azure-agent, or the first folder of systemd's $STATE_DIRECTORY.
std::filesystem::path state_directory();

/// The last good IMDS document.
std::filesystem::path document_cache();

/// What this node was found to be (kept.h).
std::filesystem::path kept_file();

}  // namespace agent
