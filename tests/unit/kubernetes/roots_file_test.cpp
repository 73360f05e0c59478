#include "host/files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <functional>

#include "kubernetes/kubeconfig.h"
#include "kubernetes/local_files.h"
#include "tests/support/folder.h"

namespace {

namespace fs = std::filesystem;
using host::open_roots_file;
using kubernetes::FilesOf;
using testing::HasSubstr;

constexpr uid_t kNobody = 65534;

/// A folder of root's alone, which /tmp is none: `place()/etc/file` is readable there.
class RootsFile : public testing::Test {
 protected:
  void SetUp() override {
    if (geteuid() != 0) GTEST_SKIP() << "takes root, whose files they have to be";
    folder_.emplace("/run");
    place_ = *folder_;
    write("etc/file", "text");
  }

  fs::path write(const std::string& name, const std::string& text, mode_t mode = 0600) const {
    const auto file = place_ / name;
    fs::create_directories(file.parent_path());
    std::ofstream(file) << text;
    EXPECT_EQ(::chmod(file.c_str(), mode), 0);
    return file;
  }
  void link(const fs::path& to, const std::string& name, uid_t owner = 0) const {
    fs::create_symlink(to, place_ / name);
    EXPECT_EQ(::lchown((place_ / name).c_str(), owner, owner), 0);
  }
  void expect_refused(const std::string& name, const char* why, int code = EACCES) const {
    const auto text = kubernetes::read_file(place_ / name, FilesOf::root);
    ASSERT_FALSE(text) << name;
    EXPECT_EQ(text.error().code.value(), code) << text.error().what;
    EXPECT_THAT(text.error().what, HasSubstr(why));
    EXPECT_THAT(text.error().what, HasSubstr((place_ / name).string()));
  }
  void expect_read(const std::string& name) const {
    const auto text = kubernetes::read_file(place_ / name, FilesOf::root);
    ASSERT_TRUE(text) << text.error().what;
    EXPECT_EQ(*text, "text");
  }

