#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <tuple>
#include <utility>

#include "agent/config/load_config.h"

namespace agent {

/// Where something stands. It becomes words only for who asks: a list may have a hundred thousand elements.
class SourceLocation {
 public:
  SourceLocation() = default;
  /// A file as a whole, a variable or a flag.
  SourceLocation(OriginKind kind, std::string name)
      : kind_(kind), name_(std::make_shared<const std::string>(std::move(name))) {}
  /// In a file, whose name all its places share. Line and column count from 1.
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

}  // namespace agent
