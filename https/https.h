#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "net/error.h"

namespace https {

/// Whom to believe, and who we are. PEM text; empty = the system's CA store, no client certificate.
struct Identity {
  std::string ca_pem;
  std::string client_certificate_pem;
  std::string client_key_pem;
  /// The name that the server's certificate must bear, where it is not the URL's host.
  std::string server_name;
};

/// What a body, or a line of a stream, may have.
inline constexpr std::size_t kLargestBody = std::size_t{4} << 20;

struct Request {
  std::string url;  ///< "https://host[:port]/path?query"; "http://" for a literal loopback address alone
  std::vector<std::pair<std::string, std::string>> headers;
  std::chrono::steady_clock::time_point finish_by;
  /// What must not come back in the answer, beside Authorization's value: credentials of earlier requests.
  std::vector<std::string> secrets = {};
  /// Sent by POST as application/x-www-form-urlencoded; nullopt: a GET.
  std::optional<std::string> form = {};
  std::size_t largest_body = kLargestBody;
};

struct Response {
  unsigned status = 0;
  std::map<std::string, std::string> headers;  ///< names in lower case
  std::string body;
};

/// One request over verified TLS: no redirect, no proxy, at most `largest_body`, a new connection each time.
/// A header or the body of a refusal that repeats a credential is kWithheld (sent_secrets.h); a 200 with such
/// a body is EBADMSG.
///
/// The sentence of an error names the host, never a header or a query. Codes: EINVAL for a URL or PEM that
/// cannot be used; EHOSTUNREACH when the name does not resolve; ETIMEDOUT past the deadline; ECONNREFUSED,
/// ENETUNREACH, ECONNRESET from the connection; EPROTO when the certificate is not trusted (with the reason)
/// or it is not HTTP; EMSGSIZE for too much body.
net::Result<Response> get(const Identity& identity, const Request& request);

/// The same for an answer without an end: each line of a 200 goes to `line` as it comes, until that returns
/// false or the server ends it (both return the Response, without its body), or `finish_by` passes
/// (ETIMEDOUT). Lines above 4 MiB are EMSGSIZE. Any other status is returned with its body.
net::Result<Response> stream(const Identity& identity, const Request& request,
                             const std::function<bool(std::string_view line)>& line);

/// get() as a value, for those who are tested without a server.
using Getter = std::function<net::Result<Response>(const Request&)>;

}  // namespace https
