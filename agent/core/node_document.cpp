#include "agent/core/node_document.h"

#include <fmt/format.h>

#include <utility>

#include "agent/core/nic_resolution.h"

namespace agent {

void NodeDocument::take_cached(net::NodeNetwork network, std::string api_version, WallTime saved) {
  network_ = std::move(network);
  status_.source = ImdsSource::cache;
  status_.last_success = saved;
  status_.api_version = std::move(api_version);
}

void NodeDocument::take_reading(net::NodeNetwork network, std::string api_version,
                                const std::optional<std::span<const net::Link>>& links, MonoTime now,
                                WallTime wall) {
  ++reading_;
  if (!links || matches_any_link(network, *links)) {
    without_link_ = 0;
  } else if (++without_link_ < kReadingsWithoutLink) {
    status_.last_error =
        fmt::format("no link of this machine has a MAC that IMDS names ({} of {} such readings)",
                    without_link_, kReadingsWithoutLink);
    return;
  }
  network_ = std::move(network);
  status_ = {.source = ImdsSource::live,
             .last_success = wall,
             .last_success_mono = now,
             .api_version = std::move(api_version),
             .last_error = ""};
}

void NodeDocument::take_failure(std::string error) {
  ++failures_;
  status_.last_error = std::move(error);
}

}  // namespace agent
