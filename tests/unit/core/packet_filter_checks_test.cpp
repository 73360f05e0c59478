#include <gtest/gtest.h>

#include "tests/unit/core/broken_nodes.h"
#include "tests/unit/core/each_node.h"

namespace agent {
namespace {

using testing::anywhere;
using testing::drop_by_nftables;
using testing::FaultOfNodes;
using testing::forward_of;
using testing::HealthyNodes;
using testing::host_of;
using testing::on_calico_vxlan;
using testing::on_flannel;
using testing::on_overlays;
using testing::with_calico;
using testing::with_named_links;
using testing::with_sink;

/// A backend in which nothing but docker's chain is.
observed::PacketFilter legacy(std::size_t rules, std::string policy) {
  return {.backend = "legacy",
          .rules = rules,
          .forward_policy = std::move(policy),
          .forward = {{"FORWARD", {{.target = "DOCKER-USER"}}}, {"DOCKER-USER", {{.target = "RETURN"}}}}};
}

observed::PacketFilter& nft_of(checks::Facts& facts) { return host_of(facts).packet_filters->front(); }

bool without_overlay(const checks::Facts& facts) { return !on_overlays(facts); }
/// Calico's own addresses and Azure's lie elsewhere.
bool with_pods_in_the_node_cidr(const checks::Facts& facts) {
  return with_sink(facts) && !on_calico_vxlan(facts);
}
/// FORWARD drops all but what one rule accepts.
void accept_alone(checks::Facts& facts, observed::FilterRule rule) {
  nft_of(facts).forward_policy = "DROP";
  nft_of(facts).forward = {{"FORWARD", {std::move(rule)}}};
}
/// Nobody but Felix accepts pods' packets.
bool with_felix_alone(const checks::Facts& facts) { return with_calico(facts) && !on_flannel(facts); }

const FaultOfNodes kPacketFilterFaults[] = {
    {"docker drops what it does not know", anywhere,
     [](checks::Facts& f) { host_of(f).packet_filters->push_back(legacy(0, "DROP")); }, "netfilter.forward",
     "DROP in iptables' legacy backend", "iptables-legacy -P FORWARD ACCEPT"},
    {"FORWARD drops, and kube-proxy alone accepts", anywhere,
     [](checks::Facts& f) {
       nft_of(f).forward_policy = "DROP";
       nft_of(f).forward = {{"FORWARD", {{.target = "KUBE-FORWARD"}}}, testing::kube_forward()};
     },
     "netfilter.forward",
     "DROP in iptables' nft backend, and no rule accepts what pods send before: KUBE-FORWARD accepts marked",
     "iptables-nft -P FORWARD ACCEPT"},
    {"FORWARD drops, and Felix leaves accepting to others", with_felix_alone,
     [](checks::Facts& f) {
       nft_of(f).forward_policy = "DROP";
       forward_of(f).pop_back();
     },
     "netfilter.forward", "DROP in iptables' nft backend", "iptables-nft -P FORWARD ACCEPT"},
    {"a set leads to a chain that accepts some of others alone", anywhere,
     [](checks::Facts& f) {
       nft_of(f).forward_policy = "DROP";
       nft_of(f).forward = {
           {"FORWARD", {{.is_narrow = true, .is_opaque = true, .target = "DOCKER"}}},
           {"DOCKER", {{.out = "docker0", .target = "ACCEPT"}, {.out = "docker0", .target = "DROP"}}}};
     },
     "netfilter.forward", "DROP in iptables' nft backend", "iptables-nft -P FORWARD ACCEPT"},
    {"a firewall rejects the rest", anywhere,
     [](checks::Facts& f) {
       nft_of(f).forward = {{"FORWARD", {{.is_narrow = true, .target = "ACCEPT"}, {.target = "REJECT"}}}};
     },
     "netfilter.forward", "chain FORWARD in iptables' nft backend has a rule that rejects",
     "# have the owner of the rule (iptables-nft-save) accept the pod CIDRs before it"},
    {"nftables' own chain has the policy drop and no rule", anywhere,
     [](checks::Facts& f) { drop_by_nftables(f, {}); }, "netfilter.forward",
     "chain forward of table inet filter has the policy drop, and no rule accepts what pods send before",
     "nft list table inet filter"},
    {"nftables' own chain accepts single ports and drops the rest", anywhere,
     [](checks::Facts& f) {
       drop_by_nftables(f, {{.is_narrow = true, .target = "ACCEPT"}, {.in = "lo", .target = "ACCEPT"}});
     },
     "netfilter.forward", "has the policy drop, and no rule accepts what pods send before",
     "nft list table inet filter"},
    {"nftables' own chain rejects what is left", anywhere,
     [](checks::Facts& f) {
       drop_by_nftables(f,
                        {{.is_narrow = true, .target = "ACCEPT"}, {.protocol = "udp", .target = "REJECT"}});
       host_of(f).nft_chains->front().policy = "ACCEPT";
     },
     "netfilter.forward", "chain forward of table inet filter has a rule that rejects what pods send by udp",
     "nft list table inet filter"},
    {"all but the NIC's are dropped", with_pods_in_the_node_cidr,
     [](checks::Facts& f) {
       nft_of(f).forward = {
           {"FORWARD", {{.source = testing::prefix("10.99.0.0/16"), .not_source = true, .target = "DROP"}}}};
     },
     "netfilter.forward", "chain FORWARD in iptables' nft backend has a rule that drops",
     "# have the owner of the rule (iptables-nft-save) accept the pod CIDRs before it"},
    {"a chain drops the rest", anywhere,
     [](checks::Facts& f) {
       nft_of(f).forward = {{"FORWARD", {{.target = "LOCAL"}}}, {"LOCAL", {{.target = "DROP"}}}};
     },
     "netfilter.forward", "chain LOCAL in iptables' nft backend has a rule that drops", "# have the owner"},
    {"what pods send is dropped", with_sink,
     [](checks::Facts& f) {
       forward_of(f) = {{.source = testing::prefix("10.244.0.0/16"), .target = "DROP"}};
     },
     "netfilter.forward", "chain FORWARD in iptables' nft backend has a rule that drops what pods send",
     "# have the owner of the rule (iptables-nft-save) accept the pod CIDRs before it"},
    {"what comes in by the NIC is dropped", without_overlay,
     [](checks::Facts& f) { forward_of(f) = {{.in = "eth0", .target = "DROP"}}; }, "netfilter.forward",
     "chain FORWARD in iptables' nft backend has a rule that drops what pods get", "# have the owner"},
    {"what comes in by the overlay is dropped", on_overlays,
     [](checks::Facts& f) { forward_of(f) = {{.in = "+", .target = "DROP"}}; }, "netfilter.forward",
     "has a rule that drops what pods send", "# have the owner"},
    {"what pods send is accepted, and what they get is not", with_pods_in_the_node_cidr,
     [](checks::Facts& f) {
       accept_alone(f, {.source = testing::prefix("10.244.1.0/24"), .target = "ACCEPT"});
     },
     "netfilter.forward", "no rule accepts what pods get before", "iptables-nft -P FORWARD ACCEPT"},
    {"what pods get is accepted, and what they send is not", with_pods_in_the_node_cidr,
     [](checks::Facts& f) {
       accept_alone(f, {.destination = testing::prefix("10.244.1.0/24"), .target = "ACCEPT"});
     },
     "netfilter.forward", "no rule accepts what pods send before", "iptables-nft -P FORWARD ACCEPT"},
    {"what comes in by the NIC is accepted alone", anywhere,
     [](checks::Facts& f) {
       // A NIC may be of the kind that pods' links are: in a container, say.
       for (auto& link : f.links.edit()) {
         if (link.name == "eth0") link.kind = "veth";
       }
       accept_alone(f, {.in = "eth0", .target = "ACCEPT"});
     },
     "netfilter.forward", "no rule accepts what pods send before", "iptables-nft -P FORWARD ACCEPT"},
    {"table mangle drops everything", anywhere,
     [](checks::Facts& f) {
       nft_of(f).other_hooks = {{.table = "mangle",
                                 .chain = "FORWARD",
                                 .policy = "ACCEPT",
                                 .chains = {{"FORWARD", {{.target = "DROP"}}}}}};
     },
     "netfilter.forward",
     "chain FORWARD in table mangle of iptables' nft backend has a rule that drops whatever no rule accepts",
     "# have the owner"},
    {"table raw drops what pods send", with_sink,
     [](checks::Facts& f) {
       nft_of(f).other_hooks = {
           {.table = "raw",
            .chain = "PREROUTING",
            .policy = "ACCEPT",
            .chains = {{"PREROUTING", {{.source = testing::prefix("10.244.0.0/16"), .target = "DROP"}}}}}};
     },
     "netfilter.forward",
     "chain PREROUTING in table raw of iptables' nft backend has a rule that drops what pods send",
     "# have the owner"},
    {"table mangle has the policy DROP", anywhere,
     [](checks::Facts& f) {
       nft_of(f).other_hooks = {{.table = "mangle", .chain = "POSTROUTING", .policy = "DROP"}};
     },
     "netfilter.forward", "POSTROUTING's policy is DROP in table mangle of iptables' nft backend",
     "iptables-nft -t mangle -P POSTROUTING ACCEPT"},
    {"rules in both backends", anywhere,
     [](checks::Facts& f) { host_of(f).packet_filters->push_back(legacy(31, "ACCEPT")); },
     "netfilter.backends", "meet 214 rules in iptables' nft backend and 31 in legacy",
     "iptables-legacy-save"},
    {"a full table of connections", anywhere,
     [](checks::Facts& f) { host_of(f).conntrack = observed::Conntrack{.entries = 240000, .room = 262144}; },
     "conntrack.room", "240000 of 262144 connections",
     "sysctl -w net.netfilter.nf_conntrack_max=524288 && echo net.netfilter.nf_conntrack_max=524288 >> "
     "/etc/sysctl.d/99-calico-azure.conf"},
};

TEST(PacketFilterChecks, EveryFaultIsToldByOneCheckAloneWithARemedyThatAShellCanRead) {
  for (const auto& fault : kPacketFilterFaults) testing::expect_told_by_one_check(fault);
}

const bool kPacketFilterFaultsAreListed = testing::list_broken(kPacketFilterFaults);

const HealthyNodes kHealthyPacketFilters[] = {
    {"FORWARD drops, and Felix or flannel accepts before", with_named_links,
     [](checks::Facts& f) { nft_of(f).forward_policy = "DROP"; }, "netfilter.forward",
     checks::CheckStatus::pass, "no rule drops all"},
    {"FORWARD drops after all was accepted", anywhere,
     [](checks::Facts& f) {
       host_of(f).packet_filters->push_back(legacy(0, "DROP"));
       host_of(f).packet_filters->back().forward.front().rules.push_back({.target = "ACCEPT"});
     },
     "netfilter.forward", checks::CheckStatus::pass, "no rule drops all"},
    {"FORWARD drops after the cluster's CIDR was accepted", with_sink,
     [](checks::Facts& f) {
       nft_of(f).forward_policy = "DROP";
       nft_of(f).forward = {{"FORWARD", {{.source = testing::prefix("10.244.0.0/16"), .target = "ACCEPT"}}}};
     },
     "netfilter.forward", checks::CheckStatus::pass, "no rule drops all"},
    {"rules about some pods drop nothing else", with_sink,
     [](checks::Facts& f) {
       auto& chains = nft_of(f).forward;
       chains.push_back({"ONE", {{.target = "DROP"}}});
       auto& forward = chains.front().rules;
       forward.insert(forward.begin(), {{.source = testing::prefix("10.244.1.77/32"), .target = "DROP"},
                                        {.destination = testing::prefix("10.244.1.77/32"), .target = "ONE"},
                                        {.source = testing::prefix("10.244.2.0/24"), .target = "DROP"}});
     },
     "netfilter.forward", checks::CheckStatus::pass, "no rule drops all"},
    {"nftables' own chain drops by its policy", anywhere,
     [](checks::Facts& f) {
       drop_by_nftables(f, {{.is_narrow = true, .is_opaque = true, .target = "ACCEPT"}});
     },
     "netfilter.forward", checks::CheckStatus::unknown,
     "nftables' chain forward of table inet filter has the policy drop, and whether it accepts before what "
     "pods"},
    {"nftables' own chain rejects the rest", anywhere,
     [](checks::Facts& f) {
       drop_by_nftables(f,
                        {{.is_narrow = true, .is_opaque = true, .target = "ACCEPT"}, {.target = "REJECT"}});
     },
     "netfilter.forward", checks::CheckStatus::unknown,
     "chain forward of table inet filter has a rule that rejects"},
    {"nftables' own chain drops, and there is no iptables", anywhere,
     [](checks::Facts& f) {
       host_of(f).packet_filters->clear();
       drop_by_nftables(f, {{.is_narrow = true, .is_opaque = true, .target = "ACCEPT"}});
     },
     "netfilter.forward", checks::CheckStatus::unknown,
     "chain forward of table inet filter has the policy drop"},
    {"nftables' own chain accepts pods", with_sink,
     [](checks::Facts& f) {
       drop_by_nftables(f, {{.source = testing::prefix("10.244.0.0/16"), .target = "ACCEPT"},
                            {.destination = testing::prefix("10.244.0.0/16"), .target = "ACCEPT"}});
     },
     "netfilter.forward", checks::CheckStatus::pass, "no rule drops all"},
    {"nft is not installed", anywhere,
     [](checks::Facts& f) { host_of(f).nft_chains = net::failure(ENOENT, "nft is not installed"); },
     "netfilter.forward", checks::CheckStatus::pass, "no rule drops all"},
    {"nft does not answer", anywhere,
     [](checks::Facts& f) {
       host_of(f).nft_chains = net::failure(ETIMEDOUT, "/usr/sbin/nft does not end in time");
     },
     "netfilter.forward", checks::CheckStatus::unknown,
     "nftables' own rules could not be read: /usr/sbin/nft"},
    {"rules about one destination drop nothing else", anywhere,
     [](checks::Facts& f) {
       forward_of(f).insert(
           forward_of(f).begin(),
           {{.destination = testing::prefix("168.63.129.16/32"), .is_narrow = true, .target = "DROP"},
            {.destination = testing::prefix("169.254.169.254/32"), .target = "DROP"},
            {.in = "docker0", .target = "DROP"}});
     },
     "netfilter.forward", checks::CheckStatus::pass, "no rule drops all"},
    {"what others have marked is not known", anywhere,
     [](checks::Facts& f) {
       nft_of(f).forward_policy = "DROP";
       nft_of(f).forward = {{"FORWARD", {{.target = "KUBE-ROUTER-FORWARD"}}},
                            {"KUBE-ROUTER-FORWARD", {{.by_mark = true, .target = "ACCEPT"}}}};
     },
     "netfilter.forward", checks::CheckStatus::unknown,
     "whether its rules accept pods' packets before is not known"},
    {"one backend cannot be looked at", anywhere,
     [](checks::Facts& f) {
       host_of(f).packet_filters->push_back({.backend = "legacy", .problem = "permission denied"});
     },
     "netfilter.forward", checks::CheckStatus::unknown,
     "iptables' legacy backend could not be read: permission"},
    {"an empty backend", anywhere,
     [](checks::Facts& f) { host_of(f).packet_filters->push_back(legacy(0, "ACCEPT")); },
     "netfilter.backends", checks::CheckStatus::pass, "all 214 rules that forwarded packets meet are in nft"},
    {"no iptables", anywhere, [](checks::Facts& f) { host_of(f).packet_filters->clear(); },
     "netfilter.backends", checks::CheckStatus::skip, "not installed"},
    {"no iptables, and nft shows nothing that drops", anywhere,
     [](checks::Facts& f) {
       host_of(f).packet_filters->clear();
       host_of(f).nft_chains = std::vector<observed::FilterHook>{};
     },
     "netfilter.forward", checks::CheckStatus::pass, "no rule drops all"},
    {"an accepting rule whose condition nobody follows", anywhere,
     [](checks::Facts& f) { accept_alone(f, {.is_narrow = true, .is_opaque = true, .target = "ACCEPT"}); },
     "netfilter.forward", checks::CheckStatus::unknown,
     "whether its rules accept pods' packets before is not known"},
    {"all but one accepted", anywhere,
     [](checks::Facts& f) {
       accept_alone(f, {.source = testing::prefix("1.2.3.4/32"), .not_source = true, .target = "ACCEPT"});
     },
     "netfilter.forward", checks::CheckStatus::pass, "no rule drops all"},
    {"more rules than are followed", anywhere,
     [](checks::Facts& f) {
       nft_of(f).forward = {{"FORWARD", {}}};
       nft_of(f).is_cut = true;
     },
     "netfilter.forward", checks::CheckStatus::unknown, "it has more rules than are followed"},
    {"more rules of nftables than are followed", anywhere,
     [](checks::Facts& f) {
       host_of(f).nft_chains = std::vector<observed::FilterHook>{
           {.table = "inet blocklist", .chain = "forward", .policy = "ACCEPT", .chains = {}, .is_cut = true}};
     },
     "netfilter.forward", checks::CheckStatus::unknown,
     "chain forward of table inet blocklist has more rules than are followed"},
    {"neither iptables nor nft", anywhere,
     [](checks::Facts& f) {
       host_of(f).packet_filters->clear();
       host_of(f).nft_chains = net::failure(ENOENT, "nft is not installed");
     },
     "netfilter.forward", checks::CheckStatus::unknown, "neither iptables nor nft is installed"},
    {"rules of nft's own among those of iptables", anywhere,
     [](checks::Facts& f) {
       forward_of(f) = {{.target = "DROP"}};
       nft_of(f).problem = "table filter has rules of nft's own";
     },
     "netfilter.forward", checks::CheckStatus::unknown, "table filter has rules of nft's own"},
    {"a table of connections without a limit", anywhere,
     [](checks::Facts& f) { host_of(f).conntrack = observed::Conntrack{.entries = 240000, .room = 0}; },
     "conntrack.room", checks::CheckStatus::pass, "240000 of 0"},
};

TEST(PacketFilterChecks, AccuseNobodyWhereNothingIsWrong) {
  for (const auto& healthy : kHealthyPacketFilters) testing::expect_healthy(healthy);
}

}  // namespace
}  // namespace agent
