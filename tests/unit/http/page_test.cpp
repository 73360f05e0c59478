// The page for people, read by a strict reader of our own.
#include "agent/http/renderings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/evp.h>

#include <array>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "page_reader.h"
#include "sample.h"

namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

std::string page_of(const core::Snapshot& node, agent::http::PageOptions options = {}) {
  return agent::http::page(node, sample::kNow, sample::kMonoNow, options);
}

TEST(Page, OfAReadyNodeSaysSoFirst) {
  const PageReader page(page_of(sample::ready_node()));
  EXPECT_EQ(page.all("title").at(0).text, "aks-pool1-3000-vmss000002: ready");
  EXPECT_EQ(page.all("h1").size(), 1U);
  EXPECT_EQ(page.all("h1").at(0).text, "aks-pool1-3000-vmss000002");
  EXPECT_THAT(page.text(), HasSubstr("Ready for 2 h, since 2026-08-01 07:29:59 UTC."));
  EXPECT_THAT(page.text(), HasSubstr("live, last answered 12 s ago"));
  EXPECT_THAT(page.text(), Not(HasSubstr("warns")));
}

TEST(Page, ShowsNodeNicPodsRoutesAndCounters) {
  const PageReader page(page_of(sample::ready_node()));
  for (const char* fact :
       {"udr, mode = \"udr\" in config.toml", "aks-pool1-3000-vmss_2", "westeurope", "00:0d:3a:f8:06:ec",
        "10.240.0.0/24", "1500", "10.240.128.0/17",
        "via 10.240.0.1 dev eth0 src 10.240.0.4 table 254 metric 1024", "blackhole table 254 metric 1000000",
        "Routes repaired: 3. Looks at the kernel: 41. Failed metadata requests: 7.",
        "calico-azure-agent 0.1.0", "as of 2026-08-01 09:30:00 UTC"}) {
    EXPECT_THAT(page.text(), HasSubstr(fact));
  }
}

/// What the page's headings say, in its order.
std::vector<std::string> headings_of(const PageReader& page) {
  std::vector<std::string> headings;
  for (const auto& heading : page.all("h2")) headings.push_back(heading.text);
  return headings;
}

/// The text of every element of a class, in the page's order.
std::vector<std::string> texts_of(const PageReader& page, std::string_view name, std::string_view kind) {
  std::vector<std::string> texts;
  for (const auto& element : page.all(name)) {
    const auto found = element.attributes.find("class");
    if (found != element.attributes.end() && found->second == kind) texts.push_back(element.text);
  }
  return texts;
}

TEST(Page, TellsTheVerdictThenWhatToDoThenThePathThenTheChecks) {
  EXPECT_THAT(
      headings_of(PageReader(page_of(sample::broken_node()))),
      ElementsAre("What to do next", "The way of a pod’s packet to another node", "Failed and unknown checks",
                  "Passed and skipped checks", "Routes", "Last events", "Node", "NIC and pods"));
  EXPECT_THAT(headings_of(PageReader(page_of(sample::ready_node()))), Contains("Unknown checks"));
}

TEST(Page, PutsWhatHoldsReadinessFirstWithItsRemedyAsSelectableCode) {
  const PageReader page(page_of(sample::broken_node()));
  EXPECT_EQ(page.all("title").at(0).text, "aks-pool1-3000-vmss000002: not ready");
  EXPECT_THAT(page.text(), HasSubstr("1 gate holds readiness back. 1 check warns. 1 check could not look."));
  const auto order = texts_of(page, "code", "id");
  EXPECT_THAT(order, ElementsAre("sysctl.ip_forward", "sysctl.rp_filter",                 // what to do
                                 "sysctl.ip_forward", "sysctl.rp_filter", "nic.gateway",  // failed, unknown
                                 "imds.reachable", "nic.found", "nic.address", "nic.up",  // folded
                                 "routes.in_sync", "sysctl.accept_ra", "pods.overlap"));
  EXPECT_EQ(texts_of(page, "code", "remedy").at(0), "sysctl -w net.ipv4.ip_forward=1");
  EXPECT_THAT(page.text(), HasSubstr("Nexthop has invalid gateway"));
  EXPECT_THAT(page_of(sample::broken_node()), HasSubstr("user-select:all"));
}

TEST(Page, TellsWhatCouldNotBeLookedAtForOneReasonOnce) {
  auto node = sample::ready_node();
  for (auto& check : node.checks) {
    if (check.id.starts_with("nic."))
      check = sample::sync(check.id, checks::CheckStatus::unknown, "no document from IMDS yet");
  }
  const auto text = PageReader(page_of(node)).text();
  EXPECT_EQ(text.find("no document from IMDS yet"), text.rfind("no document from IMDS yet"));
  for (const char* id : {"nic.found", "nic.address", "nic.up", "nic.gateway"})
    EXPECT_THAT(text, HasSubstr(id));
}

