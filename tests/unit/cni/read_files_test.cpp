#include "cni/read_files.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <sys/fsuid.h>
#include <sys/un.h>

#include <algorithm>

#include "folder.h"
#include "net/descriptor.h"
#include "tests/support/print.h"

namespace {

using cni::read_cni_files;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

constexpr const char* kBridge = R"({"name":"n","type":"bridge"})";

/// "NAME" for a file that a runtime can use, "NAME PROBLEM" for another.
std::vector<std::string> listed(const NodeFiles& node) {
  const auto files = read_cni_files(node.paths());
  std::vector<std::string> lines;
  if (!files.configuration) return {files.configuration.error().what};
  for (const auto& file : files.configuration->files) {
    EXPECT_THAT(file.path, StartsWith((node / "etc/cni/net.d/").string()));
    const auto name = std::filesystem::path(file.path).filename().string();
    lines.push_back(file.problem.empty() ? name : name + " " + file.problem);
  }
  return lines;
}

/// Nobody's rights for files while it lives: root's are not asked for any.
class AsNobody {
 public:
  AsNobody() : before_(::setfsuid(65534)) {}
  AsNobody(const AsNobody&) = delete;
  AsNobody& operator=(const AsNobody&) = delete;
  ~AsNobody() { ::setfsuid(static_cast<uid_t>(before_)); }

