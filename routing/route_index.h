#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <vector>

#include "net/prefix.h"
#include "net/route.h"
#include "net/shared.h"

namespace routing {

/// Finds routes of a list by table and destination in constant time, however many there are, for 8 to 16
/// bytes a route: a hash table with linear probing, at most half full.
class RouteIndex {
 public:
  using Position = std::uint32_t;

  RouteIndex() : RouteIndex(net::SharedList<net::Route>()) {}
  explicit RouteIndex(net::SharedList<net::Route> routes);

  [[nodiscard]] const net::SharedList<net::Route>& routes() const { return routes_; }
  /// The first route with the key; nullopt: none has it.
  [[nodiscard]] std::optional<Position> at(const net::RouteKey& key) const;
  /// False where a route before it has the same key.
  [[nodiscard]] bool is_first(Position position) const {
    return !std::binary_search(repeated_.begin(), repeated_.end(), position);
  }
  /// Calls `visit` with the position of every route of the table to exactly this destination, whatever its
  /// metric; ascending.
  template <class Visit>
  void each_to(std::uint32_t table, const net::Prefix& destination, const Visit& visit) const {
    for (auto slot = first_slot(table, destination); slots_[slot] != kFree; slot = next(slot)) {
      const auto& key = routes_[slots_[slot]].key;
      if (key.table == table && key.destination == destination) visit(slots_[slot]);
    }
  }

 private:
  static constexpr Position kFree = std::numeric_limits<Position>::max();

  [[nodiscard]] std::size_t first_slot(std::uint32_t table, const net::Prefix& destination) const;
  [[nodiscard]] std::size_t next(std::size_t slot) const { return (slot + 1) & (slots_.size() - 1); }

  net::SharedList<net::Route> routes_;
  std::vector<Position> slots_;     ///< a power of two of them
  std::vector<Position> repeated_;  ///< those whose key is another's before them; ascending
};

}  // namespace routing
