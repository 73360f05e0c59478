#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "simulator/message.h"

namespace simulator::cloud {

/// What the API server says instead of an object: kind Status.
nlohmann::ordered_json status_object(unsigned code, const std::string& reason, const std::string& message);

/// The same as an answer.
Response status_answer(unsigned code, const std::string& reason, const std::string& message);

Response unauthorized();
/// 403 for what `user` would do with the Node, "" = all of them; `why` ends the sentence.
Response forbidden(const std::string& user, const std::string& verb, const std::string& node,
                   const std::string& why);
Response node_not_found(const std::string& node);

/// What a fault's status says here; `fault_headers`: it names its own Retry-After.
Response kubernetes_status(unsigned code, const std::string& node, bool fault_headers);

}  // namespace simulator::cloud
