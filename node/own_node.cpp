#include "node/own_node.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <string>
#include <string_view>
#include <utility>

#include "net/foreign_text.h"
#include "node/azure_routing.h"

namespace node {
namespace {

constexpr std::string_view kScheme = "azure://";
constexpr std::size_t kDigitsOfAnInstance = 6;

/// The number of a scale set's instance: "10", or the end of its computer's name in base 36, "pool00000a".
/// https://learn.microsoft.com/azure/virtual-machine-scale-sets/virtual-machine-scale-sets-instance-ids
std::optional<std::uint64_t> instance_number(std::string_view instance) {
  const bool is_decimal = instance.find_first_not_of("0123456789") == std::string_view::npos;
  if (!is_decimal && instance.size() < kDigitsOfAnInstance) return std::nullopt;
  const auto digits = is_decimal ? instance : instance.substr(instance.size() - kDigitsOfAnInstance);
  std::uint64_t number = 0;
  const char* end = digits.data() + digits.size();
  const auto [stop, error] = std::from_chars(digits.data(), end, number, is_decimal ? 10 : 36);
  if (error != std::errc{} || stop != end) return std::nullopt;
  return number;
}

bool is_same_instance(std::string_view one, std::string_view other) {
  if (net::same_ignoring_case(one, other)) return true;
  const auto number = instance_number(one);
  return number && number == instance_number(other);
}

NodeIs by_provider_id(std::string_view provider_id, std::string_view resource_id) {
  if (!net::same_ignoring_case(provider_id.substr(0, kScheme.size()), kScheme)) return NodeIs::not_told;
  const auto theirs = [&](std::string_view key) { return segment_of(provider_id, key); };
  const auto ours = [&](std::string_view key) { return segment_of(resource_id, key); };
  const auto set = theirs("virtualMachineScaleSets");
  const auto vm = theirs("virtualMachines");
  const auto own_set = ours("virtualMachineScaleSets");
  const auto own_vm = ours("virtualMachines");
  // A flexible scale set's VM may be named with its set or without it.
  if (vm.empty() || own_vm.empty() || set.empty() != own_set.empty()) return NodeIs::not_told;
  const bool same = set.empty() ? net::same_ignoring_case(vm, own_vm)
                                : net::same_ignoring_case(set, own_set) && is_same_instance(vm, own_vm);
  if (!same) return NodeIs::another_machine;
  // `az resource move` changes these two, and a Node keeps its providerID.
  for (const auto* key : {"subscriptions", "resourceGroups"}) {
    if (!net::same_ignoring_case(theirs(key), ours(key))) return NodeIs::not_told;
  }
  return NodeIs::this_machine;
}

bool is_here(const net::Address& address, const observed::NodeNetwork& network,
             std::span<const net::Link> links) {
  return std::any_of(network.nics.begin(), network.nics.end(),
                     [&](const observed::Nic& nic) {
                       return std::find(nic.addresses.begin(), nic.addresses.end(), address) !=
                              nic.addresses.end();
                     }) ||
         std::any_of(links.begin(), links.end(), [&](const net::Link& link) {
           return std::any_of(link.addresses.begin(), link.addresses.end(),
                              [&](const auto& each) { return each.address == address; });
         });
}

std::string signs_of(const observed::KubernetesNode& node) {
  std::string signs;
  for (const auto& address : node.internal_addresses) signs += address.text() + ", ";
  return fmt::format("{}providerID {}", signs, node.provider_id.empty() ? "empty" : node.provider_id);
}

}  // namespace

NodeIs identify_node(const observed::KubernetesNode& node, const observed::NodeNetwork& network,
                     std::span<const net::Link> links) {
  const auto told = by_provider_id(node.provider_id, network.identity.resource_id);
  if (told != NodeIs::not_told) return told;
  const auto& addresses = node.internal_addresses;
  if (addresses.empty() || links.empty()) return NodeIs::not_told;
  const bool here = std::any_of(addresses.begin(), addresses.end(),
                                [&](const auto& address) { return is_here(address, network, links); });
  return here ? NodeIs::this_machine : NodeIs::another_machine;
}

NodeAnswer own_node(NodeAnswer answer, const std::optional<observed::NodeNetwork>& network,
                    std::span<const net::Link> links) {
  if (!answer || !*answer) return answer;
  const auto& node = **answer;
  if (!network || links.empty()) {
    return net::failure(EAGAIN, fmt::format("whether Node {} is this VM cannot be told yet: there is no "
                                            "document from IMDS",
                                            node.name));
  }
  if (identify_node(node, *network, links) != NodeIs::another_machine) return answer;
  return net::failure(kAnotherMachine,
                      fmt::format("Node {} is another machine ({}), not this VM: kubernetes.node_name, "
                                  "NODE_NAME or the host name names it",
                                  node.name, signs_of(node)));
}

bool is_another_machines(const NodeAnswer& answer) {
  return answer && !*answer && answer->error().code.value() == kAnotherMachine;
}

}  // namespace node
