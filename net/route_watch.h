#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "net/error.h"
#include "net/notification.h"
#include "net/prefix.h"
#include "net/shared_list.h"

namespace net {

/// Which routes are heard of; everything that is not about a route always is.
struct NotificationFilter {
  std::vector<std::uint8_t> protocols;  ///< every route of these
  SharedList<Prefix> destinations;      ///< routes of any protocol to exactly these

  bool operator==(const NotificationFilter&) const = default;
};

/// The port through which the core hears what others do to the kernel's network configuration. Our own
/// changes are not heard.
class RouteWatch {
 public:
  RouteWatch() = default;
  RouteWatch(const RouteWatch&) = delete;
  RouteWatch& operator=(const RouteWatch&) = delete;
  virtual ~RouteWatch() = default;

  /// From now on only these routes wake anybody. Dump after the filter has changed: what happened before it
  /// was installed is not heard again. After an Error everything is heard.
  virtual Result<void> set_filter(const NotificationFilter& filter) = 0;

  /// Appends what has happened since the last call, without waiting; nothing appended: all was read. An Error
  /// means that notifications may be lost.
  virtual Result<void> read(std::vector<Notification>& into) = 0;

  /// The process behind Notification::removed_by, for people: "ip (process 4242)"; where it has ended, the
  /// number alone.
  virtual std::string process_of(std::uint32_t port) = 0;
};

}  // namespace net
