#include "kubernetes/local_files.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <string>

#include "files/read.h"
#include "host/files.h"
#include "json/json.h"
#include "kubernetes/yaml.h"
#include "net/foreign_text.h"
#include "net/prefix.h"

namespace kubernetes {

net::Result<std::string> read_file(const std::filesystem::path& path, FilesOf whose) {
  constexpr std::size_t kLargestFile = std::size_t{1} << 20;
  if (whose == FilesOf::anybody) return files::read(path, kLargestFile);
  const auto file = host::open_roots_file(path);
  if (!file) return net::pass_on(file);
  auto contents = files::read_rest(*file, kLargestFile);
  if (!contents) contents.error().what = fmt::format("{} {}", path.string(), contents.error().what);
  return contents;
}

namespace {

constexpr struct {
  std::string_view name;
  std::string observed::CloudConfig::*field;
} kKeys[] = {
    {"cloud", &observed::CloudConfig::cloud},
    {"resourceManagerEndpoint", &observed::CloudConfig::resource_manager_endpoint},
    {"routeTableName", &observed::CloudConfig::route_table_name},
    {"routeTableResourceGroup", &observed::CloudConfig::route_table_resource_group},
    {"userAssignedIdentityID", &observed::CloudConfig::user_assigned_identity},
    {"resourceGroup", &observed::CloudConfig::resource_group},
    {"subscriptionId", &observed::CloudConfig::subscription},
    {"networkResourceSubscriptionID", &observed::CloudConfig::network_subscription},
};
// Above all that Azure has: names of 90 characters of up to four bytes, and endpoints.
constexpr std::size_t kLongestValue = 500;

/// The cloud provider reads it with Go's encoding/json, which does not mind the case of a key.
void take(observed::CloudConfig& config, std::string_view key, const std::string& value) {
  for (const auto& [name, field] : kKeys) {
    if (net::same_ignoring_case(key, name)) config.*field = net::foreign_text(value, kLongestValue);
  }
}

observed::CloudConfig out_of(const json::Value& document) {
  observed::CloudConfig config;
  for (const auto& [key, value] : document.items()) {
    if (value.is_string()) take(config, key, value.get_ref<const std::string&>());
  }
  return config;
}

observed::CloudConfig out_of(const YAML::Node& document) {
  observed::CloudConfig config;
  for (const auto& entry : document) {
    if (!entry.first.IsScalar()) continue;
    if (const auto value = string_of(entry.second)) take(config, entry.first.Scalar(), *value);
  }
  return config;
}

/// The one value that goes to a server as it is, into a query; the endpoint is judged where it is asked.
net::Result<observed::CloudConfig> checked(observed::CloudConfig config) {
  const auto is_visible = [](char c) { return c > ' ' && c <= '~' && c != '?'; };
  const auto& id = config.user_assigned_identity;
  const auto bad = std::find_if_not(id.begin(), id.end(), is_visible);
  if (bad == id.end()) return config;
  // Not quoted: it stands beside a secret, and may be one that came under the wrong key.
  return net::failure(EBADMSG,
                      fmt::format("its userAssignedIdentityID holds a character that no id has, at {} of {}",
                                  bad - id.begin() + 1, id.size()));
}

}  // namespace

net::Result<observed::CloudConfig> parse_cloud_config(std::string_view text) {
  // JSON is YAML, but for tabs and some escapes.
  if (const auto document = json::parse(text); document && document->is_object())
    return checked(out_of(*document));
  const auto yaml = parse_yaml(text);
  if (!yaml) return net::pass_on(yaml);
  if (!yaml->IsMap()) return net::failure(EBADMSG, "not a JSON or YAML object: line 1, column 1");
  return checked(out_of(*yaml));
}

net::Result<observed::CloudConfig> read_cloud_config(const std::filesystem::path& file, FilesOf whose) {
  const auto text = read_file(file, whose);
  if (!text) return net::pass_on(text);
  auto config = parse_cloud_config(*text);
  if (!config) {
    return net::failure(config.error().code.value(), fmt::format("{} is no cloud provider configuration: {}",
                                                                 file.string(), config.error().what));
  }
  return config;
}

std::vector<net::Address> cluster_dns(std::string_view kubelet_config) {
  std::vector<net::Address> addresses;
  const auto document = parse_yaml(kubelet_config);
  if (!document) return addresses;
  const auto list = member(*document, "clusterDNS");
  if (!list.IsSequence()) return addresses;
  const auto link_local = *net::Prefix::parse("169.254.0.0/16");
  for (const auto& entry : list) {
    const auto address = net::Address::parse(string_of(entry).value_or(""));
    if (address && !link_local.contains(*address)) addresses.push_back(*address);
  }
  return addresses;
}

std::vector<net::Address> service_addresses(const std::filesystem::path& kubelet_config) {
  std::vector<net::Address> addresses;
  if (const auto text = read_file(kubelet_config)) addresses = cluster_dns(*text);
  const char* host = std::getenv("KUBERNETES_SERVICE_HOST");
  if (const auto address = net::Address::parse(host == nullptr ? "" : host)) addresses.push_back(*address);
  return addresses;
}

}  // namespace kubernetes
