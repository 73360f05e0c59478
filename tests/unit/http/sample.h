#pragma once

// Nodes as literals: every rendering is judged by what it makes of these.

#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "agent/http/router.h"
#include "core/snapshot.h"

namespace sample {

using namespace std::chrono_literals;

/// 2026-08-01T09:30:00Z and a moment of the monotonic clock that is the same.
inline constexpr net::WallTime kNow{std::chrono::seconds{1'785'576'600}};
inline constexpr net::MonoTime kMonoNow{std::chrono::hours{50}};

inline net::Prefix prefix(std::string_view text) { return net::Prefix::parse(text).value(); }
inline net::Address address(std::string_view text) { return net::Address::parse(text).value(); }

inline checks::CheckResult passing(std::string id, bool gate = true) {
  return {.id = std::move(id),
          .status = checks::CheckStatus::pass,
          .gate = gate,
          .message = "as it should be",
          .why = "",
          .remedy = "",
          .since = kNow - 2h};
}

inline checks::CheckResult failing(std::string id, bool gate, std::string message) {
  return {.id = std::move(id),
          .status = checks::CheckStatus::fail,
          .gate = gate,
          .message = std::move(message),
          .why = "pods of this node cannot be reached",
          .remedy = "sysctl -w net.ipv4.ip_forward=1",
          .since = kNow - 90s};
}

inline checks::CheckResult sync(std::string id, checks::CheckStatus status, std::string message,
                                bool gate = true) {
  return {.id = std::move(id),
          .status = status,
          .gate = gate,
          .message = std::move(message),
          .why = "",
          .remedy = "",
          .since = kNow - 5s};
}

inline routing::RouteStatus cluster_route() {
  return {.route = {.key = {.table = 254, .destination = prefix("10.240.128.0/17"), .metric = 1024, .tos = 0},
                    .type = net::RouteType::unicast,
                    .protocol = 169,
                    .gateway = address("10.240.0.1"),
                    .device = 2,
                    .source = address("10.240.0.4"),
                    .multipath = false},
          .device = "eth0",
          .state = routing::RouteState::in_sync,
          .error = ""};
}

inline routing::RouteStatus sink_route() {
  return {.route =
              {.key = {.table = 254, .destination = prefix("10.240.130.0/24"), .metric = 1'000'000, .tos = 0},
               .type = net::RouteType::blackhole,
               .protocol = 169,
               .gateway = std::nullopt,
               .device = 0,
               .source = std::nullopt,
               .multipath = false},
          .device = "",
          .state = routing::RouteState::in_sync,
          .error = ""};
}

/// A udr node on which all is well.
inline core::Snapshot ready_node() {
  core::Snapshot node;
  node.version = "0.1.0";
  node.config = std::make_shared<const core::ConfigInForce>(
      core::ConfigInForce{.file = "/etc/calico-azure-agent/config.toml",
                          .overrides = {"routes.metric=1024"},
                          .digest = "cbf29ce484222325",
                          .values = {"mode=udr"}});
  node.mode = node::Mode::udr;
  node.mode_reason = "mode = \"udr\" in config.toml";
  node.ready = true;
  node.ready_since = kNow - 2h - 877ms;
  node.node_name = "aks-pool1-3000-vmss000002";
  node.node = {.name = "aks-pool1-3000-vmss_2",
               .computer_name = "aks-pool1-3000-vmss000002.internal",
               .vm_id = "13f56399-bd52-4150-9748-7190aae1ff21",
               .resource_id =
                   "/subscriptions/8d10da13/resourceGroups/rg/providers/Microsoft.Compute/"
                   "virtualMachineScaleSets/aks-pool1-3000-vmss/virtualMachines/2",
               .location = "westeurope",
               .vm_scale_set = "aks-pool1-3000-vmss"};
  node.imds = {.source = node::ImdsSource::live,
               .last_success = kNow - 12s,
               .last_success_mono = kMonoNow - 12'900ms,
               .api_version = "2021-02-01",
               .last_error = ""};
  node.nic = {.name = "eth0",
              .index = 2,
              .mac = "00:0d:3a:f8:06:ec",
              .addresses = {"10.240.0.4"},
              .subnets = {"10.240.0.0/24"},
              .gateways = {"10.240.0.1"},
              .mtu = 1500};
  node.cluster_cidrs = {prefix("10.240.128.0/17")};
  node.node_cidrs = {prefix("10.240.130.0/24")};
  node.pods_source = "static";
  node.routes = routing::RouteStatuses({cluster_route(), sink_route()});
  node.checks = {passing("imds.reachable", false),
                 passing("nic.found"),
                 passing("nic.address"),
                 passing("nic.up"),
                 sync("nic.gateway", checks::CheckStatus::unknown, "no route was asked for", false),
                 passing("routes.in_sync"),
                 passing("sysctl.ip_forward"),
                 sync("sysctl.accept_ra", checks::CheckStatus::skip, "no IPv6 CIDR"),
                 passing("sysctl.rp_filter", false),
                 passing("pods.overlap")};
  node.changes = {{.time = kNow - 10s,
                   .action = "add",
                   .route = cluster_route().route,
                   .device = "eth0",
                   .removed_by = "systemd-network"}};
  node.events = std::vector<core::PastEvent>{
      {.time = kNow - 2h, .event = {.kind = core::EventKind::ready, .message = "ready"}},
      {.time = kNow - 10s,
       .event = core::warning(core::EventKind::routes_put_back,
                              "restored 1 route removed by systemd-network (process 312)")}};
  node.counters = {.routes_repaired = 3, .resyncs = 41, .imds_errors = 7};
  node.meters.losses = {{{core::LossCause::removed, "bird"}, 2}, {{core::LossCause::link, ""}, 1}};
  node.meters.repairs.observe(40us);
  node.meters.repairs.observe(2ms);
  node.meters.repairs.observe(12s);
  node.meters.overruns = 1;
  node.meters.until_document = 12ms;
  node.meters.until_ready = 1500ms;
  return node;
}

/// The same with forwarding switched off, a route refused and a warning.
inline core::Snapshot broken_node() {
  auto node = ready_node();
  node.ready = false;
  node.ready_since = std::nullopt;
  for (auto& check : node.checks) {
    if (check.id == "sysctl.ip_forward") check = failing(check.id, true, "net.ipv4.ip_forward is 0");
    if (check.id == "sysctl.rp_filter") check = failing(check.id, false, "net.ipv4.conf.eth0.rp_filter is 1");
  }
  auto routes = node.routes.list();
  routes.front().state = routing::RouteState::failed;
  routes.front().error = "Nexthop has invalid gateway";
  node.routes = routing::RouteStatuses(routes);
  return node;
}

/// Just started: nothing is known.
inline core::Snapshot new_node() {
  core::Snapshot node;
  node.version = "0.1.0";
  return node;
}

/// A node all of whose strings are this one.
inline core::Snapshot node_of_strings(const std::string& text) {
  auto node = broken_node();
  for (auto* each :
       {&node.version, &node.mode_reason, &node.node_name, &node.node.name, &node.node.computer_name,
        &node.node.vm_id, &node.node.resource_id, &node.node.location, &node.node.vm_scale_set,
        &node.imds.api_version, &node.imds.last_error, &node.nic.name, &node.nic.mac, &node.pods_source}) {
    *each = text;
  }
  node.config = std::make_shared<const core::ConfigInForce>(
      core::ConfigInForce{.file = text, .overrides = {text, text}, .digest = text, .values = {text}});
  node.nic.addresses = node.nic.subnets = node.nic.gateways = {text, text};
  auto routes = node.routes.list();
  for (auto& route : routes) route.device = route.error = text;
  node.routes = routing::RouteStatuses(routes);
  for (auto& past : node.events.edit()) past.event.message = text;
  for (auto& check : node.checks) check.id = check.message = check.why = check.remedy = text;
  return node;
}

inline agent::http::View view(const core::Snapshot& node) {
  return {.snapshot = node,
          .alive = true,
          .silence = 3s,
          .now = kNow,
          .mono_now = kMonoNow,
          .started = kNow - 1h};
}

inline agent::http::Request get(std::string target, std::optional<std::string> host = "127.0.0.1:16925") {
  return {.method = "GET", .target = std::move(target), .host = std::move(host)};
}

}  // namespace sample
