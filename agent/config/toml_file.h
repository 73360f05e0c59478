#pragma once

#include <optional>
#include <string_view>

#include "agent/config/raw_value.h"

namespace agent {

/// A file's top-level keys and, in tables, their members; deeper tables are `Other`. Or why the text is
/// not TOML.
struct TomlFile {
  RawValue::Table members;
  std::optional<ConfigIssue> fault;
};

/// `file` is what positions begin with. Lines and columns count from 1, columns in characters.
TomlFile parse_toml(std::string_view text, std::string_view file);

/// The value as TOML; no tables. Texts must be UTF-8.
std::string toml_text(const RawValue& raw);

}  // namespace agent
