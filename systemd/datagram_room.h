#pragma once

#include <string_view>

#include "net/error.h"

namespace systemd {

/// Whether a datagram to the unix socket `path` ('@' first: abstract, unix(7)) would be taken at once.
///
/// libsystemd's own calls wait for as long as the receiver's queue is full, which a service manager or a
/// journald that hangs makes for ever: ask first. Another sender can still take the last place in between.
///
/// EAGAIN: the queue is full. Other errors are connect(2)'s: no receiver.
net::Result<void> datagram_room(std::string_view path);

}  // namespace systemd
