#include "agent/cloud/audit.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <thread>

#include "agent/cloud/audit_json.h"
#include "agent/cloud/audit_token.h"
#include "arm/cluster_reader.h"
#include "audit/audit.h"
#include "audit/text.h"
#include "kubernetes/kubeconfig.h"
#include "kubernetes/node_list.h"
#include "net/foreign_text.h"

namespace agent {
namespace {

using std::chrono::steady_clock;

// As the commands of agent/cli have them.
constexpr int kFine = 0;
constexpr int kBroken = 1;
constexpr int kUndetermined = 2;
constexpr int kUsage = 64;

/// One line on a terminal, drawn anew; elsewhere nothing.
class ProgressBar {
 public:
  ProgressBar() {
    const char* terminal = std::getenv("TERM");
    draws_ = ::isatty(STDERR_FILENO) == 1 && terminal != nullptr && std::string_view(terminal) != "dumb";
  }
  ~ProgressBar() { clear(); }
  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;

  void show(std::size_t done, std::size_t all, std::string_view what) {
    if (!draws_) return;
    constexpr std::size_t kWidth = 20;
    constexpr std::size_t kLongest = 44;
    const auto full = all == 0 ? 0 : std::min(kWidth, done * kWidth / all);
    std::cerr << fmt::format("\r\x1b[K[{}{}] {}/{} {}", std::string(full, '#'),
                             std::string(kWidth - full, ' '), done, std::max(done, all),
                             net::foreign_text(what, kLongest))
              << std::flush;
    shown_ = true;
  }
  void clear() {
    if (shown_) std::cerr << "\r\x1b[K" << std::flush;
    shown_ = false;
  }

