// Every way in which a configuration can be wrong, and the exact words that a person reads then.
#include <gmock/gmock.h>

#include "tests/unit/config/scratch_file.h"

namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::StartsWith;

struct Case {
  const char* toml;
  std::vector<std::string> errors;
};

void expect_errors(std::initializer_list<Case> cases) {
  for (const auto& each : cases) EXPECT_EQ(errors_of(each.toml), each.errors) << each.toml;
}

TEST(ConfigErrors, UnknownKeysAndSectionsSuggestTheNearest) {
  expect_errors({
      {"[nic]\nselct = \"primary\"", {"config.toml:2:1: unknown key nic.selct: did you mean nic.select?"}},
      {"nic.selcet = 1", {"config.toml:1:5: unknown key nic.selcet: did you mean nic.select?"}},
      {"nic = { zzzzzzzzzzzz = 1 }", {"config.toml:1:9: unknown key nic.zzzzzzzzzzzz"}},
      {"protocol = 170", {"config.toml:1:1: unknown key protocol: did you mean routes.protocol?"}},
      {"[nic]\npoll_interval = \"60s\"",
       {"config.toml:2:1: unknown key nic.poll_interval: did you mean imds.poll_interval?"}},
      {"mod = \"udr\"", {"config.toml:1:1: unknown key mod: did you mean mode?"}},
      {"[route]\ntable = 254", {"config.toml:1:2: unknown section route: did you mean routes?"}},
      {"[qqqqqqqqqqqq]", {"config.toml:1:2: unknown section qqqqqqqqqqqq"}},
      {"[nic.select]\nx = 1",
       {"config.toml:1:6: nic.select: wants a string such as \"primary\", found a table"}},
      {"[nic.extra]", {"config.toml:1:6: unknown key nic.extra"}},
      {"nic = \"primary\"", {"config.toml:1:1: nic is a section: write [nic]"}},
      {"[[nic]]\nselect = \"primary\"", {"config.toml:1:3: nic is a section: write [nic]"}},
      {"\"a\\nb\" = 1", {"config.toml:1:1: unknown key a\\nb"}},
  });
}

TEST(ConfigErrors, WrongTypesSayWhatWasFoundAndWanted) {
  expect_errors({
      {"mode = 1",
       {"config.toml:1:1: mode: wants one of \"auto\", \"udr\", \"flannel\", \"azure-cni\", "
        "\"calico-vxlan\", found "
        "the integer 1"}},
      {"[mode]",
       {"config.toml:1:2: mode: wants one of \"auto\", \"udr\", \"flannel\", \"azure-cni\", "
        "\"calico-vxlan\", found "
        "a table"}},
      {"imds.poll_interval = 60",
       {"config.toml:1:6: imds.poll_interval: wants a duration in quotes such as \"90s\", found the integer "
        "60"}},
      {"imds.read_timeout = 00:01:00",
       {"config.toml:1:6: imds.read_timeout: wants a duration in quotes such as \"90s\", found a time"}},
      {"azure.interval = 2020-01-01",
       {"config.toml:1:7: azure.interval: wants a duration in quotes such as \"90s\", found a date"}},
      {"azure.interval = 2020-01-01T00:00:00Z",
       {"config.toml:1:7: azure.interval: wants a duration in quotes such as \"90s\", found a date and "
        "time"}},
      {"routes.enabled = \"true\"",
       {"config.toml:1:8: routes.enabled: wants true or false, found the string 'true'"}},
      {"routes.enabled = 1", {"config.toml:1:8: routes.enabled: wants true or false, found the integer 1"}},
      {"routes.metric = 1.0",
       {"config.toml:1:8: routes.metric: wants an integer from 1 to 999999, found a float"}},
      {"routes.metric = \"1024\"",
       {"config.toml:1:8: routes.metric: wants an integer from 1 to 999999, found the string '1024'"}},
      {"routes.table = true",
       {"config.toml:1:8: routes.table: wants an integer from 1 to 4294967295, found true"}},
      {"kubernetes.node_name = [\"a\"]",
       {"config.toml:1:12: kubernetes.node_name: wants a string, found a list"}},
      {"pods.cluster_cidrs = \"10.0.0.0/8\"",
       {"config.toml:1:6: pods.cluster_cidrs: wants a list such as [\"10.240.128.0/17\"], found the string "
        "'10.0.0.0/8'"}},
      {"pods.cluster_cidrs = [\n  \"10.0.0.0/8\",\n  5,\n  [\"11.0.0.0/8\"],\n  {a = 1},\n]",
       {"config.toml:3:3: pods.cluster_cidrs: wants a CIDR in quotes such as \"10.240.128.0/17\", found the "
        "integer 5",
        "config.toml:4:3: pods.cluster_cidrs: wants a CIDR in quotes such as \"10.240.128.0/17\", found a "
        "list",
        "config.toml:5:3: pods.cluster_cidrs: wants a CIDR in quotes such as \"10.240.128.0/17\", found a "
        "table"}},
      {"readiness.require = [1]",
       {"config.toml:1:22: readiness.require: wants a string, found the integer 1"}},
  });
}

