#include "simulator/api_versions.h"

#include <algorithm>
#include <array>

namespace simulator {
namespace {

constexpr auto kVersions = std::to_array<std::string_view>(
    {"2017-03-01", "2017-04-02", "2017-08-01", "2017-10-01", "2017-12-01", "2018-02-01", "2018-04-02",
     "2018-10-01", "2019-02-01", "2019-03-11", "2019-04-30", "2019-06-01", "2019-06-04", "2019-08-01",
     "2019-08-15", "2019-11-01", "2020-06-01", "2020-07-15", "2020-09-01", "2020-10-01", "2020-12-01",
     "2021-01-01", "2021-02-01", "2021-03-01", "2021-05-01", "2021-08-01", "2021-10-01", "2021-11-01",
     "2021-11-15", "2021-12-13", "2023-07-01", "2023-11-15", "2024-03-15", "2024-07-17", "2025-04-07"});

struct Field {
  std::string_view path;
  std::string_view since;
};

constexpr std::string_view kFirstWithFields = "2017-04-02";

constexpr auto kFields = std::to_array<Field>({{"compute/subscriptionId", "2017-08-01"},
                                               {"compute/resourceGroupName", "2017-08-01"},
                                               {"compute/tags", "2017-08-01"},
                                               {"compute/placementGroupId", "2017-08-01"},
                                               {"compute/vmScaleSetName", "2017-12-01"},
                                               {"compute/zone", "2017-12-01"},
                                               {"compute/azEnvironment", "2018-10-01"},
                                               {"compute/provider", "2018-10-01"},
                                               {"compute/resourceId", "2019-03-11"},
                                               {"compute/storageProfile", "2019-06-01"},
                                               {"compute/tagsList", "2019-06-04"},
                                               {"compute/osProfile", "2020-07-15"},
                                               {"compute/virtualMachineScaleSet", "2021-03-01"},
                                               {"compute/platformSubFaultDomain", "2021-10-01"},
                                               {"compute/physicalZone", "2023-11-15"}});

}  // namespace

std::span<const std::string_view> api_versions() { return kVersions; }

bool is_api_version(std::string_view text) {
  return std::find(kVersions.begin(), kVersions.end(), text) != kVersions.end();
}

std::string_view field_since(std::string_view path) {
  const auto* const field =
      std::find_if(kFields.begin(), kFields.end(), [path](const Field& each) { return each.path == path; });
  return field == kFields.end() ? kFirstWithFields : field->since;
}

}  // namespace simulator
