#include "agent/http/renderings.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "agent/http/text.h"

namespace agent::http {
namespace {

constexpr std::string_view kPrefix = "calico_azure_agent_";
constexpr std::array kSources = {node::ImdsSource::live, node::ImdsSource::cache, node::ImdsSource::none};
constexpr std::array kStates = {routing::RouteState::in_sync, routing::RouteState::pending,
                                routing::RouteState::failed, routing::RouteState::shadowed};

using Label = std::pair<std::string_view, std::string_view>;

class Exposition {
 public:
  /// Begins a family of ours: its samples follow.
  void family(std::string_view name, std::string_view type, std::string_view help) {
    begin(std::string(kPrefix).append(name), type, help);
  }
  /// One that every process has, by its usual name.
  void common_family(std::string_view name, std::string_view type, std::string_view help) {
    begin(std::string(name), type, help);
  }

  void sample(std::initializer_list<Label> labels, std::string_view value, std::string_view suffix = "") {
    text_.append(name_).append(suffix);
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

  void histogram(const core::Histogram& histogram) {
    std::uint64_t up_to = 0;
    for (std::size_t i = 0; i < histogram.counts.size(); ++i) {
      up_to += histogram.counts.at(i);
      const auto bound =
          i < core::Histogram::kBounds.size() ? seconds(core::Histogram::kBounds.at(i)) : "+Inf";
      sample({{"le", bound}}, std::to_string(up_to), "_bucket");
    }
    sample({}, seconds(histogram.sum), "_sum");
    sample({}, std::to_string(up_to), "_count");
  }

  [[nodiscard]] std::string take() && { return std::move(text_); }

  /// "0.0001"
  static std::string seconds(std::chrono::nanoseconds duration) {
    return fmt::format("{}", std::chrono::duration<double>(duration).count());
  }

 private:
  void begin(std::string name, std::string_view type, std::string_view help) {
    name_ = std::move(name);
    text_.append("# HELP ").append(name_).append(" ").append(help).append("\n");
    text_.append("# TYPE ").append(name_).append(" ").append(type).append("\n");
  }

  std::string name_;
  std::string text_;
};

void agent_itself(Exposition& out, const core::Snapshot& snapshot) {
  out.family("build_info", "gauge", "Version of this agent; always 1.");
  out.flag({{"version", snapshot.version}}, true);
  out.family("mode_info", "gauge", "Which of Azure's options for pod networking this node runs; always 1.");
  out.flag({{"mode", node::mode_name(snapshot.mode)}}, true);
  if (!snapshot.nic.subnets.empty()) {
    // By the first prefix, for Azure's faults are a subnet's, and Azure tells a VM no subnet's name.
    out.family("nic_info", "gauge", "The NIC that carries pod traffic, and its subnet; always 1.");
    out.flag({{"device", snapshot.nic.name}, {"subnet", snapshot.nic.subnets.front()}}, true);
  }
  out.family("ready", "gauge", "Whether the node has what calico/node needs: 1 when /readyz answers 200.");
  out.flag({}, snapshot.ready);
  if (snapshot.ready && snapshot.ready_since) {
    out.family("ready_since_timestamp_seconds", "gauge",
               "Since when the node has been ready; absent otherwise.");
    out.sample({}, unix_seconds(*snapshot.ready_since));
  }
}

/// A number, not a series for each status: at 5,000 nodes that were a million more.
std::string_view status_number(checks::CheckStatus status) {
  if (status == checks::CheckStatus::fail) return "2";
  return status == checks::CheckStatus::unknown ? "1" : "0";
}

void checks(Exposition& out, const core::Snapshot& snapshot) {
  const auto applies = [](const auto& check) { return check.status != checks::CheckStatus::skip; };
  if (std::none_of(snapshot.checks.begin(), snapshot.checks.end(), applies)) return;
  out.family("check_status", "gauge",
             "Status of each check that applies to this node: 0 pass, 1 unknown, 2 fail. A gate holds back "
             "readiness when it fails.");
  for (const auto& check : snapshot.checks) {
    if (applies(check))
      out.sample({{"id", check.id}, {"gate", check.gate ? "true" : "false"}}, status_number(check.status));
  }
}

void routes(Exposition& out, const core::Snapshot& snapshot) {
  out.family("routes", "gauge", "Wanted routes by their standing in the kernel.");
  for (const routing::RouteState state : kStates) {
    out.count({{"state", routing::route_state_name(state)}}, snapshot.routes.count(state));
  }
  out.family("routes_repaired_total", "counter", "Routes restored after they had once been in sync.");
  out.count({}, snapshot.counters.routes_repaired);
  const auto& meters = snapshot.meters;
  if (!meters.losses.empty()) {
    out.family(
        "routes_lost_total", "counter",
        "Routes restored, by why they were lost (link, removed, replaced, found) and by which program, "
        "where it is known.");
    for (const auto& [why, count] : meters.losses)
      out.count({{"cause", core::loss_cause_name(why.first)}, {"by", why.second}}, count);
  }
  out.family("repair_duration_seconds", "histogram",
             "From reading that a route is gone to its restoration, for those that a notification told of.");
  out.histogram(meters.repairs);
  out.family("resyncs_total", "counter", "Looks at the kernel's routes: dump and comparison.");
  out.count({}, snapshot.counters.resyncs);
  out.family("turn_duration_seconds", "histogram",
             "Turns: the kernel's links, routes and sysctls read, compared and brought in line.");
  out.histogram(meters.turns);
  out.family("notifications_overrun_total", "counter",
             "Times that the kernel had more notifications than the buffer holds; all is dumped then.");
  out.count({}, meters.overruns);
}

/// The kernel's answers, and those of others on this machine.
void looks(Exposition& out, const core::Meters& meters) {
  out.family("dump_duration_seconds", "histogram",
             "Dumps of the kernel's links, rules and routes; those that changes interrupted with their "
             "repetitions.");
  out.histogram(meters.dumps);
  out.family("dumps_interrupted_total", "counter",
             "Dumps that changes interrupted, and that were made again.");
  out.count({}, meters.interrupted_dumps);
  out.family("batch_duration_seconds", "histogram",
             "Batches of changes of routes and rules, until the kernel has answered.");
  out.histogram(meters.batches);
  out.family("look_duration_seconds", "histogram",
             "Looks at what others have set up on this node: CNI, packet filters, settings.");
  out.histogram(meters.looks);
}

void requests(Exposition& out, const core::Meters::Requests& requests) {
  if (requests.by_outcome.empty()) return;
  out.family("requests_total", "counter",
             "Requests to Azure's metadata service (imds), Resource Manager (arm) and the Kubernetes API "
             "server (kubernetes), by outcome: ok, throttled, refused, failed, unusable, no_answer.");
  for (const auto& [which, count] : requests.by_outcome) {
    out.count({{"to", net::name_of(observed::kServiceNames, which.first)},
               {"outcome", net::name_of(observed::kRequestOutcomeNames, which.second)}},
              count);
  }
  out.family("request_duration_seconds_total", "counter", "Time that these requests have taken together.");
  for (const auto& [to, took] : requests.took)
    out.sample({{"to", net::name_of(observed::kServiceNames, to)}}, Exposition::seconds(took));
}

/// None while Azure announces nothing.
void maintenance(Exposition& out, const std::vector<observed::Maintenance>& events) {
  if (events.empty()) return;
  out.family("maintenance", "gauge",
             "Azure's Scheduled Events for this VM: 0 announced, 1 under way; needs imds.scheduled_events");
  for (const auto type : observed::kMaintenanceTypeNames) {
    const auto is_such = [&](const auto& each) { return each.type == type.value; };
    if (std::none_of(events.begin(), events.end(), is_such)) continue;
    const bool under_way = std::any_of(events.begin(), events.end(),
                                       [&](const auto& each) { return is_such(each) && each.started; });
    out.sample({{"type", type.name}}, under_way ? "1" : "0");
  }
}

void fills(Exposition& out, const checks::Fills& fills) {
  const auto pair = [&out](const std::optional<checks::Fill>& fill, std::string_view used,
                           std::string_view used_help, std::string_view room, std::string_view room_help) {
    if (!fill) return;
    out.family(used, "gauge", used_help);
    out.count({}, fill->used);
    out.family(room, "gauge", room_help);
    out.count({}, fill->room);
  };
  pair(fills.conntrack, "conntrack_entries", "Connections that the kernel tracks.", "conntrack_entries_limit",
       "How many it can.");
  pair(fills.pod_addresses, "pod_addresses_used", "Addresses given to pods of this node.", "pod_addresses",
       "Addresses that this node has for pods.");
  pair(fills.azure_routes, "azure_routes", "Routes of the subnet's route table.", "azure_routes_limit",
       "How many a route table may have.");
}

void start(Exposition& out, const core::Snapshot& snapshot) {
  const auto& meters = snapshot.meters;
  const std::pair<std::string_view, std::optional<std::chrono::milliseconds>> phases[] = {
      {"document", meters.until_document}, {"routes", meters.until_routes}, {"ready", meters.until_ready}};
  const auto is_over = [](const auto& phase) { return phase.second.has_value(); };
  if (std::none_of(std::begin(phases), std::end(phases), is_over)) return;
  out.family(
      "start_phase_seconds", "gauge",
      "From the start of the process to the first document of IMDS (or the one kept), to all routes in "
      "sync, and to ready; absent before that.");
  for (const auto& [phase, took] : phases) {
    if (took) out.sample({{"phase", phase}}, Exposition::seconds(*took));
  }
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

void process(Exposition& out, const ProcessUse& use, net::WallTime started) {
  out.common_family("process_cpu_seconds_total", "counter", "User and system CPU time of this process.");
  out.sample({}, fmt::format("{:.3f}", use.cpu_seconds));
  out.common_family("process_start_time_seconds", "gauge",
                    "When this process began to serve, in seconds since the epoch.");
  out.sample({}, unix_seconds(started));
  const auto gauge = [&out](std::string_view name, std::string_view help,
                            const std::optional<std::uint64_t>& value) {
    if (!value) return;
    out.common_family(name, "gauge", help);
    out.count({}, *value);
  };
  gauge("process_resident_memory_bytes", "Resident memory of this process.", use.resident_bytes);
  gauge("process_virtual_memory_bytes", "Virtual memory of this process.", use.virtual_bytes);
  gauge("process_open_fds", "Open file descriptors.", use.open_fds);
  gauge("process_max_fds", "The most file descriptors that may be open.", use.max_fds);
}

}  // namespace

std::string metrics(const core::Snapshot& snapshot, net::WallTime started, const ProcessUse& use) {
  Exposition out;
  agent_itself(out, snapshot);
  start(out, snapshot);
  checks(out, snapshot);
  maintenance(out, snapshot.maintenance);
  routes(out, snapshot);
  looks(out, snapshot.meters);
  imds(out, snapshot);
  requests(out, snapshot.meters.requests);
  fills(out, snapshot.fills);
  process(out, use, started);
  return std::move(out).take();
}

}  // namespace agent::http
