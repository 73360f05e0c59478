#include "simulator/cloud/orders.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <string>

#include "simulator/cloud/fault_json.h"
#include "simulator/record.h"

namespace simulator::cloud {
namespace {

using nlohmann::ordered_json;
using Done = net::Result<std::string>;

std::string kinds() {
  std::string text = "the faults of ARM and Kubernetes in force, of these kinds:";
  for (const auto& each : fault_kinds())
    text += fmt::format("\n{:>16} {:<15} {}", "", each.name, each.description);
  return text;
}

Done nothing_more(const net::Result<void>& done) {
  return done.map([] { return std::string(); });
}

Done compact(Cloud& cloud, const std::string& body) {
  const auto json = ordered_json::parse(body, nullptr, /*allow_exceptions=*/false);
  if (json.is_object() && json.empty()) return nothing_more(cloud.compact(cloud.resource_version()));
  if (!json.is_object() || json.size() != 1 || !json.contains("before") ||
      !json["before"].is_number_unsigned()) {
    return net::failure(EINVAL, R"(the body is not {"before":RESOURCE-VERSION}, nor {} for now)");
  }
  return nothing_more(cloud.compact(json["before"].get<std::uint64_t>()));
}

Done put_faults(Cloud& cloud, const std::string& body) {
  auto faults = parse_faults(body);
  if (!faults) return net::pass_on(faults);
  cloud.set_faults(*std::move(faults));
  return std::string();
}

std::string faults_text(const Cloud& cloud) {
  ordered_json list = ordered_json::array();
  for (const auto& fault : cloud.faults()) list.push_back(to_json(fault));
  return list.dump(2) + "\n";
}

}  // namespace

std::vector<Order> orders(Cloud& cloud) {
  return {
      {"GET", "/arm", "what ARM has", [&](const std::string&) -> Done { return cloud.arm(); }},
      {"PUT", "/arm", "replaces it: {\"/subscriptions/...\": {document}}",
       [&](const std::string& body) { return nothing_more(cloud.set_arm(body)); }},
      {"GET", "/nodes", "the Nodes", [&](const std::string&) -> Done { return cloud.nodes(); }},
      {"PUT", "/nodes", "replaces them: {\"NAME\": {Node}}",
       [&](const std::string& body) { return nothing_more(cloud.set_nodes(body)); }},
      {"PUT", "/compaction", "{\"before\":RESOURCE-VERSION}: watches from an older one are 410; {} = now",
       [&](const std::string& body) { return compact(cloud, body); }},
      {"DELETE", "/watches", "ends those that run",
       [&](const std::string&) -> Done {
         cloud.end_watches();
         return std::string();
       }},
      {"GET", "/cloud-fault", kinds(), [&](const std::string&) -> Done { return faults_text(cloud); }},
      {"PUT", "/cloud-fault",
       "{\"kind\":KIND, \"count\":N or \"seconds\":S, \"path\":\"/subscriptions/...\"}, or a list of such",
       [&](const std::string& body) { return put_faults(cloud, body); }},
      {"DELETE", "/cloud-fault", "all is well again",
       [&](const std::string&) -> Done {
         cloud.clear_faults();
         return std::string();
       }},
      {"GET", "/cloud-requests", "how many, and the last 100",
       [&](const std::string&) -> Done {
         return record_json(cloud.request_count(), cloud.recent()).dump(2) + "\n";
       }},
      {"DELETE", "/cloud-requests", "forgets them",
       [&](const std::string&) -> Done {
         cloud.forget_requests();
         return std::string();
       }},
  };
}

}  // namespace simulator::cloud
