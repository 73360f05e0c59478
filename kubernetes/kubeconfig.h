#pragma once

#include <filesystem>

#include "kubernetes/kubernetes.h"

namespace kubernetes {

/// The access that a kubeconfig's current context gives, with the files it names read. Errors as in
/// find_access().
net::Result<Access> read_kubeconfig(const std::filesystem::path& file);

/// The service account of a pod; ENOENT where this is none.
net::Result<Access> in_cluster(const std::filesystem::path& service_account);

/// A token as it stands in a file, without the line's end.
net::Result<std::string> read_token(const std::filesystem::path& file);

}  // namespace kubernetes
