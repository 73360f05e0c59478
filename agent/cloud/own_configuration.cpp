#include "agent/cloud/own_configuration.h"

#include <fmt/format.h>
#include <unistd.h>

#include <utility>

#include "agent/config/load_config.h"
#include "agent/core/check_ids.h"
#include "host/roots_file.h"
#include "net/ascii_case.h"

namespace agent {

Question by_own_configuration(const Question& asked, const Config& config) {
  Question question = asked;
  question.imds_endpoint = config.imds.endpoint;
  question.kubeconfig = config.kubernetes.kubeconfig;
  question.cloud_config = config.azure.cloud_config;
  question.client_id = config.azure.client_id;
  question.interval = config.azure.interval;
  question.verify = asked.verify && config.azure.verify != AzureVerify::off;
  if (!config.kubernetes.node_name.empty()) question.node_name = net::lower(config.kubernetes.node_name);
  return question;
}

std::vector<std::string> told_otherwise(const Question& asked, const Config& config) {
  const auto question = by_own_configuration(asked, config);
  std::vector<std::string> keys;
  const auto compare = [&keys](const char* key, const auto& told, const auto& own) {
    if (told != own) keys.emplace_back(key);
  };
  compare("imds.endpoint", asked.imds_endpoint, question.imds_endpoint);
  compare("kubernetes.kubeconfig", asked.kubeconfig, question.kubeconfig);
  compare("kubernetes.node_name", asked.node_name, question.node_name);
  compare("azure.cloud_config", asked.cloud_config, question.cloud_config);
  compare("azure.client_id", asked.client_id, question.client_id);
  compare("azure.interval", asked.interval, question.interval);
  compare("azure.verify", asked.verify, question.verify);
  return keys;
}

net::Result<void> OwnConfiguration::read() {
  // What is not there is nobody's.
  const auto opened = host::open_roots_file(file_);
  if (!opened && opened.error().code.value() != ENOENT) return net::pass_on(opened);
  auto loaded = load_config(
      {.file = file_, .file_is_regular = true, .environment = config_environment(environ), .settings = {}},
      check_ids());
  if (loaded) {
    config_ = std::move(loaded->config);
    return {};
  }
  std::string all;
  for (const auto& error : loaded.error()) all += (all.empty() ? "" : "; ") + error.text();
  return net::failure(EINVAL, all);
}

}  // namespace agent
