#pragma once

#include <filesystem>
#include <vector>

#include "observed/cni.h"

namespace cni {

/// Where the node's CNI files are.
struct Paths {
  std::filesystem::path configuration = "/etc/cni/net.d";
  /// Where runtimes look for plug-ins unless they are configured otherwise: containerd and kubelet; CRI-O and
  /// Red Hat's packages; Debian's.
  std::vector<std::filesystem::path> programs = {"/opt/cni/bin", "/usr/libexec/cni", "/usr/lib/cni"};
  /// Below it are the files that configure runtimes otherwise.
  std::filesystem::path runtimes = "/";
  std::filesystem::path host_local = "/var/lib/cni/networks";
  std::filesystem::path flannel_lease = "/run/flannel/subnet.env";
  /// The folder of azure-vnet.json, azure-vnet-ipam.json, azure-vnet/ and azure-cns/.
  std::filesystem::path azure_state = "/var/run";
  std::filesystem::path calico_node_name = "/var/lib/calico/nodename";
};

/// Looks at all of them, and never waits. Each part stands for itself: ENOENT where it is not there, another
/// error where it could not be read or makes no sense.
///
/// Configurations are the first 100 *.conf, *.conflist and *.json in bytewise order, hidden ones too: libcni
/// takes them. A file that no runtime can use has a `problem`, a predicate of its path; one that only we may
/// not read is an error of the whole, for then the winner is unknown. Texts are their own
/// net::foreign_text(), and no more of a file's contents than names.
observed::CniFiles read_cni_files(const Paths& paths);

}  // namespace cni
