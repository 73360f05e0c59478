#include "audit/members.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "net/foreign_text.h"
#include "node/azure_routing.h"

namespace audit {
namespace {

using observed::Cluster;
using observed::ClusterNic;

bool has_any(const ClusterNic& nic, const std::vector<net::Address>& addresses) {
  return std::any_of(nic.nic.configurations.begin(), nic.nic.configurations.end(), [&](const auto& each) {
    return std::find(addresses.begin(), addresses.end(), each.address) != addresses.end();
  });
}

/// The NIC that carries the node's traffic: its only one, or the one with the address of its Node object.
const ClusterNic* choose(const std::vector<const ClusterNic*>& nics,
                         const std::vector<net::Address>& addresses) {
  if (nics.size() == 1) return nics.front();
  const auto found = std::find_if(nics.begin(), nics.end(),
                                  [&](const ClusterNic* each) { return has_any(*each, addresses); });
  return found == nics.end() ? nullptr : *found;
}

/// Why the list that should have the machine could not be read; empty: it was.
std::string why_unlisted(const Cluster& cluster, const observed::ClusterMachine& machine) {
  for (const auto& list : cluster.nics) {
    const bool is_its = machine.set.empty()
                            ? net::same_ignoring_case(list.of, machine.group)
                            : net::same_ignoring_case(node::name_of(list.of), machine.set) &&
                                  net::lower(list.of).starts_with(net::lower(machine.group) + "/");
    if (is_its && !list.items) return list.items.error().what;
  }
  return "";
}

}  // namespace

std::optional<net::Address> Member::address(net::Family family) const {
  if (nic != nullptr) {
    for (const bool primary : {true, false}) {
      for (const auto& each : nic->nic.configurations) {
        if (each.address.family() == family && each.primary == primary) return each.address;
      }
    }
    return std::nullopt;
  }
  const auto found = std::find_if(addresses.begin(), addresses.end(),
                                  [family](const auto& each) { return each.family() == family; });
  return found == addresses.end() ? std::nullopt : std::optional(*found);
}

Map::Map(const Cluster& cluster) {
  index_networks(cluster);
  join(cluster);
}

void Map::index_networks(const Cluster& cluster) {
  const auto add_table = [this](const observed::AzureRouteTable& table) {
    if (tables_.emplace(net::lower(table.id), &table).second) all_tables_.push_back(&table);
  };
  for (const auto& list : cluster.tables_of_groups) {
    if (list.items) {
      for (const auto& table : *list.items) add_table(table);
    } else if (unlisted_tables_.empty()) {
      unlisted_tables_ = list.items.error().what;
    }
  }
  for (const auto& part : cluster.tables) {
    if (part.value) {
      add_table(*part.value);
      tables_.emplace(net::lower(part.id), &*part.value);
    } else {
      failed_.emplace(net::lower(part.id), part.value.error().what);
    }
  }
  for (const auto& part : cluster.security_groups) {
    if (part.value) {
      groups_.emplace(net::lower(part.id), &*part.value);
    } else {
      failed_.emplace(net::lower(part.id), part.value.error().what);
    }
  }
  for (const auto& part : cluster.networks) {
    if (!part.value) {
      failed_.emplace(net::lower(part.id), part.value.error().what);
      continue;
    }
    for (const auto& subnet : part.value->subnets)
      subnets_.emplace(net::lower(subnet.id), Place{.subnet = &subnet, .network = &*part.value});
  }
}

void Map::join(const Cluster& cluster) {
  std::map<std::string, std::vector<const ClusterNic*>> by_machine;
  for (const auto& list : cluster.nics) {
    if (!list.items) continue;
    for (const auto& each : *list.items) {
      const auto machine = observed::machine_of(each.machine_id);
      if (machine) by_machine[machine->key()].push_back(&each);
    }
  }
  for (const auto& node : *cluster.nodes) {
    if (node.is_virtual || !node.unusable.empty()) continue;
    Member member{.node = &node, .unknown = {}, .addresses = node.addresses, .cidrs = node.pod_cidrs};
    const auto machine = observed::machine_of(node.provider_id);
    if (!machine) {
      member.unknown = node.provider_id.empty()
                           ? "the Node has no providerID: which machine of Azure it is is not known"
                           : "the providerID of the Node names no machine of Azure";
      members_.push_back(std::move(member));
      continue;
    }
    const auto found = by_machine.find(machine->key());
    if (found != by_machine.end()) member.nic = choose(found->second, node.addresses);
    if (member.nic == nullptr) {
      const auto why = why_unlisted(cluster, *machine);
      member.unknown = !why.empty() ? why
                       : found == by_machine.end()
                           ? fmt::format("no NIC of its machine is in the lists of {}",
                                         node::name_of(machine->set.empty() ? machine->group : machine->set))
                           : "its machine has several NICs, and none has an address of the Node object";
      members_.push_back(std::move(member));
      continue;
    }
    member.addresses.clear();
    for (const auto& each : member.nic->nic.configurations) {
      member.addresses.push_back(each.address);
      if (member.subnet != nullptr) continue;
      const auto place = subnets_.find(net::lower(each.subnet_id));
      if (place == subnets_.end()) continue;
      member.subnet = place->second.subnet;
      member.network = place->second.network;
    }
    if (member.subnet == nullptr) {
      const auto& id = member.nic->nic.configurations.empty()
                           ? std::string()
                           : member.nic->nic.configurations.front().subnet_id;
      const auto network = net::lower(id.substr(0, net::lower(id).find("/subnets/")));
      const auto why = failed_.find(network);
      member.unknown = why != failed_.end() ? why->second
                       : id.empty() ? "Azure shows no subnet for its NIC: its machine may be deallocated"
                                    : fmt::format("subnet {} is not among those of its virtual network",
                                                  node::name_of(id));
    }
    members_.push_back(std::move(member));
  }
}

const observed::AzureRouteTable* Map::table(std::string_view id) const {
  const auto found = tables_.find(net::lower(id));
  return found == tables_.end() ? nullptr : found->second;
}

std::string Map::why_no_table(std::string_view id) const {
  const auto found = failed_.find(net::lower(id));
  return found == failed_.end() ? fmt::format("route table {} was not read", node::name_of(id))
                                : found->second;
}

const observed::AzureSecurityGroup* Map::group(std::string_view id) const {
  const auto found = groups_.find(net::lower(id));
  return found == groups_.end() ? nullptr : found->second;
}

std::string Map::why_no_group(std::string_view id) const {
  const auto found = failed_.find(net::lower(id));
  return found == failed_.end() ? fmt::format("network security group {} was not read", node::name_of(id))
                                : found->second;
}

std::vector<const observed::AzureSubnet*> Map::subnets() const {
  std::vector<const observed::AzureSubnet*> all;
  std::set<const observed::AzureSubnet*> known;
  for (const auto& member : members_) {
    if (member.subnet != nullptr && known.insert(member.subnet).second) all.push_back(member.subnet);
  }
  return all;
}

}  // namespace audit
