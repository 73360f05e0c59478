#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <numeric>
#include <optional>
#include <string_view>
#include <utility>

#include "net/names.h"
#include "observed/request.h"

namespace core {

/// How often something took how long.
struct Histogram {
  /// A repair takes tens of microseconds, a dump of 10,000 routes tens of milliseconds; what takes longer
  /// than the last bound counts beyond it.
  static constexpr auto kBounds = std::to_array<std::chrono::microseconds>(
      {std::chrono::microseconds(100), std::chrono::milliseconds(1), std::chrono::milliseconds(10),
       std::chrono::milliseconds(100), std::chrono::seconds(1), std::chrono::seconds(10)});

  std::array<std::uint64_t, kBounds.size() + 1> counts{};  ///< by bucket, those of others not included
  std::chrono::nanoseconds sum{};

  void observe(std::chrono::nanoseconds took) {
    const auto bound = std::lower_bound(kBounds.begin(), kBounds.end(), took);
    ++counts.at(static_cast<std::size_t>(bound - kBounds.begin()));
    sum += took;
  }
};

inline std::uint64_t observations(const Histogram& histogram) {
  return std::accumulate(histogram.counts.begin(), histogram.counts.end(), std::uint64_t{0});
}

/// Why a route that had been in sync was not there, or not as wanted.
enum class LossCause : std::uint8_t {
  link,      ///< the kernel took it, with its link or the last address of that
  removed,   ///< somebody removed it
  replaced,  ///< somebody altered it
  found,     ///< a look found it missing, and nothing had told of it
};

inline constexpr auto kLossCauseNames =
    std::to_array<net::Named<LossCause>>({{LossCause::link, "link"},
                                          {LossCause::removed, "removed"},
                                          {LossCause::replaced, "replaced"},
                                          {LossCause::found, "found"}});
constexpr std::string_view loss_cause_name(LossCause cause) { return net::name_of(kLossCauseNames, cause); }

/// The name by which metrics know whoever removed a route: that of a program which is known to touch routes,
/// or "other", so that no number of programs makes more series; "" where nobody is known.
std::string_view remover_of(std::string_view process);

/// What is measured over the life of the process, for metrics.
struct Meters {
  /// Routes restored, by why and by whom they were lost.
  std::map<std::pair<LossCause, std::string_view>, std::uint64_t> losses = {};
  /// From the moment in which the process reads that a route is gone to its restoration.
  Histogram repairs = {};
  /// A turn: the kernel's state dumped, compared and brought in line.
  Histogram turns = {};
  /// Dumps of the kernel's links, rules and routes, those that changes interrupted with their repetitions.
  Histogram dumps = {};
  std::uint64_t interrupted_dumps = 0;
  /// Changes of routes and rules that were sent to the kernel together, until it had answered.
  Histogram batches = {};
  /// Looks at what others have set up: CNI, packet filters, settings.
  Histogram looks = {};
  /// Requests over the network: by whom they went to and what came of them, and how long they took.
  struct Requests {
    std::map<std::pair<observed::Service, observed::RequestOutcome>, std::uint64_t> by_outcome = {};
    std::map<observed::Service, std::chrono::milliseconds> took = {};
  };
  Requests requests = {};
  /// Notifications of the kernel were lost, for there were more than the buffer holds: all is dumped then.
  std::uint64_t overruns = 0;
  /// From the start of the process; nullopt: not yet.
  std::optional<std::chrono::milliseconds> until_document = {};
  std::optional<std::chrono::milliseconds> until_routes = {};
  std::optional<std::chrono::milliseconds> until_ready = {};

  void count(const observed::Request& request) {
    ++requests.by_outcome[{request.to, request.outcome}];
    // The program that asks may be compromised: no sum of its numbers may overflow.
    requests.took[request.to] +=
        std::clamp<std::chrono::milliseconds>(request.took, {}, std::chrono::hours(1));
  }
};

}  // namespace core
