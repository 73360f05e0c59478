#include "agent/core/azure_routing.h"

#include <array>
#include <string_view>

namespace agent {
namespace {

// Private and shared addresses go nowhere unless the virtual network or a route table has them.
constexpr std::array<std::string_view, 4> kNowhere = {"10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16",
                                                      "100.64.0.0/10"};

struct Best {
  AzureChoice choice;
  const net::Address& destination;

  void offer(const net::Prefix& prefix, AzureChoice candidate) {
    if (!prefix.contains(destination) || prefix.length() < choice.prefix.length()) return;
    candidate.prefix = prefix;
    choice = std::move(candidate);
  }
};

}  // namespace

AzureChoice azure_choice(const net::AzureRouteTable* table, const net::AzureVirtualNetwork* network,
                         const net::Address& destination) {
  Best best{{net::Prefix::any(destination.family()), "Internet", std::nullopt, ""}, destination};
  for (const auto text : kNowhere) best.offer(*net::Prefix::parse(text), {{}, "None", std::nullopt, ""});
  if (network != nullptr) {
    for (const auto& prefix : network->address_space) best.offer(prefix, {{}, "VnetLocal", std::nullopt, ""});
  }
  if (table != nullptr) {
    for (const auto& route : table->routes) {
      if (!route.prefix || route.provisioning_state == "Deleting") continue;
      best.offer(*route.prefix, {{}, route.next_hop_type, route.next_hop, route.name});
    }
  }
  return best.choice;
}

}  // namespace agent
