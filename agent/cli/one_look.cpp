#include "agent/cli/one_look.h"

#include <algorithm>
#include <array>

#include "agent/core/node_document.h"
#include "agent/core/outlook.h"
#include "agent/daemon/cached_document.h"
#include "agent/daemon/identity.h"
#include "agent/daemon/paths.h"
#include "imds/fetch.h"
#include "netlink/linux_kernel.h"
#include "netlink/proc_sysctls.h"

namespace agent {
namespace {

NodeDocument obtain_document(const Config& config, std::chrono::milliseconds patience,
                             std::span<const net::Link> links) {
  NodeDocument document;
  imds::Options options;
  options.endpoint = config.imds.endpoint;
  options.read_timeout = std::min(config.imds.read_timeout, patience);
  auto reading = imds::fetch_once(options);
  if (reading) {
    document.take_reading(std::move(reading->network), std::move(reading->api_version), std::span(links),
                          std::chrono::steady_clock::now(), std::chrono::system_clock::now());
    if (document.in_force()) return document;
  } else {
    document.take_failure(reading.error().what);
  }
  if (auto cached = cached_document(document_cache(), links)) {
    document.take_cached(std::move(cached->reading.network), std::move(cached->reading.api_version),
                         cached->saved);
  }
  return document;
}

}  // namespace

net::Result<OneLook> look_once(const Config& config, std::chrono::milliseconds patience) {
  auto kernel = netlink::LinuxKernel::open();
  if (!kernel) return net::pass_on(kernel);
  auto links = (*kernel)->links();
  if (!links) return net::pass_on(links);

  const auto document = obtain_document(config, patience, *links);
  const auto policy = policy_of(config, choose_mode(config).mode);
  netlink::ProcSysctls sysctls;
  const std::array ours = {policy.protocol};
  auto outlook = look_around(**kernel, sysctls, policy, document.in_force(), ours);
  if (!outlook.error.empty()) return net::failure(EIO, outlook.error);
  auto routes = (*kernel)->routes(policy.protocol);
  if (!routes) return net::pass_on(routes);
  auto rules = (*kernel)->rules(policy.protocol);
  if (!rules) return net::pass_on(rules);

  OneLook look;
  look.links = std::move(*links);
  look.actual = {.routes = std::move(*routes), .rules = std::move(*rules)};
  auto& facts = look.facts;
  facts.policy = policy;
  facts.started = facts.now = std::chrono::steady_clock::now();
  facts.imds = document.status();
  facts.network = document.in_force();
  facts.nic = std::move(outlook.nic);
  facts.sysctls = std::move(outlook.sysctls);
  facts.desired = std::move(outlook.desired);
  if (facts.network && policy.routes_enabled) {
    look.difference =
        diff(facts.desired, look.actual, occupied_keys(facts.desired, outlook.survey.strangers));
    facts.routes_seen = true;
    facts.standing = stand(facts.desired, look.actual, outlook.survey.strangers, {});
  }
  return look;
}

}  // namespace agent
