#include "arm/documents.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "arm/resource_id.h"
#include "azure.h"

namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::IsEmpty;

std::vector<std::string> texts(const std::vector<net::Prefix>& prefixes) {
  std::vector<std::string> all;
  all.reserve(prefixes.size());
  for (const auto& each : prefixes) all.push_back(each.text());
  return all;
}

const std::string kRecorded = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/";

TEST(Documents, OfSmallValuesAreNotReadIntoMuchMemory) {
  std::string text = R"({"value":[0)";
  for (int value = 0; value < 2'000'000; ++value) text += ",0";
  EXPECT_EQ(arm::parse_nic_page(text + "]}").error().what, "it is larger than 200000 values");
}

TEST(Documents, TheRecordedOnesAreRead) {
  const auto ids = arm::parse_virtual_machine(sample("vm_standalone.json"));
  ASSERT_TRUE(ids) << ids.error().what;
  EXPECT_THAT(*ids, ElementsAre(kRecorded +
                                "aks-cit-VirtualMachine/providers/Microsoft.Network/networkInterfaces/nic1"));

  const auto nic = arm::parse_nic(sample("nic_unattached.json"));
  ASSERT_TRUE(nic) << nic.error().what;
  EXPECT_EQ(nic->id,
            kRecorded + "aks-cit-Interface/providers/Microsoft.Network/networkInterfaces/testResource");
  EXPECT_EQ(nic->mac, std::nullopt);
  EXPECT_FALSE(nic->ip_forwarding);
  ASSERT_EQ(nic->configurations.size(), 1U);
  EXPECT_EQ(nic->configurations[0].address.text(), "10.0.0.4");
  EXPECT_TRUE(nic->configurations[0].primary);
  EXPECT_EQ(nic->configurations[0].subnet_id,
            kRecorded +
                "aks-cit-Interface/providers/Microsoft.Network/virtualNetworks/testVnet/subnets/testSubnet");

  const auto page = arm::parse_nic_page(sample("nic_list.json"));
  ASSERT_TRUE(page) << page.error().what;
  EXPECT_THAT(page->nics, ElementsAre(*nic));
  EXPECT_EQ(page->next_link, "");

  const auto subnet = arm::parse_subnet(sample("subnet_no_routetable.json"));
  ASSERT_TRUE(subnet) << subnet.error().what;
  EXPECT_THAT(texts(subnet->prefixes), ElementsAre("10.1.0.0/24"));
  EXPECT_EQ(subnet->route_table_id, "");

  const auto table = arm::parse_route_table(sample("routetable_empty.json"));
  ASSERT_TRUE(table) << table.error().what;
  EXPECT_EQ(table->provisioning_state, "Succeeded");
  EXPECT_THAT(table->routes, IsEmpty());

  const auto network = arm::parse_virtual_network(sample("vnet.json"));
  ASSERT_TRUE(network) << network.error().what;
  EXPECT_THAT(texts(network->address_space), ElementsAre("10.0.0.0/16"));
}

TEST(Documents, AUniformInstanceIsNoVirtualMachineWhoseNicsCanBeAskedForOneByOne) {
  EXPECT_FALSE(arm::parse_virtual_machine(sample("vmss_uniform_vm.json")));
}

TEST(Documents, ThePrimaryNicComesFirstWhateverTheOrder) {
  const auto ids =
      arm::parse_virtual_machine(vm_document({{kNic + "a", false}, {kNic + "b", true}, {kNic + "c", false}}));
  ASSERT_TRUE(ids) << ids.error().what;
  EXPECT_THAT(*ids, ElementsAre(kNic + "b", kNic + "a", kNic + "c"));
}

TEST(Documents, ANicIsReadInAnySpelling) {
  auto document = json::parse(nic_document(net::lower(kNic), "000d3af806ec"));
  auto& configurations = document["properties"]["ipConfigurations"];
  configurations.push_back(
      {{"properties", {{"privateIpAddress", "fd00::4"}, {"subnet", {{"id", kSubnet}}}}}});
  configurations.push_back(
      {{"properties", {{"privateIPAddress", "10.240.1.16/28"}, {"privateIPAddressPrefixLength", 28}}}});
  configurations.push_back({{"properties", {{"privateIPAddress", "10.240.1.300"}}}});
  configurations.push_back({{"properties", {{"primary", true}}}});
  configurations.push_back(7);
  const auto nic = arm::parse_nic(document.dump());
  ASSERT_TRUE(nic) << nic.error().what;
  EXPECT_EQ(nic->id, net::lower(kNic));
  EXPECT_EQ(nic->mac, kMac);
  EXPECT_TRUE(nic->ip_forwarding);
  ASSERT_EQ(nic->configurations.size(), 3U);
  EXPECT_EQ(nic->configurations[1].address.text(), "fd00::4");
  EXPECT_FALSE(nic->configurations[1].primary);
  EXPECT_EQ(nic->configurations[2].address.text(), "10.240.1.16");
  EXPECT_EQ(nic->configurations[2].subnet_id, "");
}

TEST(Documents, APageKeepsWhatCanBeUsed) {
  json page{{"value", {7, nic_json(kNic, "000D3AF806EC"), {{"id", "/../x"}}}}, {"nextLink", "https://x/y"}};
  const auto read = arm::parse_nic_page(page.dump());
  ASSERT_TRUE(read) << read.error().what;
  EXPECT_EQ(read->nics.size(), 1U);
  EXPECT_EQ(read->next_link, "https://x/y");
  EXPECT_TRUE(arm::parse_nic_page(R"({"value":[]})")->nics.empty());
}

