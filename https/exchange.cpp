#include <fmt/format.h>
#include <httplib.h>
#include <openssl/err.h>

#include <algorithm>
#include <optional>

#include "https/answer.h"
#include "https/guards.h"
#include "https/https.h"
#include "https/sent_secrets.h"
#include "https/server.h"
#include "https/tls.h"
#include "net/foreign_text.h"

namespace https {
namespace {

using std::chrono::steady_clock;
using Line = std::function<bool(std::string_view line)>;

/// One request to one address of its host.
struct Attempt {
  const Identity& identity;
  const Request& request;
  const Url& url;
  const Line* line;
  const SentSecrets& secrets;
  net::Address address;
  steady_clock::time_point connect_by;
};

httplib::Headers headers_of(const Attempt& attempt) {
  httplib::Headers headers{
      {"Host", attempt.url.authority}, {"User-Agent", "calico-azure-agent"}, {"Accept-Encoding", "identity"}};
  for (const auto& [name, value] : attempt.request.headers) {
    headers.erase(name);
    headers.emplace(name, value);
  }
  return headers;
}

/// Without either, an answer that is cut short looks complete.
bool has_length_header(const httplib::Response& response) {
  return response.has_header("Content-Length") || response.has_header("Transfer-Encoding") ||
         response.status == 204 || response.status == 304;
}

void arm(httplib::ClientImpl& client, const Attempt& attempt, const std::string& name, Watch& watch) {
  const auto now = steady_clock::now();
  const auto whole =
      std::max<steady_clock::duration>(attempt.request.finish_by - now, std::chrono::milliseconds(1));
  client.set_connection_timeout(
      std::max<steady_clock::duration>(attempt.connect_by - now, std::chrono::milliseconds(1)));
  client.set_read_timeout(whole);
  client.set_write_timeout(whole);
  client.set_hostname_addr_map({{name, attempt.address.text()}});
  client.set_socket_options([&watch](int socket) { watch.guard(socket); });
  client.set_url_encode(false);
  client.set_decompress(false);
  client.set_follow_location(false);
}

/// Sends the request and stores in `failure` what went wrong; returns the Response if nothing did.
std::optional<Response> ask(httplib::ClientImpl& client, const Attempt& attempt, HeaderGuard& guard,
                            RequestFailure& failure) {
  bool withheld = false;
  const Line clean = [&](std::string_view line) {
    withheld = attempt.secrets.are_in(line);
    return !withheld && (*attempt.line)(line);
  };
  BodyReader body(attempt.line == nullptr ? nullptr : &clean);
  bool has_length = true;
  ERR_clear_error();
  const auto result = client.Get(
      attempt.url.target, headers_of(attempt),
      [&](const httplib::Response& response) {
        guard.header_complete = true;
        guard.received_data = true;
        body.response.status = static_cast<unsigned>(response.status);
        for (const auto& [key, value] : response.headers) body.response.headers[net::lower(key)] = value;
        has_length = has_length_header(response);
        return has_length;
      },
      [&body](const char* data, std::size_t size) {
        return body.take({data, size});
      });
  failure.tls_reason = tls_reason();
  ERR_clear_error();
  if (result) body.finish();
  if (result || body.end() == BodyReader::End::satisfied) {
    auto& response = body.response;
    for (auto& [name, value] : response.headers) {
      if (attempt.secrets.are_in(value)) value = kWithheld;
    }
    if (!withheld && !attempt.secrets.are_in(response.body)) return std::move(response);
    // The status of a refusal may still be returned without its body.
    response.body = kWithheld;
    if (response.status != 200) return std::move(response);
    failure.withheld = true;
    return std::nullopt;
  }
  failure.error = result.error();
  failure.end = body.end();
  failure.received_data = guard.received_data;
  failure.header_complete = guard.header_complete && has_length;
  return std::nullopt;
}

net::Result<Response> attempt_over_tls(const Attempt& attempt, Watch& watch, RequestFailure& failure) {
  const auto& wanted = attempt.identity.server_name;
  const std::string& name = wanted.empty() ? attempt.url.host : wanted;
  HeaderGuard guard;
  httplib::SSLClient client(name, attempt.url.port);
  if (!client.is_valid()) return net::failure(ENOMEM, "OpenSSL cannot be set up");
  if (const auto ready = set_up(client.ssl_context(), attempt.identity, name); !ready) {
    return net::failure(ready.error().code.value(),
                        fmt::format("{}: {}", attempt.url.site(), ready.error().what));
  }
  watch_header(client.ssl_context(), guard);
  arm(client, attempt, name, watch);
  if (auto response = ask(client, attempt, guard, failure)) return std::move(*response);
  failure.verified = client.get_openssl_verify_result();
  failure.expired = watch.expired();
  return tl::unexpected(explain(failure, attempt.url.site(), name));
}

net::Result<Response> attempt_in_clear(const Attempt& attempt, Watch& watch, RequestFailure& failure) {
  HeaderGuard guard;
  httplib::ClientImpl client(attempt.url.host, attempt.url.port);
  arm(client, attempt, attempt.url.host, watch);
  if (auto response = ask(client, attempt, guard, failure)) return std::move(*response);
  failure.expired = watch.expired();
  return tl::unexpected(explain(failure, attempt.url.site(), attempt.url.host));
}

bool is_clean(const std::pair<std::string, std::string>& header) {
  const auto is_control = [](char c) { return static_cast<unsigned char>(c) < ' ' || c == '\x7f'; };
  const auto& [name, value] = header;
  return !name.empty() && name.find_first_of(": ") == std::string::npos &&
         std::none_of(name.begin(), name.end(), is_control) &&
         std::none_of(value.begin(), value.end(), is_control);
}

net::Result<Response> converse(const Identity& identity, const Request& request, const Line* line) {
  const auto url = parse_url(request.url);
  if (!url) return net::pass_on(url);
  if (!std::all_of(request.headers.begin(), request.headers.end(), is_clean)) {
    return net::failure(EINVAL, fmt::format("{}: a header of the request holds a control character or has no "
                                            "proper name",
                                            url->site()));
  }
  const auto addresses = resolve(url->host, request.finish_by);
  if (!addresses) return net::pass_on(addresses);
  // The watch's thread may come too late for an answer that is quick.
  if (steady_clock::now() >= request.finish_by)
    return net::failure(ETIMEDOUT, fmt::format("{}: not asked: the time is up", url->site()));
  const PipeSignal quiet;
  const SentSecrets secrets(request);
  Watch watch(request.finish_by);
  for (std::size_t i = 0;; ++i) {
    const auto now = steady_clock::now();
    const auto left = static_cast<steady_clock::rep>(addresses->size() - i);
    const Attempt attempt{.identity = identity,
                          .request = request,
                          .url = *url,
                          .line = line,
                          .secrets = secrets,
                          .address = (*addresses)[i],
                          .connect_by = now + (request.finish_by - now) / left};
    RequestFailure failure;
    auto response =
        url->tls ? attempt_over_tls(attempt, watch, failure) : attempt_in_clear(attempt, watch, failure);
    const bool connected = response || (failure.error != httplib::Error::Connection &&
                                        failure.error != httplib::Error::ConnectionTimeout);
    if (connected || watch.expired()) return response;
    if (left > 1) continue;
    failure.connect_errno = failure.error == httplib::Error::ConnectionTimeout
                                ? ETIMEDOUT
                                : connect_errno_of(attempt.address, url->port, request.finish_by);
    return tl::unexpected(explain(failure, url->site(), url->host));
  }
}

net::Result<Response> converse_safely(const Identity& identity, const Request& request, const Line* line) {
  try {
    return converse(identity, request, line);
  } catch (const std::exception& bug) {
    // cpp-httplib's number parsing and std::regex throw at what they do not expect.
    return net::failure(EPROTO, fmt::format("an HTTP answer cannot be read ({})", bug.what()));
  }
}

}  // namespace

net::Result<Response> get(const Identity& identity, const Request& request) {
  return converse_safely(identity, request, nullptr);
}

net::Result<Response> stream(const Identity& identity, const Request& request, const Line& line) {
  return converse_safely(identity, request, &line);
}

}  // namespace https