 private:
  int before_;
};

TEST(ReadFiles, AnEmptyNodeHasNothingAndEachPartSaysSo) {
  const NodeFiles node;
  const auto files = read_cni_files(node.paths());
  const auto is_absent = [](const auto& part) { return !part && part.error().code.value() == ENOENT; };
  EXPECT_TRUE(is_absent(files.configuration));
  EXPECT_TRUE(is_absent(files.host_local));
  EXPECT_TRUE(is_absent(files.flannel_lease));
  EXPECT_TRUE(is_absent(files.azure));
  EXPECT_TRUE(is_absent(files.calico_node_name));
  EXPECT_EQ(files.configuration.error().what, (node / "etc/cni/net.d").string() + " is not there");
}

TEST(ReadFiles, ConfigurationsComeAsRuntimesTakeThemAndTheFirstUsableWins) {
  const NodeFiles node;
  for (const char* name : {"9-b.conf", "10-flannel.conflist.bak", "10-flannel.conflist~", "calico-kubeconfig",
                           "20-a.json", "87-podman.CONF", "conf"}) {
    node.write(std::string("etc/cni/net.d/") + name, kBridge);
  }
  node.write("etc/cni/net.d/10-calico.conflist", corpus("half_between_plugins"));
  node.write("etc/cni/net.d/10-azure.conflist", "");
  node.write("etc/cni/net.d/.hidden.conf", "");
  node.write("etc/cni/net.d/15-folder.conf/inner.conf", kBridge);
  node.write(std::string("etc/cni/net.d/99-\x1b]0;.conf"), kBridge);
  EXPECT_THAT(listed(node),
              ElementsAre(".hidden.conf is empty: half written?", "10-azure.conflist is empty: half written?",
                          "10-calico.conflist ends too early, at line 23, column 15: half written?",
                          "20-a.json", "9-b.conf", "99-?]0;.conf"));
  const auto files = read_cni_files(node.paths());
  EXPECT_EQ(files.configuration->winner()->path, (node / "etc/cni/net.d/20-a.json").string());
  EXPECT_EQ(files.configuration->folder, (node / "etc/cni/net.d").string());
}

TEST(ReadFiles, OnlyRegularFilesOfALimitedSizeAndNumberAreRead) {
  const NodeFiles node;
  node.write("etc/cni/net.d/10-large.conf", std::string((1 << 20) + 1, ' '));
  node.write("etc/cni/net.d/11-full.conf",
             kBridge + std::string((1 << 20) - std::string(kBridge).size(), ' '));
  ASSERT_EQ(::mkfifo((node / "etc/cni/net.d/20-fifo.conf").c_str(), 0600),
            0);  // nobody writes: must not wait
  EXPECT_THAT(listed(node), ElementsAre(HasSubstr("10-large.conf is larger than 1024 KiB")))
      << "a runtime may take it, and then it wins";
  node.write("etc/cni/net.d/09-first.conf", kBridge);
  EXPECT_THAT(listed(node), ElementsAre("09-first.conf", "10-large.conf is larger than 1024 KiB",
                                        "11-full.conf", "20-fifo.conf is no regular file"));
  for (int i = 100; i < 220; ++i) node.write("etc/cni/net.d/" + std::to_string(i) + ".conf", kBridge);
  EXPECT_EQ(listed(node).size(), 100U);
}

TEST(ReadFiles, LinksAreFollowedInTheirFolderAndToFilesOfRoots) {
  const NodeFiles node;
  const std::string folder = "etc/cni/net.d/";
  node.write(folder + "..2026_03_01/05-volume.conf", kBridge);  // as a ConfigMap is mounted
  node.link(folder + "..data", "..2026_03_01");
  node.link(folder + "05-volume.conf", "..data/05-volume.conf");
  node.write("etc/shadow.conf", kBridge);
  node.link(folder + "10-out.conf", "../../shadow.conf");
  node.link(folder + "11-absolute.conf", node / "etc/shadow.conf");
  node.link(folder + "12-absolute-within.conf", node / "etc/cni/net.d/05-volume.conf");
  node.link(folder + "13-nowhere.conf", "gone");
  node.link(folder + "14-circle.conf", "14-circle.conf");
  node.link(folder + "15-zero.conf", "/dev/zero");
  ASSERT_EQ(::mkfifo((node / "fifo").c_str(), 0600), 0);
  node.link(folder + "16-fifo.conf", node / "fifo");
  node.link(folder + "17-out-and-nowhere.conf", node / "gone");
  node.link(folder + "18-out-and-around.conf", node / "around");
  node.link("around", node / "around");
  EXPECT_THAT(
      listed(node),
      ElementsAre(
          "05-volume.conf", "10-out.conf", "11-absolute.conf", "12-absolute-within.conf",
          "13-nowhere.conf is a link that leads nowhere", HasSubstr("14-circle.conf cannot be read: "),
          "15-zero.conf is no regular file", "16-fifo.conf is no regular file",
          "17-out-and-nowhere.conf is a link out of its folder, to what is not there or not shown to us",
          HasSubstr("18-out-and-around.conf cannot be read: ")));
}

TEST(ReadFiles, NobodyKnowsTheWinnerWhereTheFirstIsALinkThatIsNotFollowed) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root, to give a file away";
  const NodeFiles node;
  const auto theirs = node.write("home/10-a.conf", kBridge);
  ASSERT_EQ(::chown(theirs.c_str(), 65534, 65534), 0);
  node.link("etc/cni/net.d/10-a.conf", theirs);
  node.write("etc/cni/net.d/20-b.conf", kBridge);
  const auto configuration = read_cni_files(node.paths()).configuration;
  ASSERT_FALSE(configuration);
  EXPECT_EQ(configuration.error().what,
            (node / "etc/cni/net.d/10-a.conf").string() +
                " is a link out of its folder, to a file of user 65534's, not root's: it is not followed");
}

TEST(ReadFiles, ANameThatNoCommandCanUseIsMarked) {
  const NodeFiles node;
  node.write("etc/cni/net.d/10-a\n.conf", kBridge);
  node.write("etc/cni/net.d/20-b'.conf", kBridge);
  const auto files = read_cni_files(node.paths()).configuration->files;
  EXPECT_TRUE(files.at(0).has_odd_name);
  EXPECT_FALSE(files.at(1).has_odd_name);
}

