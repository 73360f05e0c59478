#pragma once

#include <array>
#include <optional>
#include <string_view>

namespace net {

/// One row of the table that says how an enum's values are called in configuration, JSON, metrics and
/// messages: `inline constexpr auto kModeNames = std::to_array<net::Named<Mode>>({{Mode::udr, "udr"}, …});`
template <class Enum>
struct Named {
  Enum value;
  std::string_view name;
};

/// A value in no row has the last row's name.
template <class Enum, std::size_t Size>
constexpr std::string_view name_of(const std::array<Named<Enum>, Size>& table, Enum value) {
  for (const auto& row : table) {
    if (row.value == value) return row.name;
  }
  return table.back().name;
}

template <class Enum, std::size_t Size>
constexpr std::optional<Enum> value_named(const std::array<Named<Enum>, Size>& table, std::string_view name) {
  for (const auto& row : table) {
    if (row.name == name) return row.value;
  }
  return std::nullopt;
}

}  // namespace net
