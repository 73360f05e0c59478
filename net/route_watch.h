#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "net/error.h"
#include "net/prefix.h"
#include "net/route.h"
#include "net/shared.h"

namespace net {

/// A notification of the kernel: a reason to dump again, never the state itself. IPv4 routes vanish
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
  /// Netlink port of the process that made the change (nlmsg_pid); 0 = the kernel itself. Often the process
  /// id.
  std::uint32_t removed_by = 0;
};

/// Whose notifications are delivered; those that are not about a route always are.
struct NotificationFilter {
  std::vector<std::uint8_t> protocols;  ///< every route of these
  SharedList<Prefix> destinations;      ///< routes of any protocol to exactly these

  bool operator==(const NotificationFilter&) const = default;
};

/// The port through which the core receives notifications of others' changes to the kernel's network
/// configuration. Our own changes are not delivered.
class RouteWatch {
 public:
  RouteWatch() = default;
  RouteWatch(const RouteWatch&) = delete;
  RouteWatch& operator=(const RouteWatch&) = delete;
  virtual ~RouteWatch() = default;

  /// From now on only these routes are notified. Dump after the filter has changed: what happened before it
  /// was installed is not notified again. After an Error everything is notified.
  virtual Result<void> set_filter(const NotificationFilter& filter) = 0;

  /// Appends the notifications since the last call, without waiting; nothing appended: all were read. An
  /// Error means that notifications may be lost.
  virtual Result<void> read(std::vector<Notification>& into) = 0;

  /// The process behind Notification::removed_by, for people: "ip (process 4242)"; where it has ended, the
  /// number alone.
  virtual std::string process_of(std::uint32_t port) = 0;
};

}  // namespace net
