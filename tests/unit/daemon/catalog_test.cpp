#include <gmock/gmock.h>

#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <string>

#include "core/log_event.h"
#include "tests/support/folder.h"

namespace {

namespace fs = std::filesystem;

const fs::path kCatalog = fs::path(CAA_TEST_DATA) / "../../systemd/calico-azure-agent.catalog";

std::string output_of(const std::string& command) {
  std::string text;
  auto* pipe = popen(command.c_str(), "r");
  std::array<char, 4096> part{};
  while (const auto count = fread(part.data(), 1, part.size(), pipe)) text.append(part.data(), count);
  EXPECT_EQ(pclose(pipe), 0) << command;
  return text;
}

/// The catalog as journalctl has it once it is installed, in a root of the test's own.
class Catalog : public testing::Test {
 protected:
  Catalog() {
    fs::create_directories(root_ / "usr/lib/systemd/catalog");
    fs::create_directories(root_ / "var/lib/systemd/catalog");
    fs::copy(kCatalog, root_ / "usr/lib/systemd/catalog");
    const auto complaints = output_of(journalctl("--update-catalog 2>&1"));
    EXPECT_EQ(complaints, "");
  }
  [[nodiscard]] std::string journalctl(const std::string& words) const {
    return "journalctl --root=" + root_.path().string() + " " + words;
  }

  test_support::Folder root_;
};

TEST_F(Catalog, ExplainsEveryKindOfEventAndNothingElse) {
  std::set<std::string> explained;
  std::set<std::string> subjects;
  std::istringstream list(output_of(journalctl("--list-catalog")));
  for (std::string line; std::getline(list, line);) {
    const auto space = line.find(' ');
    explained.insert(line.substr(0, space));
    subjects.insert(line.substr(space));
  }
  std::set<std::string> known;
  for (const auto& each : core::kEventKinds) known.emplace(each.message_id);
  EXPECT_EQ(known.size(), core::kEventKinds.size()) << "two kinds with one id";
  EXPECT_EQ(explained, known);
  EXPECT_EQ(subjects.size(), known.size()) << "two kinds with one subject";
}

TEST_F(Catalog, NamesFieldsThatEventsHaveAndFitsATerminal) {
  const std::set<std::string> fields = {"BY", "CHECK", "MODE", "NIC", "REMEDY", "ROUTE"};
  std::ifstream catalog(kCatalog);
  for (std::string line; std::getline(catalog, line);) {
    EXPECT_TRUE(line.starts_with("#") || line.size() <= 84) << line;
    for (auto at = line.find("@AGENT_"); at != std::string::npos; at = line.find("@AGENT_", at + 1)) {
      const auto name = line.substr(at + 7, line.find('@', at + 1) - at - 7);
      EXPECT_TRUE(fields.contains(name)) << line;
    }
  }
}

}  // namespace
