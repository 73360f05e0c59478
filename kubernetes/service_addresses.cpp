#include "kubernetes/service_addresses.h"

#include <cstdlib>

#include "kubernetes/read_file.h"
#include "kubernetes/yaml.h"
#include "net/prefix.h"

namespace kubernetes {

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
