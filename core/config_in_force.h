#pragma once

#include <string>
#include <vector>

namespace core {

/// Where the configuration of a running daemon comes from, as far as others have to know it.
struct ConfigInForce {
  std::string file;  ///< whether or not it is there; "" where none counts
  std::vector<std::string>
      overrides;       ///< "section.key=value", of its environment and its --set, the last one counts
  std::string digest;  ///< equal where every value is, whatever it comes from
  /// The values of all keys that shape what is wanted of routes, sysctls and checks, and lead nowhere else;
  /// as in `overrides`. The file may have been edited since.
  std::vector<std::string> values;

  bool operator==(const ConfigInForce&) const = default;
};

}  // namespace core
