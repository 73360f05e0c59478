#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "net/names.h"
#include "node/mode.h"

namespace checks {

/// The stations of a pod's packet to a pod of another node. Which of them there are depends on the mode.
enum class Hop : std::uint8_t {
  none,  ///< no station: a check of it says nothing about a packet on its way
  pod,
  link,
  route,
  overlay,
  nic,
  route_table,
  network,
  peer_nic,
  peer_overlay,
  peer_pod,
};

/// As /status has them.
inline constexpr auto kHopKeys = std::to_array<net::Named<Hop>>({{Hop::none, ""},
                                                                 {Hop::pod, "pod"},
                                                                 {Hop::link, "link"},
                                                                 {Hop::route, "route"},
                                                                 {Hop::overlay, "overlay"},
                                                                 {Hop::nic, "nic"},
                                                                 {Hop::route_table, "route_table"},
                                                                 {Hop::network, "vnet"},
                                                                 {Hop::peer_nic, "peer_nic"},
                                                                 {Hop::peer_overlay, "peer_overlay"},
                                                                 {Hop::peer_pod, "peer_pod"}});

/// For people.
inline constexpr auto kHopNames = std::to_array<net::Named<Hop>>({{Hop::none, ""},
                                                                  {Hop::pod, "pod"},
                                                                  {Hop::link, "pod's link"},
                                                                  {Hop::route, "this node's route"},
                                                                  {Hop::overlay, "overlay"},
                                                                  {Hop::nic, "NIC"},
                                                                  {Hop::route_table, "route table"},
                                                                  {Hop::network, "VNet"},
                                                                  {Hop::peer_nic, "peer's NIC"},
                                                                  {Hop::peer_overlay, "peer's overlay"},
                                                                  {Hop::peer_pod, "peer's pod"}});

/// The mode's stations, in a packet's order.
std::span<const Hop> hops_of(node::Mode mode);

/// Where on a packet's way the check looks; none also for an id that is no check's.
Hop hop_of(std::string_view check, node::Mode mode);

/// Why the check has no hop in any mode; empty: it has one, or there is no such check.
std::string_view reason_off_the_way(std::string_view check);

/// The ids that have a place in the tables, for the test that no check is forgotten.
std::span<const std::string_view> placed_checks();

}  // namespace checks
