#include "checks/nic_fault.h"

#include <fmt/format.h>

#include "checks/check_row.h"

namespace checks {

std::string disable_ipv6_of(const net::Link& link) {
  return fmt::format("net/ipv6/conf/{}/disable_ipv6", link.name);
}

bool is_ipv6_disabled(const Facts& facts) {
  if (!facts.nic.nic) return false;
  const auto reading = facts.sysctls.find(disable_ipv6_of(facts.nic.nic->link));
  return reading != facts.sysctls.end() && reading->second && *reading->second != "0";
}

std::string_view nic_fault(const Facts& facts, net::Family family) {
  if (!facts.survey_error.empty() || !facts.network || !facts.nic.nic) return "";
  const auto& nic = *facts.nic.nic;
  if (!nic.link.up && may_hold(facts.policy, "nic.up")) return "nic.up";
  if (!facts.policy.uses(family) || !may_hold(facts.policy, "nic.address")) return "";
  const auto address = nic.azure.primary(family);
  const bool lacks_it = !address || !nic.link.has(*address);
  const bool disabled = family == net::Family::ipv6 && is_ipv6_disabled(facts);
  return lacks_it || disabled ? "nic.address" : "";
}

}  // namespace checks
