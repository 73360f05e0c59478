// By which configuration a command goes beside a running daemon, and what of a daemon's word counts for root.
#include "agent/cli/beside.h"

#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <set>

#include "agent/config/keys.h"
#include "agent/config/show_config.h"
#include "checks/check_table.h"
#include "tests/support/folder.h"

namespace {

namespace fs = std::filesystem;
using agent::Beside;
using agent::ConfigSources;
using agent::DaemonOf;
using core::ConfigInForce;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

/// A folder of root's alone, as /etc is; /tmp is none.
class GoBy : public testing::Test {
 protected:
  void SetUp() override {
    if (geteuid() != 0) GTEST_SKIP() << "takes root, whose files they have to be";
    folder_.emplace("/run");
    write("[routes]\nmetric = 5\n");
  }

  [[nodiscard]] fs::path file() const { return *folder_ / "config.toml"; }
  void write(std::string_view text) const {
    std::ofstream(file()) << text;
    EXPECT_EQ(::chmod(file().c_str(), 0644), 0);
  }
  static agent::LoadedConfig load(const ConfigSources& sources) {
    return agent::load_config(sources, checks::check_ids()).value();
  }
  /// What a daemon with this file and these settings tells.
  [[nodiscard]] ConfigInForce daemon(std::vector<std::string> settings = {}) const {
    const ConfigSources sources{.file = file(), .environment = {}, .settings = std::move(settings)};
    return agent::in_force(sources, load(sources).config);
  }
  static Beside go_by(const ConfigSources& given, const ConfigInForce& told,
                      DaemonOf whose = DaemonOf::root) {
    return agent::go_by(load(given), given, told, whose);
  }

