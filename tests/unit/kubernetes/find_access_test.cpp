#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <cstdlib>
#include <string>

#include "kubernetes/kubernetes.h"
#include "tests/support/folder.h"

namespace {

using kubernetes::find_access;
using testing::AllOf;
using testing::HasSubstr;

class FindAccess : public testing::Test {
 protected:
  void SetUp() override { be_in_pod("", ""); }

  static void be_in_pod(const char* host, const char* port) {
    ::setenv("KUBERNETES_SERVICE_HOST", host, 1);
    ::setenv("KUBERNETES_SERVICE_PORT", port, 1);
  }

  std::string write_kubeconfig(const std::string& name) {
    return folder_
        .write(name,
               "{current-context: k, contexts: [{name: k, context: {cluster: c, user: u}}],\n"
               " clusters: [{name: c, cluster: {server: 'https://" +
                   name + "'}}], users: [{name: u, user: {token: t}}]}")
        .string();
  }

  test_support::Folder folder_;
  kubernetes::Places places_{.service_account = folder_.path() / "account",
                             .kubeconfigs = {folder_.path() / "first", folder_.path() / "second"}};
};

TEST_F(FindAccess, APodHasItsServiceAccount) {
  write_kubeconfig("first");
  folder_.write("account/token", "abc\n");
  folder_.write("account/ca.crt", "ca");
  const struct {
    const char* host;
    const char* server;
  } cases[] = {{"10.0.0.1", "https://10.0.0.1:443"},
               {"fd00::1", "https://[fd00::1]:443"},
               {"kubernetes.default.svc", "https://kubernetes.default.svc:443"}};
  for (const auto& [host, server] : cases) {
    be_in_pod(host, "443");
    const auto access = find_access("", places_);
    ASSERT_TRUE(access) << access.error().what;
    EXPECT_EQ(access->server, server);
    EXPECT_EQ(access->token, "abc");
    EXPECT_EQ(access->identity.ca_pem, "ca");
    EXPECT_EQ(access->source, "in-cluster");
  }
}

TEST_F(FindAccess, ANodeHasTheFirstKubeconfigThatExists) {
  write_kubeconfig("second");
  EXPECT_EQ(find_access("", places_)->server, "https://second");
  write_kubeconfig("first");
  EXPECT_EQ(find_access("", places_)->server, "https://first");
}

TEST_F(FindAccess, OneThatIsThereAndUnusableIsNotPassedOver) {
  write_kubeconfig("second");
  folder_.write("first", "{}");
  const auto access = find_access("", places_);
  ASSERT_FALSE(access);
  EXPECT_EQ(access.error().code.value(), EINVAL);
  EXPECT_THAT(access.error().what, HasSubstr("first"));
}

TEST_F(FindAccess, AServiceAccountWithoutCaIsNotBelievedBySystemCertificates) {
  be_in_pod("10.0.0.1", "443");
  folder_.write("account/token", "abc");
  folder_.write("account/ca.crt", "");
  const auto access = find_access("", places_);
  ASSERT_FALSE(access);
  EXPECT_EQ(access.error().code.value(), EINVAL);
  EXPECT_THAT(access.error().what, HasSubstr("ca.crt"));
}

TEST_F(FindAccess, WithoutAnyEveryPlaceIsNamed) {
  const auto access = find_access("", places_);
  ASSERT_FALSE(access);
  EXPECT_EQ(access.error().code.value(), ENOKEY);
  EXPECT_THAT(access.error().what,
              AllOf(HasSubstr("KUBERNETES_SERVICE_HOST"), HasSubstr("/first"), HasSubstr("/second")));
}

TEST_F(FindAccess, ANamedOneMustExist) {
  write_kubeconfig("first");
  const auto access = find_access((folder_.path() / "third").string(), places_);
  ASSERT_FALSE(access);
  EXPECT_EQ(access.error().code.value(), ENOENT);
  EXPECT_THAT(access.error().what, HasSubstr("/third"));
}

}  // namespace
