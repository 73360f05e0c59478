#include "agent/daemon/cached_document.h"

#include <fmt/format.h>

#include "agent/daemon/paths.h"
#include "imds/cache.h"

namespace agent {

net::Result<imds::Cached> cached_document(const std::filesystem::path& file,
                                          std::span<const net::Link> links) {
  auto cached = imds::load(file);
  if (!cached) return cached;
  if (!imds::same_vm(cached->reading.network, imds::product_uuid(product_uuid_file()), links)) {
    return net::failure(ESTALE, fmt::format("{} is not used: it describes VM {}, which is not this one",
                                            file.string(), cached->reading.network.identity.vm_id));
  }
  return cached;
}

}  // namespace agent
