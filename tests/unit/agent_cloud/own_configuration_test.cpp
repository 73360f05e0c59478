#include "agent/cloud/own_configuration.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>

#include "tests/support/folder.h"

namespace agent {
namespace {

using std::chrono::minutes;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

CloudQuery asked() {
  return {.imds_endpoint = "http://192.0.2.66",
          .resource_id = "/subscriptions/s",
          .mac = "00:0d:3a:f8:06:ec",
          .environment = "AzurePublicCloud",
          .node_name = "worker-1",
          .kubeconfig = "/var/lib/calico-azure-agent/planted",
          .cloud_config = "/var/lib/calico-azure-agent/azure.json",
          .client_id = "somebody-else",
          .verify = true,
          .interval = std::chrono::milliseconds(1)};
}

Config configured() {
  Config config;
  config.imds.endpoint = "http://169.254.169.254";
  config.kubernetes.kubeconfig = "/etc/kubernetes/agent.conf";
  config.azure.cloud_config = "/etc/kubernetes/azure.json";
  config.azure.client_id = "root's";
  config.azure.interval = minutes(7);
  return config;
}

TEST(OwnConfiguration, OfTheQuestionOnlyWhatItIsAboutCounts) {
  const auto query = by_own_configuration(asked(), configured());
  EXPECT_EQ(query, (CloudQuery{.imds_endpoint = "http://169.254.169.254",
                               .resource_id = "/subscriptions/s",
                               .mac = "00:0d:3a:f8:06:ec",
                               .environment = "AzurePublicCloud",
                               .node_name = "worker-1",
                               .kubeconfig = "/etc/kubernetes/agent.conf",
                               .cloud_config = "/etc/kubernetes/azure.json",
                               .client_id = "root's",
                               .verify = true,
                               .interval = minutes(7)}));
}

TEST(OwnConfiguration, WhoAsksMayRenounceVerificationButNotDemandIt) {
  auto query = asked();
  auto config = configured();
  query.verify = false;
  EXPECT_FALSE(by_own_configuration(query, config).verify);
  config.azure.verify = AzureVerify::off;
  query.verify = true;
  EXPECT_FALSE(by_own_configuration(query, config).verify);
  config.azure.verify = AzureVerify::on;
  EXPECT_TRUE(by_own_configuration(query, config).verify);
}

TEST(OwnConfiguration, AConfiguredNodeNameIsTheOne) {
  auto config = configured();
  config.kubernetes.node_name = "Worker-9";
  EXPECT_EQ(by_own_configuration(asked(), config).node_name, "worker-9");
}

TEST(OwnConfiguration, WhatTheAskerWasToldOtherwiseIsNamed) {
  EXPECT_THAT(told_otherwise(asked(), configured()),
              ElementsAre("imds.endpoint", "kubernetes.kubeconfig", "azure.cloud_config", "azure.client_id",
                          "azure.interval"));
  EXPECT_THAT(told_otherwise(by_own_configuration(asked(), configured()), configured()), IsEmpty());
}

/// In a folder of root's alone, which /tmp is none.
class OwnConfigurationFile : public ::testing::Test {
 protected:
  void SetUp() override {
    if (geteuid() != 0) GTEST_SKIP() << "takes root, whose files they have to be";
    folder_.emplace("/run");
  }
  void write(const std::string& text) const { std::ofstream(file()) << text; }
  [[nodiscard]] std::filesystem::path file() const { return *folder_ / "config.toml"; }

  std::optional<test_support::Folder> folder_;
};

TEST_F(OwnConfigurationFile, IsReadAnewAndTheEnvironmentIsAboveIt) {
  OwnConfiguration own(file());
  EXPECT_EQ(own.config(), nullptr);
  ASSERT_TRUE(own.read()) << "a file that is not there has every default";
  EXPECT_EQ(own.config()->azure.client_id, "");
  write("[azure]\nclient_id = 'one'\ninterval = '1h'\n");
  ASSERT_TRUE(own.read());
  EXPECT_EQ(own.config()->azure.client_id, "one");
  ::setenv("CALICO_AZURE_AGENT_AZURE_CLIENT_ID", "two", 1);
  ASSERT_TRUE(own.read());
  ::unsetenv("CALICO_AZURE_AGENT_AZURE_CLIENT_ID");
  EXPECT_EQ(own.config()->azure.client_id, "two");
  EXPECT_EQ(own.config()->azure.interval, minutes(60));
}

TEST_F(OwnConfigurationFile, ABadOneLeavesTheLastInForceAndIsSaid) {
  OwnConfiguration own(file());
  write("[azure]\nclient_id = 7\n");
  auto read = own.read();
  ASSERT_FALSE(read);
  EXPECT_THAT(read.error().what, HasSubstr("config.toml:2:1"));
  EXPECT_EQ(own.config(), nullptr);
  write("[azure]\nclient_id = 'one'\n");
  ASSERT_TRUE(own.read());
  write("azure = ");
  EXPECT_FALSE(own.read());
  EXPECT_EQ(own.config()->azure.client_id, "one");
}

TEST_F(OwnConfigurationFile, OneThatOthersCanWriteIsNotGoneBy) {
  OwnConfiguration own(file());
  write("[azure]\nclient_id = 'planted'\n");
  for (const mode_t mode : {0666U, 0664U, 0622U}) {
    ASSERT_EQ(::chmod(file().c_str(), mode), 0);
    const auto read = own.read();
    ASSERT_FALSE(read);
    EXPECT_EQ(read.error().code.value(), EACCES) << read.error().what;
    EXPECT_EQ(own.config(), nullptr);
  }
  ASSERT_EQ(::chmod(file().c_str(), 0644), 0);
  ASSERT_EQ(::chown(file().c_str(), 65534, 0), 0);
  EXPECT_FALSE(own.read());
}

}  // namespace
}  // namespace agent
