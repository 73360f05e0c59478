#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include "tests/netns/world.h"
#include "tests/support/print.h"

// How GoogleTest shows it; the name is GoogleTest's.
inline void PrintTo(Which which, std::ostream* out) { *out << (which == Which::fake ? "fake" : "real"); }

/// A case of the contract: a world with one link, eth0, that has 10.0.0.4/24 and fd00::4/64.
class KernelContract : public testing::TestWithParam<Which> {
 protected:
  KernelContract() {
    eth0_ = world_->add_link("eth0");
    world_->add_address("eth0", "10.0.0.4/24");
    world_->add_address("eth0", "fd00::4/64");
    world_->notifications();
  }

  net::Kernel& kernel() { return world_->kernel(); }
  World& world() { return *world_; }
  [[nodiscard]] std::uint32_t eth0() const { return eth0_; }

  /// Ours, by the gateway ("" = on the link itself), with metric 1024 in table main.
  [[nodiscard]] net::Route route(std::string_view destination, std::string_view gateway = {}) const {
    net::Route made;
    made.key = {.table = 254, .destination = *net::Prefix::parse(destination), .metric = 1024, .tos = 0};
    made.protocol = kOurs;
    made.device = eth0_;
    if (!gateway.empty()) made.gateway = *net::Address::parse(gateway);
    return made;
  }
  [[nodiscard]] static net::Route sink(std::string_view destination,
                                       net::RouteType type = net::RouteType::blackhole) {
    net::Route made;
    made.key = {.table = 254, .destination = *net::Prefix::parse(destination), .metric = 1024, .tos = 0};
    made.protocol = kOurs;
    made.type = type;
    return made;
  }
  [[nodiscard]] static net::Route theirs(net::Route made) {
    made.protocol = kTheirs;
    return made;
  }

  /// Errno of one change; 0 = made.
  int change(net::Verb verb, const net::Route& object) { return change({.verb = verb, .object = object}); }
  int change(const net::Change& single) {
    const auto refused = kernel().apply({&single, 1});
    EXPECT_TRUE(refused) << refused.error().what;
    if (refused->empty()) return 0;
    words_ = refused->front().error.what;
    return refused->front().error.code.value();
  }
  int add(const net::Route& object) { return change(net::Verb::add, object); }
  int replace(const net::Route& object) { return change(net::Verb::replace, object); }
  int remove(const net::Route& object) { return change(net::Verb::remove, object); }
  /// What the last refusal said.
  [[nodiscard]] const std::string& refusal() const { return words_; }

  std::vector<net::Route> ours() { return *kernel().routes(kOurs); }
  /// Everybody's routes to the destination in table main.
  std::vector<net::Route> all_to(std::string_view destination, std::uint32_t table = 254) {
    const std::vector<net::Prefix> destinations = {*net::Prefix::parse(destination)};
    return *kernel().routes_to(table, destinations);
  }

 private:
  std::unique_ptr<World> world_ = make_world(GetParam());
  std::uint32_t eth0_ = 0;
  std::string words_;
};

inline std::string name_of(const testing::TestParamInfo<Which>& each) {
  return each.param == Which::fake ? "Fake" : "Real";
}

#define INSTANTIATE_CONTRACT(suite) \
  INSTANTIATE_TEST_SUITE_P(Kernel, suite, testing::Values(Which::fake, Which::real), &name_of)