TEST(ReadFiles, WhatOnlyWeMayNotReadIsAnErrorThatSaysWhatToDo) {
  const NodeFiles node;
  node.write("etc/cni/net.d/20-b.conf", kBridge);
  node.write("run/azure-vnet.json", "{}");
  node.write("run/azure-vnet/azure-vnet.lock", "4711");
  node.write("run/flannel/subnet.env", corpus("subnet_env"));
  node.write("var/lib/calico/nodename", "node-1");
  node.write("var/lib/cni/networks/cbr0/10.244.3.9");
  node.program("bridge");
  ASSERT_EQ(::chmod((node / "").c_str(), 0755), 0);
  const std::vector<std::pair<const char*, mode_t>> hidden = {
      {"run/flannel", 0},
      {"var/lib/calico", 0},
      {"var/lib/cni/networks/cbr0", 0},
      {"opt/cni/bin", 0},
      {"run/azure-vnet", 0664}};  // as azure-vnet itself makes it
  for (const auto& [name, mode] : hidden) ASSERT_EQ(::chmod((node / name).c_str(), mode), 0);
  {
    const AsNobody nobody;
    const auto files = read_cni_files(node.paths());
    const auto is_refused = [](const auto& part) {
      return !part && part.error().code.value() == EACCES &&
             part.error().what.find("run the agent as root") != std::string::npos;
    };
    EXPECT_TRUE(is_refused(files.flannel_lease));
    EXPECT_TRUE(is_refused(files.calico_node_name));
    EXPECT_TRUE(is_refused(files.host_local));
    ASSERT_TRUE(files.configuration);
    EXPECT_THAT(files.configuration->missing_programs, IsEmpty());
    EXPECT_THAT(files.configuration->unknown_programs, HasSubstr("opt/cni/bin/bridge cannot be read: "));
    ASSERT_TRUE(files.azure);
    EXPECT_THAT(files.azure->unknown_locks,
                HasSubstr("/run/azure-vnet/azure-vnet-ipam.lock cannot be read: Permission"));
  }
  for (const auto& entry : hidden) ASSERT_EQ(::chmod((node / entry.first).c_str(), 0755), 0);
  // Another might win for the runtime.
  ASSERT_EQ(::chmod(node.write("etc/cni/net.d/10-a.conf", kBridge).c_str(), 0), 0);
  const AsNobody nobody;
  EXPECT_THAT(listed(node),
              ElementsAre(HasSubstr("/10-a.conf cannot be read: Permission denied; run the agent")));
}

TEST(ReadFiles, ProgramsThatTheWinnerLacksAreNamedOnce) {
  const NodeFiles node;
  node.write("etc/cni/net.d/10-x.conflist", R"({"name":"n","plugins":[
      {"type":"calico","ipam":{"type":"host-local"}},{"type":"portmap"},{"type":"bandwidth"},
      {"type":"portmap","ipam":{"type":"dangling"}},{"type":"folder"},{"type":"linked"}]})");
  const auto in_programs = [&](const std::string& text) { return (node / "opt/cni/bin/").string() + text; };
  node.program("calico");
  node.program("bandwidth", 0644);
  node.link("opt/cni/bin/linked", "calico");
  node.link("opt/cni/bin/dangling", "gone");
  std::filesystem::create_directory(node / "opt/cni/bin/folder");
  const auto missing = [&] { return read_cni_files(node.paths()).configuration.value().missing_programs; };
  EXPECT_THAT(missing(),
              ElementsAre(in_programs("host-local is not there"), in_programs("portmap is not there"),
                          in_programs("bandwidth may not be executed by anyone"),
                          in_programs("dangling is a link that leads nowhere"),
                          in_programs("folder is no regular file")));
  std::filesystem::remove_all(node / "opt");
  node.write("etc/cni/net.d/10-x.conflist", corpus("azure_cns"));  // asks a daemon for addresses
  EXPECT_THAT(missing(),
              ElementsAre(in_programs("azure-vnet is not there"), in_programs("portmap is not there")));
  node.write("etc/cni/net.d/10-x.conflist", "");
  EXPECT_THAT(missing(), IsEmpty());
}

