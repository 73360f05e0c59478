#include "agent/daemon/kept_node_cidrs.h"

#include <fmt/format.h>

#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "agent/daemon/replace_file.h"

namespace agent {
namespace {

constexpr auto kSchema = "calico-azure-agent/node-cidrs/v1";

}  // namespace

net::Result<void> keep_node_cidrs(const std::filesystem::path& file, const NodeCidrs& told,
                                  const std::string& vm_id) {
  auto cidrs = nlohmann::json::array();
  for (const auto& each : told.cidrs) cidrs.push_back(each.text());
  const nlohmann::json kept = {
      {"schema", kSchema}, {"vm_id", vm_id}, {"source", told.source}, {"cidrs", cidrs}};
  return replace_file(file, kept.dump() + '\n');
}

net::Result<NodeCidrs> kept_node_cidrs(const std::filesystem::path& file, const std::string& vm_id) {
  std::ifstream stream(file);
  if (!stream) return net::failure(ENOENT, fmt::format("no {}", file.string()));
  const std::string text{std::istreambuf_iterator<char>(stream), {}};
  const auto damaged = [&file] {
    return net::failure(
        EBADMSG, fmt::format("{} is damaged and not used; it is written anew when the node's pod CIDRs "
                             "are known",
                             file.string()));
  };
  try {
    const auto kept = nlohmann::json::parse(text);
    if (kept.at("schema") != kSchema) return damaged();
    if (kept.at("vm_id") != vm_id)
      return net::failure(ENOENT, fmt::format("{} is another VM's", file.string()));
    NodeCidrs told{.cidrs = {}, .source = kept.at("source").get<std::string>(), .kept = true};
    for (const auto& each : kept.at("cidrs")) {
      const auto cidr = net::Prefix::parse(each.get<std::string>());
      if (!cidr) return damaged();
      told.cidrs.push_back(*cidr);
    }
    return told;
  } catch (const nlohmann::json::exception&) {
    return damaged();
  }
}

}  // namespace agent