TEST(Documents, ASubnetHasOnePrefixOrSeveral) {
  auto document = json::parse(subnet_document());
  auto& properties = document["properties"];
  properties["addressPrefixes"] = {"10.240.0.0/16", "fd00::/64", "default", 7, "10.1.0.4/16"};
  const auto both = arm::parse_subnet(document.dump());
  ASSERT_TRUE(both) << both.error().what;
  EXPECT_THAT(texts(both->prefixes), ElementsAre("10.240.0.0/16", "fd00::/64", "10.1.0.0/16"));
  EXPECT_EQ(both->route_table_id, kTable);
  properties.erase("addressPrefix");
  properties["routeTable"] = nullptr;
  const auto several = arm::parse_subnet(document.dump());
  ASSERT_TRUE(several) << several.error().what;
  EXPECT_EQ(several->prefixes.size(), 3U);
  EXPECT_EQ(several->route_table_id, "");
}

TEST(Documents, RoutesAreReadWhateverTheirDestination) {
  auto document = json::parse(table_document());
  auto& routes = document["properties"]["routes"];
  routes.push_back(
      {{"name", "tag"},
       {"properties", {{"addressPrefix", "AzureCloud.westeurope"}, {"nextHopType", "Internet"}}}});
  routes.push_back({{"name", "six"},
                    {"properties",
                     {{"addressPrefix", "FD00:0:0::/48"},
                      {"nextHopIPAddress", "fd00::4"},
                      {"provisioningState", "Updating"}}}});
  routes.push_back({{"name", "nameless"}, {"properties", 7}});
  routes.push_back("x");
  const auto table = arm::parse_route_table(document.dump());
  ASSERT_TRUE(table) << table.error().what;
  ASSERT_EQ(table->routes.size(), 3U);
  const auto& pods = table->routes[0];
  EXPECT_EQ(pods.name, "node-0");
  EXPECT_EQ(pods.destination, "10.244.0.0/24");
  EXPECT_EQ(pods.prefix->text(), "10.244.0.0/24");
  EXPECT_EQ(pods.next_hop_type, "VirtualAppliance");
  EXPECT_EQ(pods.next_hop->text(), "10.240.0.4");
  EXPECT_EQ(pods.provisioning_state, "Succeeded");
  const auto& tag = table->routes[1];
  EXPECT_EQ(tag.destination, "AzureCloud.westeurope");
  EXPECT_EQ(tag.prefix, std::nullopt);
  EXPECT_EQ(tag.next_hop, std::nullopt);
  const auto& six = table->routes[2];
  EXPECT_EQ(six.prefix->text(), "fd00::/48");
  EXPECT_EQ(six.next_hop->text(), "fd00::4");
}

TEST(Documents, ThousandsOfRoutesAreRead) {
  json routes = json::array();
  for (int i = 0; i < 5000; ++i) {
    const auto prefix = "10." + std::to_string(i / 250) + "." + std::to_string(i % 250) + ".0/24";
    routes.push_back(
        {{"name", prefix}, {"properties", {{"addressPrefix", prefix}, {"nextHopIpAddress", "10.0.0.4"}}}});
  }
  const auto table =
      arm::parse_route_table(json{{"id", kTable}, {"properties", {{"routes", routes}}}}.dump());
  ASSERT_TRUE(table) << table.error().what;
  EXPECT_EQ(table->routes.size(), 5000U);
}

/// ESC, C1's CSI, a line break, a right-to-left override, a zero-width space.
constexpr auto kHostile = "a\x1b[31mb\u009b2Kc\r\nd\u202ee\u200bf";
constexpr auto kTamed = "a?[31mb?2Kc d?e?f";

TEST(Documents, NamesSteerNoTerminalAndEndNoLine) {
  auto table = json::parse(table_document());
  auto& route = table["properties"]["routes"][0];
  table["properties"]["provisioningState"] = kHostile;
  route["name"] = kHostile;
  route["properties"]["addressPrefix"] = kHostile;
  route["properties"]["nextHopType"] = kHostile;
  route["properties"]["provisioningState"] = kHostile;
  const auto read = arm::parse_route_table(table.dump());
  ASSERT_TRUE(read) << read.error().what;
  EXPECT_EQ(read->provisioning_state, kTamed);
  ASSERT_EQ(read->routes.size(), 1U);
  EXPECT_EQ(read->routes[0].name, kTamed);
  EXPECT_EQ(read->routes[0].destination, kTamed);
  EXPECT_EQ(read->routes[0].next_hop_type, kTamed);
  EXPECT_EQ(read->routes[0].provisioning_state, kTamed);
}

TEST(Documents, AnIdThatNoResourceHasIsRefusedAndNotMended) {
  for (const auto* tail : {"\x1b[2K", "\u009b", "\u202e", "\u200b", "\ufeff", "\u2066", "\x7f", "a\nb"}) {
    auto nic = nic_json(kNic + tail, "00-0D-3A-F8-06-EC");
    EXPECT_FALSE(arm::parse_nic(nic.dump()));
    nic = nic_json(kNic, "00-0D-3A-F8-06-EC");
    nic["properties"]["ipConfigurations"][0]["properties"]["subnet"]["id"] = kSubnet + tail;
    const auto read = arm::parse_nic(nic.dump());
    ASSERT_TRUE(read) << read.error().what;
    EXPECT_FALSE(arm::ResourceId::parse(read->configurations[0].subnet_id))
        << read->configurations[0].subnet_id;
    EXPECT_FALSE(arm::parse_route_table(
        json{{"id", kTable + tail}, {"properties", {{"routes", json::array()}}}}.dump()));
  }
}

}  // namespace