TEST(ConfigErrors, WordsAreTheKeysOwn) {
  expect_errors({
      {"mode = \"UDR\"",
       {"config.toml:1:1: mode: 'UDR' is none of \"auto\", \"udr\", \"flannel\", \"azure-cni\", "
        "\"calico-vxlan\""}},
      {"pods.node_cidr_source = \"arm\"",
       {"config.toml:1:6: pods.node_cidr_source: 'arm' is none of \"auto\", \"static\", \"kubernetes\", "
        "\"route-table\", \"flannel\""}},
      {"routes.local_sink = \"drop\"",
       {"config.toml:1:8: routes.local_sink: 'drop' is none of \"blackhole\", \"unreachable\", \"none\""}},
      {"sysctls.action = \"\"", {"config.toml:1:9: sysctls.action: '' is none of \"check\", \"enforce\""}},
      {"azure.verify = \"yes\"",
       {"config.toml:1:7: azure.verify: 'yes' is none of \"auto\", \"on\", \"off\""}},
      {"log.level = \"warning\"",
       {"config.toml:1:5: log.level: 'warning' is none of \"trace\", \"debug\", \"info\", \"warn\", "
        "\"error\""}},
      {"log.format = \"syslog\"",
       {"config.toml:1:5: log.format: 'syslog' is none of \"auto\", \"journal\", \"text\", \"json\""}},
  });
}

TEST(ConfigErrors, DurationsHaveLimits) {
  expect_errors({
      {"imds.poll_interval = \"9999ms\"",
       {"config.toml:1:6: imds.poll_interval: 9999ms is out of range: 10s to 24h"}},
      {"imds.poll_interval = \"24h1ms\"",
       {"config.toml:1:6: imds.poll_interval: 24h1ms is out of range: 10s to 24h"}},
      {"imds.read_timeout = \"999ms\"",
       {"config.toml:1:6: imds.read_timeout: 999ms is out of range: 1s to 2m"}},
      {"imds.read_timeout = \"121s\"",
       {"config.toml:1:6: imds.read_timeout: 121s is out of range: 1s to 2m"}},
      {"routes.resync_interval = \"9s\"",
       {"config.toml:1:8: routes.resync_interval: 9s is out of range: 10s to 24h"}},
      {"routes.resync_interval = \"25h\"",
       {"config.toml:1:8: routes.resync_interval: 25h is out of range: 10s to 24h"}},
      {"azure.interval = \"59s\"", {"config.toml:1:7: azure.interval: 59s is out of range: 1m to 24h"}},
      {"azure.interval = \"1441m\"", {"config.toml:1:7: azure.interval: 1441m is out of range: 1m to 24h"}},
      {"azure.interval = \"60\"",
       {"config.toml:1:7: azure.interval: '60' is not a duration: write numbers with units, such as 500ms, "
        "90s or "
        "1h30m"}},
      {"imds.poll_interval = \"10s\"\nimds.read_timeout = \"120s\"\nazure.interval = \"24h\"", {}},
      {"imds.poll_interval = \"24h\"\nimds.read_timeout = \"1s\"\nazure.interval = \"1m\"", {}},
      {"routes.resync_interval = \"10s\"", {}},
  });
}

