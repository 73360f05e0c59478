#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "agent/config/place.h"

namespace agent {

/// A fault with its place.
struct Issue {
  Place place;
  std::string what;
};

/// A value as its source spelled it, before a key gives it a meaning.
struct Given {
  using List = std::vector<Given>;
  struct Member;
  using Table = std::vector<Member>;
  /// Of a kind that no key takes; in words: "a float".
  struct Other {
    std::string_view kind;
  };

  /// Of the key, or of the list's element.
  Place place;
  std::variant<bool, std::int64_t, std::string, List, Table, Other> value;
};

struct Given::Member {
  std::string name;
  Given given;
};

/// The value in words, for "found …": `the integer 5`, `the string "x"`, `a list`.
std::string describe(const Given& given);

}  // namespace agent
