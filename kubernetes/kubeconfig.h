#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "kubernetes/kubernetes.h"

namespace kubernetes {

/// The access that a kubeconfig's current context gives, with the files it names read. With FilesOf::root
/// these have to be in the kubeconfig's folder or where the kubelet's are: /etc/kubernetes (its certs on AKS)
/// and /var/lib/kubelet/pki. Errors as in find_access().
net::Result<Access> read_kubeconfig(const std::filesystem::path& file, FilesOf whose = FilesOf::anybody);

/// The service account of a pod; ENOENT where this is none.
net::Result<Access> in_cluster(const std::filesystem::path& service_account,
                               FilesOf whose = FilesOf::anybody);

/// A token as it stands in a file, without the line's end.
net::Result<std::string> read_token(const std::filesystem::path& file, FilesOf whose = FilesOf::anybody);

/// Base64 (RFC 4648, padded) that may be broken into lines; nullopt for anything else.
std::optional<std::string> from_base64(std::string_view text);

}  // namespace kubernetes
