#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "agent/config/source_location.h"

namespace agent {

/// A fault with its place.
struct ConfigIssue {
  SourceLocation location;
  std::string what;
};

/// A value as its source spelled it, before a key gives it a meaning.
struct RawValue {
  using List = std::vector<RawValue>;
  struct Member;
  using Table = std::vector<Member>;
  /// Of a kind that no key takes; in words: "a float".
  struct Other {
    std::string_view kind;
  };

  /// Of the key, or of the list's element.
  SourceLocation location;
  std::variant<bool, std::int64_t, std::string, List, Table, Other> value;
};

struct RawValue::Member {
  std::string name;
  RawValue raw;
};

/// The value in words, for "found …": `the integer 5`, `the string "x"`, `a list`.
std::string describe(const RawValue& raw);

}  // namespace agent
