#include "agent/http/renderings.h"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

#include "agent/http/page_style.h"
#include "agent/http/text.h"
#include "core/snapshot.h"

namespace agent::http {
namespace {

/// More routes than a person reads: the rest is in /status.
constexpr std::size_t kRoutesShown = 250;

/// HTML in the making: what is written is markup unless it goes through `text`.
class Html {
 public:
  Html& operator<<(std::string_view markup) {
    markup_ += markup;
    return *this;
  }
  Html& text(std::string_view raw) { return *this << html_escaped(raw); }

  /// A row of a table of facts; an empty value is a dash, so that no fact goes missing silently.
  void fact(std::string_view name, std::string_view value) {
    *this << "<tr><th scope=\"row\">" << name << "</th><td>";
    value.empty() ? *this << "<span class=\"quiet\">–</span>" : text(value);
    *this << "</td></tr>\n";
  }

  [[nodiscard]] std::string take() && { return std::move(markup_); }

 private:
  std::string markup_;
};

/// A word and the colour that goes with it; the word is enough, the colour only helps the eye.
struct Badge {
  std::string_view word;
  std::string_view tone;
};

void write(Html& html, const Badge& badge) {
  html << "<span class=\"badge " << badge.tone << "\">" << badge.word << "</span>";
}

Badge badge_of(const checks::CheckResult& check) {
  switch (check.status) {
    case checks::CheckStatus::pass:
      return {"pass", "good"};
    case checks::CheckStatus::fail:
      return check.gate ? Badge{"fail", "bad"} : Badge{"warning", "warn"};
    case checks::CheckStatus::unknown:
      return {"unknown", "none"};
    case checks::CheckStatus::skip:
      break;
  }
  return {"skip", "none"};
}

Badge badge_of(routing::RouteState state) {
  switch (state) {
    case routing::RouteState::in_sync:
      return {"in sync", "good"};
    case routing::RouteState::pending:
      return {"pending", "none"};
    case routing::RouteState::shadowed:
      return {"shadowed", "warn"};
    case routing::RouteState::failed:
      break;
  }
  return {"failed", "bad"};
}

/// 0 = needs doing now, 3 = of no concern.
int urgency(const checks::CheckResult& check) {
  switch (check.status) {
    case checks::CheckStatus::fail:
      return check.gate ? 0 : 1;
    case checks::CheckStatus::unknown:
      return 2;
    case checks::CheckStatus::pass:
      return 3;
    case checks::CheckStatus::skip:
      break;
  }
  return 4;
}

template <class Items, class Text>
std::string joined(const Items& items, Text text) {
  std::string list;
  for (const auto& item : items) {
    if (!list.empty()) list += ", ";
    list += text(item);
  }
  return list;
}

std::string joined(const net::SharedList<net::Prefix>& prefixes) {
  return joined(prefixes, [](const net::Prefix& prefix) { return prefix.text(); });
}

std::string joined(const std::vector<std::string>& texts) {
  return joined(texts, [](const std::string& text) { return text; });
}

std::string ago(std::chrono::nanoseconds age) {
  return duration_text(std::chrono::duration_cast<std::chrono::seconds>(age));
}

std::string number_or_empty(std::uint32_t number) { return number == 0 ? "" : std::to_string(number); }

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
       << (snapshot.ready ? "2a9d5c" : "d0404a") << "'/%3E%3C/svg%3E\">\n<title>";
  html.text(snapshot.node_name) << (snapshot.ready ? ": ready" : ": not ready") << "</title>\n<style>"
                                << kPageStyle << "</style>\n</head>\n<body>\n";
}

void headline(Html& html, const core::Snapshot& snapshot, net::WallTime now) {
  html << "<header>\n<h1>";
  html.text(snapshot.node_name.empty() ? std::string_view("this node") : snapshot.node_name) << "</h1>\n";
  write(html, snapshot.ready ? Badge{"ready", "good"} : Badge{"not ready", "bad"});
  html << "\n<p class=\"lead\">";
  if (snapshot.ready && snapshot.ready_since) {
    html << "Ready for " << ago(now - *snapshot.ready_since) << ", since " << utc_text(*snapshot.ready_since)
         << ".";
  } else if (!snapshot.ready) {
    const auto holding = std::count_if(snapshot.checks.begin(), snapshot.checks.end(),
                                       [](const checks::CheckResult& check) { return check.holds(); });
    if (holding == 0) {
      html << "What this node needs is not yet confirmed in the kernel.";
    } else {
      html << std::to_string(holding) << (holding == 1 ? " gate holds" : " gates hold") << " readiness back.";
    }
  }
  html << "</p>\n</header>\n<main>\n";
}

void check_row(Html& html, const checks::CheckResult& check, net::WallTime now) {
  html << "<tr><th scope=\"row\"><code>";
  html.text(check.id) << "</code></th><td>";
  write(html, badge_of(check));
  html << "</td><td>" << (check.gate ? "gate" : "") << "</td><td>";
  html.text(check.message);
  if (!check.why.empty()) (html << "<p class=\"why\">").text(check.why) << "</p>";
  if (!check.remedy.empty()) (html << "<code class=\"remedy\">").text(check.remedy) << "</code>";
  html << "</td><td class=\"num\">";
  if (check.since != net::WallTime{}) {
    html << "<time datetime=\"" << core::wall_time_text(check.since) << "\" title=\"" << utc_text(check.since)
         << "\">" << ago(now - check.since) << "</time>";
  }
  html << "</td></tr>\n";
}

void checks(Html& html, const core::Snapshot& snapshot, net::WallTime now) {
  auto sorted = snapshot.checks;
  std::stable_sort(
      sorted.begin(), sorted.end(),
      [](const checks::CheckResult& a, const checks::CheckResult& b) { return urgency(a) < urgency(b); });
  html << "<section aria-labelledby=\"checks\">\n<h2 id=\"checks\">Checks</h2>\n";
  if (sorted.empty()) {
    html << "<p class=\"quiet\">Nothing has been checked yet.</p>\n</section>\n";
    return;
  }
  html << "<table class=\"checks\">\n<thead><tr><th scope=\"col\">Check</th><th scope=\"col\">Status</th>"
          "<th scope=\"col\">Gate</th><th scope=\"col\">Finding</th><th "
          "scope=\"col\">For</th></tr></thead>\n<tbody>\n";
  for (const auto& check : sorted) check_row(html, check, now);
  html << "</tbody>\n</table>\n</section>\n";
}

void begin_facts(Html& html, std::string_view id, std::string_view title) {
  html << "<section aria-labelledby=\"" << id << "\">\n<h2 id=\"" << id << "\">" << title
       << "</h2>\n<table class=\"facts\">\n";
}

void end_facts(Html& html) { html << "</table>\n</section>\n"; }

std::string imds_text(const node::ImdsStatus& imds, net::MonoTime now) {
  std::string text;
  switch (imds.source) {
    case node::ImdsSource::none:
      text = "no document yet";
      break;
    case node::ImdsSource::cache:
      text = "the copy kept from an earlier run";
      break;
    case node::ImdsSource::live:
      text = "live";
      break;
  }
  if (imds.last_success_mono) text += ", last answered " + ago(now - *imds.last_success_mono) + " ago";
  if (!imds.last_error.empty()) text += "; " + imds.last_error;
  return text;
}

void facts(Html& html, const core::Snapshot& snapshot, net::MonoTime now) {
  html << "<div class=\"pair\">\n";
  begin_facts(html, "node", "Node");
  html.fact("Mode", snapshot.mode_reason.empty()
                        ? std::string(node::mode_name(snapshot.mode))
                        : std::string(node::mode_name(snapshot.mode)) + ", " + snapshot.mode_reason);
  html.fact("Azure VM", snapshot.node.name);
  html.fact("Scale set", snapshot.node.vm_scale_set);
  html.fact("Location", snapshot.node.location);
  html.fact("VM id", snapshot.node.vm_id);
  html.fact("Resource id", snapshot.node.resource_id);
  html.fact("Metadata", imds_text(snapshot.imds, now));
  end_facts(html);

  begin_facts(html, "nic", "NIC and pods");
  html.fact("NIC", snapshot.nic.name);
  html.fact("MAC address", snapshot.nic.mac);
  html.fact("Addresses", joined(snapshot.nic.addresses));
  html.fact("Subnets", joined(snapshot.nic.subnets));
  html.fact("Gateways", joined(snapshot.nic.gateways));
  html.fact("MTU", number_or_empty(snapshot.nic.mtu));
  html.fact("Cluster CIDRs", joined(snapshot.cluster_cidrs));
  html.fact("Node CIDRs", joined(snapshot.node_cidrs));
  end_facts(html);
  html << "</div>\n";
}

void route_row(Html& html, const routing::RouteStatus& each) {
  const net::Route& route = each.route;
  std::string way;
  if (!net::leads_somewhere(route.type)) way = net::route_type_name(route.type);
  if (route.gateway) way += "via " + route.gateway->text();
  if (!each.device.empty()) way += (way.empty() ? "dev " : " dev ") + each.device;
  if (route.source) way += " src " + route.source->text();
  (html << "<tr><th scope=\"row\"><code>").text(route.key.destination.text()) << "</code></th><td>";
  html.text(way) << "</td><td class=\"num\">" << std::to_string(route.key.table) << "</td><td class=\"num\">"
                 << std::to_string(route.key.metric) << "</td><td>";
  write(html, badge_of(each.state));
  if (!each.error.empty()) (html << "<p class=\"why\">").text(each.error) << "</p>";
  html << "</td></tr>\n";
}

std::vector<routing::RouteStatus> worst_first(const routing::RouteStatuses& routes, std::size_t most) {
  std::vector<routing::RouteStatus> shown;
  for (const auto& each : routes.out_of_sync()) {
    if (shown.size() < most) shown.push_back(routes.at(each.position));
  }
  for (std::size_t i = 0; i < routes.size() && shown.size() < most; ++i) {
    if (auto each = routes.at(i); each.state == routing::RouteState::in_sync)
      shown.push_back(std::move(each));
  }
  return shown;
}

void routes(Html& html, const core::Snapshot& snapshot) {
  html << "<section aria-labelledby=\"routes\">\n<h2 id=\"routes\">Routes</h2>\n";
  if (snapshot.routes.empty()) {
    html << "<p class=\"quiet\">No route is wanted at present.</p>\n</section>\n";
    return;
  }
  const auto shown = worst_first(snapshot.routes, kRoutesShown);
  html << "<table>\n<thead><tr><th scope=\"col\">Destination</th><th scope=\"col\">Way</th><th "
          "scope=\"col\">Table</th>"
          "<th scope=\"col\">Metric</th><th scope=\"col\">State</th></tr></thead>\n<tbody>\n";
  for (const auto& each : shown) route_row(html, each);
  html << "</tbody>\n</table>\n";
  if (shown.size() < snapshot.routes.size()) {
    html << "<p class=\"quiet\">And " << std::to_string(snapshot.routes.size() - shown.size())
         << " more: <a href=\"/status\">/status</a> has them all.</p>\n";
  }
  html << "</section>\n";
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
  headline(html, snapshot, now);
  checks(html, snapshot, now);
  facts(html, snapshot, mono_now);
  routes(html, snapshot);
  foot(html, snapshot, now, options);
  return std::move(html).take();
}

}  // namespace agent::http
