#pragma once

#include <string_view>

#include "net/error.h"

namespace systemd {

/// Sends one datagram to the unix socket `path` ('@' first: abstract, unix(7)), with a descriptor when
/// `attached` is not negative. Never waits, which libsystemd's own calls do for as long as the receiver's
/// queue is full: a service manager or a journald that hangs makes that for ever.
///
/// EAGAIN: the queue is full. EMSGSIZE: more than the socket's buffer (net.core.wmem_default). Other errors
/// are sendmsg(2)'s: ENOENT or ECONNREFUSED without a receiver.
net::Result<void> send_datagram(std::string_view path, std::string_view text, int attached = -1);

}  // namespace systemd
