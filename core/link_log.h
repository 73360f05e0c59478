#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/log_event.h"
#include "net/link.h"
#include "net/time.h"

namespace core {

/// Tells the journal how the NIC that carries pod traffic comes and goes, and its virtual function
/// (accelerated networking, which Azure takes away while it services a host): a change at once, a storm as
/// the difference of a second.
class LinkLog {
 public:
  static constexpr auto kPause = std::chrono::seconds(1);

  /// `nic` is its name; empty: it is not known, and nothing is told.
  std::vector<LogEvent> see(std::span<const net::Link> links, const std::string& nic, net::MonoTime now);
  /// When see() has something to tell though no link changes; nullopt: nothing was left out.
  [[nodiscard]] std::optional<net::MonoTime> due() const;

 private:
  /// What is told of a link.
  struct Told {
    std::uint32_t index = 0;
    std::string name;
    bool is_nic = false;
    bool up = false;
    bool carrier = false;
    std::uint32_t mtu = 0;

    bool operator==(const Told&) const = default;
  };
  static std::vector<Told> told_of(std::span<const net::Link> links, const std::string& nic);
  static std::vector<LogEvent> changes(std::span<const Told> before, std::span<const Told> after);

  std::string nic_;
  std::vector<Told> told_;
  std::optional<net::MonoTime> last_;
  bool waits_ = false;
};

}  // namespace core
