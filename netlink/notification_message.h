#pragma once

#include <optional>

#include "net/notification.h"

struct nlmsghdr;

namespace netlink {

/// The hint in a notification; nullopt for what is none (cached routes, other types). One that cannot be
/// understood in full still says that something changed. Safe for any bytes of a whole message.
std::optional<net::Notification> decode_notification(const nlmsghdr& header);

}  // namespace netlink
