#include "agent/daemon/identity.h"

#include <unistd.h>

#include <array>
#include <cstdlib>
#include <string_view>

#include "agent/daemon/paths.h"
#include "net/foreign_text.h"

namespace agent {

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
  query.interval = config.azure.interval;
  return query;
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
