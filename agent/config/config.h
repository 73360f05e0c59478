#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "agent/log/log.h"
#include "net/listen_address.h"
#include "net/prefix.h"
#include "net/shared.h"
#include "node/policy.h"

namespace agent {

/// Whether Azure's side is read from ARM (`azure.verify`).
enum class AzureVerify : std::uint8_t { automatic, on, off };

/// Every setting, as a plain value; a default-constructed Config holds the defaults. A section of the file is
/// a struct of the same name where its keys need the section's name to be understood. config/keys.cpp says
/// what each key accepts.
struct Config {
  /// Absent = "auto": the agent finds out.
  std::optional<node::Mode> mode;

  struct Imds {
    /// "http://" and a host, perhaps a port; never a path or a slash at the end.
    std::string endpoint = "http://169.254.169.254";
    std::chrono::milliseconds poll_interval = std::chrono::seconds(60);
    std::chrono::milliseconds read_timeout = std::chrono::seconds(10);
    bool scheduled_events = false;

    bool operator==(const Imds&) const = default;
  } imds;

  node::NicSelector nic;

  /// Distinct and free of overlaps, in the order of the file.
  net::SharedList<net::Prefix> cluster_cidrs;
  /// Likewise; each inside one of the cluster CIDRs, where there are any.
  net::SharedList<net::Prefix> node_cidrs;
  node::NodeCidrSource node_cidr_source = node::NodeCidrSource::automatic;

  struct Routes {
    bool enabled = true;
    std::uint8_t protocol = 169;
    std::uint32_t table = 254;
    std::uint32_t metric = 1024;
    node::LocalSink local_sink = node::LocalSink::blackhole;
    std::chrono::milliseconds resync_interval = std::chrono::minutes(5);

    bool operator==(const Routes&) const = default;
  } routes;

  /// `sysctls.action` is "enforce".
  bool enforce_sysctls = false;

  net::ListenAddress listen = *net::parse_listen("127.0.0.1:16925");
  std::optional<net::ListenAddress> metrics_listen = {};

  struct Kubernetes {
    /// Empty = search the usual paths.
    std::string kubeconfig;
    /// Empty = NODE_NAME, then the host name.
    std::string node_name;

    bool operator==(const Kubernetes&) const = default;
  } kubernetes;

  struct Azure {
    AzureVerify verify = AzureVerify::automatic;
    std::chrono::milliseconds interval = std::chrono::minutes(15);
    std::string client_id;
    std::string cloud_config = "/etc/kubernetes/azure.json";

    bool operator==(const Azure&) const = default;
  } azure;

  /// Known check ids.
  struct Readiness {
    std::vector<std::string> require;
    std::vector<std::string> ignore;

    bool operator==(const Readiness&) const = default;
  } readiness;

  struct Logging {
    core::LogLevel level = core::LogLevel::info;
    LogFormat format = LogFormat::automatic;

    bool operator==(const Logging&) const = default;
  } log;

  bool operator==(const Config&) const = default;
};

/// What the core has to know of the configuration, in the mode that it names or that was found out.
node::Policy policy_of(const Config& config);

}  // namespace agent
