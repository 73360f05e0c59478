#include "node/azure_remedies.h"

#include <fmt/format.h>

#include "node/azure_routing.h"

namespace node {
namespace {

/// What Azure allows in the names of NICs and scale sets.
/// https://learn.microsoft.com/azure/azure-resource-manager/management/resource-name-rules
bool is_azure_name(std::string_view name) {
  constexpr std::string_view kAllowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
  return !name.empty() && name.find_first_not_of(kAllowed) == std::string_view::npos;
}

/// The NIC of an instance of a Uniform scale set follows the model; the NIC's id ends with the name of the
/// model's networkInterfaceConfigurations entry.
remedy::Remedy switch_forwarding_on_in_set(const observed::AzureNic& nic, std::string_view set,
                                           std::string_view instance, const NicOwner& owner) {
  const auto name = name_of(nic.id);
  if (!is_azure_name(name))
    return remedy::edit("set enableIPForwarding of NIC {} in scale set {}", name, set);
  const auto subscription = segment_of(nic.id, "subscriptions");
  const auto group = segment_of(nic.id, "resourceGroups");
  // The form with [name=…]: azure-cli-core, commands/arm.py, "index into the collection".
  const auto setting = fmt::format(
      "virtualMachineProfile.networkProfile.networkInterfaceConfigurations[name={}].enableIPForwarding=true",
      name);
  auto instances = remedy::command(
      "az vmss update-instances --subscription {} --resource-group {} --name {} --instance-ids {}",
      subscription, group, set, instance);
  for (const auto& each : owner.other_instances) instances = instances.with(" {}", each);
  return remedy::command("az vmss update --subscription {} --resource-group {} --name {} --set {}",
                         subscription, group, set, setting)
      .then(instances)
      .note("this brings the whole latest model of the scale set to the instance");
}

constexpr auto kHop = " --next-hop-type VirtualAppliance --next-hop-ip-address {}";

remedy::Remedy route_command(std::string_view verb, const observed::AzureRouteTable& table,
                             std::string_view name) {
  return remedy::command(
      "az network route-table route {} --subscription {} --resource-group {} --route-table-name {} --name {}",
      verb, segment_of(table.id, "subscriptions"), segment_of(table.id, "resourceGroups"), name_of(table.id),
      name);
}

}  // namespace

remedy::Remedy create_route(const observed::AzureRouteTable& table, std::string_view name,
                            const net::Prefix& prefix, const net::Address& next_hop) {
  return route_command("create", table, name)
      .with(" --address-prefix {}", prefix.text())
      .with(kHop, next_hop.text());
}

remedy::Remedy redirect_route(const observed::AzureRouteTable& table, std::string_view name,
                              const net::Address& next_hop) {
  return route_command("update", table, name).with(kHop, next_hop.text());
}

remedy::Remedy move_route(const observed::AzureRouteTable& table, std::string_view name,
                          const net::Prefix& prefix, const net::Address& next_hop) {
  return route_command("update", table, name)
      .with(" --address-prefix {}", prefix.text())
      .with(kHop, next_hop.text());
}

remedy::Remedy associate_table(const observed::AzureSubnet& subnet, std::string_view table_id) {
  return remedy::command("az network vnet subnet update --ids {} --route-table {}", subnet.id, table_id);
}

remedy::Remedy switch_forwarding_on(const observed::AzureNic& nic, const NicOwner& owner) {
  const auto set = segment_of(nic.id, "virtualMachineScaleSets");
  const auto instance = segment_of(nic.id, "virtualMachines");
  if (owner.is_run_by_aks)
    return remedy::edit("AKS made NIC {}: have it set right with az aks update, or replace this node",
                        nic.id);
  if (!set.empty() && !instance.empty()) return switch_forwarding_on_in_set(nic, set, instance, owner);
  const auto of_this_nic = remedy::command("az network nic update --ids {} --ip-forwarding true", nic.id);
  if (owner.flexible_set.empty())
    return of_this_nic.note("and in the template that VMs are made from, for the next one");
  return of_this_nic.note("and enableIPForwarding in the profile of scale set {}, for its next instance",
                          owner.flexible_set);
}

}  // namespace node
