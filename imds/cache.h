#pragma once

#include <chrono>
#include <filesystem>

#include "imds/reading.h"
#include "net/error.h"

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
/// is about this machine is for same_vm() to say.
net::Result<Cached> load(const std::filesystem::path& file);

}  // namespace imds
