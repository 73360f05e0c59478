#pragma once

#include <cstdint>
#include <optional>

#include "net/route.h"

namespace net {

/// A notification of the kernel: a hint that it is time to look, never the truth itself. IPv4 routes vanish
/// with their link or address without any route notification, and a full buffer loses messages (`overrun`).
struct Notification {
  enum class Subject : std::uint8_t {
    link,
    address,
    route,
    rule,
    settings,  ///< forwarding or rp_filter changed (RTM_NEWNETCONF)
    overrun,   ///< ENOBUFS: notifications were lost; anything may have changed
  };
  Subject subject = Subject::overrun;
  bool removal = false;
  /// Interface index where the message names one, else 0 (settings of "all" and "default" included).
  std::uint32_t device = 0;
  /// For `link`: whether the link is up now (IFF_UP).
  bool up = false;
  /// For `route`: the route as the message has it.
  std::optional<Route> route;
  /// Netlink port of who did it (nlmsg_pid); 0 = the kernel itself. Often the process id.
  std::uint32_t removed_by = 0;
};

}  // namespace net
