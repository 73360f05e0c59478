#pragma once

#include <string>

#include "agent/bundle/archive.h"
#include "agent/bundle/recorded_look.h"
#include "net/error.h"

namespace agent {

/// What a support bundle holds of a node: what `doctor`, `plan`, `explain`, `status` and `history` need to
/// say elsewhere what they said there.
struct Bundle {
  RecordedLook look;
  std::string status;          ///< the daemon's /status, or what the look would have had there
  std::string events = {};     ///< of the flight recorder, a JSON object a line
  std::string no_events = {};  ///< why there are none; empty: the record was read
};

/// The name of a bundle's folder, and of its file with .tar.gz: "calico-azure-agent-NODE-20261130T041200Z".
std::string bundle_name(std::string_view node_name, net::WallTime time);

/// A .tar.gz; `for_people` are further files, which nobody reads back.
net::Result<std::string> pack_bundle(const Bundle& bundle, Files for_people);
/// EBADMSG for what is no bundle.
net::Result<Bundle> unpack_bundle(std::string_view archive);

}  // namespace agent