TEST(ConfigErrors, RouteNumbersOfOthersAreRefused) {
  for (const int taken : {0, 1, 2, 3, 4, 11, 12, 16, 17, 18, 66, 80, 186, 187, 191, 195, 196}) {
    const auto errors = errors_of("routes.protocol = " + std::to_string(taken));
    EXPECT_THAT(errors, ElementsAre(StartsWith("config.toml:1:8: routes.protocol: protocol " +
                                               std::to_string(taken) + " belongs to ")));
  }
  for (const int free : {5, 10, 13, 15, 19, 65, 67, 79, 81, 169, 185, 197, 255}) {
    EXPECT_THAT(errors_of("routes.protocol = " + std::to_string(free)), IsEmpty());
  }
  expect_errors({
      {"routes.protocol = 80",
       {"config.toml:1:8: routes.protocol: protocol 80 belongs to Calico (Felix): choose an unused number, "
        "such as 169"}},
      {"routes.protocol = 256", {"config.toml:1:8: routes.protocol: 256 is out of range: 5 to 255"}},
      {"routes.protocol = -1", {"config.toml:1:8: routes.protocol: -1 is out of range: 5 to 255"}},
      {"routes.table = 0",
       {"config.toml:1:8: routes.table: table 0 does not exist (RT_TABLE_UNSPEC): use 254, the main table"}},
      {"routes.table = 253",
       {"config.toml:1:8: routes.table: table 253 is the kernel's default table, which is looked up after "
        "every "
        "other: use 254, the main table"}},
      {"routes.table = 255",
       {"config.toml:1:8: routes.table: table 255 is the kernel's own local table: use 254, the main table"}},
      {"routes.table = 16925",
       {"config.toml:1:8: routes.table: table 16925 is what the agent keeps for nic.select: use 254, the "
        "main "
        "table"}},
      {"routes.table = 4294967296",
       {"config.toml:1:8: routes.table: 4294967296 is out of range: 1 to 4294967295"}},
      {"routes.table = -254", {"config.toml:1:8: routes.table: -254 is out of range: 1 to 4294967295"}},
      {"routes.metric = 0", {"config.toml:1:8: routes.metric: 0 is out of range: 1 to 999999"}},
      {"routes.metric = 1000000", {"config.toml:1:8: routes.metric: 1000000 is out of range: 1 to 999999"}},
      {"[routes]\ntable = 254\nmetric = 999999", {}},
      {"[routes]\ntable = 4294967295\nmetric = 1", {}},
  });
}

TEST(ConfigErrors, CidrsAreNetworks) {
  expect_errors({
      {"pods.cluster_cidrs = [\"10.240.128.1/17\"]",
       {"config.toml:1:23: pods.cluster_cidrs: '10.240.128.1/17' has host bits set: did you mean "
        "10.240.128.0/17?"}},
      {"pods.node_cidrs = [\n  \"10.240.128.0/24\",\n  \"10.240.129.0\",\n  \"\",\n  \"fd00::/129\"\n]",
       {"config.toml:3:3: pods.node_cidrs: '10.240.129.0' is not a CIDR: write address/length, such as "
        "10.1.0.0/16",
        "config.toml:4:3: pods.node_cidrs: '' is not a CIDR: write address/length, such as 10.1.0.0/16",
        "config.toml:5:3: pods.node_cidrs: 'fd00::/129' is not a CIDR: write address/length, such as "
        "10.1.0.0/16"}},
  });
}