  std::optional<test_support::Folder> folder_;
  fs::path place_;
};

TEST_F(RootsFile, IsReadWhereverRootsOwnLinksLead) {
  expect_read("etc/file");
  expect_read("etc/../etc/./file");
  link("file", "etc/relative");
  link(place_ / "etc/relative", "absolute");
  link("../etc", "etc/up");
  link("etc", "folder");
  expect_read("etc/relative");
  expect_read("absolute");
  expect_read("etc/up/up/file");
  expect_read("folder/file");
  // As the kubelet rotates its certificate.
  write("pki/kubelet-client-2026-11-28-01-02-03.pem", "text");
  link(place_ / "pki/kubelet-client-2026-11-28-01-02-03.pem", "pki/kubelet-client-current.pem");
  expect_read("pki/kubelet-client-current.pem");
}

TEST_F(RootsFile, AFileOfAnothersOrThatOthersMayWriteIsNot) {
  for (const mode_t mode : {0620U, 0602U, 0666U}) {
    write("etc/open", "text", mode);
    expect_refused("etc/open", "others than root may write 'open'");
  }
  const auto file = write("etc/theirs", "text");
  ASSERT_EQ(::chown(file.c_str(), kNobody, 0), 0);
  expect_refused("etc/theirs", "'theirs' on the way to it belongs to user 65534");
  for (const mode_t mode : {0400U, 0440U, 0444U, 0644U, 0600U}) {
    write("etc/closed", "text", mode);
    expect_read("etc/closed");
  }
}

TEST_F(RootsFile, AFolderOfAnothersOrThatOthersMayWriteLeadsNowhere) {
  for (const mode_t mode : {0777U, 01777U, 0775U, 0722U}) {
    ASSERT_EQ(::chmod((place_ / "etc").c_str(), mode), 0);
    expect_refused("etc/file", "others than root may write 'etc'");
  }
  ASSERT_EQ(::chmod((place_ / "etc").c_str(), 0755), 0);
  ASSERT_EQ(::chown((place_ / "etc").c_str(), kNobody, 0), 0);
  expect_refused("etc/file", "'etc' on the way to it belongs to user 65534");
  EXPECT_FALSE(open_roots_file("/tmp/anything"));
}

TEST_F(RootsFile, ALinkOfAnothersIsNotFollowedNorOneIntoAFolderOfAnothers) {
  link("file", "etc/planted", kNobody);
  expect_refused("etc/planted", "'planted' on the way to it belongs to user 65534");
  fs::create_directories(place_ / "home");
  write("home/file", "text");
  ASSERT_EQ(::chown((place_ / "home").c_str(), kNobody, kNobody), 0);
  link(place_ / "home/file", "etc/away");
  expect_refused("etc/away", "'home' on the way to it belongs to user 65534");
  link("../home", "etc/folder");
  expect_refused("etc/folder/file", "'home'");
  // Out again: a folder of another's was on the way, and its ".." is not what root meant.
  expect_refused("home/../etc/file", "'home'");
}

TEST_F(RootsFile, WhatIsNoFileIsSaid) {
  expect_refused("etc/missing", "No such file", ENOENT);
  expect_refused("etc", "directory", EISDIR);
  expect_refused("etc/file/more", "Not a directory", ENOTDIR);
  link("loop", "loop");
  expect_refused("loop", "symbolic links", ELOOP);
  ASSERT_EQ(::mkfifo((place_ / "etc/fifo").c_str(), 0600), 0);
  expect_refused("etc/fifo", "no regular file");
  expect_refused("../../dev/null", "no regular file");
  const auto relative = open_roots_file("etc/file");
  ASSERT_FALSE(relative);
  EXPECT_EQ(relative.error().code.value(), EINVAL);
  // The kernel's magic links are not root's word.
  EXPECT_FALSE(open_roots_file("/proc/self/cwd/etc/file"));
}

TEST_F(RootsFile, LargerThanAMebibyteIsNotRead) {
  write("etc/large", std::string((std::size_t{1} << 20) + 1, 'x'));
  expect_refused("etc/large", "larger", EFBIG);
}

// Who reads for others.

class ForOthers : public RootsFile {
 protected:
  static std::string kubeconfig(const std::string& cluster, const std::string& user) {
    return "{current-context: k, contexts: [{name: k, context: {cluster: c, user: u}}], clusters: [{name: c, "
           "cluster: "
           "{server: 'https://h'" +
           cluster + "}}], users: [{name: u, user: {" + user + "}}]}";
  }
  void expect_refused_kubeconfig(const std::string& text, const char* why) const {
    write("etc/kubeconfig", text);
    const auto access = kubernetes::read_kubeconfig(place_ / "etc/kubeconfig", FilesOf::root);
    ASSERT_FALSE(access);
    EXPECT_EQ(access.error().code.value(), EACCES);
    EXPECT_THAT(access.error().what, HasSubstr(why));
    EXPECT_TRUE(kubernetes::read_kubeconfig(place_ / "etc/kubeconfig")) << "by hand it is";
  }
};

TEST_F(ForOthers, AKubeconfigsFilesAreInItsFolderOrWhereTheKubeletsAre) {
  write("etc/token", "abc");
  write("etc/pki/ca.crt", "ca");
  write("etc/kubeconfig", kubeconfig(", certificate-authority: pki/ca.crt", "tokenFile: ./token"));
  const auto access = kubernetes::read_kubeconfig(place_ / "etc/kubeconfig", FilesOf::root);
  ASSERT_TRUE(access) << access.error().what;
  EXPECT_EQ(access->token, "abc");
  EXPECT_EQ(access->identity.ca_pem, "ca");

  const auto elsewhere = write("secrets/token", "another's");
  expect_refused_kubeconfig(kubeconfig("", "tokenFile: ../secrets/token"),
                            "names a tokenFile that is not read");
  expect_refused_kubeconfig(kubeconfig("", "tokenFile: '" + elsewhere.string() + "'"), "tokenFile");
  expect_refused_kubeconfig(kubeconfig(", certificate-authority: '" + elsewhere.string() + "'", "token: t"),
                            "names a certificate-authority that is not read");
  expect_refused_kubeconfig(
      kubeconfig("", "client-certificate: token, client-key: '" + elsewhere.string() + "'"),
      "names a client-key");
  // The kubelet's folders are no beginnings of names.
  write("etc-more/token", "another's");
  expect_refused_kubeconfig(kubeconfig("", "tokenFile: ../etc-more/token"), "tokenFile");
}

TEST_F(ForOthers, WhatAKubeconfigNamesHasToBeRootsToo) {
  const auto token = write("etc/token", "abc", 0666);
  expect_refused_kubeconfig(kubeconfig("", "tokenFile: token"), "others than root may write 'token'");
  ASSERT_EQ(::chmod(token.c_str(), 0600), 0);
  ASSERT_EQ(::chown(token.c_str(), kNobody, 0), 0);
  expect_refused_kubeconfig(kubeconfig("", "tokenFile: token"), "belongs to user 65534");
}

TEST_F(ForOthers, AzureJsonHasToBeRoots) {
  const auto file = write("etc/azure.json", "{}", 0666);
  EXPECT_FALSE(kubernetes::read_cloud_config(file, FilesOf::root));
  EXPECT_TRUE(kubernetes::read_cloud_config(file));
  ASSERT_EQ(::chmod(file.c_str(), 0644), 0);
  EXPECT_TRUE(kubernetes::read_cloud_config(file, FilesOf::root));
}

}  // namespace
