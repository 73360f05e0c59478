#include "observed/cluster.h"

#include <algorithm>

#include "net/foreign_text.h"

namespace observed {
namespace {

constexpr std::string_view kScheme = "azure://";

/// Takes "KEY/VALUE/" off the front of an id.
std::optional<std::string_view> take(std::string_view& id, std::string_view key) {
  if (!net::same_ignoring_case(id.substr(0, key.size()), key)) return std::nullopt;
  const auto end = std::min(id.find('/', key.size()), id.size());
  const auto value = id.substr(key.size(), end - key.size());
  id.remove_prefix(end);
  return value.empty() ? std::nullopt : std::optional(value);
}

}  // namespace

std::string ClusterMachine::key() const {
  return net::lower(group).append("/").append(net::lower(set)).append("/").append(net::lower(name));
}

std::optional<ClusterMachine> machine_of(std::string_view id) {
  if (net::same_ignoring_case(id.substr(0, kScheme.size()), kScheme)) id.remove_prefix(kScheme.size());
  const auto subscription = take(id, "/subscriptions/");
  const auto group = subscription ? take(id, "/resourceGroups/") : std::nullopt;
  const auto provider = group ? take(id, "/providers/") : std::nullopt;
  if (!provider || !net::same_ignoring_case(*provider, "Microsoft.Compute")) return std::nullopt;
  const auto set = take(id, "/virtualMachineScaleSets/");
  const auto name = take(id, "/virtualMachines/");
  if (!name || !id.empty()) return std::nullopt;
  ClusterMachine machine;
  machine.group.append("/subscriptions/").append(*subscription).append("/resourceGroups/").append(*group);
  machine.name = *name;
  if (set && name->find_first_not_of("0123456789") == std::string_view::npos) machine.set = *set;
  return machine;
}

}  // namespace observed
