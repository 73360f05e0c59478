#include "agent/cloud/own_configuration.h"

#include <fmt/format.h>
#include <unistd.h>

#include <utility>

#include "agent/config/load_config.h"
#include "checks/check_ids.h"
#include "host/files.h"
#include "net/foreign_text.h"

namespace agent {

CloudQuery by_own_configuration(const CloudQuery& asked, const Config& config) {
  CloudQuery query = asked;
  query.imds_endpoint = config.imds.endpoint;
  query.kubeconfig = config.kubernetes.kubeconfig;
  query.cloud_config = config.azure.cloud_config;
  query.client_id = config.azure.client_id;
  query.interval = config.azure.interval;
  query.verify = asked.verify && config.azure.verify != AzureVerify::off;
  if (!config.kubernetes.node_name.empty()) query.node_name = net::lower(config.kubernetes.node_name);
  return query;
}

std::vector<std::string> told_otherwise(const CloudQuery& asked, const Config& config) {
  const auto query = by_own_configuration(asked, config);
  std::vector<std::string> keys;
  const auto compare = [&keys](const char* key, const auto& told, const auto& own) {
    if (told != own) keys.emplace_back(key);
  };
  compare("imds.endpoint", asked.imds_endpoint, query.imds_endpoint);
  compare("kubernetes.kubeconfig", asked.kubeconfig, query.kubeconfig);
  compare("kubernetes.node_name", asked.node_name, query.node_name);
  compare("azure.cloud_config", asked.cloud_config, query.cloud_config);
  compare("azure.client_id", asked.client_id, query.client_id);
  compare("azure.interval", asked.interval, query.interval);
  compare("azure.verify", asked.verify, query.verify);
  return keys;
}

net::Result<void> OwnConfiguration::read() {
  // What does not exist has no owner.
  const auto opened = host::open_roots_file(file_);
  if (!opened && opened.error().code.value() != ENOENT) return net::pass_on(opened);
  auto loaded = load_config(
      {.file = file_, .file_is_regular = true, .environment = config_environment(environ), .settings = {}},
      checks::check_ids());
  if (loaded) {
    config_ = std::move(loaded->config);
    return {};
  }
  std::string all;
  for (const auto& error : loaded.error()) all += (all.empty() ? "" : "; ") + error.text();
  return net::failure(EINVAL, all);
}

}  // namespace agent
