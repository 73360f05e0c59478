#include "agent/http/heartbeat.h"

#include <algorithm>

namespace agent {

Heartbeat::Heartbeat(net::MonoTime born) : last_(born.time_since_epoch().count()) {}

void Heartbeat::beat(net::MonoTime now) {
  last_.store(now.time_since_epoch().count(), std::memory_order_relaxed);
}

bool Heartbeat::alive(net::MonoTime now) const {
  const net::MonoTime last{net::MonoTime::duration{last_.load(std::memory_order_relaxed)}};
  return now - last < kPatience;
}

std::chrono::seconds Heartbeat::silence(net::MonoTime now) const {
  const net::MonoTime last{net::MonoTime::duration{last_.load(std::memory_order_relaxed)}};
  return std::max(std::chrono::seconds{0}, std::chrono::duration_cast<std::chrono::seconds>(now - last));
}

}  // namespace agent
