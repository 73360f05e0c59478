#include "https/server.h"

#include <fmt/format.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <memory>
#include <span>
#include <thread>

#include "net/address.h"
#include "net/mutex.h"

namespace https {
namespace {

using std::chrono::steady_clock;

constexpr std::uint16_t kHttpsPort = 443;
constexpr std::uint16_t kHttpPort = 80;
constexpr std::size_t kLongestName = 253;  // RFC 1035, as text

tl::unexpected<net::Error> refuse(std::string_view why) {
  return net::failure(EINVAL, fmt::format("the URL {}: write https://HOST[:PORT]/PATH", why));
}

bool is_printable(char c) { return c > ' ' && c <= '~'; }

bool is_name_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
         c == '_';
}

bool is_name(std::string_view host) {
  return !host.empty() && host.size() <= kLongestName &&
         std::all_of(host.begin(), host.end(), is_name_character);
}

bool is_port(std::string_view digits, std::uint16_t& port) {
  const char* end = digits.data() + digits.size();
  const auto [stop, error] = std::from_chars(digits.data(), end, port);
  return error == std::errc{} && stop == end && port != 0;
}

}  // namespace

std::string Url::site() const { return fmt::format("{}://{}", tls ? "https" : "http", authority); }

net::Result<Url> parse_url(std::string_view text) {
  Url url;
  if (!std::all_of(text.begin(), text.end(), is_printable)) {
    return refuse("holds white space or characters that are not ASCII");
  }
  url.tls = text.starts_with("https://");
  if (!url.tls && !text.starts_with("http://")) return refuse("does not begin with https://");
  auto rest = text.substr(text.find("//") + 2);
  const auto path = std::min(rest.find_first_of("/?#"), rest.size());
  const auto target = rest.substr(path);
  if (target.find('#') != std::string_view::npos) return refuse("has a fragment");
  url.target = fmt::format("{}{}", target.starts_with('/') ? "" : "/", target);
  rest = rest.substr(0, path);
  if (rest.find('@') != std::string_view::npos) return refuse("bears a user name");

  const bool bracketed = rest.starts_with('[');
  const auto close = rest.find(']');
  if (bracketed && close == std::string_view::npos) return refuse("has no closing bracket");
  url.host = bracketed ? rest.substr(1, close - 1) : rest.substr(0, rest.find(':'));
  const auto address = net::Address::parse(url.host);
  if (bracketed ? !address || address->family() != net::Family::ipv6 : !is_name(url.host)) {
    return refuse("names no host");
  }
  const auto after = bracketed ? rest.substr(close + 1) : rest.substr(url.host.size());
  const auto usual = url.tls ? kHttpsPort : kHttpPort;
  url.port = usual;
  if (!after.empty() && !(after.starts_with(':') && is_port(after.substr(1), url.port))) {
    return refuse("has something other than a port behind the host");
  }
  url.authority = bracketed ? fmt::format("[{}]", url.host) : url.host;
  if (url.port != usual) url.authority += fmt::format(":{}", url.port);
  if (!url.tls && !(address && address->is_loopback())) {
    return net::failure(
        EINVAL,
        fmt::format("http://{} is not asked without TLS: write https://, or a literal loopback address",
                    url.authority));
  }
  return url;
}

namespace {

struct NameLookup {
  std::string host;
  net::Mutex mutex;
  net::Condition answered;
  bool done CAA_GUARDED_BY(mutex) = false;
  int error CAA_GUARDED_BY(mutex) = 0;
  std::vector<net::Address> addresses CAA_GUARDED_BY(mutex);
};

template <class Sockaddr, class Bytes>
void add(std::vector<net::Address>& all, const addrinfo& entry, Bytes Sockaddr::*field) {
  Sockaddr raw{};
  std::memcpy(&raw, entry.ai_addr, sizeof raw);
  std::array<std::uint8_t, sizeof(Bytes)> bytes{};
  std::memcpy(bytes.data(), &(raw.*field), bytes.size());
  if (const auto address = net::Address::from_bytes(bytes)) all.push_back(*address);
}

void look_up(const std::shared_ptr<NameLookup>& lookup) {
  addrinfo criteria{};
  criteria.ai_socktype = SOCK_STREAM;
  criteria.ai_flags = AI_ADDRCONFIG;
  addrinfo* list = nullptr;
  const int error = ::getaddrinfo(lookup->host.c_str(), nullptr, &criteria, &list);
  std::vector<net::Address> addresses;
  for (const addrinfo* entry = list; entry != nullptr; entry = entry->ai_next) {
    if (entry->ai_family == AF_INET) add(addresses, *entry, &sockaddr_in::sin_addr);
    if (entry->ai_family == AF_INET6) add(addresses, *entry, &sockaddr_in6::sin6_addr);
  }
  if (list != nullptr) ::freeaddrinfo(list);
  const net::Lock lock(lookup->mutex);
  lookup->error = error;
  lookup->addresses = std::move(addresses);
  lookup->done = true;
  lookup->answered.notify_one();
}

}  // namespace

net::Result<std::vector<net::Address>> resolve(const std::string& host,
                                               std::chrono::steady_clock::time_point finish_by) {
  if (const auto literal = net::Address::parse(host)) return std::vector{*literal};
  const auto lookup = std::make_shared<NameLookup>();
  lookup->host = host;
  // getaddrinfo(3) cannot be interrupted and may wait 30 s for DNS: a late answer is dropped.
  std::thread(look_up, lookup).detach();
  const net::Lock lock(lookup->mutex);
  while (!lookup->done && lookup->answered.wait_until(lookup->mutex, finish_by)) continue;
  if (!lookup->done) {
    return net::failure(ETIMEDOUT, fmt::format("the name '{}' is not resolved in time: check DNS", host));
  }
  if (lookup->error != 0 || lookup->addresses.empty()) {
    return net::failure(
        EHOSTUNREACH, fmt::format("the name '{}' does not resolve ({}): check it and DNS", host,
                                  lookup->error == 0 ? "it has no address" : ::gai_strerror(lookup->error)));
  }
  return lookup->addresses;
}

}  // namespace https
