#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "net/link.h"
#include "net/mac_address.h"
#include "net/names.h"
#include "net/time.h"
#include "node/policy.h"
#include "observed/node_network.h"

namespace node {

/// Where the document about this VM came from.
enum class ImdsSource : std::uint8_t { none, cache, live };

inline constexpr auto kSourceNames = std::to_array<net::Named<ImdsSource>>(
    {{ImdsSource::none, "none"}, {ImdsSource::cache, "cache"}, {ImdsSource::live, "live"}});
constexpr std::string_view source_name(ImdsSource source) { return net::name_of(kSourceNames, source); }

struct ImdsStatus {
  ImdsSource source = ImdsSource::none;
  std::optional<net::WallTime> last_success;
  /// The same moment on the monotonic clock: ages are computed when rendered.
  std::optional<net::MonoTime> last_success_mono;
  std::string api_version;
  std::string last_error;
};

/// What a document is held against: this machine, and what is wanted of it.
struct Machine {
  std::span<const net::Link> links;
  /// MACs that are a NIC of Azure's for certain: the primary one's, and those of links that have a route to a
  /// platform address.
  std::vector<net::MacAddress> azures = {};
  NicSelector select = {};
  /// IPv6 addresses matter only where pods use IPv6: others than Azure may give a link some.
  bool ipv6 = false;
};

/// Why a document of IMDS is not believed at once, in a sentence; empty: it may be. Azure serves stale and
/// incomplete documents now and then ("IMDS may return stale or incomplete metadata",
/// https://github.com/canonical/cloud-init/commit/32fcbb580):
/// - none of its NICs has a link here;
/// - it lacks a NIC that is here for certain, or the one that nic.select names and a link here fits;
/// - it shows a NIC without an address which `before` had and which its link still has;
/// - it shows a NIC without any address of a family of which its link has one.
std::string incompleteness(const observed::NodeNetwork& document, const observed::NodeNetwork* before,
                           const Machine& machine);

/// The document about this VM that is in force, and the rules by which a new one takes its place:
/// - a failure never does: the last good document stays;
/// - an incomplete one waits until kAgreeingReadings readings in a row have agreed, or until it fits;
/// - a kept document from disk is in force until the first live one.
class NodeDocument {
 public:
  static constexpr int kAgreeingReadings = 3;

  /// A document from the cache, saved at `saved` (already found to be of this VM).
  void take_cached(observed::NodeNetwork network, std::string api_version, net::WallTime saved);
  /// A usable answer of IMDS. Without `machine` (it could not be looked at) it cannot be held against it, and
  /// counts.
  void take_reading(observed::NodeNetwork network, std::string api_version,
                    const std::optional<Machine>& machine, net::MonoTime now, net::WallTime wall);
  void take_failure(std::string error);
  /// The machine is another now. True: the document that waits fits it, and is in force.
  bool reconsider(const Machine& machine);

  [[nodiscard]] const std::optional<observed::NodeNetwork>& in_force() const { return network_; }
  [[nodiscard]] const ImdsStatus& status() const { return status_; }
  /// More than one reading in a row, or the cache, agree with what is in force: it may ask for removals.
  [[nodiscard]] bool is_confirmed() const { return agreeing_ > 1; }
  /// It is in force, and confirmed, and no other one waits.
  [[nodiscard]] bool is_repeated_by(const observed::NodeNetwork& network) const {
    return is_confirmed() && !waiting_ && network_ == network;
  }
  /// Another answer of IMDS would settle something.
  [[nodiscard]] bool wants_another_reading() const { return waiting_.has_value(); }
  [[nodiscard]] std::uint64_t failures() const { return failures_; }

 private:
  /// A document that is not believed yet.
  struct Waiting {
    observed::NodeNetwork network;
    std::string api_version;
    int readings = 0;
    net::MonoTime now{};
    net::WallTime wall{};
  };
  void put_in_force(Waiting document, int readings);

  std::optional<observed::NodeNetwork> network_;
  std::optional<Waiting> waiting_;
  int agreeing_ = 0;  ///< readings in a row that agree with what is in force
  ImdsStatus status_;
  std::uint64_t failures_ = 0;
};

}  // namespace node
