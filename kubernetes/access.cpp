#include <fmt/format.h>

#include <cstdlib>
#include <string_view>

#include "kubernetes/kubeconfig.h"
#include "kubernetes/kubernetes.h"
#include "kubernetes/local_files.h"
#include "net/address.h"

namespace kubernetes {
namespace {

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

}  // namespace

net::Result<std::string> read_token(const std::filesystem::path& file, FilesOf whose) {
  auto token = read_file(file, whose);
  if (!token) return token;
  const auto end = token->find_last_not_of(" \t\r\n");
  if (end == std::string::npos) return net::failure(EINVAL, fmt::format("{} holds no token", file.string()));
  token->resize(end + 1);
  return token;
}

net::Result<Access> in_cluster(const std::filesystem::path& service_account, FilesOf whose) {
  const auto host = environment("KUBERNETES_SERVICE_HOST");
  const auto port = environment("KUBERNETES_SERVICE_PORT");
  if (host.empty() || port.empty()) {
    return net::failure(ENOENT,
                        "KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set: this is no pod");
  }
  auto token = read_token(service_account / "token", whose);
  if (!token) return net::pass_on(token);
  auto ca = read_file(service_account / "ca.crt", whose);
  if (!ca) return net::pass_on(ca);
  if (ca->empty()) {
    return net::failure(EINVAL, fmt::format("{} is empty", (service_account / "ca.crt").string()));
  }
  const auto address = net::Address::parse(host);
  const bool bracketed = address && address->family() == net::Family::ipv6;
  Access access;
  access.server = fmt::format(fmt::runtime(bracketed ? "https://[{}]:{}" : "https://{}:{}"), host, port);
  access.identity.ca_pem = std::move(*ca);
  access.token = std::move(*token);
  access.source = "in-cluster";
  return access;
}

net::Result<Access> find_access(const std::string& kubeconfig, const Places& places) {
  if (!kubeconfig.empty()) return read_kubeconfig(kubeconfig, places.whose);
  auto pod = in_cluster(places.service_account, places.whose);
  if (pod || pod.error().code.value() != ENOENT) return pod;
  std::string tried;
  for (const auto& place : places.kubeconfigs) {
    std::error_code unknown;
    // One that is there and cannot be used is an error, not a reason to try the next.
    if (std::filesystem::exists(place, unknown) || unknown) return read_kubeconfig(place, places.whose);
    tried += (tried.empty() ? "" : ", ") + place.string();
  }
  return net::failure(ENOKEY, fmt::format("no credential for the API server: {}; no kubeconfig at {}",
                                          pod.error().what, tried));
}

}  // namespace kubernetes
