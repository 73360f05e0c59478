#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/sysmacros.h>

#include "cni/configuration.h"
#include "cni/plugin_state.h"
#include "cni/programs.h"
#include "folder.h"
#include "tests/support/print.h"

namespace {

using cni::parse_configuration;
using cni::Shape;
using observed::CniPlugin;
using testing::HasSubstr;

CniPlugin plugin(std::string type, std::string ipam = {}, std::string subnet = {}) {
  CniPlugin made;
  made.type = std::move(type);
  made.ipam = std::move(ipam);
  made.subnet = std::move(subnet);
  return made;
}

CniPlugin with(CniPlugin made, std::string mode, std::string bridge, std::optional<std::uint32_t> mtu) {
  made.mode = std::move(mode);
  made.bridge = std::move(bridge);
  made.mtu = mtu;
  return made;
}

TEST(Configuration, SaysWhoMakesInterfacesAndGivesAddressesInEveryRealShape) {
  const struct {
    const char* file;
    Shape shape;
    const char* network;
    std::vector<CniPlugin> plugins;
  } cases[] = {
      {"calico_policy_only",
       Shape::list,
       "k8s-pod-network",
       {with(plugin("calico", "host-local", "usePodCidr"), "", "", 1500), plugin("portmap")}},
      {"canal",
       Shape::list,
       "k8s-pod-network",
       {with(plugin("calico", "host-local", "usePodCidr"), "", "", 1450), plugin("portmap"),
        plugin("bandwidth")}},
      {"flannel", Shape::list, "cbr0", {plugin("flannel"), plugin("portmap")}},
      {"flannel_delegate",
       Shape::plugin,
       "cbr0",
       {with(plugin("flannel", "host-local", "10.244.3.0/24"), "", "cni0", 1450)}},
      {"azure_transparent",
       Shape::list,
       "azure",
       {with(plugin("azure-vnet", "azure-vnet-ipam"), "transparent", "azure0", std::nullopt),
        plugin("portmap")}},
      {"azure_cns",
       Shape::list,
       "azure",
       {with(plugin("azure-vnet", "azure-cns"), "transparent", "", std::nullopt), plugin("portmap")}},
      {"kubenet_containerd",
       Shape::list,
       "kubenet",
       {with(plugin("bridge", "host-local", "10.244.2.0/24"), "", "cbr0", 1500), plugin("portmap")}},
      {"calico_auth_token",
       Shape::plugin,
       "k8s-pod-network",
       {with(plugin("calico", "calico-ipam"), "", "", 1500)}},
  };
  for (const auto& [file, shape, network, plugins] : cases) {
    SCOPED_TRACE(file);
    const auto parsed = parse_configuration(corpus(file), shape);
    EXPECT_EQ(parsed.problem, "");
    EXPECT_EQ(parsed.network, network);
    EXPECT_EQ(parsed.plugins, plugins);
  }
}

TEST(Configuration, SaysWhomAMetaPluginHandsPodsTo) {
  const auto shim = parse_configuration(corpus("multus_shim"), Shape::plugin);
  EXPECT_EQ(shim.problem, "");
  EXPECT_EQ(shim.plugins, std::vector{plugin("multus-shim")});
  EXPECT_EQ(shim.delegation.to, "/host/etc/cni/net.d/10-calico.conflist");
  const auto thin = parse_configuration(corpus("multus_delegates"), Shape::plugin);
  EXPECT_EQ(thin.delegation.to, "");
  EXPECT_EQ(thin.delegation.network, "azure");
  EXPECT_EQ(thin.delegation.plugins,
            (std::vector{with(plugin("azure-vnet", "azure-vnet-ipam"), "transparent", "", std::nullopt),
                         plugin("portmap")}));
  EXPECT_EQ(parse_configuration(corpus("flannel"), Shape::list).delegation, observed::CniDelegation{});
  const auto hostile = parse_configuration(
      R"({"name":"n","type":"multus","clusterNetwork":"a\nb\u001b[2K","delegates":[{"type":"/bin/sh"}]})",
      Shape::plugin);
  EXPECT_EQ(hostile.delegation.to, "a b?[2K");
  EXPECT_TRUE(hostile.delegation.plugins.empty());
}

TEST(Configuration, WhatNoRuntimeCanUseSaysWhyAndWhereAndNothingOfItsText) {
  const std::string secret = "eyJhbGciOiJSUzI1NiJ9";
  const struct {
    Shape shape;
    std::string text;
    const char* problem;
  } cases[] = {
      {Shape::plugin, "", "is empty: half written?"},
      {Shape::plugin, "\n \n", "is empty: half written?"},
      {Shape::plugin, "{\"name\":\"n\",\n \"token\":\"" + secret,
       "ends too early, at line 2, column 31: half written?"},
      {Shape::plugin, "{\"name\":\"n\",\n \"type\":" + secret + "}", "is not valid JSON at line 2, column 9"},
      {Shape::plugin, "{\"name\":\"n\"} " + secret, "is not valid JSON at line 1, column 14"},
      {Shape::plugin, std::string(64, '\0'), "is not valid JSON at line 1, column 1"},
      {Shape::plugin, "{\"name\":\"\xff" + secret, "is not valid JSON at line 1, column 10"},
      {Shape::plugin, "\xef\xbb\xbf{\"name\":\"n\",\"type\":\"bridge\"}",
       "is not valid JSON at line 1, column 1: it begins with a byte order mark"},
      {Shape::plugin, R"({"name":"n","type":"bridge","mtu":1e999})",
       "is not valid JSON: a number is out of range"},
      {Shape::plugin, std::string(10'001, '['), "is nested deeper than 10000 levels"},
      {Shape::plugin, "[]", "has no \"name\""},
      {Shape::plugin, R"({"type":"bridge"})", "has no \"name\""},
      {Shape::plugin, R"({"name":7,"type":"bridge"})", "has no \"name\""},
      {Shape::plugin, R"({"name":"../x","type":"bridge"})", "has a \"name\" that is no network's name"},
      {Shape::plugin, R"({"name":"n"})", "has no \"type\""},
      {Shape::plugin, R"({"name":"n","type":["bridge"]})", "has no \"type\""},
      {Shape::plugin, R"({"name":"n","plugins":[{"type":"bridge"}]})",
       "has no \"type\": a list of plug-ins belongs into a file *.conflist"},
      {Shape::list, R"({"name":"n","type":"bridge"})", "has no list \"plugins\""},
      {Shape::list, R"({"name":"n","plugins":[]})", "has no list \"plugins\""},
      {Shape::list, R"({"name":"n","plugins":{"type":"bridge"}})", "has no list \"plugins\""},
      {Shape::list, R"({"name":"n","plugins":[{"type":"bridge"},{}]})", "has no \"type\" in plug-in 2"},
      {Shape::list, R"({"name":"n","plugins":[{"type":"bridge"},"x"]})", "has no \"type\" in plug-in 2"},
      {Shape::list, R"({"name":"n","plugins":[{"type":"bin/sh"}]})",
       "has a \"type\" that is no program's name in plug-in 1"},
      {Shape::plugin, R"({"name":"n","type":".."})", "has a \"type\" that is no program's name"},
      {Shape::plugin, R"({"name":"n","type":"a\u0000b"})", "has a \"type\" that is no program's name"},
      {Shape::plugin, R"({"name":"n","type":"calico","ipam":{"type":"/bin/sh"}})",
       "has an \"ipam\" whose \"type\" is no program's name"},
  };
  for (const auto& [shape, text, problem] : cases) {
    SCOPED_TRACE(text);
    const auto parsed = parse_configuration(text, shape);
    EXPECT_EQ(parsed.problem, problem);
    EXPECT_TRUE(parsed.plugins.empty());
  }
  std::string many = R"({"name":"n","plugins":[{"type":"bridge"})";
  for (int i = 0; i < 64; ++i) many += R"(,{"type":"bridge"})";
  const auto cut = parse_configuration(many + "]}", Shape::list);
  EXPECT_EQ(cut.problem, "") << "a runtime takes them all";
  EXPECT_EQ(cut.plugins.size(), 64U);
}

TEST(Runtime, SaysWhereItLooksForPlugIns) {
  using Cases = std::vector<std::pair<std::string, std::optional<cni::Folders>>>;
  const std::string v2 = "version = 2\n[plugins.'io.containerd.grpc.v1.cri'.cni]\n";
  const std::string v3 = "version = 3\n[plugins.'io.containerd.cri.v1.runtime'.cni]\n";
  const Cases containerd = {
      {v2 + "bin_dir = '/a'\n", cni::Folders{"/a"}},
      {v3 + "bin_dir = '/a'\n", cni::Folders{"/a"}},
      {v3 + "bin_dirs = ['/a', '/b']\nbin_dir = ''\n", cni::Folders{"/a", "/b"}},
      {"[plugins.cri.cni]\nbin_dir = '/a'\n", cni::Folders{"/a"}},
      {"", std::nullopt},
      {v2, std::nullopt},
      {v2 + "bin_dir = 7\n", std::nullopt},
      {v2 + "bin_dir = 'here'\n", std::nullopt},
      {v2 + "bin_dir = \"/\\u001b\"\n", std::nullopt},
      {"imports = ['/x/*.toml']\n" + v2 + "bin_dir = '/a'\n", std::nullopt},
      {"disabled_plugins = ['cri']\n" + v2 + "bin_dir = '/a'\n", std::nullopt},
      {"version = 4\n", std::nullopt},
      {"version = '2'\nplugins = 7\n", std::nullopt},
      {"nonsense", std::nullopt},
      {"a" + std::string(500'000, '.'), std::nullopt},
  };
  for (const auto& [text, folders] : containerd)
    EXPECT_EQ(cni::containerds_program_folders(text), folders) << text.substr(0, 200);
  const Cases crio = {
      {"[crio.network]\nplugin_dirs = ['/a']\nplugin_dir = '/b'\n", cni::Folders{"/a", "/b"}},
      {"[crio.network]\n", std::nullopt},
      {"crio = 7", std::nullopt},
  };
  for (const auto& [text, folders] : crio) EXPECT_EQ(cni::crios_program_folders(text), folders) << text;
}

TEST(Configuration, IsAsDeepAsGoTakesIt) {
  const auto deep = std::string(9'000, '[') + std::string(9'000, ']');
  EXPECT_EQ(parse_configuration(R"({"name":"n","type":"bridge","x":)" + deep + "}", Shape::plugin).problem,
            "");
}

TEST(Configuration, SaysWhereHostLocalKeepsItsNetworks) {
  const auto given = parse_configuration(
      R"({"name":"n","type":"calico","ipam":{"type":"host-local","dataDir":"/var/lib/xx/\u001b"}})",
      Shape::plugin);
  EXPECT_EQ(given.plugins.front().data_dir, "/var/lib/xx/?");
}

TEST(Configuration, MembersOfAnotherKindAreAbsentAndStrangersWordsAreOnePrintableLine) {
  const auto odd = parse_configuration(R"({"name":"n","type":"bridge","ipam":"host-local","mtu":-1,"mode":7,
                                           "bridge":"cni0\n\u001b[31m"})",
                                       Shape::plugin);
  EXPECT_EQ(odd.problem, "");
  EXPECT_EQ(odd.plugins, std::vector{with(plugin("bridge"), "", "cni0 ?[31m", std::nullopt)});
  for (const char* mtu : {"4294967296", "1500.5", "\"1500\"", "null"}) {
    const auto text = std::string(R"({"name":"n","type":"bridge","mtu":)") + mtu + "}";
    EXPECT_EQ(parse_configuration(text, Shape::plugin).plugins, std::vector{plugin("bridge")}) << mtu;
  }
}

std::vector<std::string> texts(const std::vector<net::Prefix>& prefixes) {
  std::vector<std::string> all;
  for (const auto& prefix : prefixes) all.push_back(prefix.text());
  return all;
}

TEST(SubnetEnv, IsReadInEveryFamily) {
  const std::string rest = "FLANNEL_MTU=1450\nFLANNEL_IPMASQ=true\n";
  const struct {
    std::string text;
    std::vector<std::string> networks, subnets;
  } cases[] = {
      {corpus("subnet_env"), {"10.244.0.0/16"}, {"10.244.3.0/24"}},
      {"FLANNEL_NETWORK=10.244.0.0/16\r\nFLANNEL_SUBNET=10.244.3.1/24\r\nFLANNEL_IPV6_NETWORK=fd00::/48\r\n"
       "FLANNEL_IPV6_SUBNET=fd00:0:0:3::1/64\r\nFLANNEL_MTU=1450\r\nFLANNEL_IPMASQ=true",
       {"10.244.0.0/16", "fd00::/48"},
       {"10.244.3.0/24", "fd00:0:0:3::/64"}},
      {"FLANNEL_IPV6_NETWORK=fd00::/48\nFLANNEL_IPV6_SUBNET=fd00:0:0:3::1/64\n" + rest,
       {"fd00::/48"},
       {"fd00:0:0:3::/64"}},
      {"FLANNEL_NETWORK=10.244.0.0/16,10.245.0.0/16\nFLANNEL_SUBNET=10.245.3.1/24\n# note\nFLANNEL_NEW=1\n" +
           rest,
       {"10.244.0.0/16", "10.245.0.0/16"},
       {"10.245.3.0/24"}},
  };
  for (const auto& [text, networks, subnets] : cases) {
    SCOPED_TRACE(text);
    const auto lease = cni::parse_subnet_env(text);
    ASSERT_TRUE(lease) << lease.error().what;
    EXPECT_EQ(texts(lease->networks), networks);
    EXPECT_EQ(texts(lease->subnets), subnets);
    EXPECT_EQ(lease->mtu, 1450U);
    EXPECT_TRUE(lease->masquerades);
  }
}

TEST(SubnetEnv, WhatFlannelsPluginWouldRefuseIsNamed) {
  const std::string networks = "FLANNEL_NETWORK=10.244.0.0/16\nFLANNEL_SUBNET=10.244.3.1/24\n";
  const struct {
    std::string text;
    const char* why;
  } cases[] = {
      {"", "has no FLANNEL_NETWORK: half written?"},
      {"FLANNEL_NETWORK=10.244.0.0/16\nFLANNEL_SUB", "has no FLANNEL_SUBNET: half written?"},
      {"FLANNEL_NETWORK=10.244.0.0/16\nFLANNEL_SUBNET=", "has FLANNEL_SUBNET that is no ADDRESS/LENGTH"},
      {"FLANNEL_NETWORK=10.244.0.0/33\n", "has FLANNEL_NETWORK that is no ADDRESS/LENGTH"},
      {"FLANNEL_NETWORK=10.244.0.0/16 \n", "has FLANNEL_NETWORK that is no ADDRESS/LENGTH"},
      {"FLANNEL_IPV6_SUBNET=fd00::1/64\n", "has no FLANNEL_IPV6_NETWORK: half written?"},
      {networks, "has no FLANNEL_MTU: half written?"},
      {networks + "FLANNEL_MTU=-1\n", "has FLANNEL_MTU that is no number"},
      {networks + "FLANNEL_MTU=14500000000\n", "has FLANNEL_MTU that is no number"},
      {networks + "FLANNEL_MTU=1450\n", "has no FLANNEL_IPMASQ: half written?"},
      {networks + "FLANNEL_MTU=1450\nFLANNEL_IPMASQ=tr", "has FLANNEL_IPMASQ that is neither true nor false"},
  };
  for (const auto& [text, why] : cases) {
    SCOPED_TRACE(text);
    const auto lease = cni::parse_subnet_env(text);
    ASSERT_FALSE(lease);
    EXPECT_EQ(lease.error().code.value(), EBADMSG);
    EXPECT_EQ(lease.error().what, why);
  }
}

TEST(AzurePool, CountsAddressesOverAllPoolsAndTakesWhatIsAbsentForNone) {
  const struct {
    std::string text;
    observed::AzureCniState::Pool pool;
  } cases[] = {
      {corpus("azure_vnet_ipam"), {.known = 3, .in_use = 2}},
      {R"({"IPAM":{"AddressSpaces":{
            "local":{"Pools":{"a":{"Addresses":{"1":{"InUse":true},"2":{}}},"b":{"Addresses":{"3":{"InUse":"true"}}}}},
            "global":{"Pools":{"c":{"Addresses":{"4":{"InUse":true},"5":null}}}}}}})",
       {.known = 5, .in_use = 2}},
      {"{}", {}},
      {R"({"IPAM":null})", {}},
      {R"({"IPAM":{"AddressSpaces":[{"Pools":7}]}})", {}},
      {R"({"IPAM":{"AddressSpaces":{"local":null,"x":{"Pools":{"a":[],"b":{"Addresses":"none"}}}}}})", {}},
  };
  for (const auto& [text, pool] : cases) {
    SCOPED_TRACE(text);
    const auto parsed = cni::parse_azure_pool(text);
    ASSERT_TRUE(parsed) << parsed.error().what;
    EXPECT_EQ(parsed->known, pool.known);
    EXPECT_EQ(parsed->in_use, pool.in_use);
  }
  EXPECT_EQ(cni::parse_azure_pool("[]").error().what, "is no JSON object");
  EXPECT_THAT(cni::check_azure_state("{\"Network\":").error().what, HasSubstr("ends too early"));
  EXPECT_TRUE(cni::check_azure_state("{\"Network\":{}}"));
}

TEST(ProcLocks, OnlyAFlockThatIsHeldCounts) {
  const auto device = makedev(0, 0x1a);
  const struct {
    const char* line;
    bool flocked;
  } cases[] = {
      {"1: FLOCK  ADVISORY  WRITE 4711 00:1a:812 0 EOF\n", true},
      {"1: POSIX  ADVISORY  READ 1 fe:00:9 0 EOF\n2: FLOCK  ADVISORY  WRITE 4711 00:1a:812 0 EOF", true},
      {"1: -> FLOCK  ADVISORY  WRITE 4711 00:1a:812 0 EOF\n", false},
      {"1: POSIX  ADVISORY  WRITE 4711 00:1a:812 0 EOF\n", false},
      {"1: FLOCK  ADVISORY  WRITE 4711 00:1a:8120 0 EOF\n", false},
      {"1: FLOCK  ADVISORY  WRITE 4711 00:1b:812 0 EOF\n", false},
      {"1: FLOCK  ADVISORY  WRITE 812 00:1a:3 0 EOF\n", false},
      {"", false},
  };
  for (const auto& [line, flocked] : cases) {
    EXPECT_EQ(cni::is_flocked(line, device, 812), flocked) << line;
  }
}

TEST(HostLocal, AFileNamedAfterAnAddressIsAReservation) {
  const std::vector<std::string> names = {"10.244.3.10", "10.244.3.9",   "fd00::3", "last_reserved_ip.0",
                                          "lock",        "10.244.3.300", "..",      "10.244.3.9~"};
  const std::vector expected = {net::Address::parse("10.244.3.9").value(),
                                net::Address::parse("10.244.3.10").value(),
                                net::Address::parse("fd00::3").value()};
  EXPECT_EQ(cni::reserved_addresses(names), expected);
}

}  // namespace
