#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <optional>

#include "checks/check_row.h"
#include "checks/pod_network.h"
#include "remedy/commands.h"

namespace checks {
namespace {

/// A key that the next boot must not make 0.
struct Pitfall {
  std::string key;
  std::string running;     ///< the key that shows its value now
  std::string_view check;  ///< the check that judges that
};

std::vector<Pitfall> pitfalls(const Facts& facts) {
  const std::string ip_forward = "net/ipv4/ip_forward";
  // The second is the same value by another name (devinet.c).
  std::vector<Pitfall> all = {{ip_forward, ip_forward, "sysctl.ip_forward"},
                              {"net/ipv4/conf/all/forwarding", ip_forward, "sysctl.ip_forward"}};
  const auto add = [&all](const std::string& key, std::string_view check) {
    all.push_back({key, key, check});
  };
  const auto nic = facts.nic.nic ? facts.nic.nic->link.name : "";
  if (!nic.empty()) add(fmt::format("net/ipv4/conf/{}/forwarding", nic), "sysctl.nic_forwarding");
  // Of IPv6 the kernel asks `all` alone, see sysctl_ipv6_forwarding().
  if (facts.policy.uses(net::Family::ipv6)) add("net/ipv6/conf/all/forwarding", "sysctl.ipv6_forwarding");
  return all;
}

const observed::BootSysctl* set_at_boot(const std::vector<observed::BootSysctl>& all, std::string_view key) {
  const auto found =
      std::find_if(all.begin(), all.end(), [key](const auto& each) { return each.key == key; });
  return found == all.end() ? nullptr : &*found;
}

/// What the kernel reads of the text that systemd-sysctl writes: the first number, as C spells it (0, 00 and
/// 0x0 are 0), with anything behind a space. nullopt: it refuses the text, and the key stays as it was. See
/// proc_get_long() in https://github.com/torvalds/linux/blob/master/kernel/sysctl.c
std::optional<std::int64_t> as_the_kernel_reads(std::string_view text) {
  text = text.substr(0, text.find_first_of(" \t\n"));
  const bool negative = text.starts_with('-');
  if (negative) text.remove_prefix(1);
  int base = 10;
  if (text.size() > 2 && (text.starts_with("0x") || text.starts_with("0X"))) {
    base = 16;
    text.remove_prefix(2);
  } else if (text.size() > 1 && text.starts_with('0')) {
    base = 8;
  }
  std::int32_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, base);
  if (error != std::errc{} || end != text.data() + text.size() || number < 0) return std::nullopt;
  return negative ? -number : number;
}

/// It is off now: the check of the running value reports that, and this one follows once it is on.
bool is_off_already(const Facts& facts, const std::string& key) {
  const auto reading = facts.sysctls.find(key);
  return reading != facts.sysctls.end() && reading->second && *reading->second == "0";
}

std::optional<Finding> never_set(const Facts& facts, const std::vector<observed::BootSysctl>& at_boot,
                                 std::initializer_list<std::string> keys) {
  const auto& key = *keys.begin();
  const observed::BootSysctl* refused = nullptr;
  for (const auto& each : keys) {
    const auto* set = set_at_boot(at_boot, each);
    if (set != nullptr && as_the_kernel_reads(set->value)) return std::nullopt;
    if (set != nullptr) refused = set;
  }
  const auto name = net::sysctl_name(key);
  if (refused != nullptr && !is_off_already(facts, key)) {
    const auto said = net::sysctl_name(refused->key);
    return Finding::fail(
        fmt::format("{} sets {} = {} for the next boot, which the kernel refuses: it stays 0",
                    sanitized(refused->file), said, sanitized(refused->value)),
        remedy::edit("set {} = 1 in {}, which is read last", said, refused->file));
  }
  const auto remedy = remedy::set_sysctl_at_boot(key, "1");
  if (is_off_already(facts, key)) {
    return Finding::unless_required(fmt::format("no file sets {}, which is 0 now too", name), remedy);
  }
  return Finding::fail(
      fmt::format("no file sets {}: it is 0 after the next boot unless something switches it on", name),
      "Calico does so from 3.15 on, and only when it starts: until then no packet of a pod is forwarded",
      remedy);
}

Finding sysctl_persistence(const Facts& facts) {
  const auto host = seen_host(facts);
  if (!host) return host.error();
  const auto& at_boot = (*host)->boot_sysctls;
  if (!at_boot) return Finding::unknown(at_boot.error().what);
  if (facts.policy.enforce_sysctls) return Finding::pass("the agent switches forwarding on (sysctls.action)");
  std::optional<Finding> already;
  for (const auto& each : pitfalls(facts)) {
    const auto* set = set_at_boot(*at_boot, each.key);
    if (set == nullptr || as_the_kernel_reads(set->value) != 0) continue;
    const auto name = net::sysctl_name(each.key);
    const auto remedy = remedy::edit("set {} = 1 in {}, which is read last", name, set->file);
    if (is_off_already(facts, each.running)) {
      already = Finding::unless_required(fmt::format("{} is 0 already, see {}", name, each.check), remedy);
      continue;
    }
    return Finding::fail(
        fmt::format("{} sets {} = {} for the next boot{}", sanitized(set->file), name, sanitized(set->value),
                    set->value == "0" ? "" : ", which the kernel reads as 0"),
        remedy);
  }
  if (already) return *already;
  if (auto never = never_set(facts, *at_boot, {"net/ipv4/ip_forward", "net/ipv4/conf/all/forwarding"}))
    return *never;
  if (facts.policy.uses(net::Family::ipv6)) {
    if (auto never = never_set(facts, *at_boot, {"net/ipv6/conf/all/forwarding"})) return *never;
  }
  return Finding::pass("the next boot switches forwarding on again");
}

}  // namespace

std::vector<Check> rows_of_boot_sysctls() {
  return {
      {.order = 530,
       .id = "sysctl.persistence",
       .why = "then the kernel drops packets between pods and the NIC",
       .look = sysctl_persistence},
  };
}

}  // namespace checks
