#include "simulator/cloud/control_handlers.h"

#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "simulator/control_handlers.h"

namespace simulator::cloud {
namespace {

using nlohmann::ordered_json;

net::Result<void> compact(Cloud& cloud, const std::string& body) {
  const auto json = ordered_json::parse(body, nullptr, /*allow_exceptions=*/false);
  if (json.is_object() && json.empty()) return cloud.compact(cloud.resource_version());
  if (!json.is_object() || json.size() != 1 || !json.contains("before") ||
      !json["before"].is_number_unsigned()) {
    return net::failure(EINVAL, R"(the body is not {"before":RESOURCE-VERSION}, nor {} for now)");
  }
  return cloud.compact(json["before"].get<std::uint64_t>());
}

}  // namespace

std::vector<ControlHandler> control_handlers(Cloud& cloud) {
  std::vector<ControlHandler> handlers = {
      on_get("/arm", "what ARM has", [&] { return cloud.arm(); }),
      on_put("/arm", R"(replaces it: {"/subscriptions/...": {document}})",
             [&](const std::string& body) { return cloud.set_arm(body); }),
      on_get("/nodes", "the Nodes", [&] { return cloud.nodes(); }),
      on_put("/nodes", R"(replaces them: {"NAME": {Node}})",
             [&](const std::string& body) { return cloud.set_nodes(body); }),
      on_put("/compaction", R"({"before":RESOURCE-VERSION}: watches from an older one are 410; {} = now)",
             [&](const std::string& body) { return compact(cloud, body); }),
      on_delete("/watches", "ends those that run", [&] { cloud.end_watches(); }),
  };
  for (auto& handler : service_control_handlers(cloud, "/cloud-")) handlers.push_back(std::move(handler));
  return handlers;
}

}  // namespace simulator::cloud
