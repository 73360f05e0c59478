// From elsewhere to a pod of this node: the half of the way that the sender's node does not see.
#include <gtest/gtest.h>

#include <cerrno>
#include <string>

#include "tests/unit/trace/traced.h"

namespace agent {
namespace {

using observed::AzureDirection;
using testing::address;
using testing::Asked;
using testing::deciding;
using testing::hops_text;
using testing::refusal;
using testing::set_sysctl;
using testing::TraceCase;
using Outcome = trace::Trace::Outcome;

void add_group_of_nic(Asked& asked) {
  auto& azure = *asked.facts.cloud_state.edit().azure;
  azure.nic->security_group_id = std::string(testing::kNetworkGroup) + "/networkSecurityGroups/nic-nsg";
  auto rules = testing::default_security_rules();
  rules.insert(rules.begin(), {.name = "deny-it",
                               .priority = 300,
                               .direction = AzureDirection::inbound,
                               .access = observed::AzureAccess::deny,
                               .protocol = observed::AzureProtocol::any,
                               .source = testing::addresses_of("*"),
                               .destination = testing::addresses_of("*"),
                               .source_ports = {{0, 65535}},
                               .destination_ports = {{0, 65535}}});
  azure.security_groups->push_back({*azure.nic->security_group_id, std::move(rules)});
}

const TraceCase kInCases[] = {
    {"Healthy", testing::udr_in, [](Asked&) {}, Outcome::arrives, "route table", "10.244.1.0/24", ""},
    {"HealthyCanal", testing::canal_in, [](Asked&) {}, Outcome::arrives, "route", "dev cali0a1b2c3d4e5", ""},
    {"RouteIsMissing", testing::udr_in,
     [](Asked& a) { testing::azure_routes(a.facts).erase(testing::azure_routes(a.facts).begin()); },
     Outcome::dropped, "route table", "not to this node, which has 10.244.1.5", "azure.node_route"},
    {"NoRouteTable", testing::udr_in, [](Asked& a) { testing::dissociate(a.facts); }, Outcome::dropped,
     "route table", "10.240.0.0/12 to VnetLocal", "azure.route_table"},
    {"TableNotRead", testing::udr_in,
     [](Asked& a) { a.facts.cloud_state.edit().azure->route_table = net::failure(EACCES, "no right"); },
     Outcome::uncertain, "route table", "no right", ""},
    {"GroupOfTheNic", testing::udr_in, add_group_of_nic, Outcome::dropped, "security groups in",
     "rule deny-it of network security group nic-nsg (priority 300, inbound), the NIC's",
     "azure.security_groups"},
    {"IpForwardingOff", testing::udr_in,
     [](Asked& a) { a.facts.cloud_state.edit().azure->nic->ip_forwarding = false; }, Outcome::dropped,
     "Azure's NIC", "IP forwarding is off", "azure.ip_forwarding"},
    {"NicDoesNotForward", testing::udr_in,
     [](Asked& a) { set_sysctl(a.facts, "net/ipv4/conf/eth0/forwarding", "0"); }, Outcome::dropped,
     "forwarding", "net.ipv4.conf.eth0.forwarding is 0: the kernel does not forward what comes by eth0",
     "sysctl.nic_forwarding"},
    {"Spoofed", testing::udr_in, [](Asked& a) { a.answers.packet = a.answers.to_node = refusal(EXDEV); },
     Outcome::dropped, "route", "takes 10.244.2.9 on eth0 for spoofed (rp_filter)", ""},
    {"RuleAgainstWhatPodsGet", testing::udr_in,
     [](Asked& a) {
       auto& rules = testing::forward_of(a.facts);
       rules.insert(rules.begin(), {.in = "eth0", .target = "DROP"});
     },
     Outcome::dropped, "netfilter", "a rule of chain FORWARD", "netfilter.forward"},
    {"PodDoesNotAnswer", testing::udr_in,
     [](Asked& a) {
       a.answers.neighbour =
           std::optional(observed::NeighbourEntry{.state = observed::NeighbourState::failed, .mac = {}});
     },
     Outcome::uncertain, "neighbour", "the pod does not answer", ""},
    {"PodsLinkIsDown", testing::udr_in,
     [](Asked& a) { testing::link_of(a.facts, "cali0a1b2c3d4e5").up = false; }, Outcome::dropped,
     "receiver's link", "cali0a1b2c3d4e5 of 10.244.1.5 is down", ""},
    {"AnswerIsLost", testing::udr_in,
     [](Asked& a) { testing::azure_routes(a.facts).erase(testing::azure_routes(a.facts).begin() + 1); },
     Outcome::dropped, "answer's route table", "no NIC has the address of a pod", ""},
    {"OverlayIsDown", testing::canal_in, [](Asked& a) { testing::link_of(a.facts, "flannel.1").up = false; },
     Outcome::dropped, "arrival", "flannel.1, by which it comes, is down", "overlay.device"},
};

TEST(TraceIn, NamesTheFirstHopThatDecides) {
  for (const auto& each : kInCases) {
    SCOPED_TRACE(each.name);
    auto asked = each.asked();
    each.change(asked);
    const auto traced = asked.traced();
    EXPECT_EQ(net::name_of(trace::kOutcomeNames, traced.outcome),
              net::name_of(trace::kOutcomeNames, each.outcome))
        << hops_text(traced);
    const auto* hop = deciding(traced);
    ASSERT_NE(hop, nullptr) << hops_text(traced);
    EXPECT_EQ(hop->title, each.at) << hops_text(traced);
    EXPECT_NE(hop->sentence.find(each.sentence), std::string::npos) << hops_text(traced);
    EXPECT_EQ(hop->check, each.check) << hops_text(traced);
  }
}

TEST(TraceIn, BeginsWithTheSideThatIsNotSeenHere) {
  const auto traced = testing::udr_in().traced();
  EXPECT_EQ(traced.hops.front().verdict, trace::Verdict::not_asked);
  EXPECT_EQ(traced.hops.front().next_step,
            "calico-azure-agent explain 10.244.2.9 to 10.244.1.5   # on the node that has 10.244.2.9");
}

}  // namespace
}  // namespace agent
