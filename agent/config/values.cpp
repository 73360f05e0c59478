#include "agent/config/values.h"

#include <fmt/format.h>
#include <net/if.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <iterator>
#include <utility>

#include "net/foreign_text.h"
#include "net/names.h"

namespace agent {
namespace {

using std::chrono::milliseconds;

struct Unit {
  std::string_view name;
  milliseconds length;
};
constexpr std::array kUnits = {
    Unit{"h", std::chrono::hours(1)},
    Unit{"m", std::chrono::minutes(1)},
    Unit{"s", std::chrono::seconds(1)},
    Unit{"ms", milliseconds(1)},
};

/// Far above every limit in use, far below what 64 bits of milliseconds hold.
constexpr milliseconds kLongestDuration = std::chrono::hours(24 * 36525);

tl::unexpected<net::Error> refused(std::string what) { return net::failure(EINVAL, std::move(what)); }

/// What follows the prefix, if the text begins with it.
std::optional<std::string_view> after(std::string_view prefix, std::string_view text) {
  if (text.substr(0, prefix.size()) != prefix) return std::nullopt;
  return text.substr(prefix.size());
}

bool is_control(unsigned char c) { return c < 0x20 || c == 0x7f; }

/// What the kernel takes as a device's name (dev_valid_name() of net/core/dev.c).
bool is_link_name(std::string_view name) {
  const auto refused = [](unsigned char c) { return c == '/' || c == ':' || c == ' ' || is_control(c); };
  return !name.empty() && name.size() < IFNAMSIZ && name != "." && name != ".." &&
         std::none_of(name.begin(), name.end(), refused);
}

bool is_host_name(std::string_view host) {
  const auto allowed = [](char c) {
    return ('a' <= c && c <= 'z') || ('A' <= c && c <= 'Z') || ('0' <= c && c <= '9') || c == '-' || c == '.';
  };
  const auto numeric = [](char c) { return ('0' <= c && c <= '9') || c == '.'; };
  // 169.254.169 is a mistyped address, not a name, whatever inet_aton(3) would make of it.
  return !host.empty() && host.size() <= 253 && host.front() != '.' && host.front() != '-' &&
         std::all_of(host.begin(), host.end(), allowed) && !std::all_of(host.begin(), host.end(), numeric);
}

bool is_host(std::string_view host) {
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') {
    const auto address = net::Address::parse(host.substr(1, host.size() - 2));
    return address && address->family() == net::Family::ipv6;
  }
  const auto address = net::Address::parse(host);
  return address ? address->family() == net::Family::ipv4 : is_host_name(host);
}

net::Result<node::NicSelector> parse_nic_selector(std::string_view text) {
  if (text == "primary") return node::PrimaryNic{};
  if (const auto digits = after("mac:", text)) {
    const auto mac = net::MacAddress::parse(*digits);
    if (!mac) return net::pass_on(mac);
    return *mac;
  }
  if (const auto cidr = after("subnet:", text)) {
    const auto subnet = net::Prefix::parse(*cidr);
    if (!subnet) return net::pass_on(subnet);
    return *subnet;
  }
  if (const auto name = after("name:", text)) {
    if (!is_link_name(*name)) return refused(fmt::format("'{}' cannot be the name of a device", *name));
    return node::LinkNamed{std::string(*name)};
  }
  return refused(fmt::format(
      "'{}' selects no NIC: write primary, mac:00:0d:3a:f8:06:ec, name:eth1 or subnet:10.1.0.0/24", text));
}

net::Result<std::string> parse_endpoint(std::string_view text) {
  const auto rest = after("http://", text);
  auto authority = rest.value_or("");
  if (!authority.empty() && authority.back() == '/') authority.remove_suffix(1);

  auto host = authority;
  bool port_is_good = true;
  // The colons of "[::1]" are the address's own.
  if (const auto colon = host.rfind(':'); colon != std::string_view::npos && host.back() != ']') {
    port_is_good = net::parse_number<std::uint16_t>(host.substr(colon + 1)).value_or(0) != 0;
    host = host.substr(0, colon);
  }
  if (!port_is_good || !is_host(host)) {
    // A URL with a user or a query may hold a password or a signature.
    const bool may_be_secret = text.find_first_of("@?") != std::string_view::npos;
    return refused(fmt::format(
        "{} is not an endpoint: write http:// and a host, perhaps a port, such as http://169.254.169.254",
        may_be_secret ? "a URL with a user or a query" : fmt::format("'{}'", text)));
  }
  return fmt::format("http://{}", authority);
}

net::Result<std::string> parse_plain(std::string_view text) {
  if (std::any_of(text.begin(), text.end(), [](unsigned char c) { return is_control(c); })) {
    return refused(fmt::format("'{}' holds a control character", text));
  }
  return std::string(text);
}

ParseResult issue(const RawValue& raw, std::string what) {
  return {.issues = {{raw.location, std::move(what)}}, .elements = {}};
}

ParseResult wrong_type(const RawValue& raw, std::string_view wanted) {
  return issue(raw, fmt::format("wants {}, found {}", wanted, describe(raw)));
}

/// A TOML string that stands for a T.
template <class T>
Codec<T> text(const std::string& wanted, const std::function<net::Result<T>(std::string_view)>& parse,
              const std::function<std::string(const T&)>& print) {
  const auto read = [wanted, parse](const RawValue& raw, T& target) {
    const auto* text = std::get_if<std::string>(&raw.value);
    if (text == nullptr) return wrong_type(raw, wanted);
    auto parsed = parse(*text);
    if (!parsed) return issue(raw, parsed.error().what);
    target = *std::move(parsed);
    return ParseResult{};
  };
  return {Shape::text, read, print};
}

/// One of a few words.
template <class T>
Codec<T> choice(const std::vector<net::Named<T>>& words) {
  std::string all;
  for (const auto& word : words) all += (all.empty() ? "" : ", ") + fmt::format("\"{}\"", word.name);
  const auto parse = [words, all](std::string_view text) -> net::Result<T> {
    for (const auto& word : words) {
      if (word.name == text) return word.value;
    }
    return refused(fmt::format("'{}' is none of {}", text, all));
  };
  const auto print = [words](const T& value) {
    const auto found =
        std::find_if(words.begin(), words.end(), [&](const auto& word) { return word.value == value; });
    return std::string(found->name);
  };
  return text<T>("one of " + all, parse, print);
}

template <class T, std::size_t Size>
Codec<T> choice(const std::array<net::Named<T>, Size>& words) {
  return choice(std::vector(words.begin(), words.end()));
}

template <class List, class T = typename List::value_type>
Codec<List> list(const std::string& wanted, const Codec<T>& element) {
  const auto read = [wanted, element](const RawValue& raw, List& target) {
    const auto* values = std::get_if<RawValue::List>(&raw.value);
    if (values == nullptr) return wrong_type(raw, wanted);
    std::vector<T> accepted;
    ParseResult result;
    accepted.reserve(values->size());
    result.elements.reserve(values->size());
    for (const auto& each : *values) {
      T value{};
      auto issues = element.read(each, value).issues;
      if (issues.empty()) {
        accepted.push_back(std::move(value));
        result.elements.push_back(each.location);
      } else {
        std::move(issues.begin(), issues.end(), std::back_inserter(result.issues));
      }
    }
    target = std::move(accepted);
    return result;
  };
  const auto write = [element](const List& list) {
    RawValue::List values;
    values.reserve(list.size());
    for (const auto& each : list) values.push_back({{}, element.write(each)});
    return values;
  };
  return {Shape::list, read, write};
}

/// A value that is its own text.
std::string itself(const std::string& value) { return value; }

}  // namespace

