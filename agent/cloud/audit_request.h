#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "net/error.h"
#include "net/prefix.h"
#include "node/policy.h"

namespace agent {

/// What `calico-azure-agent audit` was asked for: goes as one argument to the program that has TLS. No secret
/// is in it, but where one is.
struct AuditRequest {
  std::string kubeconfig;  ///< empty: $KUBECONFIG, ~/.kube/config, in-cluster
  std::string nodes;       ///< a file of `kubectl get nodes --output json`, "-": standard input
  std::string token_file;  ///< "-": standard input; empty: workload or managed identity
  std::string client_id;   ///< of the identity; empty: the only one
  std::string cloud;       ///< as azure.json and az name it
  std::string endpoint;    ///< of Resource Manager, where the cloud has no name
  std::string imds_endpoint = "http://169.254.169.254";
  std::vector<std::string> resource_groups;  ///< ids or names; their route tables are read, too
  std::vector<std::string> route_tables;     ///< ids
  std::vector<net::Prefix> cluster_cidrs;
  std::optional<node::Mode> mode;
  std::string repair_script;  ///< a file, "-": standard output
  unsigned max_requests = 200;
  std::chrono::milliseconds timeout = std::chrono::minutes(5);
  bool json = false;
  bool all = false;

  bool operator==(const AuditRequest&) const = default;
};

std::string audit_request_text(const AuditRequest& request);
/// EBADMSG for what audit_request_text() did not write.
net::Result<AuditRequest> parse_audit_request(std::string_view text);

}  // namespace agent
