// packaging/monitoring/metrics.md is made here, from all that /metrics can show, and compared.
#include <gmock/gmock.h>

#include <cstdlib>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "agent/http/renderings.h"
#include "sample.h"

namespace {

const std::string kTable = CAA_TEST_DATA "/../../packaging/monitoring/metrics.md";

/// A node of which everything is known.
core::Snapshot whole_node() {
  auto node = sample::ready_node();
  node.meters.count({.to = observed::Service::imds, .outcome = observed::RequestOutcome::ok, .took = {}});
  node.meters.until_document = node.meters.until_routes = node.meters.until_ready = std::chrono::seconds(1);
  node.fills = {.conntrack = checks::Fill{}, .pod_addresses = checks::Fill{}, .azure_routes = checks::Fill{}};
  node.maintenance = {{.id = "F1", .vms = {}}};
  return node;
}

struct Family {
  std::string type;
  std::string help;
  std::vector<std::string> labels;
};

std::vector<std::pair<std::string, Family>> families() {
  static const std::regex kHelp("# HELP (\\S+) (.*)");
  static const std::regex kType("# TYPE \\S+ (.*)");
  static const std::regex kLabel("([a-z_]+)=\"");
  std::vector<std::pair<std::string, Family>> families;
  std::istringstream lines(agent::http::metrics(
      whole_node(), sample::kNow,
      {.cpu_seconds = 1.25, .resident_bytes = 1, .virtual_bytes = 1, .open_fds = 1, .max_fds = 1}));
  std::smatch match;
  for (std::string line; std::getline(lines, line);) {
    if (std::regex_match(line, match, kHelp)) {
      families.push_back({match[1], {.type = "", .help = match[2], .labels = {}}});
    } else if (std::regex_match(line, match, kType)) {
      families.back().second.type = match[1];
    } else if (families.back().second.labels.empty()) {
      for (std::sregex_iterator label(line.begin(), line.end(), kLabel), end; label != end; ++label) {
        if ((*label)[1] != "le") families.back().second.labels.push_back((*label)[1]);
      }
    }
  }
  return families;
}

std::string table() {
  std::string text =
      "# Metrics of calico-azure-agent\n\n"
      "Made by `CAA_WRITE=1 build/dev/tests/unit/http/test_http --gtest_filter=MetricsTable.*` from what "
      "`/metrics` shows "
      "of a node of\nwhich everything is known. What is not known of a node, or does not apply to it, makes "
      "no series "
      "there.\n\n"
      "| family | type | labels | meaning |\n|---|---|---|---|\n";
  for (const auto& [name, family] : families()) {
    std::string labels;
    for (const auto& label : family.labels) labels += (labels.empty() ? "`" : ", `") + label + "`";
    text.append("| `").append(name).append("` | ").append(family.type).append(" | ").append(labels);
    text.append(" | ").append(family.help).append(" |\n");
  }
  return text;
}

TEST(MetricsTable, IsWhatTheMetricsAre) {
  const auto text = table();
  if (std::getenv("CAA_WRITE") != nullptr) std::ofstream(kTable) << text;
  std::ifstream file(kTable);
  const std::string kept(std::istreambuf_iterator<char>(file), {});
  EXPECT_EQ(kept, text) << "write it anew, as its second paragraph says";
}

}  // namespace
