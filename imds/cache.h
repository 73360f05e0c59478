#pragma once

#include <chrono>
#include <filesystem>
#include <optional>
#include <span>
#include <string>

#include "imds/fetch.h"
#include "net/error.h"
#include "net/link.h"
#include "observed/node_network.h"

namespace imds {

/// The last good document, kept over reboots: one line of JSON about it (schema, time, api-version), then the
/// document byte for byte, so that `jq . FILE` shows both.
struct Cached {
  Reading reading;
  std::chrono::system_clock::time_point saved;  ///< whole seconds
};

/// Replaces the file as a whole or not at all (files::replace, mode 0644). Makes no folders. EFBIG for a
/// document that load() would refuse.
net::Result<void> save(const std::filesystem::path& file, const Reading& reading);

/// ENOENT when there is none; EFBIG above 1 MiB; EBADMSG, naming what is wrong, for a damaged one. Whether it
/// is about this machine is for same_vm() to decide.
net::Result<Cached> load(const std::filesystem::path& file);

/// True when a cached document is about this machine and not about the one whose disk was copied.
///
/// The product UUID equals vmId in either byte order: SMBIOS before 2.6 stores the first three fields
/// little-endian, and firmware that reports 2.4 shows them swapped. Without a UUID (nullopt, or one that
/// firmware left unset) a link must have both the MAC address and an address of one of the document's NICs.
bool same_vm(const observed::NodeNetwork& cached, const std::optional<std::string>& product_uuid,
             std::span<const net::Link> links);

/// The SMBIOS product UUID as the kernel shows it; nullopt when it cannot be read (not root, no DMI).
std::optional<std::string> product_uuid(const std::filesystem::path& file);

}  // namespace imds
