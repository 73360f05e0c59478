#pragma once

#include <cstdint>
#include <optional>

#include "checks/facts.h"
#include "net/error.h"
#include "net/link.h"
#include "net/route.h"

namespace trace {

/// Where one end of a packet's way is, as this node can tell.
struct End {
  enum class At : std::uint8_t { node, pod, elsewhere };
  At at = At::elsewhere;
  const net::Link* link = nullptr;  ///< of a pod here: its own, or the bridge that it is behind
  /// Behind a bridge an address of this node's CIDR may be nobody's.
  bool is_behind_bridge = false;
};

/// `way`: the kernel's route to the address.
End end_at(const checks::Facts& facts, const net::Address& address, const net::Result<net::Route>& way);

/// The link with that index; nullptr: there is none.
const net::Link* link_at(const checks::Facts& facts, std::uint32_t index);

/// Whether the mode carries pods' packets in VXLAN.
bool has_overlay(const checks::Facts& facts);
bool is_cluster_pod(const checks::Facts& facts, const net::Address& address);
/// Of a range that the Internet does not route.
bool is_private(const net::Address& address);
/// The address of a service, as far as this node knows any: kube-proxy's IPVS link has them all.
bool is_service(const checks::Facts& facts, const net::Address& address);
/// The NIC's link, its master and the VF under it.
bool is_nic(const checks::Facts& facts, const net::Link& link);

/// The link by which packets of the address come in: that of the overlay for pods where there is one, else
/// the NIC's; nullptr: not known.
const net::Link* arrival_link(const checks::Facts& facts, const net::Address& from);

/// By which node an overlay's route leads to its pods.
struct OverlayPeer {
  std::optional<net::MacAddress> mac = {};
  std::optional<net::Address> node = {};
  bool is_known = true;  ///< false: the overlay's tables could not be read, or not in full
};
OverlayPeer overlay_peer(const checks::Facts& facts, const net::Route& route);

}  // namespace trace