  std::optional<test_support::Folder> folder_;
};

TEST_F(GoBy, TheDaemonsConfigurationWhereNothingIsGiven) {
  const auto beside = go_by({}, daemon({"routes.table=100"}));
  EXPECT_EQ(beside.loaded.config.routes.metric, 5U);
  EXPECT_EQ(beside.loaded.config.routes.table, 100U);
  EXPECT_EQ(beside.note,
            "by the configuration of the running daemon: " + file().string() + " and routes.table=100");
}

TEST_F(GoBy, NothingIsSaidWhereBothAreTheSame) {
  EXPECT_EQ(go_by({.file = file(), .environment = {}, .settings = {}}, daemon()).note, "");
  EXPECT_EQ(go_by({.file = {}, .environment = {}, .settings = {"routes.metric=5"}}, daemon()).note, "");
}

TEST_F(GoBy, WhatIsGivenAndItIsSaidInWhatTheDaemonsDiffers) {
  for (const ConfigSources& given :
       {ConfigSources{.file = {}, .environment = {}, .settings = {"routes.metric=6"}},
        ConfigSources{
            .file = {}, .environment = {{"CALICO_AZURE_AGENT_ROUTES_METRIC", "6"}}, .settings = {}}}) {
    const auto beside = go_by(given, daemon({"mode=flannel"}));
    EXPECT_EQ(beside.loaded.config.routes.metric, 6U);
    EXPECT_EQ(beside.note, "the running daemon's configuration differs in mode, routes.metric: it goes by " +
                               file().string() + " and mode=flannel");
  }
}

TEST_F(GoBy, WhatTheDaemonHasInForceWhereTheFileIsNoLongerWhatItHasRead) {
  const auto told = daemon();
  for (const auto whose : {DaemonOf::root, DaemonOf::service_user}) {
    write("[routes]\nmetric = 7\nprotocol = 99\n[pods]\ncluster_cidrs = ['10.1.0.0/16']\n");
    const auto beside = go_by({}, told, whose);
    EXPECT_EQ(agent::in_force({}, beside.loaded.config).digest, told.digest);
    EXPECT_TRUE(beside.is_the_daemons && beside.is_edited);
    EXPECT_THAT(beside.note, HasSubstr("is not what the daemon has read"));
    write("[routes]\nmetirc = 7\n");
    const auto broken = go_by({}, told, whose);
    EXPECT_EQ(broken.loaded.config.routes.metric, 5U);
    EXPECT_TRUE(broken.is_the_daemons && broken.is_edited);
    EXPECT_THAT(broken.note, AllOf(HasSubstr("cannot be taken"), HasSubstr("config.toml:2:1")));
  }
}

TEST_F(GoBy, WhatTheDaemonDoesNotTellIsAsTheFileHasItNowAndThatIsSaid) {
  write("[routes]\nmetric = 5\n[imds]\nendpoint = 'http://192.0.2.1'\n");
  const auto told = daemon();
  write("[routes]\nmetric = 7\n[imds]\nendpoint = 'http://192.0.2.2'\n");
  const auto beside = go_by({}, told);
  EXPECT_EQ(beside.loaded.config.routes.metric, 5U);
  EXPECT_EQ(beside.loaded.config.imds.endpoint, "http://192.0.2.2");
  EXPECT_TRUE(!beside.is_the_daemons && beside.is_edited);
  EXPECT_THAT(beside.note, HasSubstr("of imds, kubernetes and azure this goes by the file as it is now"));
}

TEST_F(GoBy, OfAnEarlierVersionsDaemonTheNoteSaysThatItGoesByTheFile) {
  auto told = daemon();
  told.values.clear();
  write("[routes]\nmetric = 7\n");
  const auto beside = go_by({}, told);
  EXPECT_EQ(beside.loaded.config.routes.metric, 7U);
  EXPECT_TRUE(!beside.is_the_daemons && beside.is_edited);
  EXPECT_THAT(beside.note, HasSubstr("this goes by the file as it is now"));
}

TEST_F(GoBy, NoValueOfAServiceUsersDaemonLeadsAnywhere) {
  auto told = daemon();
  told.values.emplace_back("imds.endpoint=http://192.0.2.1");
  told.values.emplace_back("kubernetes.kubeconfig=/run/evil");
  const auto beside = go_by({}, told, DaemonOf::service_user);
  EXPECT_EQ(beside.loaded.config.imds, agent::Config{}.imds);
  EXPECT_EQ(beside.loaded.config.kubernetes, agent::Config{}.kubernetes);
}

TEST_F(GoBy, OfAServiceUsersDaemonNoPathAndNoEndpoint) {
  const auto told = daemon({"kubernetes.kubeconfig=/run/evil", "azure.cloud_config=/run/evil",
                            "imds.endpoint=http://192.0.2.1", "routes.metric=8"});
  const auto of_user = go_by({}, told, DaemonOf::service_user);
  EXPECT_EQ(of_user.loaded.config.kubernetes, agent::Config{}.kubernetes);
  EXPECT_EQ(of_user.loaded.config.azure, agent::Config{}.azure);
  EXPECT_EQ(of_user.loaded.config.imds, agent::Config{}.imds);
  EXPECT_EQ(of_user.loaded.config.routes.metric, 8U);
  EXPECT_THAT(of_user.note,
              HasSubstr("left out, for the daemon is not root's: kubernetes.kubeconfig=/run/evil, "
                        "azure.cloud_config=/run/evil, imds.endpoint=http://192.0.2.1"));
  const auto of_root = go_by({}, told, DaemonOf::root);
  EXPECT_EQ(of_root.loaded.config.kubernetes.kubeconfig, "/run/evil");
  EXPECT_THAT(of_root.note, Not(HasSubstr("left out")));
}

TEST_F(GoBy, OfAServiceUsersDaemonRootsFileAlone) {
  EXPECT_EQ(go_by({}, daemon(), DaemonOf::service_user).loaded.config.routes.metric, 5U);
  ASSERT_EQ(::chown(file().c_str(), 65534, 65534), 0);
  const auto beside = go_by({}, daemon(), DaemonOf::service_user);
  EXPECT_EQ(beside.loaded.config.routes.metric, 5U);  // as the daemon tells
  EXPECT_THAT(beside.note, AllOf(HasSubstr("left out"), HasSubstr("belongs to user 65534"),
                                 Not(HasSubstr("is not what the daemon has read"))));
  auto silent = daemon();
  silent.values.clear();
  EXPECT_EQ(go_by({}, silent, DaemonOf::service_user).loaded.config.routes.metric, 1024U);
  EXPECT_EQ(go_by({}, daemon(), DaemonOf::root).loaded.config.routes.metric, 5U);
}

TEST_F(GoBy, ForeignTextIsMadeFitForATerminal) {
  auto told = daemon();
  told.overrides = {"nic.select=\x1b]0;owned\x07\nin sync"};
  told.digest = "0000000000000000";
  const auto note = go_by({}, told, DaemonOf::service_user).note;
  EXPECT_THAT(note, Not(HasSubstr("\x1b")));
  EXPECT_THAT(note, Not(HasSubstr("\n")));
}

TEST(SortOverrides, EveryKeyThatLeadsSomewhereIsLeftOut) {
  std::vector<std::string> all;
  for (const auto& key : agent::keys()) all.push_back(key.path() + "=x");
  const auto sorted = agent::sort_overrides(all);
  EXPECT_THAT(sorted.left_out,
              ElementsAre("imds.endpoint=x", "imds.poll_interval=x", "imds.read_timeout=x",
                          "imds.scheduled_events=x", "http.listen=x", "http.metrics_listen=x",
                          "kubernetes.kubeconfig=x", "kubernetes.node_name=x", "azure.interval=x",
                          "azure.client_id=x", "azure.cloud_config=x", "log.level=x", "log.format=x"));
  // A new key: decide, and write it down here.
  EXPECT_EQ(sorted.taken.size(), 15U);
  EXPECT_THAT(agent::sort_overrides({"routesx.metric=1", "mode", "", "modex=1"}).taken, ElementsAre("mode"));
}

TEST(ConfigTold, IsReadFromAStatusWhateverElseIsInIt) {
  const auto told = agent::config_told(
      R"({"schema":"x","config":{"file":"/a","overrides":["b=c",7],"digest":"d","values":["v=w"],"more":1},"routes":[]})");
  ASSERT_TRUE(told);
  EXPECT_EQ(*told, (ConfigInForce{.file = "/a", .overrides = {"b=c", ""}, .digest = "d", .values = {"v=w"}}));
  for (const char* text :
       {"", "[]", "{}", R"({"config":7})", R"({"config":{"file":"/a"}})", "{\"config\":{}} x"})
    EXPECT_FALSE(agent::config_told(text)) << text;
}

}  // namespace
