#pragma once

#include <string>

struct nlmsghdr;

namespace netlink {

/// What NLMSG_ERROR or NLMSG_DONE says.
struct Outcome {
  int error = 0;      ///< a positive errno; 0 = done
  std::string words;  ///< the kernel's extended acknowledgement (NLMSGERR_ATTR_MSG), else strerror's
};

/// Reads an NLMSG_ERROR or NLMSG_DONE. A message too short to say anything is EPROTO.
Outcome outcome_in(const nlmsghdr& header);

}  // namespace netlink
