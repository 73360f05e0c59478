#pragma once

#include <chrono>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>

#include "simulator/cloud/node_store.h"
#include "simulator/message.h"

namespace simulator::cloud {

/// The API server's answer instead of an object: kind Status.
nlohmann::ordered_json status_object(unsigned code, const std::string& reason, const std::string& message);

/// The same as an answer.
Response status_answer(unsigned code, const std::string& reason, const std::string& message);

Response unauthorized();
/// 403 for what `user` would do with the Node, "" = all of them; `why` ends the sentence.
Response forbidden(const std::string& user, const std::string& verb, const std::string& node,
                   const std::string& why);
Response node_not_found(const std::string& node);

/// The response for a fault's status; `fault_headers`: it names its own Retry-After.
Response kubernetes_status(unsigned code, const std::string& node, bool fault_headers);

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
