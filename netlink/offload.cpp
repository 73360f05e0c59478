#include "netlink/offload.h"

#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <sys/ioctl.h>

#include <algorithm>
#include <string>

namespace netlink {

std::optional<bool> checksum_offload(const Socket& socket, std::uint32_t device) {
  // Not by netlink's own "ethtool" family: that is generic netlink, another socket and another library, to
  // ask for one bit that every kernel tells here.
  const auto name = socket.device_name(device);
  ethtool_value value{};
  value.cmd = ETHTOOL_GTXCSUM;
  ifreq request{};
  if (name.empty() || name.size() >= sizeof(request.ifr_name)) return std::nullopt;
  std::copy(name.begin(), name.end(), std::begin(request.ifr_name));
  request.ifr_data = reinterpret_cast<char*>(&value);
  if (ioctl(socket.descriptor(), SIOCETHTOOL, &request) != 0) return std::nullopt;
  return value.data != 0;
}

}  // namespace netlink
