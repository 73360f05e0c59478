#include <fmt/format.h>

#include <algorithm>
#include <string>

#include "arm/arm.h"
#include "arm/endpoint.h"
#include "net/foreign_text.h"

namespace arm {
namespace {

constexpr std::size_t kQuotedCloud = 60;

struct KnownCloud {
  std::string_view endpoint;
  std::string_view audience;
};

/// https://github.com/Azure/azure-sdk-for-go/blob/main/sdk/azcore/cloud/cloud.go
constexpr KnownCloud kPublic{"https://management.azure.com", "https://management.azure.com/"};
constexpr KnownCloud kUsGovernment{"https://management.usgovcloudapi.net",
                                   "https://management.usgovcloudapi.net/"};
constexpr KnownCloud kChina{"https://management.chinacloudapi.cn", "https://management.chinacloudapi.cn/"};

/// In the spellings of azure.json and of IMDS, in lower case:
/// https://github.com/Azure/go-autorest/blob/main/autorest/azure/environments.go
constexpr struct {
  std::string_view name;
  KnownCloud cloud;
} kNames[] = {
    {"azurepubliccloud", kPublic},
    {"azurecloud", kPublic},
    {"azureusgovernmentcloud", kUsGovernment},
    {"azureusgovernment", kUsGovernment},
    {"azurechinacloud", kChina},
};

Cloud as_value(const KnownCloud& known) {
  return {.endpoint = std::string(known.endpoint), .audience = std::string(known.audience)};
}

/// A custom cloud reports the audience of its tokens; that of a known one behind its own address is known.
net::Result<Cloud> cloud_at(std::string_view given) {
  auto endpoint = parse_endpoint(given);
  if (!endpoint) return net::pass_on(endpoint);
  for (const auto& each : kNames) {
    if (*endpoint == each.cloud.endpoint) return as_value(each.cloud);
  }
  return Cloud{.endpoint = *std::move(endpoint), .audience = {}};
}

}  // namespace

net::Result<Cloud> cloud_of(const observed::CloudConfig& config, std::string_view environment) {
  if (!config.resource_manager_endpoint.empty()) return cloud_at(config.resource_manager_endpoint);
  const bool configured = !config.cloud.empty();
  const std::string_view given = configured ? std::string_view(config.cloud) : environment;
  if (given.empty()) return as_value(kPublic);
  const auto name = net::lower(given);
  const auto* known = std::find_if(std::begin(kNames), std::end(kNames),
                                   [&name](const auto& each) { return each.name == name; });
  if (known != std::end(kNames)) return as_value(known->cloud);
  return net::failure(
      EINVAL,
      fmt::format("the Azure cloud '{}' ({}) is not known here: set resourceManagerEndpoint in azure.json",
                  net::foreign_text(given, kQuotedCloud),
                  configured ? "\"cloud\" in azure.json" : "azEnvironment of IMDS"));
}

}  // namespace arm
