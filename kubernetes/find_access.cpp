#include <fmt/format.h>

#include "kubernetes/kubeconfig.h"
#include "kubernetes/kubernetes.h"

namespace kubernetes {

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
