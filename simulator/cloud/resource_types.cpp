#include "simulator/cloud/resource_types.h"

#include <algorithm>
#include <iterator>

#include "net/foreign_text.h"

namespace simulator::cloud {
namespace {

// /subscriptions/S/resourceGroups/RG/providers/NAMESPACE/TYPE/NAME/CHILD-TYPE/CHILD
// /subscriptions/S/providers/NAMESPACE/TYPE
constexpr std::size_t kGroupsNamespace = 5;
constexpr std::size_t kSubscriptionsNamespace = 3;

// What Azure itself lists when it refuses a version, as people have reported it
// (https://github.com/Azure/azure-cli/issues/28496, networkInterfaces at the end of 2023;
// https://github.com/Azure/azure-sdk-for-python/issues/32029, the scale sets' NICs in August 2023;
// https://github.com/Azure/azure-rest-api-specs/issues/27695, virtualMachineScaleSets/virtualMachines), and
// what has been published since (azure-rest-api-specs, stable).
constexpr std::string_view kNetwork =
    "2014-12-01-preview, 2015-05-01-preview, 2015-06-15, 2016-03-30, 2016-06-01, 2016-07-01, 2016-08-01, "
    "2016-09-01, 2016-10-01, 2016-11-01, 2016-12-01, 2017-03-01, 2017-04-01, 2017-06-01, 2017-08-01, "
    "2017-09-01, 2017-10-01, 2017-11-01, 2018-01-01, 2018-02-01, 2018-03-01, 2018-04-01, 2018-05-01, "
    "2018-06-01, 2018-07-01, 2018-08-01, 2018-10-01, 2018-11-01, 2018-12-01, 2019-02-01, 2019-04-01, "
    "2019-06-01, 2019-07-01, 2019-08-01, 2019-09-01, 2019-11-01, 2019-12-01, 2020-01-01, 2020-03-01, "
    "2020-04-01, 2020-05-01, 2020-06-01, 2020-07-01, 2020-08-01, 2020-11-01, 2021-01-01, 2021-02-01, "
    "2021-03-01, 2021-04-01, 2021-05-01, 2021-06-01, 2021-08-01, 2021-12-01, 2022-01-01, 2022-05-01, "
    "2022-07-01, 2022-09-01, 2022-11-01, 2023-02-01, 2023-04-01, 2023-05-01, 2023-06-01, 2023-09-01, "
    "2023-11-01, 2024-01-01, 2024-03-01, 2024-05-01, 2024-07-01, 2024-10-01, 2025-01-01, 2025-03-01, "
    "2025-05-01, 2025-07-01";
constexpr std::string_view kMachines =
    "2015-05-01-preview, 2015-06-15, 2016-03-30, 2016-04-30-preview, 2016-08-30, 2017-03-30, 2017-12-01, "
    "2018-04-01, 2018-06-01, 2018-10-01, 2019-03-01, 2019-07-01, 2019-12-01, 2020-06-01, 2020-12-01, "
    "2021-03-01, 2021-04-01, 2021-07-01, 2021-11-01, 2022-03-01, 2022-08-01, 2022-11-01, 2023-03-01, "
    "2023-07-01, 2023-09-01, 2024-03-01, 2024-07-01, 2024-11-01, 2025-04-01";
constexpr std::string_view kScaleSets =
    "2015-05-01-preview, 2015-06-15, 2016-03-30, 2016-04-30-preview, 2016-08-30, 2017-03-30, "
    "2017-10-30-preview, 2017-12-01, 2018-04-01, 2018-06-01, 2018-10-01, 2019-03-01, 2019-07-01, "
    "2019-12-01, 2020-06-01, 2020-12-01, 2021-03-01, 2021-04-01, 2021-07-01, 2021-11-01, 2022-03-01, "
    "2022-08-01, 2022-11-01, 2023-03-01, 2023-07-01, 2023-09-01, 2024-03-01, 2024-07-01, 2024-11-01, "
    "2025-04-01";
/// Of Microsoft.Compute, although the documents are those of Microsoft.Network.
constexpr std::string_view kScaleSetNics =
    "2015-05-01-preview, 2015-06-15, 2016-03-30, 2016-04-30-preview, 2016-06-01, 2016-07-01, 2016-08-01, "
    "2016-09-01, 2017-03-30, 2017-12-01, 2018-04-01, 2018-06-01, 2018-10-01, 2019-03-01, 2019-07-01, "
    "2019-12-01, 2020-06-01, 2020-12-01, 2021-03-01, 2021-04-01, 2021-07-01, 2021-11-01, 2022-03-01, "
    "2022-08-01, 2022-11-01, 2023-03-01, 2023-07-01, 2023-09-01, 2024-03-01, 2024-07-01, 2024-11-01, "
    "2025-04-01";

constexpr ResourceType kTypes[] = {
    {"Microsoft.Network/networkInterfaces", kNetwork},
    {"Microsoft.Network/networkSecurityGroups", kNetwork},
    {"Microsoft.Network/routeTables", kNetwork},
    {"Microsoft.Network/routeTables/routes", kNetwork},
    {"Microsoft.Network/virtualNetworks", kNetwork},
    {"Microsoft.Network/virtualNetworks/subnets", kNetwork},
    {"Microsoft.Compute/virtualMachines", kMachines},
    {"Microsoft.Compute/virtualMachineScaleSets", kScaleSets},
    {"Microsoft.Compute/virtualMachineScaleSets/virtualMachines", kScaleSets},
    {"Microsoft.Compute/virtualMachineScaleSets/networkInterfaces", kScaleSetNics},
    {"Microsoft.Compute/virtualMachineScaleSets/virtualMachines/networkInterfaces", kScaleSetNics},
};

/// Where the namespace is, and whether there is one.
std::size_t namespace_of(const Target& target) {
  return is_of_subscription(target) ? kSubscriptionsNamespace : kGroupsNamespace;
}

}  // namespace

bool ResourceType::has(std::string_view version) const {
  const auto found = versions.find(version);
  if (version.empty() || found == std::string_view::npos) return false;
  const auto end = found + version.size();
  return (found == 0 || versions[found - 1] == ' ') && (end == versions.size() || versions[end] == ',');
}

bool is_of_subscription(const Target& target) {
  return target.path.size() > 2 && net::same_ignoring_case(target.path[2], "providers");
}

std::string type_of(const Target& target) {
  const auto begin = namespace_of(target);
  if (target.path.size() <= begin) return "Microsoft.Resources/subscriptions/resourceGroups";
  auto type = target.path[begin];
  for (auto i = begin + 1; i < target.path.size(); i += 2) type += "/" + target.path[i];
  return type;
}

const ResourceType* known_type(const Target& target) {
  const auto type = type_of(target);
  const auto* const found =
      std::find_if(std::begin(kTypes), std::end(kTypes),
                   [&type](const ResourceType& each) { return net::same_ignoring_case(each.name, type); });
  return found == std::end(kTypes) ? nullptr : found;
}

bool is_list(const Target& target) {
  const auto begin = namespace_of(target);
  return target.path.size() > begin + 1 && (target.path.size() - begin) % 2 == 0;
}

bool is_top_list(const Target& target) {
  return is_list(target) && target.path.size() == namespace_of(target) + 2;
}

}  // namespace simulator::cloud
