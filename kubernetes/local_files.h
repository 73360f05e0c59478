#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "net/address.h"
#include "net/error.h"
#include "observed/cloud_state.h"

namespace kubernetes {

/// Whose files are read.
enum class FilesOf : std::uint8_t {
  anybody,  ///< whatever this process may read: it asks with no more rights than who named them
  root,     ///< those alone that only root can have put there (host/roots_file.h): it may read more than who
            ///< asks
};

/// All of a file of at most 1 MiB. The kernel's errno, EFBIG, or host::open_roots_file()'s; the sentence
/// names the path.
net::Result<std::string> read_file(const std::filesystem::path& path, FilesOf whose = FilesOf::anybody);

/// The keys of net::CloudConfig out of azure.json's text, JSON or YAML, each value a net::foreign_text();
/// values that are no strings, and other keys, are left alone. EBADMSG with line and column for what is
/// neither, and for an identity that cannot be one; the text is never quoted: it holds secrets.
net::Result<observed::CloudConfig> parse_cloud_config(std::string_view text);

/// Reads it from a file of at most 1 MiB. ENOENT, EACCES and the like name the path.
net::Result<observed::CloudConfig> read_cloud_config(const std::filesystem::path& file,
                                                     FilesOf whose = FilesOf::anybody);

/// Addresses of Kubernetes services that this node has configured: KUBERNETES_SERVICE_HOST (in a pod), and
/// the cluster's name servers in the kubelet's configuration. Nothing on a node has the whole range; an
/// address of it is enough to see that pods were given the same. What cannot be read has none.
std::vector<net::Address> service_addresses(
    const std::filesystem::path& kubelet_config = "/var/lib/kubelet/config.yaml");

/// clusterDNS of a KubeletConfiguration, without link-local addresses: those are of a cache on the node.
/// https://kubernetes.io/docs/reference/config-api/kubelet-config.v1beta1/
std::vector<net::Address> cluster_dns(std::string_view kubelet_config);

}  // namespace kubernetes
