#include "agent/core/checks/checks.h"
#include "agent/core/checks/pod_network.h"

namespace agent {

/// A restart of systemd-networkd has been seen to drop them (systemd#41350).
Finding routes_main_rules(const Facts& facts) {
  const auto plane = seen_data_plane(facts);
  if (!plane) return plane.error();
  if (!(*plane)->main_rule) {
    return Finding::fail(
        "the rule \"from all lookup main\" is gone",
        "without it the kernel looks at no route but those of local addresses",
        command("ip rule add from all lookup main pref 32766").note("and see networkd.foreign_routes"));
  }
  if (!(*plane)->default_rule) {
    return Finding::warn(
        "the rule \"from all lookup default\" is gone",
        "routes in table default, which few have, no longer count",
        command("ip rule add from all lookup default pref 32767").note("and see networkd.foreign_routes"));
  }
  return Finding::pass("the rules to tables main and default are there");
}

}  // namespace agent
