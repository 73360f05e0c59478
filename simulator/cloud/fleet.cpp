#include "simulator/cloud/fleet.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <optional>
#include <string>

namespace simulator::cloud {
namespace {

using nlohmann::ordered_json;

constexpr unsigned kMost = 20000;
constexpr unsigned kOfScaleSet = 1000;
constexpr auto kGroup = "/subscriptions/fleet/resourceGroups/nodes/providers/";

std::string node_name(unsigned i) { return fmt::format("node-{:05}", i); }
std::string table_id() { return fmt::format("{}Microsoft.Network/routeTables/pods", kGroup); }
std::string network_id() { return fmt::format("{}Microsoft.Network/virtualNetworks/vnet", kGroup); }
std::string subnet_id() { return network_id() + "/subnets/nodes"; }
std::string address_of(unsigned i) { return fmt::format("10.224.{}.{}", i / 250, 4 + i % 250); }
std::string cidr_of(unsigned i) { return fmt::format("10.{}.{}.0/24", 128 + i / 256, i % 256); }

std::string scale_set_id(unsigned i) {
  return fmt::format("{}Microsoft.Compute/virtualMachineScaleSets/pool{}", kGroup, i / 2 / kOfScaleSet);
}

bool is_instance(unsigned i) { return i % 2 == 1; }

std::string machine_id(unsigned i) {
  if (is_instance(i)) return fmt::format("{}/virtualMachines/{}", scale_set_id(i), i / 2 % kOfScaleSet);
  return fmt::format("{}Microsoft.Compute/virtualMachines/{}", kGroup, node_name(i));
}

std::string nic_id(unsigned i) {
  if (is_instance(i)) return machine_id(i) + "/networkInterfaces/nic";
  return fmt::format("{}Microsoft.Network/networkInterfaces/{}-nic", kGroup, node_name(i));
}

ordered_json nic(unsigned i) {
  return {{"name", "nic"},
          {"id", nic_id(i)},
          {"etag", R"(W/"00000000-0000-0000-0000-000000000000")"},
          {"properties",
           {{"provisioningState", "Succeeded"},
            {"macAddress", fmt::format("00-0D-3A-00-{:02X}-{:02X}", i >> 8U, i & 0xffU)},
            {"enableIPForwarding", true},
            {"enableAcceleratedNetworking", true},
            {"primary", true},
            {"virtualMachine", {{"id", machine_id(i)}}},
            {"ipConfigurations",
             {{{"name", "ipconfig1"},
               {"id", nic_id(i) + "/ipConfigurations/ipconfig1"},
               {"properties",
                {{"provisioningState", "Succeeded"},
                 {"privateIPAddress", address_of(i)},
                 {"privateIPAllocationMethod", "Dynamic"},
                 {"privateIPAddressVersion", "IPv4"},
                 {"primary", true},
                 {"subnet", {{"id", subnet_id()}}}}}}}}}}};
}

ordered_json route(unsigned i) {
  return {{"name", node_name(i)},
          {"id", fmt::format("{}/routes/{}", table_id(), node_name(i))},
          {"properties",
           {{"provisioningState", "Succeeded"},
            {"addressPrefix", cidr_of(i)},
            {"nextHopType", "VirtualAppliance"},
            {"nextHopIpAddress", address_of(i)}}}};
}

ordered_json condition(const char* type, const char* status) {
  return {{"type", type},
          {"status", status},
          {"lastHeartbeatTime", "2026-01-01T00:05:00Z"},
          {"lastTransitionTime", "2026-01-01T00:01:00Z"},
          {"reason", "KubeletHasSufficientMemory"},
          {"message", "kubelet has sufficient memory available"}};
}

ordered_json node(unsigned i) {
  auto images = ordered_json::array();
  constexpr unsigned kImages = 20;
  for (unsigned each = 0; each < kImages; ++each) {
    const auto image = fmt::format("mcr.microsoft.com/oss/kubernetes/image-{}", each);
    images.push_back({{"names", {fmt::format("{}@sha256:{:064x}", image, each), image + ":v1.34.0"}},
                      {"sizeBytes", 30000000 + each}});
  }
  return {
      {"apiVersion", "v1"},
      {"kind", "Node"},
      {"metadata",
       {{"name", node_name(i)},
        {"creationTimestamp", "2026-01-01T00:00:00Z"},
        {"labels", {{"kubernetes.io/os", "linux"}, {"kubernetes.io/hostname", node_name(i)}}}}},
      {"spec",
       {{"podCIDR", cidr_of(i)}, {"podCIDRs", {cidr_of(i)}}, {"providerID", "azure://" + machine_id(i)}}},
      {"status",
       {{"addresses", {{{"type", "InternalIP"}, {"address", address_of(i)}}}},
        {"conditions",
         {condition("NetworkUnavailable", "False"), condition("MemoryPressure", "False"),
          condition("DiskPressure", "False"), condition("PIDPressure", "False"), condition("Ready", "True")}},
        {"images", std::move(images)}}}};
}

}  // namespace

net::Result<FleetSize> parse_fleet_size(std::string_view text) {
  const auto json = ordered_json::parse(text, nullptr, /*allow_exceptions=*/false);
  const auto number = [&json](const char* key, unsigned otherwise) -> std::optional<unsigned> {
    if (!json.contains(key)) return otherwise;
    if (!json[key].is_number_unsigned() || json[key].get<std::uint64_t>() > kMost) return std::nullopt;
    return json[key].get<unsigned>();
  };
  if (json.is_object()) {
    const auto nodes = number("nodes", FleetSize{}.nodes);
    const auto unrouted = number("unrouted", 0);
    const auto known = static_cast<std::size_t>(json.contains("nodes")) +
                       static_cast<std::size_t>(json.contains("unrouted"));
    if (nodes && unrouted && *unrouted <= *nodes && known == json.size())
      return FleetSize{.nodes = *nodes, .unrouted = *unrouted};
  }
  return net::failure(EINVAL, R"(the body is not {"nodes":5000,"unrouted":40}, of up to 20000)");
}

ordered_json arm_of_fleet(const FleetSize& size) {
  auto routes = ordered_json::array();
  for (unsigned i = 0; i + size.unrouted < size.nodes; ++i) routes.push_back(route(i));
  const ordered_json subnet = {{"name", "nodes"},
                               {"id", subnet_id()},
                               {"properties",
                                {{"provisioningState", "Succeeded"},
                                 {"addressPrefix", "10.224.0.0/16"},
                                 {"routeTable", {{"id", table_id()}}}}}};
  ordered_json all = {{table_id(),
                       {{"name", "pods"},
                        {"id", table_id()},
                        {"location", "westeurope"},
                        {"properties", {{"provisioningState", "Succeeded"}, {"routes", std::move(routes)}}}}},
                      {network_id(),
                       {{"name", "vnet"},
                        {"id", network_id()},
                        {"location", "westeurope"},
                        {"properties",
                         {{"provisioningState", "Succeeded"},
                          {"addressSpace", {{"addressPrefixes", ordered_json::array({"10.224.0.0/12"})}}},
                          {"subnets", ordered_json::array({subnet})}}}}}};
  for (unsigned i = 0; i < size.nodes; ++i) {
    if (is_instance(i)) all[scale_set_id(i)] = {{"id", scale_set_id(i)}, {"location", "westeurope"}};
  }
  auto& object = all.get_ref<ordered_json::object_t&>();
  object.reserve(object.size() + size.nodes);
  // Each id is new: operator[] would compare it with all before it.
  for (unsigned i = 0; i < size.nodes; ++i) object.emplace_back(nic_id(i), nic(i));
  return all;
}

ordered_json nodes_of_fleet(const FleetSize& size) {
  auto all = ordered_json::object();
  auto& object = all.get_ref<ordered_json::object_t&>();
  for (unsigned i = 0; i < size.nodes; ++i) object.emplace_back(node_name(i), node(i));
  return all;
}

}  // namespace simulator::cloud
