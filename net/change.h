#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <variant>
#include <vector>

#include "net/error.h"
#include "net/names.h"
#include "net/route.h"
#include "net/rule.h"

namespace net {

/// How a change meets what is there.
enum class Verb : std::uint8_t {
  add,      ///< NLM_F_CREATE|NLM_F_EXCL: refused with EEXIST where anybody's route has the key
  replace,  ///< NLM_F_REPLACE, only for keys that a dump has just shown to be ours (IPv4 overwrites
            ///< foreign routes)
  remove,   ///< names our protocol: refused with ESRCH when the route is not ours
};

/// For people and for the JSON of `plan`.
inline constexpr auto kVerbNames =
    std::to_array<Named<Verb>>({{Verb::add, "add"}, {Verb::replace, "replace"}, {Verb::remove, "remove"}});
constexpr std::string_view verb_name(Verb verb) { return name_of(kVerbNames, verb); }

struct Change {
  Verb verb = Verb::add;
  std::variant<Route, Rule> object;  ///< rules know `add` and `remove` only

  bool operator==(const Change&) const = default;
};

/// The kernel refused one change, in its own words; the others of the batch were made.
struct Refusal {
  std::size_t index = 0;  ///< into the changes that were applied
  Error error;
};

}  // namespace net
