#include "simulator/cloud/status.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

namespace simulator::cloud {
namespace {

using nlohmann::ordered_json;

Response answer_of(unsigned code, const ordered_json& object) {
  return {.status = code, .body = object.dump() + "\n", .content_type = "application/json"};
}

/// With what it is about, as clients of Kubernetes show it.
Response about_node(unsigned code, const std::string& reason, const std::string& message,
                    const std::string& node) {
  auto object = status_object(code, reason, message);
  if (!node.empty()) object["details"]["name"] = node;
  object["details"]["kind"] = "nodes";
  return answer_of(code, object);
}

}  // namespace

ordered_json status_object(unsigned code, const std::string& reason, const std::string& message) {
  return {{"kind", "Status"},    {"apiVersion", "v1"}, {"metadata", ordered_json::object()},
          {"status", "Failure"}, {"message", message}, {"reason", reason},
          {"code", code}};
}

Response status_answer(unsigned code, const std::string& reason, const std::string& message) {
  return answer_of(code, status_object(code, reason, message));
}

Response unauthorized() { return status_answer(401, "Unauthorized", "Unauthorized"); }

Response forbidden(const std::string& user, const std::string& verb, const std::string& node,
                   const std::string& why) {
  const auto subject = node.empty() ? "nodes is" : fmt::format("nodes \"{}\" is", node);
  return about_node(
      403, "Forbidden",
      fmt::format("{} forbidden: User \"{}\" cannot {} resource \"nodes\" in API group \"\" at the cluster "
                  "scope{}",
                  subject, user, verb, why),
      node);
}

Response node_not_found(const std::string& node) {
  return about_node(404, "NotFound", fmt::format("nodes \"{}\" not found", node), node);
}

Response kubernetes_status(unsigned code, const std::string& node, bool fault_headers) {
  switch (code) {
    case 401:
      return unauthorized();
    case 403:
      return forbidden("system:serviceaccount:kube-system:calico-azure-agent", "get", node, "");
    case 404:
      return node_not_found(node);
    case 410:
      return status_answer(410, "Expired", "The resourceVersion for the provided watch is too old.");
    case 429: {
      auto response = status_answer(429, "TooManyRequests", "Too many requests, please try again later.");
      if (!fault_headers) response.extra.emplace_back("Retry-After", "1");
      return response;
    }
    case 503:
      return status_answer(503, "ServiceUnavailable", "the server is currently unable to handle the request");
    case 504:
      return status_answer(504, "Timeout", "the server was unable to return a response in the time allotted");
    default:
      return status_answer(code, code < 500 ? "BadRequest" : "InternalError", "an error on the server");
  }
}

}  // namespace simulator::cloud
