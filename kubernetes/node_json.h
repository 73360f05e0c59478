#pragma once

#include <nlohmann/json_fwd.hpp>

#include "kubernetes/kubernetes.h"

namespace kubernetes {

/// The Node in an answer or a watch event; EBADMSG, naming the field, for what is none.
net::Result<VersionedNode> parse_node(const nlohmann::json& object);

/// What one line of a watch says.
struct Event {
  enum class Kind { seen, deleted, nothing };
  Kind kind = Kind::nothing;
  VersionedNode sighting;  ///< where seen
};

/// ESTALE for ERROR, which ends a watch; EBADMSG for what is no event.
net::Result<Event> parse_event(std::string_view line);

}  // namespace kubernetes