TEST(ReadFiles, ProgramsBehindAMetaPluginAndInOtherFoldersAreLookedForToo) {
  const NodeFiles node;
  node.write("etc/cni/net.d/00-multus.conf",
             R"({"name":"multus-cni-network","type":"multus","clusterNetwork":"pods"})");
  node.write("etc/cni/net.d/10-a.conf", R"({"name":"other","type":"other"})");
  node.write("etc/cni/net.d/20-pods.conflist",
             R"({"name":"pods","plugins":[{"type":"ptp","ipam":{"type":"host-local"}},
      {"type":"portmap"}]})");
  node.program("ptp");
  std::filesystem::permissions(node.write("usr/libexec/cni/portmap"), std::filesystem::perms::owner_all);
  const auto configuration = read_cni_files(node.paths()).configuration.value();
  EXPECT_THAT(configuration.missing_programs,
              ElementsAre((node / "opt/cni/bin/multus is not there").string(),
                          (node / "opt/cni/bin/host-local is not there").string()));
  EXPECT_EQ(configuration.network().value().main->type, "ptp");
}

TEST(ReadFiles, ProgramsAreLookedForWhereTheRuntimeDoes) {
  const NodeFiles node;
  node.write("etc/cni/net.d/10-a.conf", R"({"name":"n","type":"ptp"})");
  std::filesystem::permissions(node.write("usr/libexec/cni/ptp"), std::filesystem::perms::owner_all);
  const auto missing = [&] { return read_cni_files(node.paths()).configuration.value().missing_programs; };
  EXPECT_THAT(missing(), IsEmpty());
  const auto folder = (node / "opt/cni/bin").string();
  node.write("etc/containerd/config.toml",
             "version = 2\n[plugins.\"io.containerd.grpc.v1.cri\".cni]\nbin_dir = \"" + folder + "\"\n");
  EXPECT_THAT(missing(), ElementsAre(folder + "/ptp is not there"));
  node.write("run/crio/crio.sock");  // CRI-O runs
  EXPECT_THAT(missing(), IsEmpty());
  node.write("etc/crio/crio.conf", "[crio.network]\nplugin_dirs = [\"" + folder + "/\"]\n");
  EXPECT_THAT(missing(), ElementsAre(folder + "/ptp is not there"));
  node.write("etc/crio/crio.conf.d/10-a",
             "[crio.network]\nplugin_dirs = [\"/x\", \"" + (node / "usr/libexec/cni").string() + "\"]\n");
  EXPECT_THAT(missing(), IsEmpty());
  node.write("run/containerd/containerd.sock");  // which of both makes pods cannot be told
  EXPECT_THAT(missing(), IsEmpty());
}

TEST(ReadFiles, ReservationsAreCountedByNetwork) {
  const NodeFiles node;
  for (const char* name : {"k8s-pod-network/10.244.3.9", "k8s-pod-network/10.244.3.10",
                           "k8s-pod-network/lock", "cbr0/last_reserved_ip.0", "stray"}) {
    node.write(std::string("var/lib/cni/networks/") + name);
  }
  node.link("var/lib/cni/networks/linked", node / "var/lib/cni/networks/k8s-pod-network");
  const auto networks = read_cni_files(node.paths()).host_local;
  ASSERT_TRUE(networks) << networks.error().what;
  const std::vector<observed::HostLocalNetwork> expected = {
      {.folder = (node / "var/lib/cni/networks/cbr0").string(), .reserved = {}},
      {.folder = (node / "var/lib/cni/networks/k8s-pod-network").string(),
       .reserved = {net::Address::parse("10.244.3.9").value(), net::Address::parse("10.244.3.10").value()}}};
  EXPECT_EQ(*networks, expected);
}

TEST(ReadFiles, ReservationsAreWhereThePluginIsToldToKeepThem) {
  const NodeFiles node;
  node.write("elsewhere/n/10.244.3.9");
  node.write("var/lib/cni/networks/n/10.244.3.10");
  const auto keep_in = [&node](const std::string& folder) {
    node.write("etc/cni/net.d/10-n.conf",
               R"({"name":"n","type":"calico","ipam":{"type":"host-local","dataDir":")" + folder + "\"}}");
    return read_cni_files(node.paths()).host_local;
  };
  const std::vector<observed::HostLocalNetwork> expected = {
      {.folder = (node / "elsewhere/n").string(), .reserved = {net::Address::parse("10.244.3.9").value()}}};
  EXPECT_EQ(keep_in((node / "elsewhere/").string()).value(), expected);
  EXPECT_EQ(keep_in((node / "gone").string()).error().code.value(), ENOENT);
  EXPECT_THAT(keep_in("here").error().what, HasSubstr("has the ipam.dataDir here, which depends on where"));
}

