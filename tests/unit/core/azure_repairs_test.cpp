// Remedies that are printed together are pasted one after the other, without a look in between: in the end
// Azure must be as it should be, whatever was wrong at once.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "net/foreign_text.h"
#include "tests/unit/core/healthy.h"
#include "tests/unit/core/judged.h"
#include "tests/unit/core/shell_run.h"

namespace agent {
namespace {

using testing::address;
using testing::Argv;
using testing::prefix;

/// As much of Azure as remedies change, with Azure's own rules for route tables: names are unique without
/// regard to case, `create` replaces, and no two routes have one prefix.
class Azure {
 public:
  explicit Azure(const observed::AzureNetwork& from) : seen_(from), table_(**from.route_table) {}

  observed::AzureNetwork& network() { return seen_; }
  std::vector<observed::AzureRoute>& routes() { return table_.routes; }

  /// What ARM shows now.
  [[nodiscard]] observed::AzureNetwork sanitized() const {
    auto shown = seen_;
    shown.route_table = std::optional<observed::AzureRouteTable>();
    if (!seen_.subnet->route_table_id.empty()) shown.route_table = std::optional(table_);
    return shown;
  }

  void carry_out(const Argv& argv) {
    std::vector<std::string> verb;
    std::map<std::string, std::string> options;
    for (std::size_t i = 0; i < argv.size(); ++i) {
      if (argv[i].starts_with("--")) {
        options[argv[i]] = argv.at(i + 1);
        ++i;
      } else {
        verb.push_back(argv[i]);
      }
    }
    using Verb = std::vector<std::string>;
    if (verb == Verb{"az", "network", "nic", "update"}) {
      ASSERT_TRUE(net::same_ignoring_case(options["--ids"], seen_.nic->id));
      seen_.nic->ip_forwarding = options["--ip-forwarding"] == "true";
    } else if (verb == Verb{"az", "network", "vnet", "subnet", "update"}) {
      ASSERT_TRUE(net::same_ignoring_case(options["--ids"], seen_.subnet->id));
      ASSERT_TRUE(net::same_ignoring_case(options["--route-table"], table_.id)) << options["--route-table"];
      seen_.subnet->route_table_id = table_.id;
    } else if (verb == Verb{"az", "network", "route-table", "route", "create"}) {
      put(options, route_named(options["--name"]));
    } else if (verb == Verb{"az", "network", "route-table", "route", "update"}) {
      ASSERT_NE(route_named(options["--name"]), nullptr) << options["--name"];
      put(options, route_named(options["--name"]));
    } else {
      FAIL() << ::testing::PrintToString(argv);
    }
  }

 private:
  observed::AzureRoute* route_named(const std::string& name) {
    const auto found = std::find_if(table_.routes.begin(), table_.routes.end(), [&name](const auto& each) {
      return net::same_ignoring_case(each.name, name);
    });
    return found == table_.routes.end() ? nullptr : &*found;
  }

  void put(const std::map<std::string, std::string>& options, observed::AzureRoute* there) {
    auto route = there != nullptr ? *there : observed::AzureRoute{};
    if (there == nullptr) route.name = options.at("--name");
    if (options.contains("--address-prefix")) {
      route.destination = options.at("--address-prefix");
      route.prefix = prefix(route.destination);
    }
    route.next_hop_type = options.at("--next-hop-type");
    route.next_hop = address(options.at("--next-hop-ip-address"));
    route.provisioning_state = "Succeeded";
    for (const auto& each : table_.routes)
      ASSERT_TRUE(&each == there || each.prefix != route.prefix) << "RouteConflict: " << route.destination;
    if (there != nullptr) {
      *there = route;
    } else {
      table_.routes.push_back(route);
    }
  }

