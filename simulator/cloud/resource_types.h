#pragma once

#include <string>
#include <string_view>

#include "simulator/target.h"

namespace simulator::cloud {

/// A type of resource, and the versions of its API that Azure has.
struct ResourceType {
  std::string_view name;      ///< "Microsoft.Network/virtualNetworks/subnets"
  std::string_view versions;  ///< "2015-06-15, 2016-03-30", oldest first

  [[nodiscard]] bool has(std::string_view version) const;
};

/// "Microsoft.Network/virtualNetworks/subnets", as the target writes it; without a namespace, that of
/// resource groups.
std::string type_of(const Target& target);

/// Null for a type that the agent and its tests have nothing to do with: any version will do for it.
const ResourceType* known_type(const Target& target);

/// True for what names no resource group: /subscriptions/S/providers/…
bool is_of_subscription(const Target& target);
/// True for a list of resources: of a subscription's, of a group's, or of another resource's children.
bool is_list(const Target& target);
/// True for a list of a subscription's or a group's.
bool is_top_list(const Target& target);

}  // namespace simulator::cloud