TEST(ReadFiles, TheLeaseAndTheNodeNameAreTaken) {
  const NodeFiles node;
  node.write("run/flannel/subnet.env", corpus("subnet_env"));
  node.write("var/lib/calico/nodename", "node-1\n");
  auto files = read_cni_files(node.paths());
  ASSERT_TRUE(files.flannel_lease) << files.flannel_lease.error().what;
  EXPECT_EQ(files.flannel_lease->mtu, 1450U);
  EXPECT_EQ(files.calico_node_name.value(), "node-1");
  node.write("run/flannel/subnet.env", "FLANNEL_NETWORK=10.244.0.0/16\n");
  node.write("var/lib/calico/nodename", "");
  files = read_cni_files(node.paths());
  EXPECT_EQ(files.flannel_lease.error().what,
            (node / "run/flannel/subnet.env").string() + " has no FLANNEL_SUBNET: half written?");
  EXPECT_EQ(files.calico_node_name.error().code.value(), EBADMSG);
}

TEST(ReadFiles, AzuresStateIsCountedAndBrokenFilesAreNamed) {
  const NodeFiles node;
  node.write("run/azure-vnet.json", "{\"Network\":{\"Version\":");
  node.write("run/azure-vnet-ipam.json", corpus("azure_vnet_ipam"));
  node.write("run/azure-cns/azure-endpoints.json", "[]");
  auto azure = read_cni_files(node.paths()).azure;
  ASSERT_TRUE(azure) << azure.error().what;
  EXPECT_EQ(azure->pool, (observed::AzureCniState::Pool{.known = 3, .in_use = 2}));
  EXPECT_THAT(azure->broken_files,
              ElementsAre((node / "run/azure-vnet.json").string() +
                              ": ends too early, at line 1, column 23: half written?",
                          (node / "run/azure-cns/azure-endpoints.json").string() + ": is no JSON object"));
  node.write("run/azure-vnet-ipam.json", "");
  azure = read_cni_files(node.paths()).azure;
  EXPECT_EQ(azure->pool, std::nullopt);
  EXPECT_EQ(azure->broken_files.size(), 3U);
}

TEST(ReadFiles, ALockIsHeldWhereTheOldFileIsThereOrTheNewOneIsFlocked) {
  const NodeFiles node;
  const auto held = [&] {
    std::vector<std::string> paths;
    const auto azure = read_cni_files(node.paths()).azure;
    for (const auto& lock : azure.value_or(observed::AzureCniState{}).locks) {
      paths.push_back(std::filesystem::path(lock.path).filename().string());
    }
    return paths;
  };
  const net::Descriptor flocked(
      ::open(node.write("run/azure-vnet/azure-vnet.lock", "4711").c_str(), O_RDONLY));
  node.write("run/azure-vnet/azure-vnet-ipam.lock", "4712");
  EXPECT_THAT(held(), IsEmpty());
  ASSERT_EQ(::flock(flocked.get(), LOCK_EX), 0);
  EXPECT_THAT(held(), ElementsAre("azure-vnet.lock"));
  ASSERT_EQ(::flock(flocked.get(), LOCK_UN), 0);
  EXPECT_THAT(held(), IsEmpty());

  const auto old = node.write("run/azure-vnet.json.lock", "4713");
  std::filesystem::last_write_time(old,
                                   std::filesystem::file_time_type::clock::now() - std::chrono::hours(2));
  EXPECT_THAT(held(), ElementsAre("azure-vnet.json.lock"));
  const auto age = read_cni_files(node.paths()).azure.value().locks.front().age;
  EXPECT_GE(age, std::chrono::hours(2));
  EXPECT_LT(age, std::chrono::hours(3));
  std::filesystem::last_write_time(old,
                                   std::filesystem::file_time_type::clock::now() + std::chrono::hours(2));
  EXPECT_EQ(read_cni_files(node.paths()).azure.value().locks.front().age, std::chrono::seconds(0));
}

}  // namespace
