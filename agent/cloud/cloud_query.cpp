#include "agent/cloud/cloud_query.h"

#include <unistd.h>

#include <array>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "agent/cloud/line_json.h"
#include "json/values.h"
#include "net/foreign_text.h"

namespace agent {

namespace {

// azure.interval's are within 1m and 24h; tests have less patience.
constexpr auto kShortestInterval = std::chrono::milliseconds(100);
constexpr auto kLongestInterval = std::chrono::hours(24);

/// JSON escapes the control characters of ASCII, but for DEL.
bool is_plain(std::string_view line) { return line.find('\x7f') == std::string_view::npos; }

}  // namespace

NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(CloudQuery, imds_endpoint, resource_id, mac, environment, node_name,
                                   kubeconfig, cloud_config, client_id, verify, follow_node, at_once,
                                   interval)

std::string cloud_query_line(const CloudQuery& query) {
  return nlohmann::json(query).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

net::Result<CloudQuery> parse_cloud_query(std::string_view line) {
  constexpr std::size_t kQuotedError = 200;
  const auto no_question = [](std::string_view why) {
    return net::failure(EBADMSG, "no question: " + net::foreign_text(why, kQuotedError));
  };
  try {
    auto query = parse_line(line, [](const nlohmann::json&) {}).get<CloudQuery>();
    if (!is_plain(cloud_query_line(query))) return no_question("it holds control characters");
    if (query.interval < kShortestInterval || query.interval > kLongestInterval)
      return no_question("its interval is out of bounds");
    return query;
  } catch (const std::exception& error) {
    return no_question(error.what());
  }
}

namespace {

std::string configured_name(const Config& config) {
  if (!config.kubernetes.node_name.empty()) return config.kubernetes.node_name;
  const char* variable = std::getenv("NODE_NAME");
  if (variable != nullptr && *variable != '\0') return variable;
  std::array<char, 256> host{};
  return gethostname(host.data(), host.size() - 1) == 0 ? host.data() : "";
}

}  // namespace

std::string node_name(const Config& config) {
  constexpr std::string_view kBlank = " \t\r\n";
  const auto name = configured_name(config);
  const auto first = name.find_first_not_of(kBlank);
  if (first == std::string::npos) return {};
  return net::lower(std::string_view(name).substr(first, name.find_last_not_of(kBlank) - first + 1));
}

CloudQuery query_of(const Config& config, const core::CloudTarget& target) {
  CloudQuery query;
  query.imds_endpoint = config.imds.endpoint;
  query.resource_id = target.vm.resource_id;
  query.environment = target.vm.environment;
  query.mac = target.mac;
  query.node_name = node_name(config);
  query.kubeconfig = config.kubernetes.kubeconfig;
  query.cloud_config = config.azure.cloud_config;
  query.client_id = config.azure.client_id;
  // Only user-defined routes depend on ARM.
  query.verify = config.azure.verify == AzureVerify::on ||
                 (config.azure.verify == AzureVerify::automatic && target.mode == node::Mode::udr);
  query.follow_node = target.mode != node::Mode::azure_cni;  // which routes no pod CIDR
  query.interval = config.azure.interval;
  return query;
}

}  // namespace agent
