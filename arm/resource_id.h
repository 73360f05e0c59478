#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "net/error.h"

namespace arm {

/// "/subscriptions/S/resourceGroups/RG/providers/NAMESPACE/TYPE/NAME[/TYPE/NAME…]". Keeps the spelling it was
/// given and compares without regard to case
/// (https://learn.microsoft.com/azure/azure-resource-manager/management/resource-name-rules).
class ResourceId {
 public:
  /// EINVAL, saying what is wrong, for anything else and for whatever could lead a request elsewhere: empty
  /// segments, "." and "..", '?', '#', '%', white space, control and format characters, what is no UTF-8,
  /// more than 2 KiB.
  static net::Result<ResourceId> parse(std::string_view text);

  [[nodiscard]] const std::string& text() const { return text_; }
  /// The last segment.
  [[nodiscard]] std::string_view name() const;
  /// "microsoft.network/virtualnetworks/subnets", in lower case.
  [[nodiscard]] const std::string& type() const { return type_; }
  /// The resource that this one is a part of: a subnet's virtual network. EINVAL when it is part of none.
  [[nodiscard]] net::Result<ResourceId> parent() const;
  /// The path of a URL: what is not ASCII (resource groups may have any letter) as %XX.
  [[nodiscard]] std::string path() const;

  bool operator==(const ResourceId& other) const;

 private:
  ResourceId(std::string text, std::string type) : text_(std::move(text)), type_(std::move(type)) {}

  std::string text_;
  std::string type_;
};

}  // namespace arm
