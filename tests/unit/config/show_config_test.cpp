#include "agent/config/show_config.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <iterator>
#include <random>
#include <sstream>

#include "agent/config/keys.h"
#include "tests/unit/config/scratch_file.h"

namespace {

using agent::Config;
using agent::LoadedConfig;
using agent::OriginKind;

LoadedConfig loaded_from(std::string_view toml) {
  const ScratchFile file(toml);
  auto result = agent::load_config(
      {.file = file.path(), .file_required = true, .environment = {}, .settings = {}}, kTestCheckIds);
  if (!result) {
    for (const auto& error : result.error()) ADD_FAILURE() << error.text() << "\nin\n" << toml;
    return {};
  }
  return *std::move(result);
}

std::string contents(const char* path) {
  std::ifstream file(path, std::ios::binary);
  EXPECT_TRUE(file) << path;
  return {std::istreambuf_iterator<char>(file), {}};
}

std::vector<std::string> lines(const std::string& text) {
  std::vector<std::string> all;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) all.push_back(line);
  return all;
}

/// Values of every kind, the awkward ones included.
class RandomConfigs {
 public:
  Config next() {
    Config config;
    config.mode = one_of<std::optional<node::Mode>>({std::nullopt, node::Mode::udr, node::Mode::azure_cni});
    config.imds.endpoint = one_of<std::string>({"http://a.b-c", "http://[fd00::1]:65535", "http://1.2.3.4"});
    config.imds.poll_interval = duration(10'000, 86'400'000);
    config.imds.read_timeout = duration(1'000, 120'000);
    config.imds.scheduled_events = coin();
    config.nic = one_of<node::NicSelector>({node::PrimaryNic{}, node::LinkNamed{"a\"\\#é"},
                                            net::MacAddress{{0, 1, 2, 0xfd, 0xfe, 0xff}},
                                            net::Prefix::parse("fd00::/64").value()});
    config.cluster_cidrs = some_of({"10.0.0.0/15", "10.2.0.0/15", "fd00::/48", "0.0.0.0/8"});
    if (config.cluster_cidrs.empty()) config.node_cidrs = some_of({"192.168.0.0/24", "fd01::/64"});
    config.node_cidr_source =
        one_of<node::NodeCidrSource>({node::NodeCidrSource::automatic, node::NodeCidrSource::static_list,
                                      node::NodeCidrSource::route_table});
    config.routes.enabled = coin();
    config.routes.protocol = one_of<std::uint8_t>({5, 169, 255});
    config.routes.table = one_of<std::uint32_t>({1, 254, 4294967295});
    config.routes.metric = one_of<std::uint32_t>({1, 1024, 999999});
    config.routes.local_sink = one_of<node::LocalSink>(
        {node::LocalSink::blackhole, node::LocalSink::unreachable, node::LocalSink::none});
    config.routes.resync_interval = duration(10'000, 86'400'000);
    config.enforce_sysctls = coin();
    config.listen = one_of<net::ListenAddress>({Config().listen, net::parse_listen("[::1]:0").value(),
                                                net::parse_listen("unix:/run/a b\"c\\d").value()});
    config.kubernetes = {text(), text()};
    config.azure.verify = one_of<agent::AzureVerify>(
        {agent::AzureVerify::automatic, agent::AzureVerify::on, agent::AzureVerify::off});
    config.azure.interval = duration(60'000, 86'400'000);
    config.azure.client_id = text();
    config.azure.cloud_config = text();
    config.readiness.require =
        one_of<std::vector<std::string>>({{}, {"nic.found"}, {"nic.found", "sysctl.rp_filter"}});
    config.readiness.ignore = one_of<std::vector<std::string>>({{}, {"sysctl.ip_forward"}});
    config.log = {
        one_of<core::LogLevel>({core::LogLevel::trace, core::LogLevel::warn, core::LogLevel::error}),
        one_of<agent::LogFormat>({agent::LogFormat::automatic, agent::LogFormat::json})};
    return config;
  }

 private:
  std::size_t below(std::size_t limit) {
    return std::uniform_int_distribution<std::size_t>(0, limit - 1)(engine_);
  }
  bool coin() { return below(2) == 0; }
  template <class T>
  T one_of(std::vector<T> choices) {
    return choices.at(below(choices.size()));
  }
  std::chrono::milliseconds duration(std::int64_t least, std::int64_t most) {
    return std::chrono::milliseconds(std::uniform_int_distribution<std::int64_t>(least, most)(engine_));
  }
  std::vector<net::Prefix> some_of(const std::vector<std::string_view>& cidrs) {
    std::vector<net::Prefix> chosen;
    for (const auto& cidr : cidrs) {
      if (coin()) chosen.push_back(net::Prefix::parse(cidr).value());
    }
    return chosen;
  }
  std::string text() {
    std::string text;
    for (auto length = below(12); length > 0; --length) {
      text += one_of<std::string>(
          {"a", "\"", "\\", "'", "#", "]", "=", " ", "é", "🙂", "\\u0041", "n", ",", "/"});
    }
    return text;
  }

  std::mt19937 engine_{16925};  // the same configurations in each run
};

TEST(ShowConfig, LoadsAsTheSameConfiguration) {
  RandomConfigs configs;
  for (int i = 0; i < 500; ++i) {
    const auto config = configs.next();
    const auto shown = agent::show_config({config, {}});
    const auto again = loaded_from(shown);
    ASSERT_EQ(again.config, config) << shown;
    for (const auto& [path, origin] : again.origins) ASSERT_EQ(origin.kind, OriginKind::file) << path;
  }
}

TEST(ShowConfig, EachLineSaysWhereItCameFrom) {
  const ScratchFile file("[nic]\nselect = \"name:eth1\"\n");
  const auto loaded = agent::load_config({.file = file.path(),
                                          .file_required = true,
                                          .environment = {{"CALICO_AZURE_AGENT_MODE", "udr"}},
                                          .settings = {"routes.metric=7"}},
                                         kTestCheckIds);
  ASSERT_TRUE(loaded);
  const auto shown = lines(file.shortened(agent::show_config(*loaded)));
  EXPECT_THAT(shown,
              testing::Contains("mode = \"udr\"                                 # CALICO_AZURE_AGENT_MODE"));
  EXPECT_THAT(shown, testing::Contains("select = \"name:eth1\"                         # config.toml:2:1"));
  EXPECT_THAT(shown, testing::Contains("metric = 7                                   # --set routes.metric"));
  EXPECT_THAT(shown, testing::Contains("cloud_config = \"/etc/kubernetes/azure.json\"  # default"));
}

TEST(ShowConfig, CommentsAreAlignedButForVeryLongLines) {
  LoadedConfig loaded;
  loaded.config.kubernetes.kubeconfig = std::string(200, 'x');
  std::vector<std::size_t> columns;
  for (const auto& line : lines(agent::show_config(loaded))) {
    if (line.find('=') != std::string::npos) columns.push_back(line.find("  # "));
  }
  EXPECT_EQ(columns.size(), agent::keys().size());
  EXPECT_EQ(std::count(columns.begin(), columns.end(), columns.front()),
            static_cast<std::ptrdiff_t>(columns.size()) - 1);
}

TEST(ShowConfig, AnOriginCannotBreakOutOfItsComment) {
  LoadedConfig loaded;
  loaded.origins["mode"] = {OriginKind::file, "/a\nmode = \"udr\"\xff:1:1"};
  EXPECT_EQ(loaded_from(agent::show_config(loaded)).config, Config{});
}

// packaging/config.toml is written by hand nowhere: it is what the table of keys says.
TEST(DefaultConfig, InThePackageIsWhatTheKeysSay) {
  std::ofstream(CAA_GENERATED, std::ios::binary) << agent::default_config_text();
  EXPECT_EQ(contents(CAA_DEFAULT_CONFIG), agent::default_config_text())
      << "take the new one: cp " << CAA_GENERATED << " " << CAA_DEFAULT_CONFIG;
}

TEST(DefaultConfig, ChangesNothingAsItIs) {
  const auto loaded = loaded_from(contents(CAA_DEFAULT_CONFIG));
  EXPECT_EQ(loaded.config, Config{});
  for (const auto& [path, origin] : loaded.origins) EXPECT_EQ(origin.kind, OriginKind::by_default) << path;
}

TEST(DefaultConfig, UncommentedIsEveryDefault) {
  std::string uncommented;
  for (const auto& line : lines(contents(CAA_DEFAULT_CONFIG))) {
    const bool assignment = line.size() > 1 && line[0] == '#' && line[1] != ' ';
    uncommented += (assignment ? line.substr(1) : line) + '\n';
  }
  const auto loaded = loaded_from(uncommented);
  EXPECT_EQ(loaded.config, Config{});
  for (const auto& [path, origin] : loaded.origins) EXPECT_EQ(origin.kind, OriginKind::file) << path;
}

}  // namespace
