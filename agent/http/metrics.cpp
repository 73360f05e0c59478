#include "agent/http/renderings.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <initializer_list>
#include <string_view>
#include <utility>

#include "agent/http/text.h"

namespace agent::http {
namespace {

constexpr std::string_view kPrefix = "calico_azure_agent_";
constexpr std::array kStatuses = {checks::CheckStatus::pass, checks::CheckStatus::fail,
                                  checks::CheckStatus::unknown, checks::CheckStatus::skip};
constexpr std::array kSources = {node::ImdsSource::live, node::ImdsSource::cache, node::ImdsSource::none};
constexpr std::array kStates = {routing::RouteState::in_sync, routing::RouteState::pending,
                                routing::RouteState::failed, routing::RouteState::shadowed};

using Label = std::pair<std::string_view, std::string_view>;

class Exposition {
 public:
  /// Begins a family: its samples follow.
  void family(std::string_view name, std::string_view type, std::string_view help) {
    name_ = name;
    text_.append("# HELP ").append(kPrefix).append(name).append(" ").append(help).append("\n");
    text_.append("# TYPE ").append(kPrefix).append(name).append(" ").append(type).append("\n");
  }

  void sample(std::initializer_list<Label> labels, std::string_view value) {
    text_.append(kPrefix).append(name_);
    char before = '{';
    for (const auto& [label, label_value] : labels) {
      (text_ += before).append(label).append("=\"").append(label_escaped(label_value)).append("\"");
      before = ',';
    }
    if (labels.size() != 0) text_ += '}';
    text_.append(" ").append(value).append("\n");
  }
  void count(std::initializer_list<Label> labels, std::uint64_t value) {
    sample(labels, std::to_string(value));
  }
  void flag(std::initializer_list<Label> labels, bool holds) { sample(labels, holds ? "1" : "0"); }

  [[nodiscard]] std::string take() && { return std::move(text_); }

 private:
  std::string_view name_;
  std::string text_;
};

void agent_itself(Exposition& out, const core::Snapshot& snapshot, net::WallTime started) {
  out.family("build_info", "gauge", "Version of this agent; always 1.");
  out.flag({{"version", snapshot.version}}, true);
  out.family("mode_info", "gauge", "Which of Azure's options for pod networking this node runs; always 1.");
  out.flag({{"mode", node::mode_name(snapshot.mode)}}, true);
  out.family("start_time_seconds", "gauge", "When this process began to serve, in seconds since the epoch.");
  out.sample({}, unix_seconds(started));
  out.family("ready", "gauge", "Whether the node has what calico/node needs: 1 when /readyz answers 200.");
  out.flag({}, snapshot.ready);
  if (snapshot.ready && snapshot.ready_since) {
    out.family("ready_since_timestamp_seconds", "gauge",
               "Since when the node has been ready; absent otherwise.");
    out.sample({}, unix_seconds(*snapshot.ready_since));
  }
}

void checks(Exposition& out, const core::Snapshot& snapshot) {
  if (snapshot.checks.empty()) return;
  out.family("check_status", "gauge",
             "Status of each check: 1 for the status that it has, 0 for the others.");
  for (const auto& check : snapshot.checks) {
    for (const checks::CheckStatus status : kStatuses) {
      out.flag({{"id", check.id}, {"status", checks::status_name(status)}}, check.status == status);
    }
  }
  out.family("check_gate", "gauge", "Whether the check holds back readiness when it fails.");
  for (const auto& check : snapshot.checks) out.flag({{"id", check.id}}, check.gate);
}

void routes(Exposition& out, const core::Snapshot& snapshot) {
  out.family("routes", "gauge", "Wanted routes by their standing in the kernel.");
  for (const routing::RouteState state : kStates) {
    out.count({{"state", routing::route_state_name(state)}}, snapshot.routes.count(state));
  }
  out.family("routes_repaired_total", "counter", "Routes restored after they had once been in sync.");
  out.count({}, snapshot.counters.routes_repaired);
  out.family("resyncs_total", "counter", "Looks at the kernel's routes: dump and comparison.");
  out.count({}, snapshot.counters.resyncs);
}

void imds(Exposition& out, const core::Snapshot& snapshot) {
  out.family("imds_source", "gauge", "Where the document about this VM came from: 1 for the source in use.");
  for (const node::ImdsSource source : kSources) {
    out.flag({{"source", node::source_name(source)}}, snapshot.imds.source == source);
  }
  if (snapshot.imds.last_success) {
    out.family("imds_last_success_timestamp_seconds", "gauge",
               "When Azure's metadata service last gave a usable document; absent before the first.");
    out.sample({}, unix_seconds(*snapshot.imds.last_success));
  }
  out.family("imds_errors_total", "counter", "Requests to Azure's metadata service without a usable answer.");
  out.count({}, snapshot.counters.imds_errors);
}

}  // namespace

std::string metrics(const core::Snapshot& snapshot, net::WallTime started) {
  Exposition out;
  agent_itself(out, snapshot, started);
  checks(out, snapshot);
  routes(out, snapshot);
  imds(out, snapshot);
  return std::move(out).take();
}

}  // namespace agent::http
