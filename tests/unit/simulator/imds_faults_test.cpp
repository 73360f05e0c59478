// Every fault that can be ordered is one: status, wire, time, document.
#include <gmock/gmock.h>

#include <cerrno>
#include <chrono>
#include <string>
#include <vector>

#include "../imds/files.h"
#include "imds_client.h"

namespace {

using namespace std::chrono_literals;
using nlohmann::json;
using simulator::Fault;
using std::chrono::steady_clock;
using testing::HasSubstr;
using testing::StartsWith;
using Kind = Fault::Kind;

TEST_F(Simulated, EachStatusComesWithAJsonBody) {
  for (const unsigned code : {400U, 403U, 404U, 405U, 410U, 429U, 500U, 503U}) {
    simulator_->set_fault({.kind = Kind::status, .code = code});
    const auto response = get(kInstance);
    EXPECT_EQ(response.status, static_cast<int>(code));
    EXPECT_TRUE(json::parse(response.body, nullptr, false).contains("error")) << code;
    EXPECT_TRUE(json::parse(get(kToken).body, nullptr, false).contains("error_description")) << code;
  }
  simulator_->set_fault({.kind = Kind::status, .code = 500, .text = "pod list is empty"});
  EXPECT_EQ(get(kInstance).body, "pod list is empty");
  simulator_->set_fault({.kind = Kind::status, .code = 429, .headers = {{"Retry-After", "2"}}});
  EXPECT_EQ(get(kInstance).get_header_value("Retry-After"), "2");
}

TEST_F(Simulated, AFaultEndsAfterItsCountAndTheNextOneComes) {
  simulator_->set_faults(
      {{.kind = Kind::status, .code = 404, .count = 2}, {.kind = Kind::status, .code = 503, .count = 1}});
  std::vector<int> statuses;
  statuses.reserve(4);
  for (int i = 0; i < 4; ++i) statuses.push_back(get(kInstance).status);
  EXPECT_THAT(statuses, testing::ElementsAre(404, 404, 503, 200));
  EXPECT_TRUE(simulator_->faults().empty());
}

TEST_F(Simulated, AFaultEndsAfterItsTime) {
  const auto set = steady_clock::now();
  simulator_->set_fault({.kind = Kind::status, .code = 410, .duration = 300ms});
  EXPECT_EQ(get(kInstance).status, 410);
  while (get(kInstance).status == 410) ASSERT_LT(steady_clock::now() - set, 10s);
  EXPECT_GE(steady_clock::now() - set, 300ms);
}

TEST_F(Simulated, AFaultMayConcernOnePathAlone) {
  simulator_->set_fault({.kind = Kind::status, .code = 500, .path = "/metadata/identity"});
  EXPECT_EQ(get(kInstance).status, 200);
  EXPECT_EQ(get(kToken).status, 500);
  simulator_->set_fault({.kind = Kind::status, .code = 500});
  EXPECT_EQ(get("/nowhere").status, 500) << "without a path it concerns every request";
}

TEST_F(Simulated, PagesAndRedirects) {
  simulator_->set_fault({.kind = Kind::not_json});
  EXPECT_EQ(get(kInstance).status, 200);
  EXPECT_THAT(get(kInstance).body, StartsWith("<!DOCTYPE html>"));
  simulator_->set_fault({.kind = Kind::proxy_403});
  EXPECT_EQ(get(kInstance).status, 403);
  EXPECT_THAT(get(kInstance).body, HasSubstr("unreachable"));
  simulator_->set_fault({.kind = Kind::redirect, .text = "http://127.0.0.1:1/"});
  EXPECT_EQ(get(kInstance).status, 302);
  EXPECT_EQ(get(kInstance).get_header_value("Location"), "http://127.0.0.1:1/");
  simulator_->set_fault({.kind = Kind::huge_body});
  EXPECT_GT(get(kInstance).body.size(), std::size_t{1} << 20);
}

TEST_F(Simulated, FaultsOnTheWireAreWhatTheySay) {
  const auto whole = on_the_wire();
  ASSERT_EQ(whole.second, 0);
  const auto header_size = whole.first.find("\r\n\r\n") + 4;
  const auto body_size = whole.first.size() - header_size;

  simulator_->set_fault({.kind = Kind::reset});
  EXPECT_EQ(on_the_wire(), (std::pair<std::string, int>("", ECONNRESET)));

  simulator_->set_fault({.kind = Kind::silence});
  EXPECT_EQ(on_the_wire(300ms), (std::pair<std::string, int>("", EAGAIN)));

  simulator_->set_fault({.kind = Kind::truncate});
  const auto truncated = on_the_wire();
  EXPECT_EQ(truncated.second, 0);
  EXPECT_EQ(truncated.first.size(), header_size + body_size / 2);
  EXPECT_THAT(truncated.first, HasSubstr("Content-Length: " + std::to_string(body_size) + "\r\n"));

  for (const long lie : {7L, -7L}) {
    simulator_->set_fault({.kind = Kind::content_length, .amount = lie});
    const auto lying = on_the_wire();
    EXPECT_EQ(lying.second, 0);
    EXPECT_THAT(lying.first,
                HasSubstr("Content-Length: " + std::to_string(static_cast<long>(body_size) + lie) + "\r\n"));
    EXPECT_EQ(lying.first.size() - lying.first.find("\r\n\r\n") - 4, body_size);
  }

  simulator_->set_fault({.kind = Kind::not_http});
  EXPECT_THAT(on_the_wire().first, StartsWith("220 "));

  simulator_->set_fault({.kind = Kind::huge_header});
  EXPECT_GT(on_the_wire().first.find("\r\n\r\n"), std::size_t{16} << 10);
}

TEST_F(Simulated, TimingFaultsTakeTheirTime) {
  simulator_->set_fault({.kind = Kind::slow, .delay = 300ms});
  auto started = steady_clock::now();
  EXPECT_EQ(get(kInstance).status, 200);
  EXPECT_GE(steady_clock::now() - started, 300ms);

  simulator_->set_fault({.kind = Kind::drip, .delay = 1ms});
  started = steady_clock::now();
  const auto dripped = on_the_wire();
  EXPECT_GE(steady_clock::now() - started, dripped.first.size() * 1ms);
  EXPECT_THAT(dripped.first, StartsWith("HTTP/1.1 200 OK"));
}

TEST_F(Simulated, DocumentFaultsChangeTheDocument) {
  const auto interfaces = [this] { return get_json(kInstance)["network"]["interface"]; };
  const auto plain = interfaces();

  simulator_->set_fault({.kind = Kind::no_network});
  EXPECT_FALSE(get_json(kInstance).contains("network"));
  EXPECT_TRUE(get_json(kInstance).contains("compute"));

  simulator_->set_fault({.kind = Kind::no_addresses});
  for (const auto& interface : interfaces()) {
    EXPECT_EQ(interface["ipv4"]["ipAddress"], json::array());
    EXPECT_EQ(interface["ipv6"]["ipAddress"], json::array());
    EXPECT_FALSE(interface["ipv4"]["subnet"].empty());
  }

  simulator_->set_fault({.kind = Kind::reorder_nics});
  EXPECT_EQ(interfaces()[0], plain[1]);
  EXPECT_EQ(interfaces()[1], plain[0]);

  simulator_->set_fault({.kind = Kind::ipv6_subnet});
  EXPECT_EQ(interfaces()[0]["ipv6"]["subnet"],
            json::parse(R"([{"address":"fd85:534e:4cd6:ab02::","prefix":"64"}])"));
  EXPECT_FALSE(interfaces()[1]["ipv6"].contains("subnet"));

  simulator_->set_fault({.kind = Kind::mac_colons});
  EXPECT_EQ(interfaces()[0]["macAddress"], "00:0D:3A:98:DA:20");
  simulator_->set_fault({.kind = Kind::mac_lower_case});
  EXPECT_EQ(interfaces()[0]["macAddress"], "000d3a98da20");

  ASSERT_TRUE(simulator_->set_document(sample("real_vm_2020_trimmed.json")));
  simulator_->set_fault({.kind = Kind::stale});
  EXPECT_EQ(interfaces(), plain);
  simulator_->clear_faults();
  EXPECT_EQ(interfaces()[0]["macAddress"], "0022483F7A18");
}

}  // namespace
