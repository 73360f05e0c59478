#include "agent/bundle/recorded_look.h"

#include <gmock/gmock.h>

#include <cerrno>
#include <chrono>
#include <nlohmann/json.hpp>
#include <variant>

namespace agent {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;

RecordedLook look() {
  RecordedLook look;
  look.version = "0.2.0";
  look.time = net::WallTime(1'796'012'345'678ms);
  look.node_name = "node-0";
  look.settings = {"mode=udr", "pods.cluster_cidrs=10.244.0.0/16"};
  look.origins = {{"mode", {.kind = OriginKind::file, .where = "/etc/x.toml:1:1"}}};
  look.note = "the daemon has others";
  look.is_edited = true;
  core::PersistedState kept;
  kept.vm_id = "13f56399";
  kept.mode = node::ModeChoice{.mode = node::Mode::flannel, .reason = "its file"};
  observed::NodeEnvironment environment;
  environment.cni = observed::CniFiles{};
  environment.host = observed::HostSettings{};
  environment.host->calico_environment = std::map<std::string, std::string>{
      {"FELIX_INTERFACEPREFIX", "cali"}, {"FELIX_ETCDPASSWORD", "hunter2"}};
  look.events = {kept, core::ImdsFailure{.error = "IMDS: 503", .outcome = observed::RequestOutcome::failed},
                 core::Wakeup{}, environment, observed::CloudState{}};
  look.tape.answers["links"] = {nlohmann::json::array()};
  look.tape.times = {{.mono = net::MonoTime(5s), .wall = net::WallTime(7s)}};
  return look;
}

TEST(RecordedLook, ComesBackAsItWas) {
  const auto text = recorded_look_text(look());
  const auto read = parse_recorded_look(text);
  ASSERT_TRUE(read) << read.error().what;
  EXPECT_EQ(recorded_look_text(*read), text);
  EXPECT_EQ(read->time, look().time);
  EXPECT_EQ(read->events.size(), 5U);
  EXPECT_EQ(std::get<core::PersistedState>(read->events.front()).mode->mode, node::Mode::flannel);
  EXPECT_EQ(read->tape.times.front().mono, net::MonoTime(5s));
}

TEST(RecordedLook, HoldsOfFelixsEnvironmentWhatAChecksReads) {
  const auto text = recorded_look_text(look());
  EXPECT_THAT(text, HasSubstr("FELIX_INTERFACEPREFIX"));
  EXPECT_THAT(text, Not(HasSubstr("hunter2")));
  EXPECT_THAT(text, Not(HasSubstr("ETCDPASSWORD")));
}

TEST(RecordedLook, SteersNoTerminalWhoeverMadeIt) {
  auto hostile = look();
  hostile.note = "a\x1b[2Jb";
  std::get<core::ImdsFailure>(hostile.events[1]).error = "c\u009b31md";
  hostile.tape.answers["sysctl x"] = {{{"error", "e\x1b]0;f"}, {"code", 2}}};
  auto read = parse_recorded_look(recorded_look_text(hostile));
  ASSERT_TRUE(read) << read.error().what;
  EXPECT_EQ(read->note, "a?[2Jb");
  EXPECT_EQ(std::get<core::ImdsFailure>(read->events[1]).error, "c?31md");
  EXPECT_EQ(read->tape.answers["sysctl x"][0]["error"], "e?]0;f");
}

TEST(RecordedLook, ThatNoAgentHasWrittenIsRefused) {
  const auto good = nlohmann::json::parse(recorded_look_text(look()));
  EXPECT_EQ(parse_recorded_look("").error().code.value(), EBADMSG);
  EXPECT_EQ(parse_recorded_look("[]").error().code.value(), EBADMSG);
  for (const auto& [key, value] : good.items()) {
    auto without = good;
    without.erase(key);
    EXPECT_EQ(parse_recorded_look(without.dump()).error().code.value(), EBADMSG) << key;
    auto odd = good;
    odd[key] = value.is_number() ? nlohmann::json("x") : nlohmann::json(12);
    EXPECT_EQ(parse_recorded_look(odd.dump()).error().code.value(), EBADMSG) << key;
  }
  auto later = good;
  later["schema"] = "calico-azure-agent/bundle/v2";
  EXPECT_THAT(parse_recorded_look(later.dump()).error().what, HasSubstr("schema"));
}

}  // namespace
}  // namespace agent
