// The page for people, read by a strict reader of our own.
#include "agent/http/renderings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "page_reader.h"
#include "sample.h"

namespace {

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
  EXPECT_THAT(page.text(), Not(HasSubstr("warning")));
}

TEST(Page, ShowsNodeNicPodsRoutesAndCounters) {
  const PageReader page(page_of(sample::ready_node()));
  for (const char* fact :
       {"udr, mode = \"udr\" in config.toml", "aks-pool1-3000-vmss_2", "westeurope", "00:0d:3a:f8:06:ec",
        "10.240.0.0/24", "1500", "10.240.128.0/17", "via 10.240.0.1 dev eth0 src 10.240.0.4", "blackhole",
        "1000000", "Routes repaired: 3. Looks at the kernel: 41. Failed metadata requests: 7.",
        "calico-azure-agent 0.1.0", "as of 2026-08-01 09:30:00 UTC"}) {
    EXPECT_THAT(page.text(), HasSubstr(fact));
  }
}

TEST(Page, PutsWhatHoldsReadinessFirstWithItsRemedyAsSelectableCode) {
  const PageReader page(page_of(sample::broken_node()));
  EXPECT_EQ(page.all("title").at(0).text, "aks-pool1-3000-vmss000002: not ready");
  EXPECT_THAT(page.text(), HasSubstr("1 gate holds readiness back."));
  std::vector<std::string> order;
  std::vector<std::string> remedies;
  for (const auto& code : page.all("code")) {
    const auto kind = code.attributes.find("class");
    (kind != code.attributes.end() && kind->second == "remedy" ? remedies : order).push_back(code.text);
  }
  EXPECT_EQ(order.at(0), "sysctl.ip_forward");
  EXPECT_EQ(order.at(1), "sysctl.rp_filter");
  EXPECT_EQ(order.at(2), "nic.gateway");
  EXPECT_EQ(order.at(9), "sysctl.accept_ra");
  EXPECT_EQ(remedies.at(0), "sysctl -w net.ipv4.ip_forward=1");
  EXPECT_THAT(page.text(), HasSubstr("Nexthop has invalid gateway"));
}

TEST(Page, SaysEveryStatusInWordsNotByColourAlone) {
  const PageReader page(page_of(sample::broken_node()));
  std::map<std::string, int> words;
  for (const auto& span : page.all("span")) {
    const auto kind = span.attributes.find("class");
    if (kind != span.attributes.end() && kind->second.starts_with("badge")) ++words[span.text];
  }
  EXPECT_EQ(words, (std::map<std::string, int>{{"not ready", 1},
                                               {"fail", 1},
                                               {"warning", 1},
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

TEST(Page, ShowsAsManyCheckRowsForHostileStringsAsForTameOnes) {
  const auto rows = [](const core::Snapshot& node) { return PageReader(page_of(node)).all("tr").size(); };
  EXPECT_EQ(rows(sample::node_of_strings("</table></section><tr><td>")), rows(sample::broken_node()));
}

TEST(Page, NeedsNothingFromOutside) {
  const PageReader page(page_of(sample::broken_node()));
  for (const auto& element : page.elements()) {
    EXPECT_EQ(element.attributes.count("src"), 0U) << element.name;
    const auto href = element.attributes.find("href");
    if (href == element.attributes.end()) continue;
    if (element.name == "a") {
      EXPECT_EQ(href->second.find('/'), 0U) << href->second;
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

TEST(Page, IsSmall) { EXPECT_LT(page_of(sample::ready_node()).size(), 12'000U); }

}  // namespace
