#include "agent/daemon/repair_log.h"

#include <fmt/format.h>

#include <utility>

namespace agent {
namespace {

std::string_view verb_text(net::Verb verb) {
  switch (verb) {
    case net::Verb::add:
      return "added";
    case net::Verb::replace:
      return "replaced";
    case net::Verb::remove:
      return "removed";
  }
  return "";
}

std::string change_text(const net::Change& change) {
  if (const auto* rule = std::get_if<net::Rule>(&change.object)) {
    return fmt::format("{} rule from {} lookup {}", verb_text(change.verb), rule->source.text(), rule->table);
  }
  return fmt::format("{} route {}", verb_text(change.verb),
                     net::route_text(std::get<net::Route>(change.object)));
}

}  // namespace

void RepairLog::note(const std::vector<net::Change>& made, std::size_t repaired, const std::string& doer) {
  if (made.empty()) return;
  if (changed_ == 0) first_ = change_text(made.front());
  changed_ += made.size();
  repaired_ += repaired;
  if (!doer.empty()) doer_ = doer;
}

std::optional<std::string> RepairLog::line(MonoTime now) {
  if (changed_ == 0 || (last_ && now < *last_ + kPause)) return std::nullopt;
  last_ = now;
  auto text = std::exchange(first_, {});
  if (const auto more = changed_ - 1; more > 0)
    text += fmt::format(", and {} more change{}", more, more == 1 ? "" : "s");
  if (repaired_ > 0) {
    const auto by = doer_.empty() ? std::string("the kernel or an unknown process") : doer_;
    text = fmt::format("put back {} route{} taken away by {}: {}", repaired_, repaired_ == 1 ? "" : "s", by,
                       text);
  }
  changed_ = 0;
  repaired_ = 0;
  doer_.clear();
  return text;
}

std::optional<MonoTime> RepairLog::due() const {
  if (changed_ == 0) return std::nullopt;
  return last_ ? *last_ + kPause : MonoTime{};
}

}  // namespace agent
