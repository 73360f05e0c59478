#include "net/route.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/support/print.h"

namespace {

net::Route route(std::string_view destination) {
  net::Route made;
  made.key = {.table = 254, .destination = *net::Prefix::parse(destination), .metric = 1024, .tos = 0};
  made.protocol = 169;
  return made;
}

TEST(RouteText, ReadsAsIpRouteShowsIt) {
  auto by_gateway = route("10.1.0.0/16");
  by_gateway.gateway = *net::Address::parse("10.0.0.1");
  by_gateway.device = 3;
  EXPECT_EQ(net::route_text(by_gateway),
            "10.1.0.0/16 via 10.0.0.1 dev #3 table 254 metric 1024 protocol 169");
  EXPECT_EQ(net::route_text(by_gateway, "eth0"),
            "10.1.0.0/16 via 10.0.0.1 dev eth0 table 254 metric 1024 protocol 169");
  by_gateway.source = *net::Address::parse("10.0.0.4");
  EXPECT_EQ(net::route_text(by_gateway, "eth0"),
            "10.1.0.0/16 via 10.0.0.1 dev eth0 src 10.0.0.4 table 254 metric 1024 protocol 169");
  EXPECT_EQ(net::route_text(by_gateway, "e\x1b[2K0"),
            "10.1.0.0/16 via 10.0.0.1 dev e?[2K0 src 10.0.0.4 table 254 metric 1024 protocol 169");

  auto on_link = route("fd00::/64");
  on_link.device = 3;
  EXPECT_EQ(net::route_text(on_link), "fd00::/64 dev #3 table 254 metric 1024 protocol 169");

  auto sink = route("10.1.0.0/24");
  sink.type = net::RouteType::blackhole;
  sink.key.metric = 1000000;
  EXPECT_EQ(net::route_text(sink), "blackhole 10.1.0.0/24 table 254 metric 1000000 protocol 169");
}

TEST(RouteType, HasIpRoutesWord) {
  const std::pair<net::RouteType, std::string_view> words[] = {
      {net::RouteType::unicast, "unicast"},         {net::RouteType::local, "local"},
      {net::RouteType::broadcast, "broadcast"},     {net::RouteType::anycast, "anycast"},
      {net::RouteType::multicast, "multicast"},     {net::RouteType::blackhole, "blackhole"},
      {net::RouteType::unreachable, "unreachable"}, {net::RouteType::prohibit, "prohibit"},
      {net::RouteType::throw_on, "throw"},          {net::RouteType::other, "other"}};
  for (const auto& [type, word] : words) EXPECT_EQ(net::route_type_name(type), word);
}

TEST(RouteType, OfASinkLeadsNowhere) {
  for (const auto type : {net::RouteType::blackhole, net::RouteType::unreachable, net::RouteType::prohibit,
                          net::RouteType::throw_on}) {
    EXPECT_FALSE(net::leads_somewhere(type)) << net::route_type_name(type);
  }
  for (const auto type : {net::RouteType::unicast, net::RouteType::local, net::RouteType::multicast}) {
    EXPECT_TRUE(net::leads_somewhere(type)) << net::route_type_name(type);
  }
}

TEST(RouteKey, IsEverythingThatTheKernelHoldsUnique) {
  const auto key = route("10.1.0.0/16").key;
  for (const auto change :
       {+[](net::RouteKey& each) { each.table = 100; }, +[](net::RouteKey& each) { each.metric = 5; },
        +[](net::RouteKey& each) { each.tos = 8; },
        +[](net::RouteKey& each) { each.destination = *net::Prefix::parse("10.1.0.0/17"); }}) {
    auto other = key;
    change(other);
    EXPECT_NE(other, key);
  }
}

}  // namespace
