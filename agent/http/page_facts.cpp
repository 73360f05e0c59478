#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "agent/http/page_html.h"

namespace agent::http {
namespace {

/// More routes than a person reads: the rest is in /status.
constexpr std::size_t kRoutesShown = 250;
constexpr std::size_t kEventsShown = 20;

template <class Items, class Text>
std::string joined(const Items& items, Text text) {
  std::string list;
  for (const auto& item : items) {
    if (!list.empty()) list += ", ";
    list += text(item);
  }
  return list;
}

/// The first of a list that may have thousands.
std::string joined(const net::SharedList<net::Prefix>& prefixes) {
  const std::vector<net::Prefix> shown(
      prefixes.begin(),
      prefixes.begin() + static_cast<std::ptrdiff_t>(std::min<std::size_t>(prefixes.size(), 20)));
  auto list = joined(shown, [](const net::Prefix& prefix) { return prefix.text(); });
  if (shown.size() < prefixes.size())
    list += " and " + std::to_string(prefixes.size() - shown.size()) + " more";
  return list;
}

std::string joined(const std::vector<std::string>& texts) {
  return joined(texts, [](const std::string& text) { return text; });
}

std::string number_or_empty(std::uint32_t number) { return number == 0 ? "" : std::to_string(number); }

void begin_table(Html& html, std::string_view id, std::string_view title) {
  begin_section(html, id, title);
  html << "<table class=\"facts\">\n";
}

void end_table(Html& html) {
  html << "</table>\n";
  end_section(html);
}

/// A row of a table of facts; an empty value is a dash, so that no fact goes missing silently.
void fact(Html& html, std::string_view name, std::string_view value) {
  html << "<tr><th scope=\"row\">" << name << "</th><td>";
  value.empty() ? html << "<span class=\"quiet\">–</span>" : html.text(value);
  html << "</td></tr>\n";
}

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

/// In ip-route(8)'s order; what all routes of ours have in common is left out.
std::string way_of(const routing::RouteStatus& each) {
  const net::Route& route = each.route;
  std::string way;
  if (!net::leads_somewhere(route.type)) way = net::route_type_name(route.type);
  if (route.gateway) way += "via " + route.gateway->text();
  if (!each.device.empty()) way += (way.empty() ? "dev " : " dev ") + each.device;
  if (route.source) way += " src " + route.source->text();
  return way + " table " + std::to_string(route.key.table) + " metric " + std::to_string(route.key.metric);
}

void route_row(Html& html, const routing::RouteStatus& each) {
  (html << "<li><code class=\"to\">").text(each.route.key.destination.text()) << "</code> ";
  write(html, badge_of(each.state));
  (html << "<p>").text(way_of(each)) << "</p>";
  if (!each.error.empty()) (html << "<p class=\"quiet\">").text(each.error) << "</p>";
  html << "</li>\n";
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

}  // namespace

void write_facts(Html& html, const core::Snapshot& snapshot, net::MonoTime now) {
  html << "<div class=\"pair\">\n";
  begin_table(html, "node", "Node");
  fact(html, "Mode",
       snapshot.mode_reason.empty()
           ? std::string(node::mode_name(snapshot.mode))
           : std::string(node::mode_name(snapshot.mode)) + ", " + snapshot.mode_reason);
  fact(html, "Azure VM", snapshot.node.name);
  fact(html, "Scale set", snapshot.node.vm_scale_set);
  fact(html, "Location", snapshot.node.location);
  fact(html, "VM id", snapshot.node.vm_id);
  fact(html, "Resource id", snapshot.node.resource_id);
  fact(html, "Metadata", imds_text(snapshot.imds, now));
  end_table(html);

  begin_table(html, "nic", "NIC and pods");
  fact(html, "NIC", snapshot.nic.name);
  fact(html, "MAC address", snapshot.nic.mac);
  fact(html, "Addresses", joined(snapshot.nic.addresses));
  fact(html, "Subnets", joined(snapshot.nic.subnets));
  fact(html, "Gateways", joined(snapshot.nic.gateways));
  fact(html, "MTU", number_or_empty(snapshot.nic.mtu));
  fact(html, "Cluster CIDRs", joined(snapshot.cluster_cidrs));
  fact(html, "Node CIDRs", joined(snapshot.node_cidrs));
  end_table(html);
  html << "</div>\n";
}

void write_routes(Html& html, const core::Snapshot& snapshot) {
  begin_section(html, "routes", "Routes");
  if (snapshot.routes.empty()) {
    html << "<p class=\"quiet\">No route is wanted at present.</p>\n";
  } else {
    const auto shown = worst_first(snapshot.routes, kRoutesShown);
    html << "<ul class=\"routes\">\n";
    for (const auto& each : shown) route_row(html, each);
    html << "</ul>\n";
    if (shown.size() < snapshot.routes.size()) {
      (html << "<p class=\"quiet\">And ").number(snapshot.routes.size() - shown.size())
          << " more: <a href=\"/status\">/status</a> has them all.</p>\n";
    }
  }
  end_section(html);
}

void write_events(Html& html, const core::Snapshot& snapshot, net::WallTime now) {
  const auto& events = *snapshot.events;
  if (events.empty()) return;
  begin_section(html, "events", "Last events");
  html << "<ul class=\"events\">\n";
  std::size_t left = kEventsShown;
  for (auto each = events.rbegin(); each != events.rend() && left > 0; ++each, --left) {
    html << "<li>";
    write_age(html, each->time, now);
    html << "<p>";
    if (each->event.level >= core::LogLevel::warn) {
      write(html, {"warning", "warn"});
      html << " ";
    }
    html.text(each->event.message) << "</p></li>\n";
  }
  html << "</ul>\n<p class=\"quiet\"><code>calico-azure-agent history</code> has those from before the last "
          "start.</p>\n";
  end_section(html);
}

}  // namespace agent::http
