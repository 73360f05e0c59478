#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "checks/check.h"
#include "checks/facts.h"
#include "checks/packet_hops.h"
#include "checks/trace/kernel_answers.h"
#include "checks/trace/question.h"
#include "net/names.h"

namespace trace {

enum class Verdict : std::uint8_t {
  carried,
  dropped,
  uncertain,  ///< it may be either: what decides is not seen from here
  not_asked,  ///< nothing looks at it, and nothing says that it drops
};

inline constexpr auto kVerdictNames = std::to_array<net::Named<Verdict>>({{Verdict::carried, "carried"},
                                                                          {Verdict::dropped, "dropped"},
                                                                          {Verdict::uncertain, "uncertain"},
                                                                          {Verdict::not_asked, "not asked"}});

/// What decides over the packet at one place of its way.
struct TracedHop {
  checks::Hop hop = checks::Hop::none;  ///< the station that it belongs to
  std::string title;
  Verdict verdict = Verdict::carried;
  std::string sentence;
  std::string check = {};      ///< the id of the check that fails for what drops it; empty: none does
  std::string remedy = {};     ///< that check's
  std::string next_step = {};  ///< a command that shows more, here or where a comment says
};

struct Trace {
  enum class Outcome : std::uint8_t {
    arrives,
    uncertain,  ///< nothing that is seen from here drops it
    dropped,    ///< at the last hop
    not_here,   ///< neither end is on this node
  };
  Outcome outcome = Outcome::arrives;
  std::vector<TracedHop> hops;  ///< in the packet's order; the first that drops it is the last
  std::string summary;          ///< one sentence
};

inline constexpr auto kOutcomeNames =
    std::to_array<net::Named<Trace::Outcome>>({{Trace::Outcome::arrives, "arrives"},
                                               {Trace::Outcome::uncertain, "uncertain"},
                                               {Trace::Outcome::dropped, "dropped"},
                                               {Trace::Outcome::not_here, "not here"}});

/// The way of the packet, as far as this node has a part in it: from a pod here or this node to wherever it
/// goes, or from elsewhere to a pod here. `checks`: what assess() made of the same facts; a hop that drops
/// the packet has the remedy of the check that fails for it, and no other words for it. A pure function.
Trace trace_packet(const checks::Facts& facts, std::span<const checks::CheckResult> checks,
                   const Question& question, const KernelAnswers& answers);

}  // namespace trace
