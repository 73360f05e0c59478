#include "agent/config/config.h"

namespace agent {

node::Policy policy_of(const Config& config) {
  node::Policy policy;
  policy.mode = config.mode.value_or(node::Mode::udr);
  policy.mode_is_automatic = !config.mode;
  policy.nic = config.nic;
  policy.cluster_cidrs = config.cluster_cidrs;
  policy.node_cidrs = config.node_cidrs;
  policy.node_cidr_source = config.node_cidr_source;
  policy.azure_verified = config.azure.verify != AzureVerify::off;
  policy.azure_verified_always = config.azure.verify == AzureVerify::on;
  policy.cloud_config = config.azure.cloud_config;
  policy.routes_enabled = config.routes.enabled;
  policy.protocol = config.routes.protocol;
  policy.table = config.routes.table;
  policy.metric = config.routes.metric;
  policy.local_sink = config.routes.local_sink;
  policy.enforce_sysctls = config.enforce_sysctls;
  policy.require = config.readiness.require;
  policy.ignore = config.readiness.ignore;
  return policy;
}

}  // namespace agent
