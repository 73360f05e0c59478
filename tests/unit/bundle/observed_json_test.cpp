#include "agent/bundle/observed_json.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdlib>
#include <type_traits>
#include <utility>

#include "agent/cloud/cloud_state_json.h"

namespace {

/// Stands for any field of an aggregate.
struct Any {
  template <class Field>
  operator Field() const {
    std::abort();  // nobody calls it
  }
};

template <class Aggregate, std::size_t... I>
constexpr bool takes(std::index_sequence<I...> /*fields*/) {
  return requires { Aggregate{((void)I, Any{})...}; };
}

/// How many fields it has: the most values that can begin it.
template <class Aggregate, std::size_t Fields = 30>
constexpr std::size_t fields() {
  if constexpr (Fields == 0 || takes<Aggregate>(std::make_index_sequence<Fields>())) {
    return Fields;
  } else {
    return fields<Aggregate, Fields - 1>();
  }
}

template <class Observed>
class EachField : public testing::Test {};

using Kept = testing::Types<
    net::LinkAddress, net::Vxlan, net::Link, net::RouteKey, net::Route, net::Rule, net::PortRange,
    net::PolicyRule, observed::Nic, observed::NodeIdentity, observed::NodeNetwork, observed::CniPlugin,
    observed::CniDelegation, observed::CniFile, observed::CniConfiguration, observed::HostLocalNetwork,
    observed::FlannelLease, observed::AzureCniState::Pool, observed::AzureCniState::Lock,
    observed::AzureCniState, observed::CniFiles, observed::Neighbour, observed::ForwardingEntry,
    observed::ChecksumOffload, observed::DataPlane, observed::BootSysctl, observed::NetworkdSettings,
    observed::NetworkManagerSettings, observed::LinkFile, observed::FilterRule, observed::FilterChain,
    observed::FilterHook, observed::PacketFilter, observed::Conntrack, observed::HostSettings>;
TYPED_TEST_SUITE(EachField, Kept);

TYPED_TEST(EachField, IsInTheBundle) {
  const nlohmann::json json = TypeParam{};
  EXPECT_EQ(json.size(), fields<TypeParam>()) << "a field has come: name it in agent/bundle/observed_json.h";
  TypeParam read{};  // not get<T>(): see json/values.h
  json.get_to(read);
  EXPECT_EQ(nlohmann::json(read), json);
}

TEST(NodeEnvironmentInABundle, LacksNothingButHowLongTheLookTook) {
  const nlohmann::json json = observed::NodeEnvironment{};
  EXPECT_EQ(json.size() + 1, fields<observed::NodeEnvironment>());
}

}  // namespace
