#include <gmock/gmock.h>

#include <map>
#include <set>

#include "agent/config/keys.h"
#include "tests/unit/config/scratch_file.h"

namespace {

using agent::Config;
using agent::ConfigSources;
using agent::LoadedConfig;
using agent::Origin;
using agent::OriginKind;
using testing::ElementsAre;
using testing::Pair;

LoadedConfig loaded(const ConfigSources& sources) {
  auto result = agent::load_config(sources, kTestCheckIds);
  if (!result) {
    for (const auto& error : result.error()) ADD_FAILURE() << error.text();
    return {};
  }
  return *std::move(result);
}

/// A value as TOML and as the text of a variable or flag.
struct Spelled {
  std::string toml;
  std::string text;
};
Spelled quoted(const std::string& text) { return {'"' + text + '"', text}; }
Spelled bare(const std::string& text) { return {text, text}; }

/// For each key three good values, none the default and each unlike the next.
struct Samples {
  Spelled file, environment, flag;
};
const std::map<std::string, Samples>& samples() {
  static const std::map<std::string, Samples> kSamples = {
      {"mode", {quoted("udr"), quoted("azure-cni"), quoted("calico-vxlan")}},
      {"imds.endpoint", {quoted("http://a"), quoted("http://127.0.0.1:80"), quoted("http://[::1]")}},
      {"imds.poll_interval", {quoted("10s"), quoted("24h"), quoted("1m30s")}},
      {"imds.read_timeout", {quoted("1s"), quoted("2m"), quoted("1s500ms")}},
      {"imds.scheduled_events", {bare("true"), bare("false"), bare("true")}},
      {"nic.select", {quoted("name:eth1"), quoted("mac:00:0d:3a:f8:06:ec"), quoted("subnet:10.1.0.0/24")}},
      {"pods.cluster_cidrs",
       {{R"(["10.1.0.0/16"])", "10.1.0.0/16"},
        {R"(["10.1.0.0/16", "fd00::/48"])", "10.1.0.0/16,fd00::/48"},
        {R"(["10.0.0.0/15"])", " 10.0.0.0/15 "}}},
      {"pods.node_cidrs",
       {{R"(["10.1.4.0/24"])", "10.1.4.0/24"},
        {R"(["10.1.5.0/24", "10.1.6.0/24"])", "10.1.5.0/24, 10.1.6.0/24"},
        {R"([])", ""}}},
      {"pods.node_cidr_source", {quoted("static"), quoted("route-table"), quoted("flannel")}},
      {"routes.enabled", {bare("false"), bare("true"), bare("false")}},
      {"routes.protocol", {bare("5"), bare("255"), bare("170")}},
      {"routes.table", {bare("1"), bare("4294967295"), bare("100")}},
      {"routes.metric", {bare("1"), bare("999999"), bare("100")}},
      {"routes.local_sink", {quoted("unreachable"), quoted("none"), quoted("blackhole")}},
      {"routes.resync_interval", {quoted("10s"), quoted("24h"), quoted("1m")}},
      {"sysctls.action", {quoted("enforce"), quoted("check"), quoted("enforce")}},
      {"http.listen", {quoted("[::1]:16925"), quoted("unix:/run/a"), quoted("0.0.0.0:0")}},
      {"http.metrics_listen", {quoted("[fd00::4]:16926"), quoted(""), quoted("0.0.0.0:16926")}},
      {"kubernetes.kubeconfig", {quoted("/etc/a"), quoted("/etc/b"), quoted("/etc/c=d")}},
      {"kubernetes.node_name", {quoted("a"), quoted("b"), quoted("c,d")}},
      {"azure.verify", {quoted("on"), quoted("off"), quoted("auto")}},
      {"azure.interval", {quoted("1m"), quoted("24h"), quoted("1h")}},
      {"azure.client_id", {quoted("a"), quoted("b"), quoted("c")}},
      {"azure.cloud_config", {quoted("/a"), quoted(""), quoted("/c")}},
      {"readiness.require",
       {{R"(["nic.found"])", "nic.found"},
        {R"(["sysctl.rp_filter", "nic.found"])", "sysctl.rp_filter,nic.found"},
        {R"([])", ""}}},
      {"readiness.ignore",
       {{R"(["nic.found"])", "nic.found"},
        {R"([])", " "},
        {R"(["sysctl.ip_forward"])", "sysctl.ip_forward"}}},
      {"log.level", {quoted("trace"), quoted("warn"), quoted("error")}},
      {"log.format", {quoted("journal"), quoted("text"), quoted("json")}},
  };
  return kSamples;
}

TEST(ConfigSources, EveryKeyHasSamplesHere) {
  std::set<std::string> paths;
  for (const auto& key : agent::keys()) EXPECT_TRUE(paths.insert(key.path()).second) << key.path();
  std::set<std::string> sampled;
  for (const auto& [path, values] : samples()) sampled.insert(path);
  EXPECT_EQ(paths, sampled);
}

TEST(ConfigSources, EveryKeyTakesTheFileThenTheEnvironmentThenTheFlag) {
  for (const auto& key : agent::keys()) {
    SCOPED_TRACE(key.path());
    const auto& values = samples().at(key.path());
    const ScratchFile file(key.path() + " = " + values.file.toml);
    ConfigSources sources{.file = file.path(), .file_required = true, .environment = {}, .settings = {}};
    const auto from_file = loaded(sources);
    EXPECT_EQ(key.print(from_file.config), values.file.toml);
    const auto column = std::to_string(key.section.empty() ? 1 : key.section.size() + 2);
    EXPECT_EQ(from_file.origins.at(key.path()),
              (Origin{OriginKind::file, file.path().string() + ":1:" + column}));

    sources.environment[key.variable()] = values.environment.text;
    const auto from_environment = loaded(sources);
    EXPECT_EQ(key.print(from_environment.config), values.environment.toml);
    EXPECT_EQ(from_environment.origins.at(key.path()), (Origin{OriginKind::environment, key.variable()}));

    sources.settings = {key.path() + "=" + values.environment.text, key.path() + "=" + values.flag.text};
    const auto from_flag = loaded(sources);
    EXPECT_EQ(key.print(from_flag.config), values.flag.toml);
    EXPECT_EQ(from_flag.origins.at(key.path()), (Origin{OriginKind::flag, "--set " + key.path()}));
  }
}

TEST(ConfigSources, AKeyChangesNothingButItself) {
  for (const auto& key : agent::keys()) {
    const auto changed = loaded({.file = {},
                                 .file_required = false,
                                 .environment = {},
                                 .settings = {key.path() + "=" + samples().at(key.path()).file.text}});
    for (const auto& other : agent::keys()) {
      const bool same = other.print(changed.config) == other.print(Config{});
      EXPECT_EQ(same, other.path() != key.path()) << key.path() << " and " << other.path();
      EXPECT_EQ(changed.origins.at(other.path()).kind == OriginKind::by_default, other.path() != key.path());
    }
  }
}

TEST(ConfigSources, VariablesAreNamedAfterSectionAndKey) {
  EXPECT_EQ(agent::find_key("mode")->variable(), "CALICO_AZURE_AGENT_MODE");
  EXPECT_EQ(agent::find_key("pods.node_cidr_source")->variable(), "CALICO_AZURE_AGENT_PODS_NODE_CIDR_SOURCE");
  std::set<std::string> variables;
  for (const auto& key : agent::keys())
    EXPECT_TRUE(variables.insert(key.variable()).second) << key.variable();
}

TEST(ConfigSources, WithoutAnyTheDefaultsOfTheContractHold) {
  const auto defaults = loaded({});
  const std::map<std::string, std::string> expected = {
      {"mode", "\"auto\""},
      {"imds.endpoint", "\"http://169.254.169.254\""},
      {"imds.poll_interval", "\"1m\""},
      {"imds.read_timeout", "\"10s\""},
      {"imds.scheduled_events", "false"},
      {"nic.select", "\"primary\""},
      {"pods.cluster_cidrs", "[]"},
      {"pods.node_cidrs", "[]"},
      {"pods.node_cidr_source", "\"auto\""},
      {"routes.enabled", "true"},
      {"routes.protocol", "169"},
      {"routes.table", "254"},
      {"routes.metric", "1024"},
      {"routes.local_sink", "\"blackhole\""},
      {"routes.resync_interval", "\"5m\""},
      {"sysctls.action", "\"check\""},
      {"http.listen", "\"127.0.0.1:16925\""},
      {"http.metrics_listen", "\"\""},
      {"kubernetes.kubeconfig", "\"\""},
      {"kubernetes.node_name", "\"\""},
      {"azure.verify", "\"auto\""},
      {"azure.interval", "\"15m\""},
      {"azure.client_id", "\"\""},
      {"azure.cloud_config", "\"/etc/kubernetes/azure.json\""},
      {"readiness.require", "[]"},
      {"readiness.ignore", "[]"},
      {"log.level", "\"info\""},
      {"log.format", "\"auto\""},
  };
  std::map<std::string, std::string> shown;
  for (const auto& key : agent::keys()) shown[key.path()] = key.print(defaults.config);
  EXPECT_EQ(shown, expected);
  EXPECT_EQ(defaults.config, Config{});
  for (const auto& [path, origin] : defaults.origins) EXPECT_EQ(origin, Origin{}) << path;
  EXPECT_EQ(defaults.origins.size(), expected.size());
}

TEST(ConfigSources, AllWaysOfTomlToWriteAKeyAreTheSame) {
  for (const char* toml : {"[nic]\nselect = \"name:eth1\"", "nic.select = 'name:eth1'",
                           "nic = {select=\"name:eth1\"}", "\"nic\".\"select\" = \"\"\"name:eth1\"\"\""}) {
    const ScratchFile file(toml);
    const auto config =
        loaded({.file = file.path(), .file_required = true, .environment = {}, .settings = {}}).config;
    EXPECT_EQ(config.nic, node::NicSelector(node::LinkNamed{"eth1"})) << toml;
  }
}

TEST(ConfigSources, AFaultIsAFaultThoughAnotherSourceOverridesIt) {
  const ScratchFile file("routes.metric = 0");
  EXPECT_THAT(
      errors_of(
          {.file = file.path(), .file_required = true, .environment = {}, .settings = {"routes.metric=1024"}},
          file),
      ElementsAre("config.toml:1:8: routes.metric: 0 is out of range: 1 to 999999"));
}

TEST(ConfigSources, EnvironmentIsOnlyTheAgentsOwn) {
  const char* environment[] = {"HOME=/root",
                               "CALICO_AZURE_AGENT_MODE=udr",
                               "CALICO_AZURE_AGENT_LOG_LEVEL=a=b",
                               "XCALICO_AZURE_AGENT_MODE=x",
                               "CALICO_AZURE_AGENT_BARE",
                               nullptr};
  EXPECT_THAT(agent::config_environment(environment), ElementsAre(Pair("CALICO_AZURE_AGENT_LOG_LEVEL", "a=b"),
                                                                  Pair("CALICO_AZURE_AGENT_MODE", "udr")));
  EXPECT_TRUE(agent::config_environment(nullptr).empty());
}

TEST(ConfigSources, AFileMayBeAPipe) {
  const ScratchFile file;
  std::array<int, 2> ends{};
  ASSERT_EQ(pipe(ends.data()), 0);
  constexpr std::string_view kToml = "routes.metric = 7";
  ASSERT_EQ(write(ends[1], kToml.data(), kToml.size()), static_cast<ssize_t>(kToml.size()));
  close(ends[1]);
  const auto config = loaded({.file = "/dev/fd/" + std::to_string(ends[0]),
                              .file_required = true,
                              .environment = {},
                              .settings = {}})
                          .config;
  EXPECT_EQ(config.routes.metric, 7U);
  close(ends[0]);
}

TEST(ConfigSources, EndpointLosesItsLastSlash) {
  EXPECT_EQ(
      loaded(
          {.file = {}, .file_required = false, .environment = {}, .settings = {"imds.endpoint=http://a:80/"}})
          .config.imds.endpoint,
      "http://a:80");
}

TEST(Policy, SaysWhatTheConfigurationSays) {
  auto config = loaded({.file = {},
                        .file_required = false,
                        .environment = {},
                        .settings = {"mode=flannel", "nic.select=name:eth1", "pods.cluster_cidrs=10.1.0.0/16",
                                     "pods.node_cidrs=10.1.4.0/24", "pods.node_cidr_source=static",
                                     "routes.enabled=false", "routes.protocol=170", "routes.table=100",
                                     "routes.metric=7", "routes.local_sink=none", "sysctls.action=enforce",
                                     "readiness.require=nic.found", "readiness.ignore=sysctl.rp_filter"}})
                    .config;
  node::Policy expected;
  expected.mode = node::Mode::flannel;
  expected.nic = node::LinkNamed{"eth1"};
  expected.cluster_cidrs = {net::Prefix::parse("10.1.0.0/16").value()};
  expected.node_cidrs = {net::Prefix::parse("10.1.4.0/24").value()};
  expected.node_cidr_source = node::NodeCidrSource::static_list;
  expected.routes_enabled = false;
  expected.protocol = 170;
  expected.table = 100;
  expected.metric = 7;
  expected.local_sink = node::LocalSink::none;
  expected.enforce_sysctls = true;
  expected.require = {"nic.found"};
  expected.ignore = {"sysctl.rp_filter"};
  EXPECT_EQ(policy_of(config), expected);
  node::Policy automatic;
  automatic.mode_is_automatic = true;
  EXPECT_EQ(policy_of(Config{}), automatic);
}

TEST(ConfigSourceErrors, VariablesAndFlagsAreNamed) {
  const ScratchFile file("routes.metric = 0");
  EXPECT_THAT(
      errors_of(
          {.file = file.path(),
           .file_required = true,
           .environment = {{"CALICO_AZURE_AGENT_ROUTES_METRIC", "x"},
                           {"CALICO_AZURE_AGENT_NIC_SELCT", "primary"},
                           {"CALICO_AZURE_AGENT_", ""},
                           {"CALICO_AZURE_AGENT_PODS_CLUSTER_CIDRS", "10.0.0.0/8, 10.1.0.0/16,,fe80::1"},
                           {"CALICO_AZURE_AGENT_KUBERNETES_NODE_NAME", "a\xff"},
                           {"HOME", "/"}},
           .settings = {"routes.enabled=yes", "routes.tabel=1", "routes.table", "=",
                        "routes.table=", "readiness.ignore=nic.fuond"}},
          file),
      ElementsAre(
          "config.toml:1:8: routes.metric: 0 is out of range: 1 to 999999",
          "CALICO_AZURE_AGENT_: no such setting",
          "CALICO_AZURE_AGENT_KUBERNETES_NODE_NAME: kubernetes.node_name: the value is not valid UTF-8",
          "CALICO_AZURE_AGENT_NIC_SELCT: no such setting: did you mean CALICO_AZURE_AGENT_NIC_SELECT?",
          "CALICO_AZURE_AGENT_PODS_CLUSTER_CIDRS: pods.cluster_cidrs: '' is not a CIDR: write "
          "address/length, such "
          "as 10.1.0.0/16",
          "CALICO_AZURE_AGENT_PODS_CLUSTER_CIDRS: pods.cluster_cidrs: 'fe80::1' is not a CIDR: write "
          "address/length, such as 10.1.0.0/16",
          "CALICO_AZURE_AGENT_ROUTES_METRIC: routes.metric: wants an integer from 1 to 999999, found the "
          "string 'x'",
          "CALICO_AZURE_AGENT_PODS_CLUSTER_CIDRS: pods.cluster_cidrs: 10.1.0.0/16 overlaps 10.0.0.0/8",
          "--set routes.enabled: routes.enabled: wants true or false, found the string 'yes'",
          "--set routes.tabel: unknown key routes.tabel: did you mean routes.table?",
          "--set routes.table: is not section.key=value", "--set =: is not section.key=value",
          "--set routes.table: routes.table: wants an integer from 1 to 4294967295, found the string ''",
          "--set readiness.ignore: readiness.ignore: 'nic.fuond' is not a check id: did you mean "
          "nic.found?"));
}

TEST(ConfigSourceErrors, ServiceLinksOfKubernetesAreExplained) {
  const ScratchFile file;
  for (const char* name : {"CALICO_AZURE_AGENT_SERVICE_HOST", "CALICO_AZURE_AGENT_PORT",
                           "CALICO_AZURE_AGENT_PORT_80_TCP_ADDR"}) {
    EXPECT_THAT(
        errors_of({.file = {}, .file_required = false, .environment = {{name, "x"}}, .settings = {}}, file),
        ElementsAre(std::string(name) + ": no such setting; this looks like a Kubernetes service link: set "
                                        "enableServiceLinks: false"));
  }
}

TEST(ConfigSourceErrors, ChecksAcrossSourcesPointAtTheElementThatIsWrong) {
  const ScratchFile file("[pods]\ncluster_cidrs = [\"10.1.0.0/16\"]\nnode_cidrs = [\"10.1.4.0/24\"]");
  EXPECT_THAT(
      errors_of({.file = file.path(),
                 .file_required = true,
                 .environment = {{"CALICO_AZURE_AGENT_PODS_CLUSTER_CIDRS", "10.2.0.0/16"}},
                 .settings = {}},
                file),
      ElementsAre("config.toml:3:15: pods.node_cidrs: 10.1.4.0/24 lies outside all pods.cluster_cidrs"));
  EXPECT_THAT(
      errors_of({.file = file.path(),
                 .file_required = true,
                 .environment = {},
                 .settings = {"pods.node_cidrs=10.3.0.0/24"}},
                file),
      ElementsAre("--set pods.node_cidrs: pods.node_cidrs: 10.3.0.0/24 lies outside all pods.cluster_cidrs"));
}

}  // namespace
