#include <algorithm>
#include <array>
#include <cstddef>
#include <string_view>
#include <utility>
#include <vector>

#include "agent/http/page_html.h"

namespace agent::http {
namespace {

using checks::CheckResult;
using checks::CheckStatus;

std::vector<const CheckResult*> those(const core::Snapshot& snapshot, CheckStatus status) {
  std::vector<const CheckResult*> found;
  for (const auto& check : snapshot.checks) {
    if (check.status == status) found.push_back(&check);
  }
  std::stable_sort(found.begin(), found.end(),
                   [](const CheckResult* one, const CheckResult* other) { return one->gate > other->gate; });
  return found;
}

/// What the checks, which are alike, are called; how they stand, and since when.
void write_head(Html& html, const std::vector<const CheckResult*>& alike, net::WallTime now) {
  const auto& first = *alike.front();
  write(html, badge_of(first));
  for (const auto* check : alike) (html << " <code class=\"id\">").text(check->id) << "</code>";
  html << " <span class=\"quiet\">" << (first.gate ? "gate" : "");
  if (first.since != net::WallTime{}) {
    html << (first.gate ? ", for " : "for ");
    write_age(html, first.since, now);
  }
  html << "</span>";
}

void write_row(Html& html, const std::vector<const CheckResult*>& alike, net::WallTime now) {
  html << "<li>";
  write_head(html, alike, now);
  (html << "<p>").text(alike.front()->message) << "</p></li>\n";
}

/// What could not be looked at for one reason is one row.
void write_unknown(Html& html, const std::vector<const CheckResult*>& unknown, net::WallTime now) {
  std::vector<std::vector<const CheckResult*>> reasons;
  for (const auto* check : unknown) {
    auto same = std::find_if(reasons.begin(), reasons.end(),
                             [&](const auto& each) { return each.front()->message == check->message; });
    if (same == reasons.end()) same = reasons.insert(reasons.end(), std::vector<const CheckResult*>{});
    same->push_back(check);
  }
  for (const auto& alike : reasons) write_row(html, alike, now);
}

/// The first part of a check's id: "sysctl".
std::string_view group_of(const CheckResult& check) {
  return std::string_view(check.id).substr(0, check.id.find('.'));
}

void write_group(Html& html, std::string_view group, const std::vector<const CheckResult*>& checks,
                 net::WallTime now) {
  const auto passed =
      static_cast<std::size_t>(std::count_if(checks.begin(), checks.end(), [](const CheckResult* check) {
        return check->status == CheckStatus::pass;
      }));
  const auto skipped = checks.size() - passed;
  (html << "<details><summary><b>").text(group) << "</b> <span class=\"quiet\">";
  if (passed > 0) html.number(passed) << " passed";
  if (passed > 0 && skipped > 0) html << ", ";
  if (skipped > 0) html.number(skipped) << " skipped";
  html << "</span></summary>\n<ul class=\"rows\">\n";
  for (const auto* check : checks) write_row(html, {check}, now);
  html << "</ul></details>\n";
}

}  // namespace

void write_next_steps(Html& html, const core::Snapshot& snapshot, net::WallTime now) {
  begin_section(html, "next", "What to do next");
  const auto failed = those(snapshot, CheckStatus::fail);
  if (snapshot.checks.empty()) {
    html << "<p class=\"quiet\">Nothing has been checked yet.</p>\n";
  } else if (failed.empty()) {
    html << "<p class=\"quiet\">Nothing: no check fails.</p>\n";
  } else {
    html << "<ol class=\"steps\">\n";
    for (const auto* check : failed) {
      html << "<li>";
      write_head(html, {check}, now);
      (html << "<p class=\"message\">").text(check->message) << "</p>";
      if (!check->why.empty()) (html << "<p class=\"quiet\">").text(check->why) << "</p>";
      if (!check->remedy.empty()) (html << "<code class=\"remedy\">").text(check->remedy) << "</code>";
      html << "</li>\n";
    }
    html << "</ol>\n";
  }
  end_section(html);
}

void write_checks(Html& html, const core::Snapshot& snapshot, net::WallTime now) {
  if (snapshot.checks.empty()) return;
  const auto failed = those(snapshot, CheckStatus::fail);
  const auto unknown = those(snapshot, CheckStatus::unknown);
  if (!failed.empty() || !unknown.empty()) {
    begin_section(html, "open",
                  failed.empty()    ? "Unknown checks"
                  : unknown.empty() ? "Failed checks"
                                    : "Failed and unknown checks");
    html << "<ul class=\"rows\">\n";
    for (const auto* check : failed) write_row(html, {check}, now);
    write_unknown(html, unknown, now);
    html << "</ul>\n";
    end_section(html);
  }
  // In the order in which the groups come first.
  std::vector<std::pair<std::string_view, std::vector<const CheckResult*>>> groups;
  for (const auto& check : snapshot.checks) {
    if (check.status != CheckStatus::pass && check.status != CheckStatus::skip) continue;
    const auto group = group_of(check);
    auto at =
        std::find_if(groups.begin(), groups.end(), [&](const auto& each) { return each.first == group; });
    if (at == groups.end()) at = groups.insert(groups.end(), {group, {}});
    at->second.push_back(&check);
  }
  if (groups.empty()) return;
  begin_section(html, "rest", "Passed and skipped checks");
  html << "<div class=\"groups\">\n";
  for (const auto& group : groups) write_group(html, group.first, group.second, now);
  html << "</div>\n";
  end_section(html);
}

}  // namespace agent::http
