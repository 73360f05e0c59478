#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "agent/config/codecs.h"
#include "agent/config/config.h"

namespace agent {

/// One key of the configuration: all that files, variables, flags, `config show` and config.toml need to
/// know.
struct Key {
  std::string section;  ///< "" for a top-level key
  std::string name;
  std::string doc;  ///< for people: lines without comment signs
  Shape shape = Shape::text;
  /// Puts the value into the configuration, or says what is wrong with it.
  std::function<ParseResult(Config&, const RawValue&)> read;
  /// The configuration's value as TOML.
  std::function<std::string(const Config&)> print;
  /// The same as text for --set.
  std::function<std::string(const Config&)> print_setting;

  /// "nic.select", "mode"
  [[nodiscard]] std::string path() const { return section.empty() ? name : section + "." + name; }
  /// "CALICO_AZURE_AGENT_NIC_SELECT"
  [[nodiscard]] std::string variable() const;
};

/// What every variable of the agent begins with.
inline constexpr std::string_view kVariablePrefix = "CALICO_AZURE_AGENT_";

/// Every key, section by section in the order in which people read them.
std::span<const Key> keys();

/// The key with that path, or null.
const Key* find_key(std::string_view path);

/// True when keys of that section exist.
bool is_section(std::string_view name);

}  // namespace agent
