#include "kubernetes/local_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>

#include "tests/support/folder.h"

namespace {

using testing::ElementsAre;
using testing::IsEmpty;

net::Address address(const char* text) { return *net::Address::parse(text); }

TEST(ServiceAddresses, OfTheKubeletsConfigurationAreTheClustersNameServers) {
  EXPECT_THAT(kubernetes::cluster_dns("apiVersion: kubelet.config.k8s.io/v1beta1\nclusterDNS:\n- 10.96.0.10\n"
                                      "- 169.254.20.10\n- fd00:96::a\nclusterDomain: cluster.local\n"),
              ElementsAre(address("10.96.0.10"), address("fd00:96::a")));
  EXPECT_THAT(kubernetes::cluster_dns(R"({"clusterDNS": ["10.0.0.10"]})"), ElementsAre(address("10.0.0.10")));
}

TEST(ServiceAddresses, AreNoneWhereNothingUsableSaysSo) {
  for (const char* text :
       {"", "[", "clusterDNS: 10.96.0.10\n", "clusterDNS: [7, {a: b}, ~, name]\n", "- a\n"}) {
    SCOPED_TRACE(text);
    EXPECT_THAT(kubernetes::cluster_dns(text), IsEmpty());
  }
  ASSERT_EQ(unsetenv("KUBERNETES_SERVICE_HOST"), 0);  // the tests may run in a pod
  EXPECT_THAT(kubernetes::service_addresses("/there/is/no/such/file"), IsEmpty());
}

TEST(ServiceAddresses, OfAPodAreInItsEnvironment) {
  const test_support::Folder folder;
  const auto file = folder.write("config.yaml", "clusterDNS: [10.96.0.10]\n");
  ASSERT_EQ(setenv("KUBERNETES_SERVICE_HOST", "10.96.0.1", 1), 0);
  EXPECT_THAT(kubernetes::service_addresses(file), ElementsAre(address("10.96.0.10"), address("10.96.0.1")));
  ASSERT_EQ(unsetenv("KUBERNETES_SERVICE_HOST"), 0);
}

}  // namespace