TEST(Page, FoldsWhatPassedAndWhatDoesNotApplyByGroupWithTheirNumbers) {
  const PageReader page(page_of(sample::ready_node()));
  EXPECT_EQ(page.all("details").size(), 5U);
  EXPECT_THAT(page.text(), HasSubstr("nic 3 passed"));
  EXPECT_THAT(page.text(), HasSubstr("sysctl 2 passed, 1 skipped"));
  for (const auto& each : page.all("details")) EXPECT_EQ(each.attributes.count("open"), 0U);
}

TEST(Page, TellsWhenNothingIsToBeDone) {
  EXPECT_THAT(PageReader(page_of(sample::ready_node())).text(), HasSubstr("Nothing: no check fails."));
}

TEST(Page, DrawsThePathWithEachHopsStateInWords) {
  const auto html = page_of(sample::broken_node());
  const PageReader page(html);
  ASSERT_EQ(page.all("svg").size(), 2U);  // the style shows one of them
  for (const auto& svg : page.all("svg")) EXPECT_EQ(svg.attributes.at("role"), "img");
  const auto words = page.all("desc").at(0).text;
  EXPECT_EQ(page.all("desc").at(1).text, words);
  EXPECT_EQ(words,
            "pod, 10.240.130.0/24: good; pod's link: unknown; this node's route, 10.240.128.0/17 via "
            "10.240.0.1: unknown; NIC, eth0 (10.240.0.4): broken; route table: unknown; peer's NIC: "
            "unknown; peer's pod: unknown");
  EXPECT_EQ(texts_of(page, "text", "state bad"), (std::vector<std::string>{"broken", "broken"}));
  EXPECT_THAT(page.text(), HasSubstr("Broken at NIC (sysctl.ip_forward). "));
  // From the broken hop on nothing is known to arrive.
  std::size_t cut = 0;
  for (auto at = html.find("wire cut"); at != std::string::npos; at = html.find("wire cut", at + 1)) ++cut;
  EXPECT_EQ(cut, 2U * 3U);
  EXPECT_THAT(page_of(sample::ready_node()), Not(HasSubstr("wire cut")));
}

TEST(Page, LongNamesStayInsideThePicture) {
  auto node = sample::ready_node();
  node.nic.name = "zażółćgęśląjaźń";
  node.nic.addresses = {"2001:db8:aaaa:bbbb:cccc:dddd:eeee:ffff"};
  const PageReader page(page_of(node));
  const auto texts = texts_of(page, "text", "at");
  EXPECT_THAT(texts, Contains("zażółćgęśląjaźń"));
  EXPECT_THAT(texts, Contains("(2001:db8:aaaa:bb…"));
  EXPECT_THAT(page.all("desc").at(0).text, HasSubstr("2001:db8:aaaa:bbbb:cccc:dddd:eeee:ffff"));
}

TEST(Page, TellsTheLastEventsFirstAndWhoMadeThem) {
  auto node = sample::ready_node();
  const auto text = PageReader(page_of(node)).text();
  const auto ready = text.find("2 hready\n");
  const auto restored = text.find("10 swarning restored 1 route removed by systemd-network (process 312)");
  ASSERT_NE(ready, std::string::npos) << text;
  ASSERT_NE(restored, std::string::npos) << text;
  EXPECT_LT(restored, ready);
  node.events = std::vector<core::PastEvent>{};
  EXPECT_THAT(headings_of(PageReader(page_of(node))), Not(Contains("Last events")));
}

TEST(Page, ItsPolicyLetsInItsOwnStyleAlone) {
  const auto style = PageReader(page_of(sample::ready_node())).all("style").at(0).text;
  std::array<unsigned char, 32> digest{};
  EVP_Digest(style.data(), style.size(), digest.data(), nullptr, EVP_sha256(), nullptr);
  std::array<unsigned char, 45> base64{};
  EVP_EncodeBlock(base64.data(), digest.data(), static_cast<int>(digest.size()));
  const std::string hash(base64.begin(), base64.end() - 1);
  EXPECT_THAT(agent::http::page_policy(), HasSubstr("style-src 'sha256-" + hash + "';"));
  EXPECT_THAT(agent::http::page_policy(), HasSubstr("default-src 'none'"));
  EXPECT_THAT(agent::http::page_policy(), Not(HasSubstr("unsafe")));
  // Where no style sheet of its own is let in, none may stand in an attribute.
  const PageReader broken(page_of(sample::broken_node()));
  for (const auto& element : broken.elements())
    EXPECT_EQ(element.attributes.count("style"), 0U) << element.name;
}

