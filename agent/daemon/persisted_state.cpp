#include "agent/daemon/persisted_state.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <nlohmann/json.hpp>

#include "agent/config/keys.h"
#include "agent/daemon/paths.h"
#include "files/read.h"
#include "imds/cache.h"

namespace agent {

namespace {

using Json = nlohmann::json;

constexpr std::size_t kMaximumSize = std::size_t{1} << 20;  // some CIDRs and names
constexpr auto kSchema = "calico-azure-agent/kept/v1";

Json cidrs_of(const node::NodeCidrs& told) {
  auto cidrs = Json::array();
  for (const auto& each : told.cidrs) cidrs.push_back(each.text());
  return {{"source", told.source}, {"cidrs", std::move(cidrs)}};
}

/// Throws for anything but what cidrs_of() wrote.
node::NodeCidrs cidrs_in(const Json& json) {
  node::NodeCidrs told{.cidrs = {}, .source = json.at("source").get<std::string>()};
  for (const auto& each : json.at("cidrs"))
    told.cidrs.push_back(net::Prefix::parse(each.get<std::string>()).value());
  told.kept = !told.source.empty();
  return told;
}

std::optional<node::ModeChoice> mode_in(const Json& json) {
  if (json.is_null()) return std::nullopt;
  const auto name = json.at("name").get<std::string>();
  for (const auto mode :
       {node::Mode::udr, node::Mode::flannel, node::Mode::azure_cni, node::Mode::calico_vxlan}) {
    if (node::mode_name(mode) == name)
      return node::ModeChoice{.mode = mode, .reason = json.at("reason").get<std::string>()};
  }
  throw std::invalid_argument("no mode");
}

/// Files of versions that did not know it have none.
std::optional<net::MacAddress> primary_in(const Json& json) {
  const auto found = json.find("primary_nic");
  if (found == json.end() || found->is_null()) return std::nullopt;
  return net::MacAddress::parse(found->get<std::string>()).value();
}

/// The file may be the service user's: no number in it makes routes ours that a configuration could not.
std::vector<std::uint8_t> protocols_in(const Json& json) {
  std::vector<std::uint8_t> protocols;
  const auto found = json.find("protocols");
  if (found == json.end()) return protocols;
  for (const auto& each : *found) {
    const auto number = each.get<std::int64_t>();
    if (each.is_number_integer() && 0 < number && number <= 255 && !protocol_refusal(number))
      protocols.push_back(static_cast<std::uint8_t>(number));
  }
  std::sort(protocols.begin(), protocols.end());
  protocols.erase(std::unique(protocols.begin(), protocols.end()), protocols.end());
  return protocols;
}

}  // namespace

std::string persisted_text(const core::PersistedState& kept) {
  Json json = {{"schema", kSchema},
               {"vm_id", kept.vm_id},
               {"node_cidrs", cidrs_of(kept.node_cidrs)},
               {"mode", nullptr}};
  if (kept.primary) json["primary_nic"] = kept.primary->text();
  json["protocols"] = kept.protocols;
  if (kept.mode) json["mode"] = {{"name", node::mode_name(kept.mode->mode)}, {"reason", kept.mode->reason}};
  return json.dump(-1, ' ', false, Json::error_handler_t::replace) + '\n';
}

net::Result<core::PersistedState> load_state(const std::filesystem::path& file) {
  const auto text = files::read(file, kMaximumSize);
  if (!text && text.error().code.value() != EFBIG) return net::pass_on(text);
  try {
    const auto json = Json::parse(text.value_or(""));
    if (json.at("schema") != kSchema) throw std::invalid_argument("another schema");
    return core::PersistedState{.vm_id = json.at("vm_id").get<std::string>(),
                                .node_cidrs = cidrs_in(json.at("node_cidrs")),
                                .mode = mode_in(json.at("mode")),
                                .primary = primary_in(json),
                                .protocols = protocols_in(json)};
  } catch (const std::exception&) {
    return net::failure(EBADMSG,
                        fmt::format("{} is damaged and not used; it is written anew when this node's pod "
                                    "CIDRs, its mode or its primary NIC are known",
                                    file.string()));
  }
}

net::Result<imds::Cached> cached_document(const std::filesystem::path& file,
                                          std::span<const net::Link> links) {
  auto cached = imds::load(file);
  if (!cached) return cached;
  const auto uuid = imds::product_uuid(product_uuid_file());
  if (!imds::same_vm(cached->reading.network, uuid, links)) {
    return net::failure(ESTALE, fmt::format("{} is not used: it describes VM {}, which is not this one{}",
                                            file.string(), cached->reading.network.identity.vm_id,
                                            uuid ? "" : " as far as MACs and addresses show"));
  }
  return cached;
}

imds::Options imds_options(const Config& config) {
  imds::Options options;
  options.endpoint = config.imds.endpoint;
  options.read_timeout = config.imds.read_timeout;
  options.poll_interval = config.imds.poll_interval;
  options.cache_file = document_cache();
  return options;
}

}  // namespace agent
