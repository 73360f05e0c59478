#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "arm/arm.h"
#include "arm/documents.h"
#include "arm/nic_search.h"
#include "arm/request_budget.h"
#include "arm/security_group.h"
#include "net/foreign_text.h"

namespace arm {
namespace {

using observed::AzureIpConfiguration;
using observed::AzureNic;

/// Why a part is not read whose address is in another part: not a second complaint.
net::Error unread(const RequestBudget& budget, const net::Error& cause, const char* what) {
  if (budget.stopped()) return *budget.stopped();
  return {cause.code, fmt::format("not read: the {} could not be read", what)};
}

/// Reads the resource at `id` of that kind and parses it.
template <class T>
net::Result<T> read(RequestBudget& budget, const std::string& id, const Kind& kind,
                    net::Result<T> (*parse)(std::string_view)) {
  const auto resource = ResourceId::parse(id);
  if (!resource)
    return net::failure(EBADMSG, fmt::format("the id of the {}: {}", kind.noun, resource.error().what));
  if (resource->type() != kind.type) {
    return net::failure(EBADMSG, fmt::format("'{}' is no {}", net::foreign_text(id, 160), kind.noun));
  }
  const Subject subject{.id = *resource, .kind = kind};
  const auto body = budget.read(subject);
  if (!body) return net::pass_on(body);
  auto value = parse(*body);
  if (!value) return tl::unexpected(budget.unusable(subject, value.error()));
  return value;
}

/// The subnet of the primary IP configuration, else of the first one that is in any; empty without one.
std::string subnet_of(const AzureNic& nic) {
  const AzureIpConfiguration* chosen = nullptr;
  for (const auto& each : nic.configurations) {
    if (each.subnet_id.empty()) continue;
    if (chosen == nullptr || (each.primary && !chosen->primary)) chosen = &each;
  }
  return chosen == nullptr ? std::string() : chosen->subnet_id;
}

net::Result<std::optional<observed::AzureRouteTable>> route_table(RequestBudget& budget,
                                                                  const observed::AzureSubnet& subnet) {
  if (subnet.route_table_id.empty()) return std::nullopt;
  auto table = read(budget, subnet.route_table_id, kRouteTable, parse_route_table);
  if (!table) return net::pass_on(table);
  return *std::move(table);
}

net::Result<observed::AzureVirtualNetwork> network_of(RequestBudget& budget, const std::string& subnet_id) {
  const auto subnet = ResourceId::parse(subnet_id);
  if (!subnet) return net::pass_on(subnet);
  const auto network = subnet->parent();
  if (!network) return net::pass_on(network);
  return read(budget, network->text(), kVirtualNetwork, parse_virtual_network);
}

/// The groups of the subnet and of the NIC: the same one counts, and is asked for, once.
net::Result<std::vector<observed::AzureSecurityGroup>> security_groups(RequestBudget& budget,
                                                                       const AzureNic& nic,
                                                                       const observed::AzureSubnet& subnet) {
  std::vector<std::string> ids;
  for (const auto* id : {&subnet.security_group_id, &nic.security_group_id}) {
    if (*id && (ids.empty() || !net::same_ignoring_case(ids.front(), **id))) ids.push_back(**id);
  }
  budget.extend(static_cast<unsigned>(ids.size()));
  std::vector<observed::AzureSecurityGroup> groups;
  for (const auto& id : ids) {
    auto group = read(budget, id, kSecurityGroup, parse_security_group);
    if (!group) return net::pass_on(group);
    group->id = id;  // by which subnet and NIC name it
    groups.push_back(*std::move(group));
  }
  return groups;
}

/// What the NIC's subnet leads to.
void read_around(RequestBudget& budget, const AzureNic& nic, observed::AzureNetwork& seen) {
  const auto subnet_id = subnet_of(nic);
  if (subnet_id.empty()) {
    const auto nowhere = net::failure(
        ENOENT, fmt::format("ARM shows no subnet for the network interface '{}': its VM may be deallocated",
                            net::foreign_text(ResourceId::parse(nic.id)->name(), 80)));
    seen.subnet = nowhere;
    seen.route_table = nowhere;
    seen.network = nowhere;
    seen.security_groups = nowhere;
    return;
  }
  seen.subnet = read(budget, subnet_id, kSubnet, parse_subnet);
  if (seen.subnet) {
    seen.route_table = route_table(budget, *seen.subnet);
  } else {
    seen.route_table = tl::unexpected(unread(budget, seen.subnet.error(), "subnet"));
  }
  seen.network = network_of(budget, subnet_id);
  // Last, so that they take no request from the others.
  if (seen.subnet) {
    seen.security_groups = security_groups(budget, nic, *seen.subnet);
  } else {
    seen.security_groups = tl::unexpected(unread(budget, seen.subnet.error(), "subnet"));
  }
}

}  // namespace

Client::Client(Cloud cloud, https::Getter get, TokenSource token)
    : cloud_(std::move(cloud)), get_(std::move(get)), token_(std::move(token)) {}

Verification Client::verify(const std::string& resource_id, const net::MacAddress& mac,
                            std::chrono::steady_clock::time_point finish_by) {
  if (!net::same_ignoring_case(resource_id, resource_id_) || mac_ != mac) {
    resource_id_ = resource_id;
    mac_ = mac;
    known_ = {};
  }
  Verification verification;
  auto& seen = verification.seen;
  RequestBudget budget(cloud_, get_, token_, finish_by);
  const auto vm = ResourceId::parse(resource_id);
  seen.nic = vm ? find_nic(budget, *vm, mac, known_)
                : net::failure(EINVAL, "IMDS's resourceId of this VM: " + vm.error().what);
  if (seen.nic) {
    read_around(budget, *seen.nic, seen);
  } else {
    const auto cause = unread(budget, seen.nic.error(), "network interface");
    seen.subnet = tl::unexpected(cause);
    seen.route_table = tl::unexpected(cause);
    seen.network = tl::unexpected(cause);
    seen.security_groups = tl::unexpected(cause);
  }
  verification.requests = budget.requests();
  verification.resume_after = budget.resume_after();
  return verification;
}

}  // namespace arm
