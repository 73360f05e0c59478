#include <fmt/format.h>

#include <algorithm>
#include <span>
#include <utility>

#include "checks/azure_state.h"
#include "checks/check_row.h"
#include "checks/remedies.h"
#include "checks/wanted_traffic.h"
#include "net/foreign_text.h"
#include "node/azure_routing.h"
#include "node/security_judgement.h"

namespace checks {
namespace {

using node::SecurityGroups;
using node::SecurityLoss;
using observed::AzureSecurityGroup;

constexpr auto kLostInAzure =
    "Azure drops these packets silently, and pods of different nodes do not reach each other";

SecurityGroups groups_of(const observed::AzureNetwork& azure) {
  const auto named = [&azure](const std::optional<std::string>& id) -> const AzureSecurityGroup* {
    if (!id) return nullptr;
    for (const auto& group : *azure.security_groups) {
      if (net::same_ignoring_case(group.id, *id)) return &group;
    }
    return nullptr;
  };
  return {.subnet = azure.subnet ? named(azure.subnet->security_group_id) : nullptr,
          .nic = azure.nic ? named(azure.nic->security_group_id) : nullptr};
}

Finding lost(const Facts& facts, const SecurityGroups& groups, const std::vector<SecurityLoss>& losses) {
  remedy::Remedy all;
  for (const auto& loss : node::distinct_losses(losses))
    all = all.then(node::admit(loss, {.is_run_by_aks = is_run_by_aks(facts)}));
  return Finding::fail(node::loss_text(losses.front(), groups), all);
}

/// Why there is nothing to judge, beyond what Azure says.
std::optional<Finding> not_looked_at(const Facts& facts) {
  if (!facts.policy.azure_verified) return Finding::skip("azure.verify is off");
  if (facts.policy.mode == node::Mode::udr || facts.policy.azure_verified_always) return std::nullopt;
  return Finding::skip(
      fmt::format("in mode {} only with azure.verify = \"on\"", mode_name(facts.policy.mode)));
}

/// What is not known of the rules. A lost route takes pods out of VirtualNetwork, which the rules name.
Finding doubtful(const Facts& facts, const node::VirtualNetworkTag& tag, const std::string& doubt) {
  if (facts.policy.mode == node::Mode::udr) {
    for (const auto& cidr : facts.policy.node_cidrs) {
      if (tag.of(cidr) == node::Cover::whole) continue;
      return Finding::unknown(
          fmt::format("{}; {} is in VirtualNetwork once a route leads there, see "
                      "azure.node_route",
                      doubt, cidr.text()));
    }
  }
  return Finding::unknown(doubt);
}

std::string names_of(const std::vector<AzureSecurityGroup>& groups) {
  std::string names;
  for (const auto& each : groups)
    names += fmt::format("{}{}", names.empty() ? "" : " and ", node::name_of(each.id));
  return names;
}

Finding azure_security_groups(const Facts& facts) {
  if (auto nothing = not_looked_at(facts)) return *nothing;
  if (!facts.cloud_state->azure) return Finding::unknown("Azure Resource Manager has not been asked yet");
  const auto& azure = *facts.cloud_state->azure;
  if (!azure.security_groups) return Finding::unknown(azure.security_groups.error().what);
  if (!azure.subnet) return Finding::unknown(azure.subnet.error().what);
  if (azure.security_groups->empty()) {
    return Finding::pass(fmt::format("neither subnet {} nor this node's NIC has a network security group",
                                     node::name_of(azure.subnet->id)));
  }
  if (!azure.network) return Finding::unknown(azure.network.error().what);
  const auto wanted = wanted_of_network(facts, azure);
  if (!wanted) return wanted.error();

  const auto groups = groups_of(azure);
  const node::VirtualNetworkTag tag(*azure.network, table_of(azure));
  node::SecurityJudgement judged;
  for (const auto& each : *wanted) {
    for (const auto& way : each.ways) node::judge(each, way, groups, tag, judged);
  }
  if (!judged.losses.empty()) return lost(facts, groups, judged.losses);
  if (!judged.doubt.empty()) return doubtful(facts, tag, judged.doubt);
  const auto names = names_of(*azure.security_groups);
  if (!judged.policy.empty())
    return Finding::pass(
        fmt::format("{} admits a part of what pods send: somebody has chosen it", judged.policy));
  return Finding::pass(fmt::format("network security group {} admits what pods send", names));
}

}  // namespace

std::vector<Check> rows_of_azure_security_groups() {
  return {
      {.order = 205,
       .id = "azure.security_groups",
       .group = Group::azure,
       .once_mode_is_known = true,
       .why = kLostInAzure,
       .look = azure_security_groups},
  };
}

}  // namespace checks
