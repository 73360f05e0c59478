#include "agent/cloud/cloud_state_json.h"

#include <unistd.h>

#include <cerrno>
#include <nlohmann/json.hpp>
#include <string_view>
#include <utility>

#include "agent/cloud/line_json.h"
#include "json/values.h"
#include "net/foreign_text.h"

namespace nlohmann {

template <>
struct adl_serializer<observed::Service>
    : ::json::NamedSerializer<observed::Service, observed::kServiceNames> {};
template <>
struct adl_serializer<observed::RequestOutcome>
    : ::json::NamedSerializer<observed::RequestOutcome, observed::kRequestOutcomeNames> {};

template <>
struct adl_serializer<observed::AzureDirection>
    : ::json::NamedSerializer<observed::AzureDirection, observed::kAzureDirectionNames> {};
template <>
struct adl_serializer<observed::AzureAccess>
    : ::json::NamedSerializer<observed::AzureAccess, observed::kAzureAccessNames> {};
template <>
struct adl_serializer<observed::AzureProtocol>
    : ::json::NamedSerializer<observed::AzureProtocol, observed::kAzureProtocolNames> {};

}  // namespace nlohmann

namespace observed {

// What a bundle of an earlier version lacks is written and read one by one.

NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(AzureIpConfiguration, address, subnet_id, primary)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(AzureAddresses, any, prefixes, tags, groups)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(AzureSecurityRule, name, priority, direction, access, protocol, source,
                                   destination, source_ports, destination_ports)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(AzureSecurityGroup, id, rules)

void to_json(nlohmann::json& to, const AzureNic& nic) {
  to = {{"id", nic.id},
        {"mac", nic.mac},
        {"ip_forwarding", nic.ip_forwarding},
        {"configurations", nic.configurations},
        {"security_group_id", nic.security_group_id}};
}
void from_json(const nlohmann::json& from, AzureNic& nic) {
  from.at("id").get_to(nic.id);
  from.at("mac").get_to(nic.mac);
  from.at("ip_forwarding").get_to(nic.ip_forwarding);
  from.at("configurations").get_to(nic.configurations);
  ::json::read_if_there(from, "security_group_id", nic.security_group_id);
}

void to_json(nlohmann::json& to, const AzureSubnet& subnet) {
  to = {{"id", subnet.id},
        {"prefixes", subnet.prefixes},
        {"route_table_id", subnet.route_table_id},
        {"security_group_id", subnet.security_group_id}};
}
void from_json(const nlohmann::json& from, AzureSubnet& subnet) {
  from.at("id").get_to(subnet.id);
  from.at("prefixes").get_to(subnet.prefixes);
  from.at("route_table_id").get_to(subnet.route_table_id);
  ::json::read_if_there(from, "security_group_id", subnet.security_group_id);
}

NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(AzureRoute, name, destination, prefix, next_hop_type, next_hop,
                                   provisioning_state)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(AzureRouteTable, id, provisioning_state, routes)

void to_json(nlohmann::json& to, const AzureVirtualNetwork& network) {
  to = {{"id", network.id}, {"address_space", network.address_space}, {"peered", network.peered}};
}
void from_json(const nlohmann::json& from, AzureVirtualNetwork& network) {
  from.at("id").get_to(network.id);
  from.at("address_space").get_to(network.address_space);
  ::json::read_if_there(from, "peered", network.peered);
}

void to_json(nlohmann::json& to, const AzureNetwork& azure) {
  to = {{"read_at", azure.read_at}, {"nic", azure.nic},
        {"subnet", azure.subnet},   {"route_table", azure.route_table},
        {"network", azure.network}, {"security_groups", azure.security_groups}};
}
void from_json(const nlohmann::json& from, AzureNetwork& azure) {
  from.at("read_at").get_to(azure.read_at);
  from.at("nic").get_to(azure.nic);
  from.at("subnet").get_to(azure.subnet);
  from.at("route_table").get_to(azure.route_table);
  from.at("network").get_to(azure.network);
  ::json::read_if_there(from, "security_groups", azure.security_groups);
}

NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(KubernetesCondition, status, reason, message, since)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(FlannelAnnotations, backend_type, vtep_mac, public_ip, public_ip_overwrite)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(KubernetesNode, name, pod_cidrs, created, network_unavailable, flannel,
                                   provider_id, internal_addresses)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(CloudConfig, cloud, resource_manager_endpoint, route_table_name,
                                   route_table_resource_group, user_assigned_identity, resource_group,
                                   subscription, network_subscription)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Request, to, outcome, took)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(CloudState, azure, node, cloud_config, service_addresses, requests)

}  // namespace observed

namespace agent {

namespace {

constexpr std::size_t kLongestText = 2048;  // an id's
constexpr std::size_t kLongestRest = 200;
constexpr std::chrono::milliseconds kLongestPause = std::chrono::hours(36);

}  // namespace

std::string cloud_state_line(const observed::CloudState& cloud_state) {
  return nlohmann::json(cloud_state).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

net::Result<observed::CloudState> parse_cloud_state(std::string_view line) {
  // The sender parses answers of others and may be compromised by them.
  const auto tidy = [](nlohmann::json& value) {
    if (value.is_string()) value = net::foreign_text(value.get_ref<const std::string&>(), kLongestText);
  };
  try {
    return parse_line(line, tidy).get<observed::CloudState>();
  } catch (const std::exception& error) {
    return net::failure(EBADMSG, "no cloud state: " + net::foreign_text(error.what(), 200));
  }
}

std::string cloud_rest_line(const CloudRest& rest) {
  return nlohmann::json{{"answered", rest.answered}, {"resume_after_ms", rest.resume_after.count()}}.dump();
}

std::optional<CloudRest> parse_cloud_rest(std::string_view line) {
  if (line.size() > kLongestRest) return std::nullopt;
  const auto value = nlohmann::json::parse(line, nullptr, false);
  const auto number = [&value](const char* key) -> std::optional<std::uint64_t> {
    const auto found = value.find(key);
    if (found == value.end() || !found->is_number_unsigned()) return std::nullopt;
    return found->get<std::uint64_t>();
  };
  if (!value.is_object()) return std::nullopt;
  const auto answered = number("answered");
  const auto resume_after = number("resume_after_ms");
  if (!answered || !resume_after || *resume_after > kLongestPause.count()) return std::nullopt;
  return CloudRest{.answered = *answered, .resume_after = std::chrono::milliseconds(*resume_after)};
}

bool CloudStateWriter::write(const observed::CloudState& cloud_state) {
  auto line = cloud_state_line(cloud_state) + '\n';
  if (line == last_) return true;
  last_ = std::move(line);
  return write_line(last_);
}

bool CloudStateWriter::write(const CloudRest& rest) { return write_line(cloud_rest_line(rest) + '\n'); }

bool CloudStateWriter::write_line(std::string_view line) const {
  while (!line.empty()) {
    const auto written = ::write(descriptor_, line.data(), line.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    line.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

}  // namespace agent
