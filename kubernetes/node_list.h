#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <istream>
#include <string>
#include <string_view>
#include <vector>

#include "kubernetes/kubernetes.h"
#include "observed/cluster.h"

namespace kubernetes {

/// What a list says beside its items.
struct NodeListEnd {
  std::string next;  ///< metadata.continue; empty on the last page
  std::size_t remaining = 0;
};

/// Reads a list of Nodes, of the API server's or of `kubectl get nodes --output json`, one Node after the
/// other: none is kept beyond what it is made into. A Node that cannot be used has its name and the reason.
/// EBADMSG for what is no list of Nodes.
net::Result<NodeListEnd> read_node_list(std::string_view json, std::vector<observed::ClusterNode>& nodes);
net::Result<NodeListEnd> read_node_list(std::istream& json, std::vector<observed::ClusterNode>& nodes);

/// The file of `kubectl get nodes --output json`; "-" is not known here. The error names the file.
net::Result<std::vector<observed::ClusterNode>> read_node_file(const std::filesystem::path& file);

/// Gets a page; `target` as "/api/v1/nodes?limit=250".
using PageGetter = std::function<net::Result<https::Response>(const std::string& target)>;

/// GET /api/v1/nodes, page by page. A version that is gone (410) starts the list again, once; pages that are
/// too large are asked for in halves. `progress` is told how many Nodes there are, and how many are left.
/// Errors as get_node().
net::Result<std::vector<observed::ClusterNode>> list_nodes(
    const PageGetter& get, const Access& access,
    const std::function<void(std::size_t read, std::size_t remaining)>& progress);
net::Result<std::vector<observed::ClusterNode>> list_nodes(
    const Access& access, std::chrono::steady_clock::time_point finish_by,
    const std::function<void(std::size_t read, std::size_t remaining)>& progress);

}  // namespace kubernetes
