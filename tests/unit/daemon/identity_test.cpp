#include "agent/cloud/cloud_query.h"

#include <gtest/gtest.h>
#include <sched.h>
#include <unistd.h>

#include <cstdlib>
#include <string_view>

namespace agent {
namespace {

/// What the machine is called in a namespace of this process's own.
bool call_this_machine(std::string_view name) {
  return unshare(CLONE_NEWUTS) == 0 && sethostname(name.data(), name.size()) == 0;
}

TEST(NodeName, IsInSmallLettersWhoeverGivesIt) {
  const struct {
    const char* configured;
    const char* variable;
    const char* host;
    const char* expected;
  } cases[] = {
      // The eleventh instance of a scale set counts in base 36.
      {"", nullptr, "aks-nodepool1-12345678-vmss00000A", "aks-nodepool1-12345678-vmss00000a"},
      {"", "", "Worker-1", "worker-1"},
      {"", "worker-2", "Worker-1", "worker-2"},
      {"", "Worker-2", "Worker-1", "worker-2"},
      {"Worker-3", "worker-2", "Worker-1", "worker-3"},
      {" worker-3\n", "worker-2", "Worker-1", "worker-3"},
      {"", nullptr, "node.Example.COM", "node.example.com"},
      {" ", "worker-2", "Worker-1", ""},
  };
  for (const auto& [configured, variable, host, expected] : cases) {
    if (!call_this_machine(host)) GTEST_SKIP() << "takes root";
    if (variable == nullptr) {
      ::unsetenv("NODE_NAME");
    } else {
      ::setenv("NODE_NAME", variable, 1);
    }
    Config config;
    config.kubernetes.node_name = configured;
    EXPECT_EQ(node_name(config), expected) << host;
    EXPECT_EQ(query_of(config, {}).node_name, expected);
  }
}

TEST(QuestionOf, AsksArmWhereItMattersOrWhereSomebodyWantsIt) {
  const auto asks = [](AzureVerify verify, node::Mode mode) {
    Config config;
    config.azure.verify = verify;
    return query_of(config, {.mode = mode}).verify;
  };
  EXPECT_TRUE(asks(AzureVerify::automatic, node::Mode::udr));
  EXPECT_FALSE(asks(AzureVerify::automatic, node::Mode::flannel));
  EXPECT_TRUE(asks(AzureVerify::on, node::Mode::calico_vxlan));
  EXPECT_FALSE(asks(AzureVerify::off, node::Mode::udr));
}

}  // namespace
}  // namespace agent