net::Result<milliseconds> parse_duration(std::string_view text) {
  const auto refused = [text] {
    return net::failure(
        EINVAL,
        fmt::format("'{}' is not a duration: write numbers with units, such as 500ms, 90s or 1h30m", text));
  };
  milliseconds sum{0};
  std::size_t next_unit = 0;
  auto rest = text;
  do {
    std::uint64_t count = 0;
    const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), count);
    if (error != std::errc{}) return refused();
    rest.remove_prefix(static_cast<std::size_t>(end - rest.data()));

    const auto name = rest.substr(0, rest.find_first_of("0123456789"));
    while (next_unit < kUnits.size() && kUnits.at(next_unit).name != name) ++next_unit;
    if (next_unit == kUnits.size()) return refused();
    const auto unit = kUnits.at(next_unit++).length;
    rest.remove_prefix(name.size());

    if (count > static_cast<std::uint64_t>((kLongestDuration - sum) / unit)) return refused();
    sum += static_cast<milliseconds::rep>(count) * unit;
  } while (!rest.empty());
  return sum;
}

std::string duration_text(milliseconds duration) {
  std::string text;
  for (const auto& unit : kUnits) {
    const auto count = duration / unit.length;
    if (count > 0) text += fmt::format("{}{}", count, unit.name);
    duration -= count * unit.length;
  }
  return text.empty() ? "0s" : text;
}