  observed::AzureNetwork seen_;
  observed::AzureRouteTable table_;
};

struct Change {
  const char* name;
  void (*make)(Azure&);
};

observed::AzureRoute& own_route(Azure& azure) { return azure.routes().front(); }

void lead(observed::AzureRoute& route, const char* to) {
  route.destination = to;
  route.prefix = prefix(to);
}

const Change kForwarding[] = {{"", [](Azure&) {}},
                              {"forwarding off, ", [](Azure& a) { a.network().nic->ip_forwarding = false; }}};
const Change kAssociation[] = {{"", [](Azure&) {}},
                               {"no table, ", [](Azure& a) { a.network().subnet->route_table_id.clear(); }}};
const Change kOwnRoute[] = {
    {"", [](Azure&) {}},
    {"no route, ", [](Azure& a) { a.routes().erase(a.routes().begin()); }},
    {"a former hop, ", [](Azure& a) { own_route(a).next_hop = address("10.240.0.77"); }},
    {"no hop, ",
     [](Azure& a) {
       own_route(a).next_hop.reset();
       own_route(a).next_hop_type = "None";
     }},
    {"a failed route, ", [](Azure& a) { own_route(a).provisioning_state = "Failed"; }},
    {"a former CIDR, ", [](Azure& a) { lead(own_route(a), "10.244.9.0/24"); }},
    {"a former CIDR in capitals, ",
     [](Azure& a) {
       lead(own_route(a), "10.244.9.0/24");
       own_route(a).name = "WORKER-1";
     }},
    {"a part of the CIDR, ", [](Azure& a) { lead(own_route(a), "10.244.1.0/25"); }}};
const Change kHoles[] = {
    {"", [](Azure&) {}},
    {"a hole",
     [](Azure& a) {
       a.routes().push_back({"worker-1____hole", "10.244.1.128/25", prefix("10.244.1.128/25"), "None",
                             std::nullopt, "Succeeded"});
     }},
    {"a part that leads elsewhere", [](Azure& a) {
       a.routes().push_back({"WORKER-1____part", "10.244.1.64/26", prefix("10.244.1.64/26"),
                             "VirtualAppliance", address("10.240.0.9"), "Succeeded"});
     }}};

struct Repair {
  std::string name;
  checks::Facts facts;
  Azure azure;
  std::size_t routes = 0;
};

std::vector<Repair> all_at_once() {
  std::vector<Repair> all;
  for (const auto& forwarding : kForwarding) {
    for (const auto& association : kAssociation) {
      for (const auto& own : kOwnRoute) {
        for (const auto& hole : kHoles) {
          auto facts = testing::healthy_with_cloud_state();
          Azure azure(*facts.cloud_state.edit().azure);
          for (const auto* change : {&forwarding, &association, &own, &hole}) change->make(azure);
          const auto routes = azure.routes().size();
          all.push_back({.name = std::string(forwarding.name) + association.name + own.name + hole.name,
                         .facts = std::move(facts),
                         .azure = std::move(azure),
                         .routes = routes});
        }
      }
    }
  }
  return all;
}

/// Pastes all that is printed of the node, line after line.
void repair_with(Repair& repair) {
  std::vector<std::string> remedies;
  for (const auto& failed : testing::failures(repair.facts)) remedies.push_back(failed.remedy);
  if (remedies.empty()) return;
  for (const auto& run : testing::paste(remedies)) {
    EXPECT_EQ(run.complaints, "");
    for (const auto& argv : run.ran) repair.azure.carry_out(argv);
  }
}

TEST(AzureRepairs, PastedOneAfterTheOtherLeaveTheNodeRepaired) {
  for (auto& repair : all_at_once()) {
    SCOPED_TRACE(repair.name);
    // A table that is not associated yet shows its routes in the second round.
    for (int round = 0; round < 2; ++round) {
      repair.facts.cloud_state.edit().azure = repair.azure.sanitized();
      repair_with(repair);
    }
    repair.facts.cloud_state.edit().azure = repair.azure.sanitized();
    for (const auto& left : testing::failures(repair.facts)) ADD_FAILURE() << left.id << ": " << left.message;
    EXPECT_EQ(testing::result(repair.facts, "azure.node_route").status, checks::CheckStatus::pass);
    EXPECT_GE(repair.azure.routes().size(), repair.routes) << "nothing of others' is taken away";
  }
}

}  // namespace
}  // namespace agent
