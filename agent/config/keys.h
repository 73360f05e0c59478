#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "agent/config/values.h"

namespace agent {

/// One key of the configuration: all that files, variables, flags, `config show` and config.toml need to
/// know.
struct Key {
  std::string_view section;  ///< "" for a top-level key; the texts are literals
  std::string_view name;
  std::string_view doc;  ///< for people: lines without comment signs
  Shape shape = Shape::text;
  /// Sets the value in the configuration, or returns what is wrong with it.
  std::function<ParseResult(Config&, const RawValue&)> read;
  std::function<RawValue(const Config&)> write;

  /// The configuration's value as TOML.
  [[nodiscard]] std::string print(const Config& config) const;
  /// "nic.select", "mode"
  [[nodiscard]] std::string path() const {
    return section.empty() ? std::string(name) : std::string(section).append(".").append(name);
  }
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

/// ": did you mean X?" with the known word that is nearest to a mistyped one, the first of equals; "" when
/// none is near: at most a third of its letters wrong. `prefix` is what all
/// words begin with: it is shown but does not make words alike.
std::string did_you_mean(std::string_view typed, std::span<const std::string> known,
                         std::string_view prefix = {});

/// Numbers of the kernel's routing that others own. Sentences for the end of "routes.table: ".

/// Who owns the route protocol number; absent for an unused one.
std::optional<std::string> protocol_refusal(std::int64_t protocol);

/// Why routes are not to be kept in the table; absent for a good one.
std::optional<std::string> table_refusal(std::int64_t table);

}  // namespace agent
