#include <gmock/gmock.h>

#include <fstream>
#include <set>
#include <string>

#include "agent/log/event.h"

namespace {

TEST(Catalog, ExplainsEveryKindOfEventAndNothingElse) {
  std::set<std::string> explained;
  std::set<std::string> subjects;
  std::ifstream catalog(CAA_TEST_DATA "/../../systemd/calico-azure-agent.catalog");
  for (std::string line; std::getline(catalog, line);) {
    if (line.starts_with("-- ")) explained.insert(line.substr(3));
    if (line.starts_with("Subject: ")) subjects.insert(line);
  }
  std::set<std::string> known;
  for (const auto& each : agent::kEventKinds) known.emplace(each.message_id);
  EXPECT_EQ(explained, known);
  EXPECT_EQ(subjects.size(), known.size()) << "two kinds with one subject";
}

}  // namespace
