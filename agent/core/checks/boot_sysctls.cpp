#include <fmt/format.h>

#include <algorithm>

#include "agent/core/checks/checks.h"
#include "agent/core/checks/pod_network.h"

namespace agent {
namespace {

/// A value that the next boot must not bring.
struct Pitfall {
  std::string key;
  std::string_view value;
  std::string_view instead;
  std::string running;     ///< the key that shows its value now
  std::string_view check;  ///< the check that judges that
};

std::vector<Pitfall> pitfalls(const Facts& facts) {
  std::vector<Pitfall> all;
  if (!facts.policy.enforce_sysctls) {
    const std::string ip_forward = "net/ipv4/ip_forward";
    all.push_back({ip_forward, "0", "1", ip_forward, "sysctl.ip_forward"});
    // The same value by another name (devinet.c).
    all.push_back({"net/ipv4/conf/all/forwarding", "0", "1", ip_forward, "sysctl.ip_forward"});
    const auto add = [&all](const std::string& key, std::string_view check) {
      all.push_back({key, "0", "1", key, check});
    };
    const auto nic = facts.nic.nic ? facts.nic.nic->link.name : "";
    if (!nic.empty()) add(fmt::format("net/ipv4/conf/{}/forwarding", nic), "sysctl.nic_forwarding");
    if (facts.policy.uses(net::Family::ipv6)) {
      add("net/ipv6/conf/all/forwarding", "sysctl.ipv6_forwarding");
      if (!nic.empty()) add(fmt::format("net/ipv6/conf/{}/forwarding", nic), "sysctl.ipv6_forwarding");
    }
  }
  const std::string rp_filter = "net/ipv4/conf/all/rp_filter";
  all.push_back({rp_filter, "2", "1", rp_filter, "sysctl.rp_filter"});
  return all;
}

const net::BootSysctl* set_at_boot(const std::vector<net::BootSysctl>& all, std::string_view key) {
  const auto found =
      std::find_if(all.begin(), all.end(), [key](const auto& each) { return each.key == key; });
  return found == all.end() ? nullptr : &*found;
}

/// It is wrong already: the check of the running value speaks, and this one once that is repaired.
bool is_already(const Facts& facts, const std::string& key, std::string_view value) {
  const auto reading = facts.sysctls.find(key);
  return reading != facts.sysctls.end() && reading->second && *reading->second == value;
}

std::optional<Finding> never_set(const Facts& facts, const std::vector<net::BootSysctl>& at_boot,
                                 std::initializer_list<std::string> keys) {
  const auto& key = *keys.begin();
  for (const auto& each : keys) {
    if (set_at_boot(at_boot, each) != nullptr) return std::nullopt;
  }
  const auto name = net::sysctl_name(key);
  if (is_already(facts, key, "0"))
    return Finding::unknown(fmt::format("no file sets {}, which is 0 now too", name));
  return Finding::warn(
      fmt::format("no file sets {}: it is 0 after the next boot unless somebody switches it on", name),
      "Calico does so from 3.15 on, and only when it starts: until then no packet of a pod is forwarded",
      fmt::format("echo '{} = 1' >> /etc/sysctl.d/99-calico-azure.conf", name));
}

}  // namespace

Finding sysctl_persistence(const Facts& facts) {
  const auto host = seen_host(facts);
  if (!host) return host.error();
  const auto& at_boot = (*host)->boot_sysctls;
  if (!at_boot) return Finding::unknown(at_boot.error().what);
  std::optional<Finding> already;
  for (const auto& each : pitfalls(facts)) {
    const auto* set = set_at_boot(*at_boot, each.key);
    if (set == nullptr || set->value != each.value) continue;
    const auto name = net::sysctl_name(each.key);
    if (is_already(facts, each.running, each.value)) {
      already = Finding::unknown(fmt::format("{} is {} already, see {}", name, each.value, each.check));
      continue;
    }
    return Finding::warn(
        fmt::format("{} sets {} = {} for the next boot", shown(set->file), name, each.value),
        each.value == "2" ? "Felix up to Calico 3.11 refuses to start with it"
                          : "then the kernel drops packets between pods and the NIC",
        fmt::format("# set {} = {} in {}, which has the last word", name, each.instead, shown(set->file)));
  }
  if (already) return *already;
  if (facts.policy.enforce_sysctls) return Finding::pass("the agent switches forwarding on (sysctls.action)");
  if (auto never = never_set(facts, *at_boot, {"net/ipv4/ip_forward", "net/ipv4/conf/all/forwarding"}))
    return *never;
  if (facts.policy.uses(net::Family::ipv6)) {
    if (auto never = never_set(facts, *at_boot, {"net/ipv6/conf/all/forwarding"})) return *never;
  }
  return Finding::pass("the next boot switches forwarding on again");
}

}  // namespace agent
