#include "agent/http/router.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "agent/http/readyz.h"
#include "agent/http/renderings.h"
#include "checks/check_table.h"
#include "net/address.h"
#include "net/foreign_text.h"

namespace agent::http {
namespace {

Reply plain(unsigned status, std::string text) { return {.status = status, .body = std::move(text)}; }

Reply livez(const Target& target, const View& view) {
  if (view.alive && !target.has("verbose")) return plain(200, "ok");
  if (view.alive) return plain(200, "[+]main_loop ok\nlivez check passed\n");
  return plain(503, main_loop_failed(view.silence) + "livez check failed\n");
}

/// With the body that all connections share at this moment.
Reply shared(Reply reply, const View& view, const std::string& name, std::int64_t moment,
             const std::function<std::string()>& render) {
  if (view.renderings == nullptr) {
    reply.body = render();
  } else {
    reply.shared = view.renderings->share(name, moment, render);
  }
  return reply;
}

/// Ages are in whole seconds.
std::int64_t second_of(const View& view) {
  return std::chrono::floor<std::chrono::seconds>(view.mono_now.time_since_epoch()).count();
}

using Judge = Health (*)(const core::Snapshot&, const HealthQuery&);

template <Judge judge>
Reply health(const Target& target, const View& view) {
  HealthQuery query{.verbose = target.has("verbose"), .exclude = target.all("exclude")};
  if (!view.alive) query.loop_silent_for = view.silence;
  if (const auto unknown = unknown_checks(view.snapshot, query.exclude); !unknown.empty()) {
    std::string text = "no such check:";
    for (const auto& id : unknown) text += " \"" + net::foreign_text(id) + "\"";
    text += "\nthe checks are:";
    for (const auto id : checks::check_ids()) text.append(" ").append(id);
    return plain(400, text + '\n');
  }
  auto health = judge(view.snapshot, query);
  return plain(health.passed ? 200 : 503, std::move(health.body));
}

Reply status(const Target& /*target*/, const View& view) {
  return shared({.content_type = "application/json"}, view, "status", second_of(view),
                [&view] { return status_json(view.snapshot, view.mono_now); });
}

Reply metrics_text(const Target& /*target*/, const View& view) {
  return shared({.content_type = "text/plain; version=0.0.4; charset=utf-8"}, view, "metrics",
                second_of(view),
                [&view] { return metrics(view.snapshot, view.started, view.process_use()); });
}

Reply html_page(const Target& target, const View& view) {
  const PageOptions options{std::chrono::seconds{target.has("refresh") ? 10 : 0}};
  return shared({.content_type = "text/html; charset=utf-8",
                 .headers = {{"Content-Security-Policy", page_policy()}, {"Referrer-Policy", "no-referrer"}}},
                view, options.refresh.count() > 0 ? "page, refreshed" : "page", second_of(view),
                [&] { return page(view.snapshot, view.now, view.mono_now, options); });
}

struct Path {
  std::string_view path;
  Reply (*answer)(const Target&, const View&);
};

constexpr std::array<Path, 6> kPaths = {{
    {"/livez", livez},
    {"/readyz", health<readyz>},
    {"/healthz", health<healthz>},
    {"/status", status},
    {"/metrics", metrics_text},
    {"/", html_page},
}};

Reply answer_to_get(const Request& request, const View& view) {
  const auto target = parse_target(request.target);
  if (!target) return plain(400, "the request target is neither a path nor an http URL\n");
  if (view.metrics_alone) {
    if (target->path == "/metrics") return metrics_text(*target, view);
    return plain(404, "not found; there is /metrics\n");
  }
  const std::string host = target->authority.value_or(request.host.value_or(""));
  if (!view.over_unix_socket && !host_is_ours(host, view.snapshot)) {
    return plain(421, "this is not \"" + net::foreign_text(host) +
                          "\": use an IP address, localhost or the node's name in the URL\n");
  }
  for (const auto& each : kPaths) {
    if (target->path == each.path) return each.answer(*target, view);
  }
  std::string text = "not found; there are:";
  for (const auto& each : kPaths) text.append(" ").append(each.path);
  return plain(404, text + '\n');
}

/// An unknown name matches nothing.
bool is_called(std::string_view host, std::string_view name) {
  return !name.empty() && net::same_ignoring_case(host, name);
}

/// The port may be missing after its colon (RFC 3986, section 3.2.3).
bool is_port(std::string_view text) { return text.empty() || net::parse_number<std::uint16_t>(text); }

bool is_address(std::string_view text, net::Family family) {
  const auto address = net::Address::parse(text);
  return address && address->family() == family;
}

}  // namespace

Reply route(const Request& request, const View& view) {
  const bool is_head = request.method == "HEAD";
  if (!is_head && request.method != "GET") {
    auto reply = plain(405, "only GET and HEAD: nothing can be changed over HTTP\n");
    reply.headers.emplace_back("Allow", "GET, HEAD");
    return reply;
  }
  auto reply = answer_to_get(request, view);
  reply.without_body = is_head;
  return reply;
}

std::optional<Bytes> answer(std::string_view received, const View& view) {
  const ParsedRequest parsed = read_request(received);
  if (const auto* request = std::get_if<Request>(&parsed)) {
    return reply_bytes(route(*request, view), view.now);
  }
  if (const auto* refused = std::get_if<Refused>(&parsed)) {
    return reply_bytes({.status = refused->status, .body = refused->why + '\n'}, view.now);
  }
  return std::nullopt;
}

std::optional<std::string> answer_bytes(std::string_view received, const View& view) {
  auto bytes = answer(received, view);
  if (!bytes) return std::nullopt;
  return bytes->body ? bytes->first + *bytes->body : std::move(bytes->first);
}

bool host_is_ours(std::string_view host, const core::Snapshot& snapshot) {
  if (host.empty()) return true;
  if (host.front() == '[') {
    const auto close = host.find(']');
    if (close == std::string_view::npos) return false;
    const auto rest = host.substr(close + 1);
    return (rest.empty() || (rest.front() == ':' && is_port(rest.substr(1)))) &&
           is_address(host.substr(1, close - 1), net::Family::ipv6);
  }
  const auto colon = host.find(':');
  if (colon != std::string_view::npos && !is_port(host.substr(colon + 1))) return false;
  const auto name = host.substr(0, colon);
  return is_address(name, net::Family::ipv4) || is_called(name, "localhost") ||
         is_called(name, snapshot.node_name) || is_called(name, snapshot.node.computer_name);
}

}  // namespace agent::http
