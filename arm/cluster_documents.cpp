#include "arm/cluster_documents.h"

#include <utility>

#include "arm/documents.h"
#include "json/json.h"

namespace arm {
namespace {

using json::at;

/// A page of a thousand NICs with thirty addresses each has half a million.
constexpr json::Limits kLimits{.values = 1'000'000};

net::Result<json::Value> large_document(std::string_view text) {
  auto document = json::parse(text, kLimits);
  if (!document) document.error().what = "it is " + document.error().what;
  return document;
}

template <class T, class Read>
net::Result<ClusterPage<T>> parse_page(std::string_view text, const Read& read) {
  const auto document = large_document(text);
  if (!document) return net::pass_on(document);
  const json::Value& list = at(*document, "value");
  if (!list.is_array()) return net::failure(EBADMSG, "it has no list \"value\"");
  ClusterPage<T> page{.items = {}, .next_link = json::string(at(*document, "nextLink")), .unusable = {}};
  page.items.reserve(list.size());
  for (const json::Value& entry : json::entries(list)) {
    auto item = read(entry);
    if (item) {
      page.items.push_back(*std::move(item));
    } else if (!page.unusable) {
      page.unusable = item.error();
    }
  }
  return page;
}

}  // namespace

net::Result<ClusterPage<observed::ClusterNic>> parse_cluster_nics(std::string_view text) {
  return parse_page<observed::ClusterNic>(
      text, [](const json::Value& entry) -> net::Result<observed::ClusterNic> {
        auto nic = nic_of(entry);
        if (!nic) return net::pass_on(nic);
        return observed::ClusterNic{
            .nic = *std::move(nic),
            .machine_id = json::text(at(at(at(entry, "properties"), "virtualMachine"), "id"))};
      });
}

net::Result<ClusterPage<observed::AzureRouteTable>> parse_route_tables(std::string_view text) {
  return parse_page<observed::AzureRouteTable>(text, route_table_of);
}

net::Result<observed::ClusterNetwork> parse_cluster_network(std::string_view text) {
  const auto document = large_document(text);
  if (!document) return net::pass_on(document);
  auto network = virtual_network_of(*document);
  if (!network) return net::pass_on(network);
  observed::ClusterNetwork whole{.network = *std::move(network), .subnets = {}, .unusable = {}};
  const json::Value& list = at(at(*document, "properties"), "subnets");
  if (!list.is_null() && !list.is_array()) return net::failure(EBADMSG, "its \"subnets\" are no list");
  for (const json::Value& entry : json::entries(list)) {
    auto subnet = subnet_of(entry);
    if (subnet) {
      whole.subnets.push_back(*std::move(subnet));
    } else {
      whole.unusable.push_back(json::text(at(entry, "name")));
    }
  }
  return whole;
}

}  // namespace arm
