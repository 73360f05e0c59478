// From a pod of this node, or the node itself, to wherever the packet goes: one thing is wrong, and the first
// hop that drops it is named with the remedy of the check that fails for it.
#include <gtest/gtest.h>

#include <cerrno>
#include <string>

#include "tests/unit/trace/traced.h"

namespace agent {
namespace {

using observed::AzureAccess;
using observed::AzureDirection;
using testing::address;
using testing::Asked;
using testing::deciding;
using testing::hops_text;
using testing::prefix;
using testing::refusal;
using testing::route;
using testing::set_sysctl;
using testing::TraceCase;
using Outcome = trace::Trace::Outcome;

constexpr auto kPeer = "peer's NIC";

void deny(Asked& asked, AzureDirection direction, std::uint16_t first = 0, std::uint16_t last = 65535) {
  auto& groups = *asked.facts.cloud_state.edit().azure->security_groups;
  auto& rules = groups.front().rules;
  rules.insert(rules.begin(), {.name = "deny-it",
                               .priority = 200,
                               .direction = direction,
                               .access = AzureAccess::deny,
                               .protocol = observed::AzureProtocol::any,
                               .source = testing::addresses_of("*"),
                               .destination = testing::addresses_of("*"),
                               .source_ports = {{0, 65535}},
                               .destination_ports = {{first, last}}});
}

void lead(Asked& asked, std::string_view to, const char* type, std::string_view hop = "") {
  auto& routes = testing::azure_routes(asked.facts);
  routes.push_back({"other", std::string(to), prefix(to), type,
                    hop.empty() ? std::nullopt : std::optional(address(hop)), "Succeeded"});
}

void drop_by_policy(Asked& asked) {
  auto& filter = testing::host_of(asked.facts).packet_filters->front();
  filter.forward_policy = "DROP";
  filter.forward = {{"FORWARD", {}}};
}

const TraceCase kOutCases[] = {
    {"Healthy", testing::udr_out, [](Asked&) {}, Outcome::uncertain, kPeer, "what 10.240.0.5 does with it",
     ""},
    {"HealthyBehindBridge", testing::kubenet_out, [](Asked&) {}, Outcome::uncertain, kPeer, "10.240.0.5", ""},
    {"HealthyCanal", testing::canal_out, [](Asked&) {}, Outcome::uncertain, kPeer, "10.240.0.5", ""},
    {"HealthyCalicoVxlan", testing::calico_vxlan_out, [](Asked&) {}, Outcome::uncertain, kPeer, "10.240.0.5",
     ""},
    {"HealthyAzureCni", testing::azure_cni_out, [](Asked&) {}, Outcome::uncertain, kPeer,
     "the node that has 10.240.0.50", ""},
    {"LinkDown", testing::udr_out, [](Asked& a) { testing::link_of(a.facts, "cali0a1b2c3d4e5").up = false; },
     Outcome::dropped, "pod's link", "cali0a1b2c3d4e5, which is down", ""},
    {"NoProxyArp", testing::udr_out,
     [](Asked& a) { testing::set_pod_sysctl(a.facts, "cali0a1b2c3d4e5", "proxy_arp", "0"); },
     Outcome::dropped, "pod's link", "net.ipv4.conf.cali0a1b2c3d4e5.proxy_arp is 0", "pods.links"},
    {"PodsLinkDoesNotForward", testing::udr_out,
     [](Asked& a) { testing::set_pod_sysctl(a.facts, "cali0a1b2c3d4e5", "forwarding", "0"); },
     Outcome::dropped, "forwarding", "net.ipv4.conf.cali0a1b2c3d4e5.forwarding is 0", "pods.links"},
    {"NothingForwards", testing::kubenet_out,
     [](Asked& a) {
       set_sysctl(a.facts, "net/ipv4/ip_forward", "0");
       set_sysctl(a.facts, "net/ipv4/conf/eth0/forwarding", "0");
       a.answers.packet = refusal(EHOSTUNREACH);
     },
     Outcome::dropped, "forwarding", "does not forward what comes by cbr0", "sysctl.ip_forward"},
    {"Spoofed", testing::udr_out, [](Asked& a) { a.answers.packet = a.answers.to_node = refusal(EXDEV); },
     Outcome::dropped, "route", "takes 10.244.1.5 on cali0a1b2c3d4e5 for spoofed (rp_filter)", ""},
    {"NoRoute", testing::udr_out, [](Asked& a) { a.answers.packet = refusal(ENETUNREACH); }, Outcome::dropped,
     "route", "the kernel has no route to 10.244.2.9", ""},
    {"Blackhole", testing::udr_out, [](Asked& a) { a.answers.packet = refusal(EINVAL); }, Outcome::dropped,
     "route", "a blackhole route leads to 10.244.2.9", ""},
    {"Prohibit", testing::udr_out, [](Asked& a) { a.answers.packet = refusal(EACCES); }, Outcome::dropped,
     "route", "a prohibit route leads to 10.244.2.9", ""},
    {"Unreachable", testing::udr_out,
     [](Asked& a) { a.answers.packet = a.answers.to_receiver = refusal(EHOSTUNREACH); }, Outcome::dropped,
     "route", "an unreachable route leads to 10.244.2.9", ""},
    {"KernelNotAsked", testing::udr_out, [](Asked& a) { a.answers.packet = refusal(ENODATA); },
     Outcome::uncertain, "route", "refused", ""},
    {"AnotherLink", testing::udr_out,
     [](Asked& a) {
       a.facts.links.edit().push_back(testing::link(40, "ib0", "02:00:00:00:00:40"));
       a.answers.packet = route("10.244.2.0/24", "", 40, 4, 0);
     },
     Outcome::uncertain, "route", "leaves by ib0, and what is behind that is not known", ""},
    {"SeveralNextHops", testing::udr_out,
     [](Asked& a) {
       a.answers.packet->device = 0;
       a.answers.packet->multipath = true;
     },
     Outcome::uncertain, "route", "one of several next hops", ""},
    {"PolicyOfForward", testing::udr_out, drop_by_policy, Outcome::dropped, "netfilter",
     "iptables-nft: chain FORWARD of table filter has the policy DROP", "netfilter.forward"},
    {"RuleForThisPodAlone", testing::udr_out,
     [](Asked& a) {
       auto& rules = testing::forward_of(a.facts);
       rules.insert(rules.begin(), {.source = prefix("10.244.1.5/32"), .target = "DROP"});
     },
     Outcome::dropped, "netfilter", "a rule of chain FORWARD in table filter drops this packet", ""},
    {"RuleForOneProtocol", testing::udr_out,
     [](Asked& a) {
       auto& rules = testing::forward_of(a.facts);
       rules.insert(rules.begin(), {.source = prefix("10.244.1.5/32"), .protocol = "udp", .target = "DROP"});
     },
     Outcome::uncertain, "netfilter", "not of every protocol: name the port", ""},
    {"RuleForTheOtherProtocol", testing::udr_out,
     [](Asked& a) {
       auto& rules = testing::forward_of(a.facts);
       rules.insert(rules.begin(), {.source = prefix("10.244.1.5/32"), .protocol = "udp", .target = "DROP"});
       a.question = testing::question({"10.244.1.5", "to", "10.244.2.9:80"});
     },
     Outcome::uncertain, kPeer, "", ""},
    {"NftablesOwnTable", testing::udr_out, [](Asked& a) { testing::drop_by_nftables(a.facts, {}); },
     Outcome::dropped, "netfilter", "nftables: chain forward of table inet filter", "netfilter.forward"},
    {"RulesNotShown", testing::udr_out,
     [](Asked& a) { testing::host_of(a.facts).packet_filters = net::failure(EPERM, "not ours to read"); },
     Outcome::uncertain, "netfilter", "not ours to read", ""},
    {"NicDown", testing::udr_out, [](Asked& a) { testing::link_of(a.facts, "eth0").up = false; },
     Outcome::dropped, "neighbour", "eth0 is down, or has no carrier", ""},
    {"NobodyAnswersOnTheNic", testing::udr_out,
     [](Asked& a) {
       a.answers.neighbour =
           std::optional(observed::NeighbourEntry{.state = observed::NeighbourState::failed, .mac = {}});
     },
     Outcome::uncertain, "neighbour", "10.240.0.1 on eth0: FAILED", ""},
    {"AzureNotAsked", testing::udr_out, [](Asked& a) { a.facts.cloud_state.edit().azure.reset(); },
     Outcome::uncertain, "Azure", "has not been asked yet", ""},
    {"NicNotRead", testing::udr_out,
     [](Asked& a) {
       a.facts.cloud_state.edit().azure->nic = net::failure(EACCES, "no right to read the NIC");
     },
     Outcome::uncertain, "Azure's NIC", "no right to read the NIC", ""},
    {"IpForwardingOff", testing::udr_out,
     [](Asked& a) { a.facts.cloud_state.edit().azure->nic->ip_forwarding = false; }, Outcome::dropped,
     "Azure's NIC", "IP forwarding is off for NIC worker-1-nic, whose address 10.244.1.5 is not",
     "azure.ip_forwarding"},
    {"IpForwardingOffForTheNodeItself", testing::udr_out,
     [](Asked& a) {
       a.facts.cloud_state.edit().azure->nic->ip_forwarding = false;
       a.question = testing::question({"node", "to", "10.244.2.9"});
       a.answers.source = address("10.240.0.4");
     },
     Outcome::uncertain, kPeer, "", ""},
    {"OutboundRule", testing::udr_out, [](Asked& a) { deny(a, AzureDirection::outbound); }, Outcome::dropped,
     "security groups out",
     "rule deny-it of network security group nodes-nsg (priority 200, outbound), the subnet's",
     "azure.security_groups"},
    {"OutboundRulesOfNicAndSubnet", testing::udr_out,
     [](Asked& a) {
       deny(a, AzureDirection::outbound);
       auto& azure = *a.facts.cloud_state.edit().azure;
       azure.nic->security_group_id = std::string(testing::kNetworkGroup) + "/networkSecurityGroups/nic-nsg";
       azure.security_groups->push_back(
           {*azure.nic->security_group_id, azure.security_groups->front().rules});
     },
     Outcome::dropped, "security groups out", "group nic-nsg (priority 200, outbound), the NIC's",
     "azure.security_groups"},
    {"OutboundRuleForThePort", testing::udr_out,
     [](Asked& a) {
       deny(a, AzureDirection::outbound, 443, 443);
       a.question = testing::question({"10.244.1.5", "to", "10.244.2.9:443"});
     },
     Outcome::dropped, "security groups out", "rule deny-it", ""},
    {"OutboundRuleForAnotherPort", testing::udr_out,
     [](Asked& a) {
       deny(a, AzureDirection::outbound, 443, 443);
       a.question = testing::question({"10.244.1.5", "to", "10.244.2.9:80"});
     },
     Outcome::uncertain, kPeer, "", ""},
    {"GroupsNotRead", testing::udr_out,
     [](Asked& a) { a.facts.cloud_state.edit().azure->security_groups = net::failure(EACCES, "no right"); },
     Outcome::uncertain, "security groups out", "no right", ""},
    {"NoRouteTable", testing::udr_out, [](Asked& a) { testing::dissociate(a.facts); }, Outcome::dropped,
     "route table", "10.240.0.0/12 to VnetLocal: a system route: no NIC has the address of a pod",
     "azure.route_table"},
    {"TheirRouteIsMissing", testing::udr_out,
     [](Asked& a) { testing::azure_routes(a.facts).erase(testing::azure_routes(a.facts).begin() + 1); },
     Outcome::dropped, "route table", "no NIC has the address of a pod", ""},
    {"RouteToNone", testing::udr_out, [](Asked& a) { lead(a, "10.244.2.0/25", "None"); }, Outcome::dropped,
     "route table", "10.244.2.0/25 to None: route other of cluster-routes: Azure drops it", ""},
    {"LedBackHere", testing::udr_out,
     [](Asked& a) { lead(a, "10.244.2.0/25", "VirtualAppliance", "10.240.0.4"); }, Outcome::dropped,
     "route table", "back to this node, which has no such pod", "azure.stale_routes"},
    {"ByGateway", testing::udr_out, [](Asked& a) { lead(a, "10.244.2.0/25", "VirtualNetworkGateway"); },
     Outcome::uncertain, "route table", "what is there lets it by, or does not", ""},
    {"PeersSubnetDropsIt", testing::udr_out, [](Asked& a) { deny(a, AzureDirection::inbound); },
     Outcome::dropped, kPeer, "(priority 200, inbound), the subnet's, drops it, on its way to 10.240.0.5",
     "azure.security_groups"},
    {"PeerInAnotherSubnet", testing::udr_out,
     [](Asked& a) {
       deny(a, AzureDirection::inbound);
       testing::azure_routes(a.facts)[1].next_hop = address("10.250.0.5");
     },
     Outcome::uncertain, kPeer, "10.250.0.5", ""},
    {"AnswerIsLedElsewhere", testing::udr_out,
     [](Asked& a) { testing::azure_routes(a.facts).front().next_hop = address("10.240.0.77"); },
     Outcome::dropped, "answer's route table",
     "VirtualAppliance 10.240.0.77: route worker-1 of cluster-routes, not to this node", "azure.node_route"},
    {"AnswerIsNotForwarded", testing::udr_out,
     [](Asked& a) { set_sysctl(a.facts, "net/ipv4/conf/eth0/forwarding", "0"); }, Outcome::dropped, "answer",
     "net.ipv4.conf.eth0.forwarding is 0", "sysctl.nic_forwarding"},
    {"AnswerIsTakenForSpoofed", testing::udr_out, [](Asked& a) { a.answers.answer = refusal(EXDEV); },
     Outcome::dropped, "answer", "refuses what 10.244.2.9 sends back by eth0", ""},
    {"NoNeighbourOfTheVtep", testing::canal_out,
     [](Asked& a) { testing::data_plane_of(a.facts).neighbours.clear(); }, Outcome::dropped, "overlay",
     "no permanent neighbour entry has the MAC of 10.244.2.0", "overlay.peers"},
    {"NoForwardingEntry", testing::calico_vxlan_out,
     [](Asked& a) { testing::data_plane_of(a.facts).forwarding.clear(); }, Outcome::dropped, "overlay",
     "no forwarding entry has the node of 10.244.2.64", "overlay.peers"},
    {"OverlayNotRead", testing::canal_out,
     [](Asked& a) { a.facts.environment.edit().data_plane = net::failure(EIO, "interrupted"); },
     Outcome::uncertain, "overlay", "are not known", ""},
    {"OverlaysLinkIsGone", testing::canal_out,
     [](Asked& a) {
       a.answers.packet = route("0.0.0.0/0", "10.240.0.1", 2, 16, 100);
       std::erase_if(a.facts.links.edit(), [](const auto& each) { return each.name == "flannel.1"; });
     },
     Outcome::dropped, "route", "it leaves by eth0 as it is, and Azure knows no address of a pod",
     "overlay.device"},
    {"OverlayOfAnotherAddress", testing::canal_out,
     [](Asked& a) { testing::link_of(a.facts, "flannel.1").vxlan->local = address("10.240.0.99"); },
     Outcome::dropped, "outer route", "flannel.1 sends from 10.240.0.99, which is no address of this node",
     "overlay.device"},
    {"NoOuterRoute", testing::canal_out, [](Asked& a) { a.answers.outer = refusal(ENETUNREACH); },
     Outcome::dropped, "outer route", "refused", ""},
    {"ServiceByName", testing::udr_out,
     [](Asked& a) {
       a.facts.cloud_state.edit().service_addresses = {address("10.0.0.10")};
       a.question = testing::question({"10.244.1.5", "to", "10.0.0.10:53/udp"});
       a.answers.packet = refusal(ENETUNREACH);
     },
     Outcome::uncertain, "service", "kube-proxy turns it into the address of one of its pods", ""},
    {"ServiceByIpvs", testing::udr_out,
     [](Asked& a) {
       a.facts.links.edit().push_back(
           testing::link(50, "kube-ipvs0", "02:00:00:00:00:50", {{address("10.0.0.20"), 32}}));
       a.question = testing::question({"10.244.1.5", "to", "10.0.0.20:80"});
     },
     Outcome::uncertain, "service", "10.0.0.20 is a service", ""},
    {"PerhapsAService", testing::udr_out,
     [](Asked& a) {
       a.question = testing::question({"10.244.1.5", "to", "10.0.0.10:53/udp"});
       a.answers.to_receiver = a.answers.packet = refusal(ENETUNREACH);
     },
     Outcome::uncertain, "service", "10.0.0.10 is private", ""},
    {"Internet", testing::canal_out,
     [](Asked& a) {
       a.question = testing::question({"10.244.1.5", "to", "203.0.113.7:443"});
       a.answers.to_receiver = a.answers.packet = route("0.0.0.0/0", "10.240.0.1", 2, 16, 100);
     },
     Outcome::uncertain, "source address", "no NIC has 10.244.1.5", ""},
    {"UnusedAddressHere", testing::udr_out,
     [](Asked& a) {
       a.question = testing::question({"10.244.1.5", "to", "10.244.1.200"});
       a.answers.to_receiver = a.answers.packet = refusal(EINVAL);
     },
     Outcome::dropped, "route", "no pod here has 10.244.1.200", ""},
    {"UnusedAddressBehindBridge", testing::kubenet_out,
     [](Asked& a) {
       a.question = testing::question({"10.244.1.5", "to", "10.244.1.200"});
       a.answers.to_receiver = a.answers.packet = a.answers.to_sender;
     },
     Outcome::uncertain, "receiver's link", "host-local has given 10.244.1.200 to no pod behind cbr0", ""},
    {"BehindTheSameBridge", testing::kubenet_out,
     [](Asked& a) {
       a.question = testing::question({"10.244.1.5", "to", "10.244.1.6"});
       a.answers.to_receiver = a.answers.to_sender;
       a.answers.packet = refusal(EHOSTUNREACH);  // nobody asks for a route
     },
     Outcome::arrives, "pod's link", "behind bridge cbr0", ""},
    {"BehindTheSameBridgeByNetfilter", testing::kubenet_out,
     [](Asked& a) {
       drop_by_policy(a);
       a.question = testing::question({"10.244.1.5", "to", "10.244.1.6"});
       a.answers.to_receiver = a.answers.packet = a.answers.to_sender;
     },
     Outcome::uncertain, "netfilter", "where br_netfilter shows it what cbr0 hands over",
     "netfilter.forward"},
    {"Imds", testing::udr_out,
     [](Asked& a) {
       a.question = testing::question({"10.244.1.5", "to", "169.254.169.254:80"});
       a.answers.to_receiver = a.answers.packet = route("169.254.169.254/32", "10.240.0.1", 2, 16, 100);
     },
     Outcome::uncertain, "Azure's host", "answers the NIC's addresses", ""},
    {"ImdsOfTheNode", testing::udr_out,
     [](Asked& a) {
       a.question = testing::question({"node", "to", "169.254.169.254:80"});
       a.answers.source = address("10.240.0.4");
       a.answers.to_receiver = a.answers.packet = route("169.254.169.254/32", "10.240.0.1", 2, 16, 100);
     },
     Outcome::arrives, "route", "169.254.169.254/32 via 10.240.0.1", ""},
    {"AzuresOverlay", testing::azure_cni_out,
     [](Asked& a) {
       a.facts.policy.azure_verified_always = true;
       a.facts.cloud_state.edit().azure = testing::azure_as_it_should_be();
       a.facts.cloud_state.edit().azure->nic->ip_forwarding = false;
       a.facts.nic.nic->azure.addresses = {address("10.240.0.4")};
     },
     Outcome::uncertain, "Azure", "Azure CNI's overlay carries 10.240.0.10, which no NIC has", ""},
    {"PodBesideIt", testing::udr_out,
     [](Asked& a) {
       a.question = testing::question({"10.244.1.5", "to", "10.244.1.6"});
       a.answers.to_receiver = a.answers.packet = testing::to_pod("10.244.1.6", testing::kFirstPodLink + 1);
     },
     Outcome::arrives, "pod's link", "", ""},
    {"ThisNode", testing::udr_out,
     [](Asked& a) {
       a.question = testing::question({"10.244.1.5", "to", "10.240.0.4"});
       a.answers.packet->type = net::RouteType::local;
     },
     Outcome::arrives, "pod's link", "", ""},
    {"NeitherIsHere", testing::udr_out,
     [](Asked& a) {
       a.question = testing::question({"10.244.2.9", "to", "10.244.3.9"});
       a.answers.to_sender = a.answers.to_receiver = a.answers.packet;
     },
     Outcome::not_here, nullptr, "", ""},
};

TEST(TraceOut, NamesTheFirstHopThatDecides) {
  for (const auto& each : kOutCases) {
    SCOPED_TRACE(each.name);
    auto asked = each.asked();
    each.change(asked);
    const auto traced = asked.traced();
    EXPECT_EQ(net::name_of(trace::kOutcomeNames, traced.outcome),
              net::name_of(trace::kOutcomeNames, each.outcome))
        << hops_text(traced);
    const auto* hop = deciding(traced);
    if (each.at == nullptr || hop == nullptr) {
      EXPECT_EQ(each.at, nullptr) << hops_text(traced);
      continue;
    }
    EXPECT_EQ(hop->title, each.at) << hops_text(traced);
    EXPECT_NE(hop->sentence.find(each.sentence), std::string::npos) << hops_text(traced);
    EXPECT_EQ(hop->check, each.check) << hops_text(traced);
    EXPECT_EQ(hop->check.empty(), hop->remedy.empty()) << hops_text(traced);
    const bool is_last = hop == &traced.hops.back();
    EXPECT_TRUE(is_last || traced.outcome != Outcome::dropped) << hops_text(traced);
  }
}

TEST(TraceOut, HasTheRemedyOfTheCheckAndNoOther) {
  auto asked = testing::udr_out();
  asked.facts.cloud_state.edit().azure->nic->ip_forwarding = false;
  const auto checks = checks::assess(asked.facts, {}, asked.facts.wall);
  const auto traced = trace::trace_packet(asked.facts, checks, asked.question, asked.answers);
  const auto found = std::find_if(checks.begin(), checks.end(),
                                  [](const auto& each) { return each.id == "azure.ip_forwarding"; });
  EXPECT_EQ(traced.hops.back().remedy, found->remedy);
}

TEST(TraceOut, SaysWhereTheSameQuestionShowsMore) {
  EXPECT_EQ(deciding(testing::udr_out().traced())->next_step,
            "calico-azure-agent explain 10.244.1.5 to 10.244.2.9   # on node 10.240.0.5");
  auto missing = testing::udr_out();
  testing::azure_routes(missing.facts).erase(testing::azure_routes(missing.facts).begin() + 1);
  EXPECT_EQ(missing.traced().hops.back().next_step,
            "calico-azure-agent explain 10.244.1.5 to 10.244.2.9   # on the node that has 10.244.2.9");
  auto elsewhere = testing::udr_out();
  elsewhere.question = testing::question({"10.244.2.9", "to", "10.244.3.9:80"});
  elsewhere.answers.to_sender = elsewhere.answers.to_receiver = elsewhere.answers.packet;
  EXPECT_EQ(elsewhere.traced().hops.front().next_step,
            "calico-azure-agent explain 10.244.2.9 to 10.244.3.9:80/tcp   # on node 10.240.0.5");
}

TEST(TraceOut, SteersNoTerminal) {
  auto asked = testing::udr_out();
  testing::link_of(asked.facts, "cali0a1b2c3d4e5").name = "cali\x1b[2K";
  testing::azure_routes(asked.facts)[1].name = "route\x1b]0;";
  const auto text = hops_text(asked.traced());
  EXPECT_NE(text.find("cali?[2K"), std::string::npos) << text;
  EXPECT_EQ(text.find('\x1b'), std::string::npos) << text;
}

TEST(TraceOut, ShowsTheRuleByWhichAnotherTableIsAsked) {
  auto asked = testing::udr_out();
  testing::use_second_nic_for_pods(asked.facts);
  asked.answers.packet = route("10.244.0.0/16", "10.241.0.1", 3, 169, 1024, routing::kPodTable);
  const auto traced = asked.traced();
  EXPECT_NE(hops_text(traced).find("by rule 16925 from 10.244.1.0/24"), std::string::npos)
      << hops_text(traced);
}

}  // namespace
}  // namespace agent
