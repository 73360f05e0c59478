#include <algorithm>
#include <cstddef>
#include <string_view>

#include "agent/http/page_html.h"
#include "agent/http/page_style.h"
#include "agent/http/renderings.h"
#include "core/snapshot.h"

namespace agent::http {
namespace {

bool is_ready(const core::Snapshot& snapshot, const PageOptions& options) {
  return snapshot.ready && options.unanswered.empty();
}

void head(Html& html, const core::Snapshot& snapshot, PageOptions options) {
  html << "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
          "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
          "<meta name=\"color-scheme\" content=\"light dark\">\n";
  if (options.refresh.count() > 0) {
    html << "<meta http-equiv=\"refresh\" content=\"" << std::to_string(options.refresh.count()) << "\">\n";
  }
  // A dot in the tab: readiness at a glance among many nodes.
  html << "<link rel=\"icon\" href=\"data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 "
          "0 16 "
          "16'%3E%3Ccircle cx='8' cy='8' r='7' fill='%23"
       << (is_ready(snapshot, options) ? "2a9d5c" : "d0404a") << "'/%3E%3C/svg%3E\">\n<title>";
  html.text(snapshot.node_name) << (is_ready(snapshot, options) ? ": ready" : ": not ready")
                                << "</title>\n<style>" << kPageStyle << "</style>\n</head>\n<body>\n"
                                << "<a class=\"skip\" href=\"#next\">Skip to what to do next</a>\n";
}

/// "2 checks warn, 1 could not look": what the verdict does not depend on.
std::string remarks(const core::Snapshot& snapshot) {
  using checks::CheckStatus;
  std::size_t warnings = 0;
  std::size_t unknown = 0;
  for (const auto& check : snapshot.checks) {
    if (check.status == CheckStatus::fail && !check.gate) ++warnings;
    if (check.status == CheckStatus::unknown) ++unknown;
  }
  std::string text;
  if (warnings > 0) text += ' ' + counted(warnings, "check warns", "checks warn") + '.';
  if (unknown > 0) text += ' ' + counted(unknown, "check could not look", "checks could not look") + '.';
  return text;
}

void verdict(Html& html, const core::Snapshot& snapshot, net::WallTime now, PageOptions options) {
  html << "<header>\n<h1>";
  html.text(snapshot.node_name.empty() ? std::string_view("this node") : snapshot.node_name) << "</h1>\n";
  write(html, is_ready(snapshot, options) ? Badge{"ready", "good"} : Badge{"not ready", "bad"});
  html << "\n<p class=\"lead\">";
  if (!options.unanswered.empty()) {
    html << "Nobody answers here for the node: ";
    html.text(options.unanswered) << ".";
  } else if (snapshot.ready && snapshot.ready_since) {
    html << "Ready for " << ago(now - *snapshot.ready_since) << ", since " << utc_text(*snapshot.ready_since)
         << ".";
  } else if (!snapshot.ready) {
    const auto holding = static_cast<std::size_t>(
        std::count_if(snapshot.checks.begin(), snapshot.checks.end(),
                      [](const checks::CheckResult& check) { return check.holds(); }));
    if (holding == 0) {
      html << "What this node needs is not yet confirmed in the kernel.";
    } else {
      html << counted(holding, "gate holds", "gates hold") << " readiness back.";
    }
  }
  html << remarks(snapshot) << "</p>\n</header>\n<main>\n";
}

void foot(Html& html, const core::Snapshot& snapshot, net::WallTime now, PageOptions options) {
  html << "</main>\n<footer>\n<p class=\"num\">Routes repaired: "
       << std::to_string(snapshot.counters.routes_repaired)
       << ". Looks at the kernel: " << std::to_string(snapshot.counters.resyncs)
       << ". Failed metadata requests: " << std::to_string(snapshot.counters.imds_errors)
       << ".</p>\n<p>calico-azure-agent ";
  html.text(snapshot.version) << ", as of " << utc_text(now) << ".</p>\n<nav aria-label=\"Other views\">";
  html << (options.refresh.count() > 0 ? "<a href=\"/\">stop refreshing</a>"
                                       : "<a href=\"/?refresh\">refresh every 10 s</a>");
  html << " <a href=\"/readyz?verbose\">/readyz</a> <a href=\"/healthz?verbose\">/healthz</a> "
          "<a href=\"/status\">/status</a> <a "
          "href=\"/metrics\">/metrics</a></nav>\n</footer>\n</body>\n</html>\n";
}

}  // namespace

std::string page(const core::Snapshot& snapshot, net::WallTime now, net::MonoTime mono_now,
                 PageOptions options) {
  Html html;
  head(html, snapshot, options);
  verdict(html, snapshot, now, options);
  write_next_steps(html, snapshot, now);
  write_path(html, snapshot);
  write_checks(html, snapshot, now);
  write_routes(html, snapshot);
  write_events(html, snapshot, now);
  write_facts(html, snapshot, mono_now);
  foot(html, snapshot, now, options);
  return std::move(html).take();
}

const std::string& page_policy() {
  static const std::string kPolicy =
      std::string("default-src 'none'; style-src 'sha256-") + kPageStyleHash +
      "'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
  return kPolicy;
}

}  // namespace agent::http
