#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "agent/config/config.h"
#include "core/effects.h"
#include "net/error.h"

namespace agent {

/// What the daemon wants to know, and where to ask: the one thing that goes to the program that asks Azure
/// and Kubernetes. No secret is in it; paths are, by which only a program with no more rights than who asks
/// goes (own_configuration.h).
struct CloudQuery {
  std::string imds_endpoint;  ///< for tokens
  std::string resource_id;    ///< this VM; empty until IMDS has answered
  std::string mac;            ///< the NIC of pod traffic
  std::string environment;    ///< compute.azEnvironment
  std::string node_name;
  std::string kubeconfig;
  std::string cloud_config;  ///< azure.json's path
  std::string client_id;
  bool verify = true;  ///< azure.verify is not "off"
  /// What the Node says steers routes, and is followed as it changes; else it is read once in the interval,
  /// and between two readings the program need not run.
  bool follow_node = true;
  /// Azure is asked without the wait that spreads nodes which started together: this program is not the
  /// first.
  bool at_once = false;
  std::chrono::milliseconds interval = std::chrono::minutes(15);

  bool operator==(const CloudQuery&) const = default;
};

/// One line of JSON, without the newline.
std::string cloud_query_line(const CloudQuery& query);
/// EBADMSG for anything else, and for an interval that would have Azure asked without a pause.
net::Result<CloudQuery> parse_cloud_query(std::string_view line);

/// kubernetes.node_name, then NODE_NAME, then the host name; in small letters and without white space around
/// it, as the kubelet registers its node name (GetHostname() in
/// https://github.com/kubernetes/component-helpers/blob/master/node/util/hostname.go). Host names of scale
/// sets count in base 36 with capitals: the eleventh instance is …vmss00000A, and its Node …vmss00000a.
std::string node_name(const Config& config);

/// What to ask Azure and Kubernetes about this node.
CloudQuery query_of(const Config& config, const core::CloudTarget& target);

}  // namespace agent
