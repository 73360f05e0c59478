#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace host {

/// An assignment of an INI file, as systemd and NetworkManager write them.
struct IniEntry {
  std::string section;
  std::string key;
  std::string value;

  bool operator==(const IniEntry&) const = default;
};

/// In the order of the text. Comments begin with # or ;; what is no assignment is left out.
std::vector<IniEntry> parse_ini(std::string_view text);

/// systemd's "yes", "true", "on", "1"; anything else is false.
bool is_yes(std::string_view value);

}  // namespace host
