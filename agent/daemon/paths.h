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

/// The DMI product UUID as the service manager read it for a daemon that is not root
/// ($CREDENTIALS_DIRECTORY/product_uuid, systemd.exec(5)), else as the kernel shows it to root.
std::filesystem::path product_uuid_file();

/// Where the service manager starts calico-azure-agent-cloud for whoever connects
/// (systemd/calico-azure-agent-cloud.socket).
inline constexpr const char* kCloudSocket = "/run/calico-azure-agent-cloud.socket";

}  // namespace agent
