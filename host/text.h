#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace host {

/// Without spaces and tabs at its ends.
std::string_view trimmed(std::string_view text);

/// The parts between any of the separators that are not empty, trimmed.
std::vector<std::string> parts(std::string_view text, std::string_view separators);

/// The lines, without their ends.
std::vector<std::string_view> lines(std::string_view text);

/// As fnmatch(3) has it: "cali*".
bool matches(const std::string& pattern, const std::string& name);

/// An assignment of an INI file, as systemd and NetworkManager write them.
struct IniEntry {
  std::string section;
  std::string key;
  std::string value;

  bool operator==(const IniEntry&) const = default;
};

/// In the order of the text. Comments begin with # or ;; what is no assignment is left out.
std::vector<IniEntry> parse_ini(std::string_view text);

/// systemd's parse_boolean(): "yes", "no" and what else it takes, in any case. nullopt: it is none, a comment
/// behind one included, and systemd leaves the setting as it was.
/// https://github.com/systemd/systemd/blob/main/src/basic/parse-util.c
std::optional<bool> boolean(std::string_view value);

}  // namespace host
