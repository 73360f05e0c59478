#include "agent/config/show_config.h"

#include <gmock/gmock.h>

#include "scratch_file.h"

namespace {

using agent::ConfigSources;
using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;

agent::Config config_from(const ConfigSources& sources) {
  return agent::load_config(sources, kTestCheckIds)->config;
}

TEST(InForce, NamesTheFileAndEveryOverrideInTheOrderInWhichTheyCount) {
  const ScratchFile file("[routes]\nmetric = 5\n");
  const ConfigSources sources{
      .file = file.folder() / "." / "config.toml",
      .file_required = true,
      .environment = {{"CALICO_AZURE_AGENT_ROUTES_METRIC", "6"},
                      {"CALICO_AZURE_AGENT_PODS_CLUSTER_CIDRS", "10.1.0.0/16,10.2.0.0/16"}},
      .settings = {"routes.metric=7", "mode=udr"}};
  const auto told = agent::in_force(sources, config_from(sources));
  EXPECT_EQ(told.file, file.path());
  EXPECT_THAT(told.overrides, ElementsAre("pods.cluster_cidrs=10.1.0.0/16,10.2.0.0/16", "routes.metric=6",
                                          "routes.metric=7", "mode=udr"));
  EXPECT_EQ(config_from(agent::sources_of(told)), config_from(sources));
}

TEST(InForce, HasOneDigestForTheSameValuesWhateverTheyComeFrom) {
  const ScratchFile file("# another text\n[routes]\nmetric = 7\n");
  const ConfigSources by_file{.file = file.path(), .environment = {}, .settings = {}};
  const ConfigSources by_flag{.file = {}, .environment = {}, .settings = {"routes.metric=7"}};
  const ConfigSources other{.file = {}, .environment = {}, .settings = {"routes.metric=8"}};
  const auto digest = [](const ConfigSources& sources) {
    return agent::in_force(sources, config_from(sources)).digest;
  };
  EXPECT_EQ(digest(by_file), digest(by_flag));
  EXPECT_NE(digest(by_file), digest(other));
  EXPECT_EQ(digest(by_file).size(), 16U);
}

TEST(InForce, TellsTheValuesThatLeadNowhereAsSettings) {
  const ConfigSources sources{.file = {},
                              .environment = {},
                              .settings = {"mode=flannel", "nic.select=subnet:10.1.0.0/24",
                                           "pods.cluster_cidrs=10.1.0.0/16,fd00::/48", "routes.enabled=false",
                                           "routes.resync_interval=90s", "sysctls.action=enforce",
                                           "azure.verify=off", "readiness.require=nic.found"}};
  const auto config = config_from(sources);
  const auto told = agent::in_force(sources, config);
  EXPECT_THAT(told.values, Contains("pods.cluster_cidrs=10.1.0.0/16,fd00::/48"));
  EXPECT_EQ(config_from({.file = {}, .environment = {}, .settings = told.values}), config);
  const auto elsewhere =
      config_from({.file = {}, .environment = {}, .settings = {"imds.endpoint=http://192.0.2.9"}});
  EXPECT_EQ(agent::in_force({}, elsewhere).values, agent::in_force({}, {}).values);
}

TEST(DifferentKeys, AreThoseWhoseValuesDiffer) {
  const auto one =
      config_from({.file = {}, .environment = {}, .settings = {"routes.metric=7", "log.level=debug"}});
  EXPECT_THAT(agent::different_keys(one, one), IsEmpty());
  EXPECT_THAT(agent::different_keys(one, {}), ElementsAre("routes.metric", "log.level"));
}

TEST(DifferentKeys, DoNotCountWhereADaemonListensWhichStaysAsItStarted) {
  const auto one = config_from({.file = {}, .environment = {}, .settings = {"http.listen=[::1]:80"}});
  EXPECT_THAT(agent::different_keys(one, {}), IsEmpty());
  EXPECT_EQ(agent::in_force({}, one).digest, agent::in_force({}, {}).digest);
}

}  // namespace
