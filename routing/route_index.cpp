#include "routing/route_index.h"

#include <bit>
#include <utility>

namespace routing {
namespace {

/// FNV-1a, http://www.isthe.com/chongo/tech/comp/fnv/: offset basis and prime of 64 bits.
class Fnv {
 public:
  void take(std::uint8_t byte) { value_ = (value_ ^ byte) * 0x100000001b3U; }
  /// Its low bits see only the low bits of what was taken.
  [[nodiscard]] std::size_t value() const { return static_cast<std::size_t>(value_ ^ (value_ >> 32U)); }

 private:
  std::uint64_t value_ = 0xcbf29ce484222325U;
};

}  // namespace

RouteIndex::RouteIndex(net::SharedList<net::Route> routes)
    : routes_(std::move(routes)), slots_(std::bit_ceil(2 * routes_.size() + 1), kFree) {
  for (std::size_t i = 0; i < routes_.size(); ++i) {
    const auto& key = routes_[i].key;
    bool repeated = false;
    auto slot = first_slot(key.table, key.destination);
    for (; slots_[slot] != kFree; slot = next(slot)) repeated = repeated || routes_[slots_[slot]].key == key;
    slots_[slot] = static_cast<Position>(i);
    if (repeated) repeated_.push_back(static_cast<Position>(i));
  }
}

std::size_t RouteIndex::first_slot(std::uint32_t table, const net::Prefix& destination) const {
  Fnv hash;
  for (const auto byte : destination.network().bytes()) hash.take(byte);
  hash.take(destination.length());
  for (unsigned shift = 0; shift < 32; shift += 8) hash.take(static_cast<std::uint8_t>(table >> shift));
  return hash.value() & (slots_.size() - 1);
}

std::optional<RouteIndex::Position> RouteIndex::at(const net::RouteKey& key) const {
  std::optional<Position> found;
  each_to(key.table, key.destination, [&](Position position) {
    if (!found && routes_[position].key == key) found = position;
  });
  return found;
}

}  // namespace routing
