#include "https/intake.h"

namespace https {
namespace {

constexpr std::size_t kLimit = std::size_t{4} << 20;

}  // namespace

bool BodyReader::stop(End why) {
  end_ = why;
  return false;
}

bool BodyReader::take(std::string_view part) {
  if (!by_lines()) {
    if (response.body.size() + part.size() > kLimit) return stop(End::too_large);
    response.body += part;
    return true;
  }
  for (;;) {
    const auto feed = part.find('\n');
    const auto piece = part.substr(0, feed);
    if (pending_.size() + piece.size() > kLimit) return stop(End::too_large);
    pending_ += piece;
    if (feed == std::string_view::npos) return true;
    if (!(*line_)(pending_)) return stop(End::satisfied);
    pending_.clear();
    part.remove_prefix(feed + 1);
  }
}

void BodyReader::finish() {
  if (by_lines() && end_ == End::none && !pending_.empty()) (*line_)(pending_);
}

}  // namespace https
