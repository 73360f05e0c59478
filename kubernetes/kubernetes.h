#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "https/https.h"
#include "kubernetes/local_files.h"
#include "net/error.h"
#include "observed/kubernetes_node.h"

namespace kubernetes {

/// How to reach the API server.
struct Access {
  std::string server;  ///< "https://host:port", without a final slash
  https::Identity identity;
  std::string token;   ///< empty: the client certificate authenticates
  std::string source;  ///< what it was read from, for messages: a file's path or "in-cluster"
};

/// Where credentials are looked for, and whose they have to be; tests name others.
struct Places {
  std::filesystem::path service_account = "/var/run/secrets/kubernetes.io/serviceaccount";
  /// kubeadm's, AKS's and Gardener's, whose kubelet is given its own under another name once it has one.
  std::vector<std::filesystem::path> kubeconfigs = {
      "/etc/kubernetes/kubelet.conf", "/var/lib/kubelet/kubeconfig", "/var/lib/kubelet/kubeconfig-real"};
  FilesOf whose = FilesOf::anybody;
};

/// Reads the credentials anew: files are rotated. `kubeconfig` empty: in-cluster (KUBERNETES_SERVICE_HOST and
/// _PORT, and the service account), then the first of the places that exists. ENOKEY when there is none;
/// EOPNOTSUPP for `exec` and auth providers, saying what to use instead; EINVAL, EBADMSG and EACCES name the
/// file and the field, never its content.
net::Result<Access> find_access(const std::string& kubeconfig, const Places& places = {});

/// This node's object, with the resourceVersion to watch from.
struct VersionedNode {
  observed::KubernetesNode node;
  std::string resource_version;
};

/// GET /api/v1/nodes/NAME. EACCES for 401 and 403 (naming the verb and resource), ENOENT for 404, EBUSY for
/// 429, EAGAIN for 5xx, EBADMSG for what is no Node.
net::Result<VersionedNode> get_node(const Access& access, const std::string& name,
                                    std::chrono::steady_clock::time_point finish_by);

/// Watches it from that version (fieldSelector metadata.name): `seen` gets each new state until it returns
/// false, the server ends the watch or `finish_by` passes (all fine). ESTALE for 410 Gone or an ERROR event:
/// get it again; ENOENT when it is deleted; else as get_node().
net::Result<void> watch_node(const Access& access, const std::string& name,
                             const std::string& resource_version,
                             std::chrono::steady_clock::time_point finish_by,
                             const std::function<bool(const VersionedNode&)>& seen);

}  // namespace kubernetes
