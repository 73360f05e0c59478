// Without CAP_NET_ADMIN: everything can be looked at, nothing changed, and the refusal says why.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/capability.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <exception>
#include <functional>
#include <iostream>

#include "netlink/data_plane.h"
#include "netlink/nft_base_chains.h"
#include "netlink/ruleset_generation.h"
#include "netlink/watch.h"
#include "tests/netns/real_kernel.h"

namespace {

/// Runs it in a child that has no capability. The child says on stderr what failed, and exits with 1.
bool holds_without_capabilities(const std::function<bool()>& test) {
  const pid_t child = fork();
  if (child == 0) {
    __user_cap_header_struct header{.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
    std::array<__user_cap_data_struct, _LINUX_CAPABILITY_U32S_3> none{};
    if (syscall(SYS_capset, &header, none.data()) != 0) _exit(2);
    try {
      _exit(test() ? 0 : 1);
    } catch (const std::exception& error) {
      std::cerr << error.what() << std::endl;
      _exit(1);
    }
  }
  int status = 0;
  return waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

TEST(Rights, WithoutCapNetAdminEveryChangeIsRefusedAndSaysWhatIsMissing) {
  const RealKernel real;
  const auto changes = real.changes(net::Verb::add, net::Family::ipv4, 1000);
  EXPECT_TRUE(holds_without_capabilities([&] {
    const auto kernel = must(netlink::LinuxKernel::open());
    const auto refused = must(kernel->apply(changes));
    for (const auto& each : refused) {
      const bool says = each.error.code == std::errc::operation_not_permitted &&
                        each.error.what.find("CAP_NET_ADMIN") != std::string::npos;
      if (!says) throw std::runtime_error(each.error.what);
    }
    return refused.size() == changes.size();
  }));
  EXPECT_THAT(must(real.kernel->routes(169)), testing::IsEmpty());
}

TEST(Rights, WithoutCapNetAdminEverythingCanBeLookedAtAndWatched) {
  const RealKernel real;
  const net::Change change{.verb = net::Verb::add, .object = real.route(net::Family::ipv4, 0)};
  ASSERT_THAT(must(real.kernel->apply({&change, 1})), testing::IsEmpty());
  EXPECT_TRUE(holds_without_capabilities([&] {
    const auto kernel = must(netlink::LinuxKernel::open());
    must(netlink::Watch::open(kernel->command_port()));
    must(kernel->rules(169));
    must(kernel->lookup(net::Flow(must(net::Address::parse("20.0.0.1")))));
    must(netlink::read_data_plane(must(kernel->links())));
    return must(kernel->links()).size() == 3 && must(kernel->routes(169)).size() == 1;
  }));
}

TEST(Rights, TheGenerationOfTheRulesetIsToldToAnAdministratorAndChangesWithTheRules) {
  const test_support::NetNamespace space;
  const test_support::NetNamespace::Inside inside(space);
  netlink::RulesetGeneration generation;
  const auto before = must(generation.read());
  EXPECT_EQ(must(generation.read()), before) << "a question changes nothing";
  space.run("nft add table ip firewall");
  EXPECT_NE(must(generation.read()), before);
  EXPECT_TRUE(holds_without_capabilities([] {
    netlink::RulesetGeneration of_others;
    const auto refused = of_others.read();
    return !refused && refused.error().code.value() == EPERM && !of_others.read();
  }));
}

TEST(Rights, TheBaseChainsOfNftablesAreToldToAnAdministrator) {
  const test_support::NetNamespace space;
  const test_support::NetNamespace::Inside inside(space);
  EXPECT_THAT(must(netlink::nft_base_chains()), testing::IsEmpty());
  for (const auto* made :
       {"table inet firewall", "chain inet firewall fw {type filter hook forward priority 0;}",
        "chain inet firewall in {type filter hook input priority 0;}", "chain inet firewall plain",
        "table ip6 six", "chain ip6 six pre {type filter hook prerouting priority 0;}",
        "chain ip6 six leaving {type nat hook postrouting priority 0;}"})
    space.run(test_support::words(std::string("nft add ") + made));
  using observed::FilterHook;
  EXPECT_THAT(must(netlink::nft_base_chains()),
              testing::UnorderedElementsAre(
                  FilterHook{.table = "inet firewall", .chain = "fw"},
                  FilterHook{.table = "ip6 six", .chain = "pre", .family = net::Family::ipv6}));
  EXPECT_TRUE(holds_without_capabilities([] {
    const auto refused = netlink::nft_base_chains();
    return !refused && refused.error().code.value() == EPERM;
  }));
}

}  // namespace
