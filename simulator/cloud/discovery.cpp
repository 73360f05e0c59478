#include "simulator/cloud/discovery.h"

#include <nlohmann/json.hpp>

namespace simulator::cloud {
namespace {

using nlohmann::ordered_json;
using Path = std::vector<std::string>;

ordered_json versions(const Question& question) {
  const auto* const host = find_header(question.headers, "Host");
  return {{"kind", "APIVersions"},
          {"versions", {"v1"}},
          {"serverAddressByClientCIDRs",
           ordered_json::array(
               {{{"clientCIDR", "0.0.0.0/0"}, {"serverAddress", host == nullptr ? "" : *host}}})}};
}

ordered_json groups() {
  return {{"kind", "APIGroupList"}, {"apiVersion", "v1"}, {"groups", ordered_json::array()}};
}

ordered_json resources() {
  return {{"kind", "APIResourceList"},
          {"groupVersion", "v1"},
          {"resources", ordered_json::array({{{"name", "nodes"},
                                              {"singularName", "node"},
                                              {"namespaced", false},
                                              {"kind", "Node"},
                                              {"verbs", {"get", "list", "watch"}},
                                              {"shortNames", ordered_json::array({"no"})}}})}};
}

/// With what API servers of this version have and this one serves: fields of Nodes, watches, pages.
ordered_json version() {
  return {{"major", "1"},
          {"minor", "34"},
          {"gitVersion", "v1.34.0"},
          {"gitCommit", "0000000000000000000000000000000000000000"},
          {"gitTreeState", "clean"},
          {"buildDate", "2025-08-27T00:00:00Z"},
          {"goVersion", "go1.24.6"},
          {"compiler", "gc"},
          {"platform", "linux/amd64"}};
}

Answer answer_of(const ordered_json& object) {
  return {.body = object.dump() + "\n", .content_type = "application/json"};
}

}  // namespace

std::optional<Answer> discovery(const Question& question, const Target& target) {
  if (target.path == Path{"api"}) return answer_of(versions(question));
  if (target.path == Path{"apis"}) return answer_of(groups());
  if (target.path == Path{"api", "v1"}) return answer_of(resources());
  if (target.path == Path{"version"}) return answer_of(version());
  return std::nullopt;
}

}  // namespace simulator::cloud
