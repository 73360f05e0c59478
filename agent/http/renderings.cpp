#include "agent/http/renderings.h"

#include <utility>

namespace agent::http {

// While it is only pointed to weakly, no other snapshot can have its place in memory.
void Renderings::follow(const std::shared_ptr<const core::Snapshot>& snapshot) {
  if (snapshot_.lock() == snapshot) return;
  snapshot_ = snapshot;
  entries_.clear();
}

SharedBody Renderings::share(const std::string& name, std::int64_t moment,
                             const std::function<std::string()>& render) {
  std::erase_if(entries_, [](const Entry& each) { return each.body.expired(); });
  for (const auto& each : entries_) {
    if (each.name != name || each.moment != moment) continue;
    if (auto body = each.body.lock()) return body;
  }
  auto body = std::make_shared<const std::string>(render());
  entries_.push_back({name, moment, body});
  return body;
}

}  // namespace agent::http
