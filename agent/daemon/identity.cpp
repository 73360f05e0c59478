#include "agent/daemon/identity.h"

#include <unistd.h>

#include <array>
#include <cstdlib>
#include <string_view>

#include "net/ascii_case.h"

namespace agent {

namespace {

std::string given_name(const Config& config) {
  if (!config.kubernetes.node_name.empty()) return config.kubernetes.node_name;
  const char* variable = std::getenv("NODE_NAME");
  if (variable != nullptr && *variable != '\0') return variable;
  std::array<char, 256> host{};
  return gethostname(host.data(), host.size() - 1) == 0 ? host.data() : "";
}

}  // namespace

std::string node_name(const Config& config) {
  constexpr std::string_view kBlank = " \t\r\n";
  const auto given = given_name(config);
  const auto first = given.find_first_not_of(kBlank);
  if (first == std::string::npos) return {};
  return net::lower(std::string_view(given).substr(first, given.find_last_not_of(kBlank) - first + 1));
}

Question question_of(const Config& config, Mode mode, const net::NodeNetwork* network,
                     const ResolvedNic* nic) {
  Question question;
  question.imds_endpoint = config.imds.endpoint;
  if (network != nullptr) {
    question.resource_id = network->identity.resource_id;
    question.environment = network->identity.environment;
  }
  if (nic != nullptr) question.mac = nic->azure.mac.text();
  question.node_name = node_name(config);
  question.kubeconfig = config.kubernetes.kubeconfig;
  question.cloud_config = config.azure.cloud_config;
  question.client_id = config.azure.client_id;
  // Only user-defined routes depend on what ARM says.
  question.verify = config.azure.verify == AzureVerify::on ||
                    (config.azure.verify == AzureVerify::automatic && mode == Mode::udr);
  question.interval = config.azure.interval;
  return question;
}

}  // namespace agent
