// Which questions the kernel gets about one packet.
#include <gtest/gtest.h>
#include <netinet/in.h>

#include <cerrno>
#include <string>
#include <vector>

#include "tests/unit/trace/traced.h"

namespace agent {
namespace {

using testing::address;
using testing::route;

/// Answers by the destination, and keeps the questions.
class AskedKernel final : public net::Kernel {
 public:
  net::Result<std::vector<net::Link>> links() override { return std::vector<net::Link>{}; }
  net::Result<void> take_routes(std::uint8_t /*protocol*/, std::uint32_t /*table*/,
                                net::RouteVisitor& /*visitor*/) override {
    return {};
  }
  net::Result<std::vector<net::Route>> routes_to(std::uint32_t /*table*/,
                                                 std::span<const net::Prefix> /*to*/) override {
    return std::vector<net::Route>{};
  }
  net::Result<std::vector<net::Rule>> rules(std::uint8_t /*protocol*/) override {
    return std::vector<net::Rule>{};
  }
  std::vector<net::Result<net::Route>> lookups(std::span<const net::Flow> flows) override {
    std::vector<net::Result<net::Route>> answers;
    for (const auto& flow : flows) {
      asked.push_back(fmt::format("{} from {} by {} protocol {} port {}", flow.to.text(),
                                  flow.from ? flow.from->text() : "-", flow.incoming, flow.ip_protocol,
                                  flow.destination_port));
      const net::Route* best = nullptr;
      for (const auto& each : routes) {
        if (each.key.destination.contains(flow.to) &&
            (best == nullptr || best->key.destination.length() < each.key.destination.length()))
          best = &each;
      }
      answers.push_back(best == nullptr ? net::Result<net::Route>(net::failure(ENETUNREACH, "no route"))
                                        : net::Result<net::Route>(*best));
    }
    return answers;
  }
  net::Result<std::vector<net::Refusal>> apply(std::span<const net::Change> /*changes*/) override {
    return net::failure(EROFS, "it only answers");
  }

  std::vector<net::Route> routes;
  std::vector<std::string> asked;
};

class AskedDetails final : public trace::PacketDetails {
 public:
  net::Result<net::Address> source_address(const net::Flow& flow) override {
    asked.push_back("source to " + flow.to.text());
    return address("10.240.0.4");
  }
  net::Result<std::optional<observed::NeighbourEntry>> neighbour_entry(std::uint32_t device,
                                                                       const net::Address& who) override {
    asked.push_back(fmt::format("neighbour {} on {}", who.text(), device));
    return std::optional<observed::NeighbourEntry>();
  }
  std::vector<std::string> asked;
};

class AskKernel : public ::testing::Test {
 protected:
  trace::KernelAnswers ask(const checks::Facts& facts, const std::vector<std::string>& words) {
    return trace::ask_kernel(kernel_, details_, facts, testing::question(words));
  }
  /// As it is for udr_with_calico().
  void give_udr_routes() {
    kernel_.routes = {route("10.244.0.0/16", "10.240.0.1", 2), route("10.240.0.0/24", "", 2, 2, 0),
                      testing::to_pod("10.244.1.5", testing::kFirstPodLink)};
  }

  AskedKernel kernel_;
  AskedDetails details_;
};

TEST_F(AskKernel, OfAPodsPacketByItsLink) {
  give_udr_routes();
  const auto answers = ask(testing::udr_with_calico(), {"10.244.1.5", "to", "10.244.2.9:53/udp"});
  EXPECT_EQ(kernel_.asked, (std::vector<std::string>{"10.244.1.5 from - by 0 protocol 0 port 0",
                                                     "10.244.2.9 from - by 0 protocol 0 port 0",
                                                     "10.244.2.9 from 10.244.1.5 by 10 protocol 17 port 53",
                                                     "10.240.0.4 from 10.244.1.5 by 10 protocol 0 port 0",
                                                     "10.244.1.5 from 10.244.2.9 by 2 protocol 0 port 0"}));
  EXPECT_EQ(details_.asked, (std::vector<std::string>{"neighbour 10.240.0.1 on 2"}));
  EXPECT_EQ(answers.next_hop, address("10.240.0.1"));
}

TEST_F(AskKernel, OfTheNodesOwnPacketWithItsSource) {
  give_udr_routes();
  ask(testing::udr_with_calico(), {"10.244.2.9"});
  EXPECT_EQ(kernel_.asked, (std::vector<std::string>{"10.244.2.9 from - by 0 protocol 0 port 0",
                                                     "10.244.2.9 from - by 0 protocol 0 port 0",
                                                     "10.240.0.4 from 10.244.2.9 by 2 protocol 0 port 0"}));
  EXPECT_EQ(details_.asked, (std::vector<std::string>{"source to 10.244.2.9", "neighbour 10.240.0.1 on 2"}));
}

TEST_F(AskKernel, OfWhatComesInByTheNic) {
  give_udr_routes();
  ask(testing::udr_with_calico(), {"10.244.2.9", "to", "10.244.1.5"});
  ASSERT_GE(kernel_.asked.size(), 3U);
  EXPECT_EQ(kernel_.asked[2], "10.244.1.5 from 10.244.2.9 by 2 protocol 0 port 0");
  EXPECT_EQ(details_.asked, (std::vector<std::string>{"neighbour 10.244.1.5 on 10"}));
}

TEST_F(AskKernel, OfWhatComesInByTheOverlay) {
  kernel_.routes = {route("10.244.2.0/24", "10.244.2.0", testing::kOverlayLink, 3, 0),
                    testing::to_pod("10.244.1.5", testing::kFirstPodLink)};
  ask(testing::canal(), {"10.244.2.9", "to", "10.244.1.5"});
  ASSERT_GE(kernel_.asked.size(), 3U);
  EXPECT_EQ(kernel_.asked[2],
            fmt::format("10.244.1.5 from 10.244.2.9 by {} protocol 0 port 0", testing::kOverlayLink));
}

TEST_F(AskKernel, OfTheOuterPacketToThePeersNode) {
  kernel_.routes = {route("10.244.2.0/24", "10.244.2.0", testing::kOverlayLink, 3, 0),
                    route("10.240.0.0/24", "", 2, 2, 0),
                    testing::to_pod("10.244.1.5", testing::kFirstPodLink)};
  const auto answers = ask(testing::canal(), {"10.244.1.5", "to", "10.244.2.9"});
  EXPECT_EQ(kernel_.asked.back(), "10.240.0.5 from 10.240.0.4 by 0 protocol 17 port 8472");
  EXPECT_TRUE(answers.outer);
}

TEST_F(AskKernel, NothingMoreWhereNeitherEndIsHere) {
  give_udr_routes();
  ask(testing::udr_with_calico(), {"10.244.2.9", "to", "10.244.3.9"});
  EXPECT_EQ(kernel_.asked.size(), 2U);
  EXPECT_TRUE(details_.asked.empty());
}

}  // namespace
}  // namespace agent
