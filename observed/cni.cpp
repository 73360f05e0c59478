#include "observed/cni.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace observed {
namespace {

template <std::size_t Count>
bool is_in(const std::array<std::string_view, Count>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

/// Plug-ins that change an interface which another one makes: the reference plug-ins called "meta" and
/// loopback (https://github.com/containernetworking/plugins), and service meshes', which stand in a file of
/// their own where they came first.
constexpr std::array<std::string_view, 8> kMakeNoInterface = {
    "loopback", "portmap", "bandwidth", "tuning", "firewall", "sbr", "istio-cni", "linkerd-cni"};

bool makes_interfaces(const CniFile& file) {
  const auto* main = file.main();
  return main != nullptr && !is_meta_plugin(main->type) && !is_in(kMakeNoInterface, main->type);
}

std::string_view name_in(std::string_view path) { return path.substr(path.rfind('/') + 1); }

/// True for the same folder, whatever it is mounted below: multus-daemon sees the node's /etc/cni/net.d in
/// /host (https://github.com/k8snetworkplumbingwg/multus-cni/blob/master/docs/thick-plugin.md).
bool is_folder(std::string_view path, std::string_view folder) {
  while (path.size() > 1 && path.ends_with('/')) path.remove_suffix(1);
  return path.ends_with(folder);
}

/// Follows the winner to the file of the network that it stands for.
class Search {
 public:
  explicit Search(const CniConfiguration& all) : all_(all), of_pods_(all.of_pods()) {}

  [[nodiscard]] net::Result<CniNetwork> from(const CniFile& winner) const {
    const auto& plugin = *winner.main();
    if (is_meta_plugin(plugin.type)) return through(winner);
    if (const auto engine = engine_of(winner); !engine.empty())
      return net::failure(ENOENT, fmt::format("{} is for {}'s own containers", winner.path, engine));
    if (!makes_interfaces(winner))
      return net::failure(ENOENT,
                          fmt::format("{} runs {}, which makes no interface", winner.path, plugin.type));
    return CniNetwork{.file = &winner, .main = &plugin, .name = winner.network, .by = nullptr};
  }

 private:
  [[nodiscard]] net::Result<CniNetwork> through(const CniFile& meta) const {
    const auto& delegation = meta.delegation;
    // "clusterNetwork" comes first, as in GetDefaultNetworks() of
    // https://github.com/k8snetworkplumbingwg/multus-cni/blob/master/pkg/k8sclient/k8sclient.go
    if (delegation.to.empty() && !delegation.plugins.empty()) {
      return CniNetwork{.file = &meta,
                        .main = &delegation.plugins.front(),
                        .name = delegation.network.empty() ? meta.network : delegation.network,
                        .by = &meta};
    }
    const auto* file = named(delegation.to);
    if (file != nullptr && makes_interfaces(*file))
      return CniNetwork{.file = file, .main = file->main(), .name = file->network, .by = &meta};
    const auto& type = meta.main()->type;
    if (delegation.to.empty())
      return net::failure(
          ENOENT, fmt::format("{} runs {}, and no other file makes interfaces of pods", meta.path, type));
    return net::failure(EREMOTE, fmt::format("{} runs {}, which hands pods to {}: it is not in {}", meta.path,
                                             type, delegation.to, all_.folder));
  }

  /// What Multus finds under this; the next file by name where nothing is said.
  [[nodiscard]] const CniFile* named(std::string_view to) const {
    if (to.empty() || is_folder(to, all_.folder)) return of_pods_.empty() ? nullptr : of_pods_.front();
    const auto slash = to.rfind('/');
    if (slash != std::string_view::npos && !is_folder(to.substr(0, slash), all_.folder)) return nullptr;
    const auto is_it = [&](const CniFile& file) {
      return file.problem.empty() &&
             (slash == std::string_view::npos ? file.network == to : name_in(file.path) == name_in(to));
    };
    const auto found = std::find_if(all_.files.begin(), all_.files.end(), is_it);
    return found == all_.files.end() ? nullptr : &*found;
  }

  const CniConfiguration& all_;
  std::vector<const CniFile*> of_pods_;
};

}  // namespace

bool is_meta_plugin(std::string_view type) {
  constexpr std::array<std::string_view, 4> kTypes = {"multus", "multus-shim", "danm", "genie"};
  return is_in(kTypes, type);
}

std::string_view engine_of(const CniFile& file) {
  const auto* main = file.main();
  const std::string_view bridge = main == nullptr ? std::string_view{} : main->bridge;
  // https://github.com/containers/podman/blob/v4.9/cni/87-podman-bridge.conflist, and what `podman network
  // create` made there.
  if (file.network == "podman" || bridge.starts_with("cni-podman")) return "podman";
  // https://github.com/cri-o/cri-o/tree/main/contrib/cni; "crio-bridge" in its early releases.
  if (file.network == "crio" || file.network == "crio-bridge") return "CRI-O";
  // https://github.com/containerd/containerd/blob/main/script/setup/install-cni, also in its release bundles.
  if (file.network == "containerd-net") return "containerd";
  // https://github.com/containerd/nerdctl/blob/main/pkg/netutil/netutil.go: nerdctl-NAME.conflist
  if (name_in(file.path).starts_with("nerdctl-") || bridge.starts_with("nerdctl")) return "nerdctl";
  return "";
}

const CniFile* CniConfiguration::winner() const {
  const auto usable = [](const CniFile& file) { return file.problem.empty() && file.main() != nullptr; };
  const auto found = std::find_if(files.begin(), files.end(), usable);
  return found == files.end() ? nullptr : &*found;
}

std::vector<const CniFile*> CniConfiguration::of_pods() const {
  std::vector<const CniFile*> found;
  for (const auto& file : files) {
    if (file.problem.empty() && makes_interfaces(file) && engine_of(file).empty()) found.push_back(&file);
  }
  return found;
}

net::Result<CniNetwork> CniConfiguration::network() const {
  const auto* file = winner();
  if (file == nullptr) return net::failure(ENOENT, fmt::format("no usable CNI configuration in {}", folder));
  return Search(*this).from(*file);
}

}  // namespace observed
