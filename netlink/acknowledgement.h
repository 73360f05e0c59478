#pragma once

#include <string>

struct nlmsghdr;

namespace netlink {

/// What NLMSG_ERROR or NLMSG_DONE says.
struct Outcome {
  int error = 0;      ///< a positive errno; 0 = done
  std::string words;  ///< the kernel's extended acknowledgement (NLMSGERR_ATTR_MSG) and strerror's words
};

/// Reads an NLMSG_ERROR or NLMSG_DONE. EPROTO: it is too short to say anything. Safe for any bytes of a whole
/// message.
Outcome outcome_in(const nlmsghdr& header);

}  // namespace netlink
