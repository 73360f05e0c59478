#include "agent/config/cross_checks.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "agent/config/keys.h"

namespace agent {
namespace {

constexpr const char* kClusterCidrs = "pods.cluster_cidrs";
constexpr const char* kMetricsListen = "http.metrics_listen";
constexpr const char* kNodeCidrs = "pods.node_cidrs";

class CrossChecks {
 public:
  explicit CrossChecks(const Draft& draft) : draft_(draft) {}

  /// Networks are nested or disjoint, so in their order each overlaps the last one that no other contains, or
  /// none.
  void no_overlaps(const std::string& path, const net::SharedList<net::Prefix>& cidrs) {
    std::vector<std::size_t> order(cidrs.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    const auto before = [&](auto a, auto b) { return cidrs[a] < cidrs[b]; };
    if (!std::is_sorted(cidrs.begin(), cidrs.end())) std::stable_sort(order.begin(), order.end(), before);
    std::size_t outer = 0;
    for (std::size_t i = 0; i < order.size(); ++i) {
      if (i == 0 || !cidrs[order[outer]].contains(cidrs[order[i]])) {
        outer = i;
        continue;
      }
      const auto earlier = std::min(order[outer], order[i]);
      const auto later = std::max(order[outer], order[i]);
      const auto text = cidrs[later].text();
      complain(path, later,
               cidrs[earlier] == cidrs[later] ? fmt::format("{} is listed twice", text)
                                              : fmt::format("{} overlaps {}", text, cidrs[earlier].text()));
    }
  }

  void node_inside_cluster() {
    const auto& cluster = draft_.config.cluster_cidrs;
    const auto& node = draft_.config.node_cidrs;
    if (cluster.empty() || draft_.incomplete.contains(kClusterCidrs)) return;
    for (std::size_t i = 0; i < node.size(); ++i) {
      const bool inside = std::any_of(cluster.begin(), cluster.end(),
                                      [&](const auto& each) { return each.contains(node[i]); });
      if (!inside)
        complain(kNodeCidrs, i, fmt::format("{} lies outside all {}", node[i].text(), kClusterCidrs));
    }
  }

  void known_ids(const std::string& path, const std::vector<std::string>& ids,
                 std::span<const std::string_view> known) {
    for (std::size_t i = 0; i < ids.size(); ++i) {
      if (std::find(known.begin(), known.end(), ids[i]) != known.end()) continue;
      const std::vector<std::string> words(known.begin(), known.end());
      complain(path, i, fmt::format("'{}' is not a check id{}", ids[i], did_you_mean(ids[i], words)));
    }
  }

  /// All addresses of a machine, [::] IPv4's too, leave none for another socket of that port.
  void one_server_on_a_port() {
    const auto& all = draft_.config.listen;
    const auto& metrics = draft_.config.metrics_listen;
    if (!metrics || all.is_unix() || all.port != metrics->port || all == *metrics) return;
    if (!all.address.is_unspecified() && !metrics->address.is_unspecified()) return;
    complain(kMetricsListen, 0,
             fmt::format("{} has the port of http.listen, {}: choose another one", net::listen_text(*metrics),
                         net::listen_text(all)));
  }

  std::vector<ConfigIssue> take() { return std::move(issues_); }

 private:
  void complain(const std::string& path, std::size_t element, const std::string& what) {
    issues_.push_back({draft_.elements.at(path).at(element), path + ": " + what});
  }

  const Draft& draft_;
  std::vector<ConfigIssue> issues_;
};

}  // namespace

std::vector<ConfigIssue> cross_checks(const Draft& draft, std::span<const std::string_view> known_check_ids) {
  CrossChecks checks(draft);
  const auto& config = draft.config;
  checks.no_overlaps(kClusterCidrs, config.cluster_cidrs);
  checks.no_overlaps(kNodeCidrs, config.node_cidrs);
  checks.node_inside_cluster();
  checks.one_server_on_a_port();
  checks.known_ids("readiness.require", config.readiness.require, known_check_ids);
  checks.known_ids("readiness.ignore", config.readiness.ignore, known_check_ids);
  return checks.take();
}

}  // namespace agent
