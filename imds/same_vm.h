#pragma once

#include <filesystem>
#include <optional>
#include <span>
#include <string>

#include "net/link.h"
#include "observed/node_network.h"

namespace imds {

/// True when a cached document is about this machine and not about the one whose disk was copied.
///
/// The product UUID equals vmId in either byte order: SMBIOS before 2.6 stores the first three fields
/// little-endian, and firmware that says 2.4 shows them swapped. Without a UUID (nullopt, or one that
/// firmware left unset) a link must have both the MAC address and an address of one of the document's NICs.
bool same_vm(const observed::NodeNetwork& cached, const std::optional<std::string>& product_uuid,
             std::span<const net::Link> links);

/// The SMBIOS product UUID as the kernel shows it; nullopt when it cannot be read (not root, no DMI).
std::optional<std::string> product_uuid(const std::filesystem::path& file);

}  // namespace imds