Codec<milliseconds> duration(milliseconds least, milliseconds most) {
  const auto parse = [least, most](std::string_view text) {
    auto parsed = parse_duration(text);
    if (parsed && (*parsed < least || most < *parsed)) {
      parsed = refused(
          fmt::format("{} is out of range: {} to {}", text, duration_text(least), duration_text(most)));
    }
    return parsed;
  };
  return text<milliseconds>("a duration in quotes such as \"90s\"", parse, duration_text);
}

template <class T>
Codec<T> integer(std::int64_t least, std::int64_t most, std::optional<std::string> (*refusal)(std::int64_t)) {
  const auto read = [=](const RawValue& raw, T& target) {
    const auto* number = std::get_if<std::int64_t>(&raw.value);
    if (number == nullptr) return wrong_type(raw, fmt::format("an integer from {} to {}", least, most));
    if (const auto why = refusal == nullptr ? std::nullopt : refusal(*number)) return issue(raw, *why);
    if (*number < least || most < *number)
      return issue(raw, fmt::format("{} is out of range: {} to {}", *number, least, most));
    target = static_cast<T>(*number);
    return ParseResult{};
  };
  return {Shape::integer, read, [](const T& value) { return std::int64_t{value}; }};
}
template Codec<std::uint8_t> integer(std::int64_t, std::int64_t,
                                     std::optional<std::string> (*)(std::int64_t));
template Codec<std::uint32_t> integer(std::int64_t, std::int64_t,
                                      std::optional<std::string> (*)(std::int64_t));

Codec<bool> boolean() {
  const auto read = [](const RawValue& raw, bool& target) {
    const auto* value = std::get_if<bool>(&raw.value);
    if (value == nullptr) return wrong_type(raw, "true or false");
    target = *value;
    return ParseResult{};
  };
  return {Shape::boolean, read, [](bool value) { return value; }};
}

Codec<std::string> endpoint() {
  return text<std::string>("a string such as \"http://169.254.169.254\"", parse_endpoint, itself);
}

Codec<node::NicSelector> nic_selector() {
  return text<node::NicSelector>("a string such as \"primary\"", parse_nic_selector, node::selector_text);
}

Codec<net::ListenAddress> listen_address() {
  return text<net::ListenAddress>("a string such as \"127.0.0.1:16925\"", net::parse_listen,
                                  net::listen_text);
}

Codec<std::optional<net::ListenAddress>> metrics_address() {
  using Address = std::optional<net::ListenAddress>;
  const auto parse = [](std::string_view text) -> net::Result<Address> {
    if (text.empty()) return Address();
    auto address = net::parse_listen(text);
    if (!address) return net::pass_on(address);
    if (address->is_unix() || address->port == 0)
      return net::failure(EINVAL,
                          "write an address and a port, such as 10.0.0.4:16926: it is for other machines");
    return Address(std::move(*address));
  };
  return text<Address>("a string such as \"10.0.0.4:16926\"", parse,
                       [](const Address& address) { return address ? net::listen_text(*address) : ""; });
}

Codec<std::string> plain() { return text<std::string>("a string", parse_plain, itself); }

Codec<net::SharedList<net::Prefix>> cidrs() {
  return list<net::SharedList<net::Prefix>>("a list such as [\"10.240.128.0/17\"]",
                                            text<net::Prefix>("a CIDR in quotes such as \"10.240.128.0/17\"",
                                                              net::Prefix::parse, &net::Prefix::text));
}

Codec<std::vector<std::string>> check_ids() {
  return list<std::vector<std::string>>("a list of check ids in quotes", plain());
}

Codec<std::optional<node::Mode>> modes() {
  std::vector<net::Named<std::optional<node::Mode>>> words = {{std::nullopt, "auto"}};
  for (const auto& [mode, name] : node::kModeNames) words.push_back({mode, name});
  return choice(words);
}

Codec<node::NodeCidrSource> node_cidr_sources() {
  using enum node::NodeCidrSource;
  return choice<node::NodeCidrSource>({{automatic, "auto"},
                                       {static_list, "static"},
                                       {kubernetes, "kubernetes"},
                                       {route_table, "route-table"},
                                       {flannel, "flannel"}});
}

Codec<node::LocalSink> local_sinks() {
  using enum node::LocalSink;
  return choice<node::LocalSink>({{blackhole, "blackhole"}, {unreachable, "unreachable"}, {none, "none"}});
}

Codec<bool> sysctl_actions() { return choice<bool>({{false, "check"}, {true, "enforce"}}); }

Codec<AzureVerify> azure_verifications() {
  using enum AzureVerify;
  return choice<AzureVerify>({{automatic, "auto"}, {on, "on"}, {off, "off"}});
}

Codec<core::LogLevel> log_levels() { return choice(kLevelNames); }

Codec<LogFormat> log_formats() { return choice(kFormatNames); }

}  // namespace agent
