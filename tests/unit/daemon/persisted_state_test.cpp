// What is kept over restarts: of this VM alone, and nothing in it makes others' routes ours.
#include "agent/daemon/persisted_state.h"

#include <gmock/gmock.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>

#include "tests/support/folder.h"

namespace {

namespace fs = std::filesystem;
using core::PersistedState;
using testing::ElementsAre;
using testing::IsEmpty;

class KeptFile : public testing::Test {
 protected:
  [[nodiscard]] net::Result<PersistedState> recall(const std::string& text) const {
    std::ofstream(folder_ / "kept.json") << text;
    return agent::load_state(folder_ / "kept.json");
  }

  test_support::Folder folder_;
};

TEST_F(KeptFile, HoldsWhatWasKept) {
  const PersistedState kept{.vm_id = "this VM",
                            .node_cidrs = {.cidrs = {net::Prefix::parse("10.244.1.0/24").value()},
                                           .source = "kubernetes",
                                           .kept = true},
                            .mode = node::ModeChoice{.mode = node::Mode::flannel, .reason = "as found"},
                            .primary = net::MacAddress::parse("00:0d:3a:f8:06:ec").value(),
                            .protocols = {99, 169}};
  EXPECT_EQ(recall(agent::persisted_text(kept)).value(), kept);
}

TEST_F(KeptFile, OfProtocolNumbersTakesThoseAloneThatAConfigurationMayHave) {
  const auto with = [this](const std::string& protocols) {
    return recall(
        R"({"schema":"calico-azure-agent/kept/v1","vm_id":"this VM","node_cidrs":{"source":"","cidrs":[]},)"
        R"("mode":null)" +
        protocols + "}");
  };
  EXPECT_THAT(with(R"(,"protocols":[169,-1,0,1,2,3,4,11,12,16,17,18,66,80,186,196,256,425,99,169])")
                  .value()
                  .protocols,
              ElementsAre(99, 169));
  EXPECT_THAT(with("").value().protocols, IsEmpty()) << "of an earlier version";
  EXPECT_EQ(with(R"(,"protocols":["kernel"])").error().code.value(), EBADMSG);
  EXPECT_EQ(with(R"(,"protocols":{"a":{}})").error().code.value(), EBADMSG);
}

}  // namespace
