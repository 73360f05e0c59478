#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "agent/http/text.h"
#include "checks/check.h"
#include "core/packet_path.h"
#include "core/snapshot.h"
#include "net/time.h"

// What the parts of the page are made with.
namespace agent::http {

/// HTML in the making: what is written is markup unless it goes through `text`.
class Html {
 public:
  Html& operator<<(std::string_view markup) {
    markup_ += markup;
    return *this;
  }
  Html& text(std::string_view raw) { return *this << html_escaped(raw); }
  Html& number(std::size_t value) { return *this << std::to_string(value); }

  [[nodiscard]] std::string take() && { return std::move(markup_); }

 private:
  std::string markup_;
};

/// A word and the colour that goes with it; the word is enough, the colour only helps the eye.
struct Badge {
  std::string_view word;
  std::string_view tone;
};
Badge badge_of(const checks::CheckResult& check);
Badge badge_of(routing::RouteState state);
Badge badge_of(core::HopState state);
void write(Html& html, const Badge& badge);

/// <section> with its heading, which names it to who does not see it.
void begin_section(Html& html, std::string_view id, std::string_view title);
void end_section(Html& html);

/// How long ago, with the moment itself where a pointer rests; nothing where it is not known.
void write_age(Html& html, net::WallTime since, net::WallTime now);

/// "3 h 20 min".
std::string ago(std::chrono::nanoseconds age);

/// "1 check", "2 checks".
std::string counted(std::size_t count, std::string_view one, std::string_view several);

// The parts, each in a file of its own.

/// What failed, worst first, with what to do about it.
void write_next_steps(Html& html, const core::Snapshot& snapshot, net::WallTime now);
/// Failed and unknown checks in a row each, then the others folded by the first part of their ids.
void write_checks(Html& html, const core::Snapshot& snapshot, net::WallTime now);
/// The way of a pod's packet as a picture: side by side where there is room, one below the other where not.
void write_path(Html& html, const core::Snapshot& snapshot);
void write_routes(Html& html, const core::Snapshot& snapshot);
/// The last lines of the log, the latest first: what happened to this node, and who did it.
void write_events(Html& html, const core::Snapshot& snapshot, net::WallTime now);
void write_facts(Html& html, const core::Snapshot& snapshot, net::MonoTime now);

}  // namespace agent::http
