#include "arm/cluster_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

#include "arm/cluster_documents.h"
#include "arm/documents.h"
#include "arm/endpoint.h"
#include "arm/security_group.h"
#include "net/foreign_text.h"

namespace arm {
namespace {

constexpr std::size_t kQuotedListName = 80;
/// More pages than this of one list are a server that names the same page over and over.
constexpr unsigned kMostPages = 1000;

/// Adds the id unless it is there, in any case.
class Ids {
 public:
  void add(const std::string& id) {
    if (!id.empty() && known_.insert(net::lower(id)).second) ids_.push_back(id);
  }
  [[nodiscard]] bool has(const std::string& id) const { return known_.contains(net::lower(id)); }
  [[nodiscard]] const std::vector<std::string>& ids() const { return ids_; }

 private:
  std::set<std::string> known_;
  std::vector<std::string> ids_;
};

/// A list below a resource group or a scale set.
net::Result<Subject> list_of(const std::string& of, std::string_view below, const Kind& kind,
                             std::string_view noun) {
  const auto resource = ResourceId::parse(fmt::format("{}{}/-", of, below));
  if (!resource) return net::pass_on(resource);
  const auto path = resource->path();
  return Subject{.id = *resource,
                 .kind = kind,
                 .list_path = path.substr(0, path.size() - 2),
                 .list_words = fmt::format("the {} '{}'", noun,
                                           net::foreign_text(of.substr(of.rfind('/') + 1), kQuotedListName))};
}

template <class T, class Keep>
net::Result<std::vector<T>> read_list(ClusterRequests& requests, const net::Result<Subject>& subject,
                                      net::Result<ClusterPage<T>> (*parse)(std::string_view),
                                      const Keep& keep) {
  if (!subject) return net::pass_on(subject);
  std::vector<T> all;
  auto target = subject->target();
  for (unsigned pages = 0; pages < kMostPages; ++pages) {
    net::Result<ClusterPage<T>> page;
    {
      const auto body = requests.read(*subject, target);
      if (!body) return net::pass_on(body);
      page = parse(*body);
    }
    if (!page) return tl::unexpected(requests.unusable(*subject, page.error()));
    for (auto& each : page->items) {
      if (keep(each)) all.push_back(std::move(each));
    }
    if (page->next_link.empty()) return all;
    const auto next = target_of_link(page->next_link, requests.endpoint(), subject->list_path);
    if (!next || *next == target) {
      return tl::unexpected(requests.unusable(
          *subject, {{EBADMSG, std::system_category()}, "its \"nextLink\" leads elsewhere; not followed"}));
    }
    target = *next;
  }
  return tl::unexpected(
      requests.unusable(*subject, {{EBADMSG, std::system_category()}, "its pages do not end"}));
}

template <class T>
net::Result<T> read_one(ClusterRequests& requests, const std::string& id, const Kind& kind,
                        net::Result<T> (*parse)(std::string_view)) {
  const auto resource = ResourceId::parse(id);
  if (!resource) return net::pass_on(resource);
  if (resource->type() != kind.type)
    return net::failure(EBADMSG, fmt::format("'{}' is no {}", net::foreign_text(id, 160), kind.noun));
  const Subject subject{.id = *resource, .kind = kind};
  const auto body = requests.read(subject, subject.target());
  if (!body) return net::pass_on(body);
  auto value = parse(*body);
  if (!value) return tl::unexpected(requests.unusable(subject, value.error()));
  return value;
}

std::string network_id_of(const std::string& subnet_id) {
  const auto subnet = ResourceId::parse(subnet_id);
  if (!subnet || subnet->type() != kSubnet.type) return "";
  const auto network = subnet->parent();
  return network ? network->text() : "";
}

/// The NICs of machines that are nodes: a resource group may hold thousands of others.
void read_nics(ClusterRequests& requests, const ClusterPlan& plan, observed::Cluster& cluster) {
  std::set<std::string> machines;
  for (const auto& node : *cluster.nodes) {
    if (const auto machine = observed::machine_of(node.provider_id)) machines.insert(machine->key());
  }
  const auto is_nodes = [&machines](const observed::ClusterNic& each) {
    const auto machine = observed::machine_of(each.machine_id);
    return machine && machines.contains(machine->key());
  };
  for (const auto& group : plan.groups) {
    const auto subject = list_of(group, "/providers/Microsoft.Network/networkInterfaces", kNic,
                                 "network interfaces of resource group");
    cluster.nics.push_back({group, read_list(requests, subject, parse_cluster_nics, is_nodes)});
  }
  for (const auto& set : plan.scale_sets) {
    const auto subject = list_of(set, "/networkInterfaces", kScaleSetNics, "network interfaces of scale set");
    cluster.nics.push_back({set, read_list(requests, subject, parse_cluster_nics, is_nodes)});
  }
}

Ids subnets_of(const observed::Cluster& cluster) {
  Ids subnets;
  for (const auto& list : cluster.nics) {
    if (!list.items) continue;
    for (const auto& each : *list.items) {
      for (const auto& configuration : each.nic.configurations) subnets.add(configuration.subnet_id);
    }
  }
  return subnets;
}

struct Named {
  Ids tables;
  Ids groups;
};

/// What the nodes' subnets and NICs name.
Named named_by(const observed::Cluster& cluster, const Ids& subnets) {
  Named named;
  for (const auto& part : cluster.networks) {
    if (!part.value) continue;
    for (const auto& subnet : part.value->subnets) {
      if (!subnets.has(subnet.id)) continue;
      named.tables.add(subnet.route_table_id);
      named.groups.add(subnet.security_group_id.value_or(""));
    }
  }
  for (const auto& list : cluster.nics) {
    if (!list.items) continue;
    for (const auto& each : *list.items) named.groups.add(each.nic.security_group_id.value_or(""));
  }
  return named;
}

}  // namespace

ClusterPlan plan_of(std::span<const observed::ClusterNode> nodes) {
  Ids groups;
  Ids sets;
  Ids all_groups;
  for (const auto& node : nodes) {
    const auto machine = observed::machine_of(node.provider_id);
    if (!machine) continue;
    all_groups.add(machine->group);
    if (machine->set.empty()) {
      groups.add(machine->group);
    } else {
      sets.add(fmt::format("{}/providers/Microsoft.Compute/virtualMachineScaleSets/{}", machine->group,
                           machine->set));
    }
  }
  return {.groups = groups.ids(), .scale_sets = sets.ids(), .table_groups = all_groups.ids(), .tables = {}};
}

void read_cluster(ClusterRequests& requests, const ClusterPlan& plan,
                  const std::function<void(std::size_t)>& expect, observed::Cluster& cluster) {
  expect(requests.requests() + plan.least());
  read_nics(requests, plan, cluster);
  const auto subnets = subnets_of(cluster);
  Ids networks;
  for (const auto& subnet : subnets.ids()) networks.add(network_id_of(subnet));
  expect(requests.requests() + networks.ids().size() + plan.table_groups.size() + plan.tables.size());
  for (const auto& id : networks.ids())
    cluster.networks.push_back({id, read_one(requests, id, kVirtualNetwork, parse_cluster_network)});
  Ids had;
  for (const auto& group : plan.table_groups) {
    const auto subject = list_of(group, "/providers/Microsoft.Network/routeTables", kRouteTable,
                                 "route tables of resource group");
    cluster.tables_of_groups.push_back(
        {group, read_list(requests, subject, parse_route_tables, [](const auto&) { return true; })});
    const auto& items = cluster.tables_of_groups.back().items;
    if (!items) continue;
    for (const auto& table : *items) had.add(table.id);
  }
  auto named = named_by(cluster, subnets);
  for (const auto& id : plan.tables) named.tables.add(id);
  const auto unread = static_cast<std::size_t>(std::count_if(
      named.tables.ids().begin(), named.tables.ids().end(), [&had](const auto& id) { return !had.has(id); }));
  expect(requests.requests() + unread + named.groups.ids().size());
  for (const auto& id : named.tables.ids()) {
    if (!had.has(id)) cluster.tables.push_back({id, read_one(requests, id, kRouteTable, parse_route_table)});
  }
  for (const auto& id : named.groups.ids())
    cluster.security_groups.push_back({id, read_one(requests, id, kSecurityGroup, parse_security_group)});
}

}  // namespace arm