TEST(Page, SaysEveryStatusInWordsNotByColourAlone) {
  const PageReader page(page_of(sample::broken_node()));
  std::map<std::string, int> words;
  for (const auto& span : page.all("span")) {
    const auto kind = span.attributes.find("class");
    if (kind != span.attributes.end() && kind->second.starts_with("badge")) ++words[span.text];
  }
  EXPECT_EQ(words, (std::map<std::string, int>{{"not ready", 1},
                                               {"fail", 2},
                                               {"warning", 3},
                                               {"unknown", 1},
                                               {"pass", 6},
                                               {"skip", 1},
                                               {"failed", 1},
                                               {"in sync", 1}}));
}

TEST(Page, OfANewNodeIsAPageToo) {
  const PageReader page(page_of(sample::new_node()));
  EXPECT_EQ(page.all("h1").at(0).text, "this node");
  EXPECT_THAT(page.text(), HasSubstr("What this node needs is not yet confirmed in the kernel."));
  EXPECT_THAT(page.text(), HasSubstr("Nothing has been checked yet."));
  EXPECT_THAT(page.text(), HasSubstr("No route is wanted at present."));
  EXPECT_THAT(page.text(), HasSubstr("no document yet"));
}

TEST(Page, EscapesEveryStringFromOutside) {
  const std::string attack = "\"'><script>alert(1)</script><img src=x onerror=alert(2)>&amp;\xFF";
  const PageReader page(page_of(sample::node_of_strings(attack)));
  for (const auto& element : page.elements()) {
    EXPECT_NE(element.name, "script");
    EXPECT_NE(element.name, "img");
    for (const auto& [name, value] : element.attributes) {
      EXPECT_THAT(name, Not(testing::StartsWith("on")));
      EXPECT_THAT(value, Not(HasSubstr("alert"))) << name;
    }
  }
  // Shown as what it is, not swallowed.
  EXPECT_THAT(page.text(),
              HasSubstr("\"'><script>alert(1)</script><img src=x onerror=alert(2)>&amp;\xEF\xBF\xBD"));
}

TEST(Page, ShowsAsManyRowsForHostileStringsAsForTameOnes) {
  const auto rows = [](const core::Snapshot& node) {
    const PageReader page(page_of(node));
    return page.all("tr").size() + page.all("li").size();
  };
  EXPECT_EQ(rows(sample::node_of_strings("</table></section><tr><td>")), rows(sample::broken_node()));
}

TEST(Page, NeedsNothingFromOutside) {
  const PageReader page(page_of(sample::broken_node()));
  for (const auto& element : page.elements()) {
    EXPECT_EQ(element.attributes.count("src"), 0U) << element.name;
    const auto href = element.attributes.find("href");
    if (href == element.attributes.end()) continue;
    if (element.name == "a") {
      EXPECT_TRUE(href->second.starts_with('/') || href->second == "#next") << href->second;
    } else {
      EXPECT_THAT(href->second, testing::StartsWith("data:"));
    }
  }
  const auto style = page.all("style").at(0).text;
  EXPECT_THAT(style, Not(HasSubstr("url(")));
  EXPECT_THAT(style, Not(HasSubstr("@import")));
  EXPECT_THAT(style, HasSubstr("prefers-color-scheme:dark"));
}

TEST(Page, IsAccessible) {
  const PageReader page(page_of(sample::broken_node()));
  EXPECT_EQ(page.all("html").at(0).attributes.at("lang"), "en");
  EXPECT_FALSE(page.all("th").empty());
  for (const auto& header : page.all("th")) {
    EXPECT_THAT(header.attributes.at("scope"), testing::AnyOf("row", "col"));
  }
  std::set<std::string> ids;
  for (const auto& heading : page.all("h2")) EXPECT_TRUE(ids.insert(heading.attributes.at("id")).second);
  for (const auto& section : page.all("section")) {
    EXPECT_EQ(ids.count(section.attributes.at("aria-labelledby")), 1U);
  }
}

TEST(Page, RefreshesOnlyWhenAsked) {
  const auto refreshes = [](const std::string& html) {
    for (const auto& meta : PageReader(html).all("meta")) {
      if (meta.attributes.count("http-equiv") != 0) return meta.attributes.at("content");
    }
    return std::string("no");
  };
  EXPECT_EQ(refreshes(page_of(sample::ready_node())), "no");
  EXPECT_EQ(refreshes(page_of(sample::ready_node(), {.refresh = std::chrono::seconds{10}})), "10");
}

TEST(Page, StaysReadableWithThousandsOfRoutes) {
  auto node = sample::ready_node();
  std::vector routes(5000, sample::cluster_route());
  routes.back().state = routing::RouteState::failed;
  routes.back().error = "the one that matters";
  node.routes = routing::RouteStatuses(routes);
  const auto html = page_of(node);
  EXPECT_LT(html.size(), 200'000U);
  EXPECT_THAT(PageReader(html).text(), HasSubstr("And 4750 more: /status has them all."));
  EXPECT_THAT(html, HasSubstr("the one that matters"));
}

TEST(Page, IsSmall) { EXPECT_LT(page_of(sample::ready_node()).size(), 20'000U); }

}  // namespace
