#include "core/azure_changes.h"

#include <gmock/gmock.h>

#include <string>
#include <vector>

namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

observed::AzureRoute route(std::string name, const char* destination, const char* hop) {
  return {.name = std::move(name),
          .destination = destination,
          .prefix = *net::Prefix::parse(destination),
          .next_hop_type = "VirtualAppliance",
          .next_hop = *net::Address::parse(hop),
          .provisioning_state = "Succeeded"};
}

observed::AzureNetwork network() {
  observed::AzureNetwork network;
  network.nic = observed::AzureNic{.id = "/nics/a", .mac = {}, .ip_forwarding = true, .configurations = {}};
  network.route_table = observed::AzureRouteTable{.id = "/routeTables/rt",
                                                  .provisioning_state = "Succeeded",
                                                  .routes = {route("node-1", "10.244.1.0/24", "10.240.0.4")}};
  return network;
}

std::vector<std::string> changes(const observed::AzureNetwork& before, const observed::AzureNetwork& after) {
  std::vector<std::string> messages;
  for (const auto& each : core::azure_changes(before, after)) messages.push_back(each.message);
  return messages;
}

TEST(AzureChanges, AreNoneWhereNothingHasChangedOrSomethingCouldNotBeRead) {
  EXPECT_THAT(changes(network(), network()), IsEmpty());
  EXPECT_THAT(changes(network(), {}), IsEmpty());
  EXPECT_THAT(changes({}, network()), IsEmpty());
}

TEST(AzureChanges, NameTheSwitchTheTableAndTheRoutes) {
  auto after = network();
  after.nic->ip_forwarding = false;
  EXPECT_THAT(changes(network(), after), ElementsAre("Azure: IP forwarding of NIC /nics/a was switched off"));

  after = network();
  after.route_table = std::optional<observed::AzureRouteTable>();
  EXPECT_THAT(changes(network(), after),
              ElementsAre("Azure: route table of the subnet is none, it was /routeTables/rt"));

  after = network();
  (*after.route_table)->routes = {route("node-1", "10.244.1.0/24", "10.240.0.9"),
                                  route("node-2", "10.244.2.0/24", "10.240.0.5")};
  EXPECT_THAT(changes(network(), after),
              ElementsAre("Azure: route node-1 altered (10.244.1.0/24 by VirtualAppliance 10.240.0.9, it was "
                          "10.244.1.0/24 by VirtualAppliance 10.240.0.4)",
                          "Azure: route node-2 added (10.244.2.0/24 by VirtualAppliance 10.240.0.5)"));
  EXPECT_THAT(changes(after, network()), SizeIs(2));
}

TEST(AzureChanges, OfAWholeTableAreAFewAndANumber) {
  auto after = network();
  for (int i = 0; i < 100; ++i)
    (*after.route_table)->routes.push_back(route("new-" + std::to_string(i), "10.244.9.0/24", "10.240.0.7"));
  const auto messages = changes(network(), after);
  EXPECT_THAT(messages, SizeIs(6));
  EXPECT_THAT(messages.back(), HasSubstr("95 more changes"));
}

TEST(AzureChanges, AreComparedWithWhatWasLastKnown) {
  observed::AzureNetwork silent;
  const auto known = core::last_known(network(), silent);
  ASSERT_TRUE(known.nic);
  auto after = network();
  after.nic->ip_forwarding = false;
  EXPECT_THAT(changes(known, after), SizeIs(1)) << "an outage in between hides nothing";
}

}  // namespace