TEST(ConfigErrors, CidrsDoNotOverlap) {
  expect_errors({
      {"pods.cluster_cidrs = [\"10.1.0.0/16\", \"10.2.0.0/16\", \"fd00::/64\"]", {}},
      {"pods.cluster_cidrs = [\"10.1.0.0/16\", \"10.2.0.0/16\", \"10.1.0.0/16\"]",
       {"config.toml:1:53: pods.cluster_cidrs: 10.1.0.0/16 is listed twice"}},
      {"pods.cluster_cidrs = [\"10.1.0.0/16\", \"10.0.0.0/8\"]",
       {"config.toml:1:38: pods.cluster_cidrs: 10.0.0.0/8 overlaps 10.1.0.0/16"}},
      {"pods.cluster_cidrs = [\n\"10.0.0.0/8\",\n\"10.128.0.0/9\",\n\"11.0.0.0/8\",\n\"10.200.0.0/16\",\n"
       "\"fd00::/8\",\n\"fd12::/16\"\n]",
       {"config.toml:3:1: pods.cluster_cidrs: 10.128.0.0/9 overlaps 10.0.0.0/8",
        "config.toml:5:1: pods.cluster_cidrs: 10.200.0.0/16 overlaps 10.0.0.0/8",
        "config.toml:7:1: pods.cluster_cidrs: fd12::/16 overlaps fd00::/8"}},
      {"pods.cluster_cidrs = [\n\"10.0.0.0/8\",\n\"10.1.0.0/16\",\n\"10.2.0.0/16\"\n]",
       {"config.toml:3:1: pods.cluster_cidrs: 10.1.0.0/16 overlaps 10.0.0.0/8",
        "config.toml:4:1: pods.cluster_cidrs: 10.2.0.0/16 overlaps 10.0.0.0/8"}},
      {"pods.node_cidrs = [\"10.1.0.0/24\", \"10.1.0.128/25\"]",
       {"config.toml:1:35: pods.node_cidrs: 10.1.0.128/25 overlaps 10.1.0.0/24"}},
      {"pods.cluster_cidrs = [\"0.0.0.0/0\", \"::/0\", \"1.0.0.0/8\"]",
       {"config.toml:1:44: pods.cluster_cidrs: 1.0.0.0/8 overlaps 0.0.0.0/0"}},
  });
}

TEST(ConfigErrors, NodeCidrsLieInsideTheClusters) {
  expect_errors({
      {"[pods]\ncluster_cidrs = [\"10.1.0.0/16\", \"fd00::/48\"]\nnode_cidrs = [\"10.1.4.0/24\", "
       "\"fd00:0:0:4::/64\"]",
       {}},
      {"[pods]\ncluster_cidrs = [\"10.1.0.0/16\"]\nnode_cidrs = [\"10.1.0.0/16\"]", {}},
      {"[pods]\nnode_cidrs = [\"10.2.4.0/24\"]", {}},
      {"[pods]\ncluster_cidrs = [\"10.1.0.0/16\"]\nnode_cidrs = [\"10.1.4.0/24\", \"10.2.4.0/24\", "
       "\"fd00::/64\"]",
       {"config.toml:3:30: pods.node_cidrs: 10.2.4.0/24 lies outside all pods.cluster_cidrs",
        "config.toml:3:45: pods.node_cidrs: fd00::/64 lies outside all pods.cluster_cidrs"}},
      {"[pods]\ncluster_cidrs = [\"10.1.0.0/16\"]\nnode_cidrs = [\"10.0.0.0/8\"]",
       {"config.toml:3:15: pods.node_cidrs: 10.0.0.0/8 lies outside all pods.cluster_cidrs"}},
  });
}

TEST(ConfigErrors, NothingFollowsFromAClusterCidrThatCouldNotBeRead) {
  EXPECT_THAT(
      errors_of("[pods]\ncluster_cidrs = [\"10.1.0.0/16\", \"10.2.0.0\"]\nnode_cidrs = [\"10.2.4.0/24\"]"),
      ElementsAre(StartsWith("config.toml:2:33: pods.cluster_cidrs: '10.2.0.0' is not a CIDR")));
}

