#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "simulator/cloud/node_store.h"
#include "simulator/message.h"
#include "simulator/target.h"

namespace simulator::cloud {

/// A watch as the client asked for it.
struct WatchRequest {
  NodeStore::Watch place;
  std::chrono::seconds timeout;
  bool bookmarks = false;
};

struct KubernetesReply {
  Response response;  ///< of a watch: its head alone
  std::optional<WatchRequest> watch = {};
};

/// GET of a Node, a list of them, or a watch. Users system:node:NAME may see their own Node alone, as the
/// node authorizer of Kubernetes 1.34 has it; others see all.
KubernetesReply answer_kubernetes(const Request& request, const Target& target,
                                  const std::optional<std::string>& user, const NodeStore& store);

/// True below /api and /apis.
bool is_kubernetes(const Target& target);

/// The Node that the request is about; empty when it is about all.
std::string node_of(const Target& target);

}  // namespace simulator::cloud
