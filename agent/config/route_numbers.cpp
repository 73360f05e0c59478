#include "agent/config/route_numbers.h"

#include <fmt/format.h>

#include <array>
#include <string_view>

namespace agent {
namespace {

/// Whose routes bear a number: linux/rtnetlink.h, iproute2's rt_protos and the programs' own sources.
struct Owner {
  std::int64_t first, last;
  std::string_view who;
};
constexpr std::array kOwners = {
    Owner{0, 0, "nobody (RTPROT_UNSPEC)"},
    Owner{1, 1, "ICMP redirects"},
    Owner{2, 2, "the kernel itself"},
    Owner{3, 3, "routes made at boot, and by ip-route(8) when it names no protocol"},
    Owner{4, 4, "static routes of the administrator"},
    Owner{11, 11, "Zebra and FRRouting"},
    Owner{12, 12, "BIRD, also Calico's"},
    Owner{16, 16, "DHCP clients"},
    Owner{17, 17, "mrouted and kube-router"},
    Owner{18, 18, "keepalived"},
    Owner{66, 66, "Google's guest agent"},
    Owner{80, 80, "Calico (Felix)"},
    Owner{186, 196, "FRRouting's daemons"},
};

}  // namespace

std::optional<std::string> protocol_refusal(std::int64_t protocol) {
  for (const auto& owner : kOwners) {
    if (protocol < owner.first || owner.last < protocol) continue;
    return fmt::format("protocol {} belongs to {}: choose a number that nobody uses, such as 169", protocol,
                       owner.who);
  }
  return std::nullopt;
}

std::optional<std::string> table_refusal(std::int64_t table) {
  switch (table) {
    case 0:
      return "table 0 does not exist (RT_TABLE_UNSPEC): use 254, the main table";
    case 253:
      return "table 253 is the kernel's default table, which is looked up after every other: use 254, the "
             "main table";
    case 255:
      return "table 255 is the kernel's own local table: use 254, the main table";
    case 16925:
      return "table 16925 is what the agent keeps for nic.select: use 254, the main table";
    default:
      return std::nullopt;
  }
}

}  // namespace agent