 private:
  bool draws_ = false;
  bool shown_ = false;
};

/// As kubectl looks for it; of several files in KUBECONFIG the first.
std::string kubeconfig_of(const AuditRequest& request) {
  if (!request.kubeconfig.empty()) return request.kubeconfig;
  const auto named = audit_variable("KUBECONFIG");
  if (!named.empty()) return named.substr(0, named.find(':'));
  const auto home = audit_variable("HOME");
  std::error_code ignored;
  if (!home.empty() && std::filesystem::exists(home + "/.kube/config", ignored))
    return home + "/.kube/config";
  return "";
}

net::Result<std::vector<observed::ClusterNode>> nodes_of(const AuditRequest& request,
                                                         steady_clock::time_point finish_by,
                                                         ProgressBar& bar) {
  if (request.nodes == "-") {
    std::vector<observed::ClusterNode> nodes;
    const auto end = kubernetes::read_node_list(std::cin, nodes);
    if (!end) return net::failure(EBADMSG, "--nodes -: " + end.error().what);
    return nodes;
  }
  if (!request.nodes.empty()) return kubernetes::read_node_file(request.nodes);
  constexpr auto kOtherWay =
      "; what always works: kubectl get nodes --output json > nodes.json, and --nodes nodes.json";
  const auto access = kubernetes::find_access(kubeconfig_of(request));
  if (!access) return net::failure(access.error().code.value(), access.error().what + kOtherWay);
  auto nodes = kubernetes::list_nodes(*access, finish_by, [&bar](std::size_t read, std::size_t left) {
    bar.show(read, read + left, "nodes");
  });
  if (!nodes) nodes.error().what += kOtherWay;
  return nodes;
}

/// The groups and tables that the caller adds; a group's name is one of the subscription of the nodes.
void add_named(const AuditRequest& request, arm::ClusterPlan& plan) {
  for (const auto& named : request.resource_groups) {
    auto id = named;
    if (!named.starts_with('/') && !plan.table_groups.empty()) {
      const auto& first = plan.table_groups.front();
      id = first.substr(0, first.rfind('/') + 1) + named;
    }
    const auto is_it = [&id](const auto& each) { return net::same_ignoring_case(each, id); };
    if (std::none_of(plan.table_groups.begin(), plan.table_groups.end(), is_it))
      plan.table_groups.push_back(id);
  }
  plan.tables.insert(plan.tables.end(), request.route_tables.begin(), request.route_tables.end());
}

/// Asks Azure; false, with a word on standard error, where that would take more requests than are allowed.
bool read_azure(const AuditRequest& request, steady_clock::time_point finish_by, ProgressBar& bar,
                observed::Cluster& cluster, unsigned& made) {
  auto plan = arm::plan_of(*cluster.nodes);
  add_named(request, plan);
  bar.clear();
  if (plan.least() > request.max_requests) {
    std::cerr << fmt::format(
        "audit: Azure would be asked {} times or more, for {} resource groups and {} scale "
        "sets: nothing is asked; --max-requests allows more than {}\n",
        plan.least(), plan.table_groups.size(), plan.scale_sets.size(), request.max_requests);
    return false;
  }
  std::cerr << fmt::format(
      "audit: {} nodes; Azure is asked for the lists of {} resource groups and {} scale sets and for what "
      "they "
      "name: {} requests or more, {} at most\n",
      cluster.nodes->size(), plan.table_groups.size(), plan.scale_sets.size(), plan.least(),
      request.max_requests);
  observed::CloudConfig named;
  named.cloud = request.cloud;
  named.resource_manager_endpoint = request.endpoint;
  const auto cloud = arm::cloud_of(named, "");
  if (!cloud) {
    std::cerr << "audit: " << cloud.error().what << '\n';
    return false;
  }
  const auto token = audit_token(request);
  std::size_t expected = plan.least();
  arm::ClusterRequests requests(
      *cloud, [](const https::Request& each) { return https::get({}, each); }, token.source, token.principal,
      {.requests = request.max_requests, .finish_by = finish_by},
      [](std::chrono::milliseconds pause) { std::this_thread::sleep_for(pause); },
      [&](unsigned done, const std::string& what) { bar.show(done, expected, what); });
  arm::read_cluster(
      requests, plan, [&expected](std::size_t all) { expected = all; }, cluster);
  made = requests.requests();
  return true;
}

/// False where it could not be written.
bool write_script(const std::string& file, const std::string& script) {
  if (file == "-") {
    std::cout << script;
    return static_cast<bool>(std::cout.flush());
  }
  std::ofstream stream(file, std::ios::binary | std::ios::trunc);
  stream << script;
  stream.close();
  if (stream) return true;
  std::cerr << fmt::format("audit: {} cannot be written: {}\n", file, std::system_category().message(errno));
  return false;
}

}  // namespace

int run_audit(const AuditRequest& request) {
  if (request.nodes == "-" && request.token_file == "-") {
    std::cerr << "audit: --nodes - and --token-file -: standard input is one of them\n";
    return kUsage;
  }
  const auto finish_by = steady_clock::now() + request.timeout;
  const audit::Options options{.mode = request.mode, .cluster_cidrs = request.cluster_cidrs};
  ProgressBar bar;
  observed::Cluster cluster;
  cluster.read_at = std::chrono::system_clock::now();
  cluster.nodes = nodes_of(request, finish_by, bar);
  unsigned requests = 0;
  if (cluster.nodes && audit::needs_azure(options, *cluster.nodes) &&
      !read_azure(request, finish_by, bar, cluster, requests))
    return kUndetermined;
  bar.clear();

  const auto report = audit::audit(cluster, options);
  const auto text =
      request.json ? audit_json(report, requests)
                   : audit::report_text(report, fmt::format("{} requests to Azure", requests), request.all);
  (request.repair_script == "-" ? std::cerr : std::cout) << text;
  const bool is_written =
      request.repair_script.empty() || write_script(request.repair_script, audit::repair_script(report));
  if (!std::cout.flush() || !is_written) return kUndetermined;
  switch (audit::verdict_of(report).is) {
    case audit::Verdict::Is::fine:
      return kFine;
    case audit::Verdict::Is::broken:
      return kBroken;
    case audit::Verdict::Is::undetermined:
      break;
  }
  return kUndetermined;
}

}  // namespace agent
