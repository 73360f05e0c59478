#include <fmt/format.h>

#include <algorithm>

#include "https/sent_secrets.h"
#include "https/server.h"
#include "json/json.h"
#include "kubernetes/kubernetes.h"
#include "kubernetes/node_json.h"
#include "net/foreign_text.h"

namespace kubernetes {
namespace {

using std::chrono::steady_clock;

constexpr std::size_t kQuotedAnswer = 160;
constexpr std::size_t kLongestName = 253;

/// A DNS subdomain (RFC 1123), as the name of every Node is: nothing that would mean something in a URL.
bool is_node_name(std::string_view name) {
  const auto is_fine = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.';
  };
  return !name.empty() && name.size() <= kLongestName && name.front() != '.' && name.back() != '.' &&
         std::all_of(name.begin(), name.end(), is_fine);
}

net::Result<void> check_name(const std::string& name) {
  if (is_node_name(name)) return {};
  return net::failure(EINVAL,
                      fmt::format("'{}' is no name of a Kubernetes node: small letters, digits, '-' and '.'",
                                  net::foreign_text(name, kQuotedAnswer)));
}

https::Request request(const Access& access, const std::string& target, steady_clock::time_point finish_by) {
  https::Request request{
      .url = access.server + target, .headers = {{"Accept", "application/json"}}, .finish_by = finish_by};
  if (!access.token.empty()) request.headers.emplace_back("Authorization", "Bearer " + access.token);
  return request;
}

/// Without the path, which may be a secret of a proxy's.
std::string site_of(const Access& access) {
  const auto url = https::parse_url(access.server);
  return url ? url->site() : "the API server";
}

/// "(500: the message of its Status)"
std::string words_of(const https::Response& response) {
  const bool withheld = response.body == https::kWithheld;
  const auto status = json::parse(response.body);
  const auto message = withheld ? std::string(https::kWithheld)
                       : status ? net::foreign_text(json::string(json::at(*status, "message")), kQuotedAnswer)
                                : std::string();
  return message.empty() ? fmt::format("({})", response.status)
                         : fmt::format("({}: {})", response.status, message);
}

tl::unexpected<net::Error> refusal(const https::Response& response, const Access& access,
                                   const std::string& name) {
  const auto what = fmt::format("GET nodes/{}", name);
  switch (response.status) {
    case 401:
      return net::failure(
          EACCES, fmt::format("the API server refuses {} (401 Unauthorized): the credential of {} has "
                              "expired or is of another cluster",
                              what, access.source));
    case 403:
      return net::failure(
          EACCES, fmt::format("the API server refuses {} (403 Forbidden): the credential of {} needs get "
                              "and watch on nodes, or belongs to another node",
                              what, access.source));
    case 404:
      return net::failure(ENOENT,
                          fmt::format("the API server has no node '{}' (404): it has not registered yet, or "
                                      "kubernetes.node_name names another",
                                      name));
    case 410:
      return net::failure(ESTALE,
                          fmt::format("the API server no longer has this version of nodes/{} (410 Gone): it "
                                      "is read again",
                                      name));
    case 429:
      return net::failure(
          EBUSY, fmt::format("the API server is asked too often for {} (429); asked again later", what));
    default:
      break;
  }
  const auto words = words_of(response);
  if (response.status >= 500) {
    return net::failure(EAGAIN, fmt::format("the API server fails at {} {}; asked again", what, words));
  }
  return net::failure(EBADMSG,
                      fmt::format("{} answers {} in a way no API server does {}: check the server of {}",
                                  site_of(access), what, words, access.source));
}

}  // namespace

net::Result<VersionedNode> get_node(const Access& access, const std::string& name,
                                    steady_clock::time_point finish_by) {
  if (const auto fine = check_name(name); !fine) return net::pass_on(fine);
  const auto response = https::get(access.identity, request(access, "/api/v1/nodes/" + name, finish_by));
  if (!response) return net::pass_on(response);
  if (response->status != 200) return refusal(*response, access, name);
  const auto document = json::parse(response->body);
  if (!document) return net::failure(EBADMSG, "the API server's answer: " + document.error().what);
  auto versioned = parse_node(*document);
  if (versioned && versioned->node.name != name) {
    return net::failure(EBADMSG, fmt::format("the API server answers with another node than '{}'", name));
  }
  return versioned;
}

net::Result<void> watch_node(const Access& access, const std::string& name,
                             const std::string& resource_version, steady_clock::time_point finish_by,
                             const std::function<bool(const VersionedNode&)>& seen) {
  if (auto fine = check_name(name); !fine) return fine;
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  if (!std::all_of(resource_version.begin(), resource_version.end(), is_digit)) {
    return net::failure(EINVAL, "the resourceVersion to watch from is no number");
  }
  const auto left = std::chrono::floor<std::chrono::seconds>(finish_by - steady_clock::now()).count();
  const auto target = fmt::format(
      "/api/v1/nodes?watch=true&fieldSelector=metadata.name%3D{}&allowWatchBookmarks=true&timeoutSeconds={}"
      "&resourceVersion={}",
      name, std::max<decltype(left)>(left, 1), resource_version);
  net::Result<void> result;
  const auto take = [&](std::string_view line) {
    if (line.empty()) return true;
    auto event = parse_event(line);
    if (!event) {
      result = net::pass_on(event);
      return false;
    }
    if (event->kind == Event::Kind::deleted) {
      result = net::failure(ENOENT, fmt::format("the node '{}' has been deleted from the cluster", name));
      return false;
    }
    if (event->kind == Event::Kind::nothing || event->versioned.node.name != name) return true;
    return seen(event->versioned);
  };
  const auto response = https::stream(access.identity, request(access, target, finish_by), take);
  if (!result) return result;
  if (!response) {
    if (response.error().code.value() == ETIMEDOUT && steady_clock::now() >= finish_by) return {};
    return net::pass_on(response);
  }
  if (response->status != 200) return refusal(*response, access, name);
  return {};
}

}  // namespace kubernetes
