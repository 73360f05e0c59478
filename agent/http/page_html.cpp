#include "agent/http/page_html.h"

namespace agent::http {

Badge badge_of(const checks::CheckResult& check) {
  switch (check.status) {
    case checks::CheckStatus::pass:
      return {"pass", "good"};
    case checks::CheckStatus::fail:
      return check.gate ? Badge{"fail", "bad"} : Badge{"warning", "warn"};
    case checks::CheckStatus::unknown:
      return {"unknown", "none"};
    case checks::CheckStatus::skip:
      break;
  }
  return {"skip", "none"};
}

Badge badge_of(routing::RouteState state) {
  switch (state) {
    case routing::RouteState::in_sync:
      return {"in sync", "good"};
    case routing::RouteState::pending:
      return {"pending", "none"};
    case routing::RouteState::shadowed:
      return {"shadowed", "warn"};
    case routing::RouteState::failed:
      break;
  }
  return {"failed", "bad"};
}

Badge badge_of(core::HopState state) {
  const auto word = core::hop_state_name(state);
  switch (state) {
    case core::HopState::good:
      return {word, "good"};
    case core::HopState::warning:
      return {word, "warn"};
    case core::HopState::broken:
      return {word, "bad"};
    case core::HopState::unknown:
      break;
  }
  return {word, "none"};
}

void write(Html& html, const Badge& badge) {
  html << "<span class=\"badge " << badge.tone << "\">" << badge.word << "</span>";
}

void begin_section(Html& html, std::string_view id, std::string_view title) {
  html << "<section aria-labelledby=\"" << id << "\">\n<h2 id=\"" << id << "\">" << title << "</h2>\n";
}

void end_section(Html& html) { html << "</section>\n"; }

void write_age(Html& html, net::WallTime since, net::WallTime now) {
  if (since == net::WallTime{}) return;
  html << "<time class=\"num\" datetime=\"" << core::wall_time_text(since) << "\" title=\"" << utc_text(since)
       << "\">" << ago(now - since) << "</time>";
}

std::string ago(std::chrono::nanoseconds age) {
  return duration_text(std::chrono::duration_cast<std::chrono::seconds>(age));
}

std::string counted(std::size_t count, std::string_view one, std::string_view several) {
  return std::to_string(count).append(" ").append(count == 1 ? one : several);
}

}  // namespace agent::http
