#include "imds/fetch.h"

#include <fmt/format.h>

#include <chrono>
#include <utility>

#include "imds/answer.h"
#include "imds/endpoint.h"

namespace imds {
namespace {

constexpr unsigned kOk = 200;
constexpr unsigned kBadRequest = 400;

}  // namespace

net::Result<Reading> attempt(http1::Exchange& exchange, const Options& options, std::string& api_version) {
  const auto started = std::chrono::steady_clock::now();
  const auto endpoint = parse_endpoint(options.endpoint);
  if (!endpoint) return net::pass_on(endpoint);

  const auto ask = [&](const std::string& version) {
    return exchange.get(request_to(
        *endpoint, fmt::format("/metadata/instance?api-version={}&format=json", version),
        std::chrono::steady_clock::now() + options.connect_timeout, started + options.read_timeout));
  };
  auto version = api_version;
  auto response = ask(version);
  if (response && response->status == kBadRequest && version != kFallbackApiVersion) {
    version = kFallbackApiVersion;
    response = ask(version);
  }
  if (!response) return tl::unexpected(explain(response.error(), options));
  if (response->status == kOk) api_version = version;
  auto network = judge(*response, options.endpoint);
  if (!network) return net::pass_on(network);
  return Reading{.network = *std::move(network),
                 .document = std::move(response->body),
                 .api_version = std::move(version)};
}

net::Result<Reading> fetch_once(const Options& options) {
  http1::Exchange exchange;
  std::string api_version = kPreferredApiVersion;
  return attempt(exchange, options, api_version);
}

}  // namespace imds
