#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <variant>
#include <vector>

namespace agent {

/// What a value comes from; a later one overrides an earlier one.
enum class OriginKind : std::uint8_t { by_default, file, environment, flag };

struct Origin {
  OriginKind kind = OriginKind::by_default;
  /// "FILE:LINE:COLUMN", "CALICO_AZURE_AGENT_NIC_SELECT", "--set nic.select"; empty for a default.
  std::string where;

  bool operator==(const Origin&) const = default;
};

/// Where a value was read. Text is made only on request: a list may have a hundred thousand elements.
class SourceLocation {
 public:
  SourceLocation() = default;
  /// A file as a whole, a variable or a flag.
  SourceLocation(OriginKind kind, std::string name)
      : kind_(kind), name_(std::make_shared<const std::string>(std::move(name))) {}
  /// In a file, whose name all its locations share. Line and column count from 1.
  SourceLocation(std::shared_ptr<const std::string> file, std::uint32_t line, std::uint32_t column)
      : kind_(OriginKind::file), line_(line), column_(column), name_(std::move(file)) {}

  [[nodiscard]] Origin origin() const;
  /// In the order in which a reader meets them.
  [[nodiscard]] bool before(const SourceLocation& other) const {
    return std::tuple(kind_, line_, column_) < std::tuple(other.kind_, other.line_, other.column_);
  }

 private:
  OriginKind kind_ = OriginKind::by_default;
  std::uint32_t line_ = 0;
  std::uint32_t column_ = 0;
  std::shared_ptr<const std::string> name_;
};

/// What is wrong with a value, and where it was read.
struct ConfigIssue {
  SourceLocation location;
  std::string what;
};

/// A value as its source spelled it, before a key gives it a meaning.
struct RawValue {
  using List = std::vector<RawValue>;
  struct Member;
  using Table = std::vector<Member>;
  /// A type that no key accepts, spelled out: "a float".
  struct Other {
    std::string_view kind;
  };
  using Value = std::variant<bool, std::int64_t, std::string, List, Table, Other>;

  /// Of the key, or of the list's element.
  SourceLocation location;
  Value value;
};

struct RawValue::Member {
  std::string name;
  RawValue raw;
};

/// The value in words, for "found …": `the integer 5`, `the string "x"`, `a list`.
std::string describe(const RawValue& raw);

/// How text from the environment or the command line becomes a value.
enum class Shape : std::uint8_t { text, integer, boolean, list };

/// The text of an environment variable or of --set as a value; never fails: text that is no integer or
/// boolean stays a string, which its key refuses.
RawValue raw_of_text(Shape shape, std::string_view text, const SourceLocation& location);

/// The text for --set that raw_of_text() reads as this value; no tables.
std::string setting_text(const RawValue& raw);

}  // namespace agent
