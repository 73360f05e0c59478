#include "agent/http/heartbeat.h"

#include <algorithm>

namespace agent {

Heartbeat::Heartbeat(MonoTime born) : last_(born.time_since_epoch().count()) {}

void Heartbeat::beat(MonoTime now) { last_.store(now.time_since_epoch().count(), std::memory_order_relaxed); }

bool Heartbeat::alive(MonoTime now) const {
  const MonoTime last{MonoTime::duration{last_.load(std::memory_order_relaxed)}};
  return now - last < kPatience;
}

std::chrono::seconds Heartbeat::silence(MonoTime now) const {
  const MonoTime last{MonoTime::duration{last_.load(std::memory_order_relaxed)}};
  return std::max(std::chrono::seconds{0}, std::chrono::duration_cast<std::chrono::seconds>(now - last));
}

}  // namespace agent