TEST(ConfigErrors, SelectorsNameANic) {
  const std::string refused = "config.toml:1:5: nic.select: ";
  const std::string forms =
      "selects no NIC: write primary, mac:00:0d:3a:f8:06:ec, name:eth1 or subnet:10.1.0.0/24";
  expect_errors({
      {"nic.select = \"eth1\"", {refused + "'eth1' " + forms}},
      {"nic.select = \"\"", {refused + "'' " + forms}},
      {"nic.select = \"Primary\"", {refused + "'Primary' " + forms}},
      {"nic.select = \"mac:00:0d:3a\"",
       {refused + "'00:0d:3a' is not a MAC address (12 hexadecimal digits)"}},
      {"nic.select = \"name:\"", {refused + "'' cannot be the name of a device"}},
      {"nic.select = \"name:0123456789abcdef\"",
       {refused + "'0123456789abcdef' cannot be the name of a device"}},
      {"nic.select = \"name:a/b\"", {refused + "'a/b' cannot be the name of a device"}},
      {"nic.select = \"name:..\"", {refused + "'..' cannot be the name of a device"}},
      {"nic.select = \"name:a b\"", {refused + "'a b' cannot be the name of a device"}},
      {"nic.select = \"subnet:10.1.0.4/24\"",
       {refused + "'10.1.0.4/24' has host bits set: did you mean 10.1.0.0/24?"}},
      {"nic.select = \"mac:000D3AF806EC\"", {}},
      {"nic.select = \"name:0123456789abcde\"", {}},
      {"nic.select = \"subnet:fd00::/64\"", {}},
  });
}

TEST(ConfigErrors, EndpointsAreHttpAndAHost) {
  for (const std::string endpoint : {"",
                                     "http://",
                                     "http:///",
                                     "169.254.169.254",
                                     "https://169.254.169.254",
                                     "HTTP://169.254.169.254",
                                     "http://169.254.169.254//",
                                     "http://169.254.169.254/metadata",
                                     "http://169.254.169.254:0",
                                     "http://a:",
                                     "http://a:65536",
                                     "http://:80",
                                     "http://169.254.169",
                                     "http://[::1",
                                     "http://::1",
                                     "http://[127.0.0.1]",
                                     "http://a b",
                                     "http://-a",
                                     "http://.",
                                     "ftp://a"}) {
    EXPECT_THAT(errors_of("imds.endpoint = \"" + endpoint + "\""),
                ElementsAre("config.toml:1:6: imds.endpoint: '" + endpoint +
                            "' is not an endpoint: write http:// and a host, perhaps a port, such as "
                            "http://169.254.169.254"));
  }
  for (const std::string endpoint : {"http://user:secret@host", "http://a?sig=secret"}) {
    EXPECT_THAT(
        errors_of("imds.endpoint = \"" + endpoint + "\""),
        ElementsAre("config.toml:1:6: imds.endpoint: a URL with a user or a query is not an endpoint: "
                    "write http:// and a host, perhaps a port, such as http://169.254.169.254"));
  }
  for (const std::string endpoint :
       {"http://169.254.169.254", "http://169.254.169.254/", "http://127.0.0.1:8080", "http://[::1]",
        "http://[::1]:80/", "http://imds.test", "http://a"}) {
    EXPECT_THAT(errors_of("imds.endpoint = \"" + endpoint + "\""), IsEmpty()) << endpoint;
  }
}

TEST(ConfigErrors, ListenAddressesParse) {
  expect_errors({
      {"http.listen = \"localhost:16925\"",
       {"config.toml:1:6: http.listen: 'localhost:16925' is not a listen address: write 127.0.0.1:16925, "
        "[::1]:16925 or unix:/path"}},
      {"http.listen = \"unix:agent.sock\"",
       {"config.toml:1:6: http.listen: 'unix:agent.sock' needs an absolute path, such as "
        "unix:/run/agent.sock"}},
      {"http.metrics_listen = \"10.0.0.4:0\"",
       {"config.toml:1:6: http.metrics_listen: write an address and a port, such as 10.0.0.4:16926: it is "
        "for "
        "other machines"}},
      {"http.metrics_listen = \"unix:/run/metrics.sock\"",
       {"config.toml:1:6: http.metrics_listen: write an address and a port, such as 10.0.0.4:16926: it is "
        "for "
        "other machines"}},
  });
}

