// Whatever Azure Resource Manager, or what answers in its place, sends: each parser refuses it in a sentence,
// or what it gives can be used: ids that are ids of their kind, links that stay where they are.
#include <cstdint>

#include "arm/cluster_documents.h"
#include "arm/documents.h"
#include "arm/endpoint.h"
#include "arm/refusal.h"
#include "arm/resource_id.h"
#include "arm/security_group.h"
#include "tests/fuzz/promise.h"

namespace {

constexpr std::string_view kEndpoint = "https://management.azure.com";
constexpr std::string_view kPath = "/subscriptions/s/resourceGroups/g";

void require_id(const std::string& id) {
  const auto parsed = arm::ResourceId::parse(id);
  require(parsed && parsed->text() == id && is_one_line(id));
  const auto path = parsed->path();
  require(path.find_first_of(" ?#") == std::string::npos && is_one_line(path));
  require(!parsed->name().empty() && parsed->name().find('/') == std::string_view::npos);
  const auto parent = parsed->parent();
  require(is_explained(parent) && (!parent || parent->text().size() < id.size()));
}

void require_nic(const observed::AzureNic& nic) {
  require_id(nic.id);
  for (const auto& each : nic.configurations) {
    if (!each.subnet_id.empty()) require_id(each.subnet_id);
  }
}

void take_lists(std::string_view text) {
  const auto nics = arm::parse_cluster_nics(text);
  require(is_explained(nics));
  if (nics) {
    for (const auto& each : nics->items) {
      require_nic(each.nic);
      require(is_one_line(each.machine_id));
      if (const auto machine = observed::machine_of(each.machine_id)) require(!machine->name.empty());
    }
  }
  const auto tables = arm::parse_route_tables(text);
  require(is_explained(tables));
  if (tables) {
    for (const auto& each : tables->items) require_id(each.id);
  }
  const auto network = arm::parse_cluster_network(text);
  require(is_explained(network));
  if (network) {
    for (const auto& each : network->subnets) require_id(each.id);
  }
}

void take_documents(std::string_view text) {
  const auto machine = arm::parse_virtual_machine(text);
  require(is_explained(machine));
  if (machine) {
    for (const auto& id : *machine) require_id(id);
  }
  const auto nic = arm::parse_nic(text);
  require(is_explained(nic));
  if (nic) require_nic(*nic);
  const auto page = arm::parse_nic_page(text);
  require(is_explained(page));
  if (page) {
    for (const auto& each : page->nics) require_nic(each);
    if (const auto target = arm::target_of_link(page->next_link, kEndpoint, kPath)) {
      require(target->starts_with('/') && is_one_line(*target) && target->find("..") == std::string::npos);
    }
  }
  const auto subnet = arm::parse_subnet(text);
  require(is_explained(subnet));
  if (subnet) {
    require_id(subnet->id);
    if (!subnet->route_table_id.empty()) require_id(subnet->route_table_id);
  }
  const auto table = arm::parse_route_table(text);
  require(is_explained(table));
  if (table) require_id(table->id);
  const auto network = arm::parse_virtual_network(text);
  require(is_explained(network));
  if (network) require_id(network->id);
  const auto group = arm::parse_security_group(text);
  require(is_explained(group));
  if (group) {
    require_id(group->id);
    for (const auto& rule : group->rules) {
      require(is_one_line(rule.name) && !rule.source_ports.empty() && !rule.destination_ports.empty());
      for (const auto& tag : rule.source.tags) require(!tag.empty() && is_one_line(tag));
    }
  }
  require(is_explained(arm::parse_audience(text, kEndpoint)));
  (void)arm::reason_of(text);
}

}  // namespace

// libFuzzer's entry point.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  take_documents(text);
  take_lists(text);
  const auto id = arm::ResourceId::parse(text);
  require(is_explained(id));
  if (id) require_id(id->text());
  const auto endpoint = arm::parse_endpoint(text);
  require(is_explained(endpoint));
  if (endpoint) {
    require(arm::parse_endpoint(*endpoint) == *endpoint);
    require(!arm::authority_of(*endpoint).empty() && is_one_line(*endpoint));
  }
  return 0;
}
