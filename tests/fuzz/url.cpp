// Whatever stands where a URL should: refused, or its parts make the same URL again.
#include "https/server.h"

#include <cstdint>

#include "tests/fuzz/promise.h"

// libFuzzer's entry point.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto url = https::parse_url(text);
  require(is_explained(url));
  if (!url) return 0;
  require(!url->host.empty() && url->port != 0 && url->target.starts_with('/'));
  require(url->host.find_first_of("/@?#[]") == std::string::npos);
  require(is_one_line(url->site()) && is_one_line(url->target));
  const auto again = https::parse_url(url->site() + url->target);
  require(again && again->host == url->host && again->port == url->port && again->tls == url->tls &&
          again->target == url->target && again->authority == url->authority);
  return 0;
}
