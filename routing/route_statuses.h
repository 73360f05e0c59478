#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "net/address.h"
#include "net/link.h"
#include "net/names.h"
#include "net/route.h"
#include "net/shared.h"

namespace routing {

/// A wanted route's standing in the kernel.
enum class RouteState : std::uint8_t {
  in_sync,   ///< present exactly as wanted
  pending,   ///< not there yet, or not looked since it was wanted
  failed,    ///< the kernel refused it, or a foreign route that leads elsewhere holds its key
  shadowed,  ///< a foreign route to the destination wins or leads the same way in our place
};

inline constexpr auto kRouteStateNames =
    std::to_array<net::Named<RouteState>>({{RouteState::in_sync, "in_sync"},
                                           {RouteState::pending, "pending"},
                                           {RouteState::failed, "failed"},
                                           {RouteState::shadowed, "shadowed"}});
constexpr std::string_view route_state_name(RouteState state) {
  return net::name_of(kRouteStateNames, state);
}

/// A packet that goes another way than by the wanted route.
struct LedAway {
  net::Address to;
  bool dropped = false;      ///< by a route or rule; else another route takes it
  bool other_table = false;  ///< that route is in another table: a rule leads there
  /// Of a pod's packet that a rule has chosen: the table where that leads, 0 if nowhere.
  std::optional<std::uint32_t> rule_table = {};

  bool operator==(const LedAway&) const = default;
};

struct RouteStatus {
  net::Route route;
  std::string device;  ///< the link's name; empty when the route has none
  RouteState state = RouteState::pending;
  std::string error;  ///< the kernel's error, or one that names the other owner
  std::optional<LedAway> led_away = {};
};

/// A route that is not in sync.
struct OutOfSyncRoute {
  std::uint32_t position = 0;  ///< among the wanted ones
  RouteState state = RouteState::pending;
  std::string error;
  /// Packets to its destination go another way.
  bool detours = false;
  /// Where the kernel's own lookup has shown it.
  std::optional<LedAway> led_away = {};
};

/// How every wanted route stands, in the order in which they are wanted. Nearly all are in sync, so only the
/// others are written down; the routes are shared with who wants them. Copies cost next to nothing.
class RouteStatuses {
 public:
  RouteStatuses() = default;
  /// Those out of sync ascend by position.
  RouteStatuses(net::SharedList<net::Route> routes, std::vector<OutOfSyncRoute> out_of_sync)
      : routes_(std::move(routes)), out_of_sync_(std::move(out_of_sync)) {}
  /// From whole judgements, and back: for a few.
  explicit RouteStatuses(const std::vector<RouteStatus>& statuses);
  [[nodiscard]] std::vector<RouteStatus> list() const;

  [[nodiscard]] std::size_t size() const { return routes_.size(); }
  [[nodiscard]] bool empty() const { return routes_.empty(); }
  [[nodiscard]] RouteStatus at(std::size_t position) const;
  [[nodiscard]] const net::SharedList<net::Route>& routes() const { return routes_; }
  [[nodiscard]] const net::SharedList<OutOfSyncRoute>& out_of_sync() const { return out_of_sync_; }
  [[nodiscard]] std::size_t count(RouteState state) const;
  [[nodiscard]] std::optional<RouteStatus> first(RouteState state) const;
  /// The first shadowed one whose packets go another way.
  [[nodiscard]] std::optional<RouteStatus> first_detour() const;
  /// More of them, ascending, of routes that were in sync.
  void add(std::vector<OutOfSyncRoute> out_of_sync);

  /// Fills in RouteStatus::device, for the routes' own links.
  void name_devices(std::span<const net::Link> links);

  class Iterator {
   public:
    Iterator(const RouteStatuses& all, std::size_t position) : all_(&all), position_(position) {}
    RouteStatus operator*() const { return all_->at(position_); }
    Iterator& operator++() {
      ++position_;
      return *this;
    }
    bool operator==(const Iterator& other) const { return position_ == other.position_; }

   private:
    const RouteStatuses* all_;
    std::size_t position_;
  };
  [[nodiscard]] Iterator begin() const { return {*this, 0}; }
  [[nodiscard]] Iterator end() const { return {*this, size()}; }

 private:
  [[nodiscard]] bool knows(std::uint32_t device) const;

  net::SharedList<net::Route> routes_;
  net::SharedList<OutOfSyncRoute> out_of_sync_;
  std::vector<std::pair<std::uint32_t, std::string>> devices_;
};

}  // namespace routing
