#include "arm/kinds.h"

#include <fmt/format.h>

#include "net/foreign_text.h"

namespace arm {
namespace {

constexpr Kind kKinds[] = {kVirtualMachine, kNic,      kSubnet,     kRouteTable,
                           kVirtualNetwork, kInstance, kInstanceNic};
constexpr std::size_t kQuotedName = 80;

}  // namespace

std::string Subject::phrase() const {
  return fmt::format("the {} '{}'", kind.noun, net::foreign_text(id.name(), kQuotedName));
}

std::string Subject::target() const {
  const auto* list = kind.type == kInstance.type ? "/networkInterfaces" : "";
  return fmt::format("{}{}?api-version={}", id.path(), list, kind.api_version);
}

std::optional<Subject> subject_of(const ResourceId& id) {
  for (const auto& kind : kKinds) {
    if (id.type() == kind.type) return Subject{.id = id, .kind = kind};
  }
  return std::nullopt;
}

}  // namespace arm
