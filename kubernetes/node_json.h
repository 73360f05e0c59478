#pragma once

#include <chrono>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string_view>

#include "kubernetes/kubernetes.h"

namespace kubernetes {

/// The Node in an answer or a watch event; EBADMSG, naming the field, for what is none.
net::Result<VersionedNode> parse_node(const nlohmann::json& object);

/// One line of a watch.
struct Event {
  enum class Kind { seen, deleted, nothing };
  Kind kind = Kind::nothing;
  VersionedNode versioned;  ///< where seen
};

/// ESTALE for ERROR, which ends a watch; EBADMSG for what is no event.
net::Result<Event> parse_event(std::string_view line);

/// "2026-03-01T12:00:00Z", with a fraction or an offset if need be (RFC 3339); nullopt for anything else.
std::optional<std::chrono::system_clock::time_point> from_rfc3339(std::string_view text);

}  // namespace kubernetes