TEST(ConfigErrors, AnAddressOfAllHasItsPortForItself) {
  expect_errors({
      {"http.metrics_listen = \"0.0.0.0:16925\"",
       {"config.toml:1:6: http.metrics_listen: 0.0.0.0:16925 has the port of http.listen, 127.0.0.1:16925: "
        "choose another one"}},
      {"http.listen = \"0.0.0.0:80\"\nhttp.metrics_listen = \"10.0.0.4:80\"",
       {"config.toml:2:6: http.metrics_listen: 10.0.0.4:80 has the port of http.listen, 0.0.0.0:80: choose "
        "another one"}},
  });
  for (const std::string address : {"127.0.0.1:16925", "10.0.0.4:16925", "0.0.0.0:16926"})
    EXPECT_THAT(errors_of("http.metrics_listen = \"" + address + "\""), IsEmpty()) << address;
}

TEST(ConfigErrors, ReadinessNamesKnownChecks) {
  expect_errors({
      {"[readiness]\nrequire = [\"nic.found\", \"sysctl.ip_foward\"]\nignore = [\"zzz\"]",
       {"config.toml:2:25: readiness.require: 'sysctl.ip_foward' is not a check id: did you mean "
        "sysctl.ip_forward?",
        "config.toml:3:11: readiness.ignore: 'zzz' is not a check id"}},
      {"[readiness]\nrequire = [\"sysctl.rp_filter\"]\nignore = [\"nic.found\"]", {}},
  });
}

TEST(ConfigErrors, ControlCharactersAreRefusedAndShownEscaped) {
  expect_errors({
      {"kubernetes.kubeconfig = \"/etc/a\\u0000b\"",
       {"config.toml:1:12: kubernetes.kubeconfig: '/etc/a\\x00b' holds a control character"}},
      {"kubernetes.node_name = \"\\u001b[31mred\"",
       {"config.toml:1:12: kubernetes.node_name: '\\x1b[31mred' holds a control character"}},
  });
}

TEST(ConfigErrors, AllAreReportedInTheOrderOfTheFile) {
  const auto errors = errors_of(
      "zone = 1\n"
      "[routes]\n"
      "table = 0\n"
      "metric = 0\n"
      "[imds]\n"
      "poll_interval = 1\n"
      "[pods]\n"
      "cluster_cidrs = [\"10.0.0.0/8\", \"10.0.0.0/8\", \"x\"]\n"
      "[extra]\n");
  EXPECT_THAT(errors,
              ElementsAre(StartsWith("config.toml:1:1: unknown key zone"),
                          StartsWith("config.toml:3:1: routes.table: "),
                          StartsWith("config.toml:4:1: routes.metric: "),
                          StartsWith("config.toml:6:1: imds.poll_interval: "),
                          StartsWith("config.toml:8:32: pods.cluster_cidrs: 10.0.0.0/8 is listed twice"),
                          StartsWith("config.toml:8:46: pods.cluster_cidrs: 'x' is not a CIDR"),
                          StartsWith("config.toml:9:2: unknown section extra")));
}

TEST(ConfigErrors, OfAListThatIsWrongThroughoutTheFirstAreTold) {
  std::vector<agent::ConfigError> errors(5'000,
                                         {.where = "config.toml:3:7", .what = "10.0.0.0/33 is no prefix"});
  const auto lines = agent::lines_of(errors);
  ASSERT_EQ(lines.size(), 21U);
  EXPECT_EQ(lines.front(), "config.toml:3:7: 10.0.0.0/33 is no prefix");
  EXPECT_EQ(lines.back(), "and 4980 more errors");
  errors.resize(20);
  EXPECT_EQ(agent::lines_of(errors).size(), 20U);
  EXPECT_EQ(agent::lines_of(errors).back(), errors.back().text());
  errors.back().what = std::string(5'000'000, 'x');
  EXPECT_LT(agent::lines_of(errors).back().size(), 3'000U);
}

}  // namespace
