#pragma once

#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "checks/check_row.h"
#include "checks/facts.h"
#include "net/address.h"

// What the checks of CNI, Calico and pods share.

namespace checks {

/// What was observed, or the finding where it could not be.
template <class T>
using Seen = tl::expected<T, Finding>;

Seen<const observed::CniFiles*> seen_cni(const Facts& facts);
/// The plug-in that makes pods' interfaces. None: unknown, since cni.winner and azure_cni.configuration
/// report that.
Seen<observed::CniNetwork> seen_network(const Facts& facts);
Seen<const observed::DataPlane*> seen_data_plane(const Facts& facts);
Seen<const observed::HostSettings*> seen_host(const Facts& facts);

/// Whether the mode's pods can be the work of this plug-in.
bool fits(node::Mode mode, const observed::CniPlugin& main);
/// The file whose plug-in fits the mode where that of the pods' network does not; nullptr: there is none.
const observed::CniFile* meant_instead(const Facts& facts);
/// True where there is one: cni.winner alone reports that.
bool is_in_the_way(const Facts& facts);
/// What cni.ipam finds: other checks leave its faults to it.
Finding cni_ipam(const Facts& facts);
/// "calico with host-local"
std::string plugin_text(const observed::CniPlugin& main);

/// Whether a comma-separated list has the entry: "k8s,operator,aks".
bool lists(std::string_view list, std::string_view word);

/// Calico's own links of pods: cali*.
bool is_calicos(const net::Link& link);
/// Azure CNI's: azv*.
bool is_azures(const net::Link& link);
const net::Link* link_named(const Facts& facts, std::string_view name);

/// The bridge of the plug-in's pods; empty for plug-ins without one.
std::string bridge_of(const observed::CniPlugin& main);

/// A pod that this node reaches by a host route over a link of its own.
struct RoutedPod {
  const net::Link* link = nullptr;
  net::Address address;
};
/// By cali*, azv* and veth*.
std::vector<RoutedPod> routed_pods(const Facts& facts, const observed::DataPlane& plane);

/// Calico's plug-in, its links, or a Felix that runs.
bool shows_calico(const Facts& facts);

/// True when a CIDR of this node's holds the address.
bool is_of_this_node(const Facts& facts, const net::Address& address);
/// Why no address can be held against this node's CIDRs; nullopt: they are known and undisputed.
std::optional<Finding> without_node_cidrs(const Facts& facts);

/// Untrusted text for a sentence, shortened.
std::string sanitized(std::string_view text);
/// The node's name for a command; a placeholder where it is not known.
std::string node_word(const Facts& facts);

/// True where Tigera's operator has installed Calico: it takes back what others change in its DaemonSets and
/// IP pools.
bool is_by_operator(const Facts& facts);

/// calico/node, in its own manifests, the operator's and canal's.
inline constexpr std::string_view kCalicoNode = "k8s-app in (calico-node, canal)";

/// The gate that reports why the family does not work on the NIC, and holds back readiness for it: "nic.up",
/// "nic.address". Checks of what is missing for that reason need not fail too. Empty: none does, also where
/// readiness.ignore lets it only warn, since another check has to hold back readiness then.
std::string_view nic_fault(const Facts& facts, net::Family family);

/// Why packets of so many bytes do not leave, where Azure would carry them and the NIC is set to less: who
/// sends them is right, and the NIC is not. Needs a NIC.
std::optional<Finding> nic_too_small(const Facts& facts, std::uint64_t bytes, std::string_view sender);

/// net.ipv6.conf.NIC.disable_ipv6, which `all` sets too: the kernel has removed the addresses. As for
/// net::Sysctls.
std::string disable_ipv6_of(const net::Link& link);
bool is_ipv6_disabled(const Facts& facts);

/// What contradicts this node's pod CIDRs, in a sentence that names both; empty: nothing. Either two sources
/// of them do (NodeCidrs::disagreement), or the pods that are here together with Azure's route table: a Node
/// object may have been given another node's range.
std::string dispute_over_node_cidrs(const Facts& facts);

}  // namespace checks
