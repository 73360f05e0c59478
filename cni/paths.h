#pragma once

#include <filesystem>
#include <vector>

namespace cni {

/// Where the node's CNI files are.
struct Paths {
  std::filesystem::path configuration = "/etc/cni/net.d";
  /// Where runtimes look for plug-ins unless they are told otherwise: containerd and kubelet; CRI-O and Red
  /// Hat's packages; Debian's.
  std::vector<std::filesystem::path> programs = {"/opt/cni/bin", "/usr/libexec/cni", "/usr/lib/cni"};
  /// Below it are the files that tell runtimes otherwise.
  std::filesystem::path runtimes = "/";
  std::filesystem::path host_local = "/var/lib/cni/networks";
  std::filesystem::path flannel_lease = "/run/flannel/subnet.env";
  /// The folder of azure-vnet.json, azure-vnet-ipam.json, azure-vnet/ and azure-cns/.
  std::filesystem::path azure_state = "/var/run";
  std::filesystem::path calico_node_name = "/var/lib/calico/nodename";
};

}  // namespace cni
