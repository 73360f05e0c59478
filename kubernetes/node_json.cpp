#include "kubernetes/node_json.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "json/json.h"
#include "net/foreign_text.h"

namespace kubernetes {
namespace {

using namespace std::chrono;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// Removes `pattern` from the front, where '0' stands for a digit: the numbers between other
/// characters.
template <std::size_t count>
std::optional<std::array<int, count>> take(std::string_view& text, std::string_view pattern) {
  if (text.size() < pattern.size()) return std::nullopt;
  std::array<int, count> numbers{};
  std::size_t number = 0;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] != '0') {
      if (text[i] != pattern[i]) return std::nullopt;
      ++number;
    } else {
      if (!is_digit(text[i])) return std::nullopt;
      numbers.at(number) = numbers.at(number) * 10 + (text[i] - '0');
    }
  }
  text.remove_prefix(pattern.size());
  return numbers;
}

std::optional<microseconds> take_fraction(std::string_view& text) {
  if (!text.starts_with('.')) return microseconds(0);
  text.remove_prefix(1);
  const auto digits =
      static_cast<std::size_t>(std::find_if_not(text.begin(), text.end(), is_digit) - text.begin());
  if (digits == 0) return std::nullopt;
  microseconds::rep value = 0;
  for (std::size_t i = 0; i < 6; ++i) value = value * 10 + (i < digits ? text[i] - '0' : 0);
  text.remove_prefix(digits);
  return microseconds(value);
}

std::optional<minutes> take_offset(std::string_view text) {
  if (text == "Z" || text == "z") return minutes(0);
  const bool west = text.starts_with('-');
  if (!west && !text.starts_with('+')) return std::nullopt;
  text.remove_prefix(1);
  const auto parts = take<2>(text, "00:00");
  if (!parts || !text.empty() || (*parts)[0] > 23 || (*parts)[1] > 59) return std::nullopt;
  const minutes offset = hours((*parts)[0]) + minutes((*parts)[1]);
  return west ? -offset : offset;
}

}  // namespace

std::optional<system_clock::time_point> from_rfc3339(std::string_view text) {
  const auto calendar = take<3>(text, "0000-00-00");
  if (!calendar || text.empty() || (text[0] != 'T' && text[0] != 't')) return std::nullopt;
  text.remove_prefix(1);
  const auto clock = take<3>(text, "00:00:00");
  if (!clock) return std::nullopt;
  const auto fraction = take_fraction(text);
  if (!fraction) return std::nullopt;
  const auto offset = take_offset(text);
  const year_month_day date{year((*calendar)[0]), month(static_cast<unsigned>((*calendar)[1])),
                            day(static_cast<unsigned>((*calendar)[2]))};
  // A leap second is :60.
  if (!offset || !date.ok() || (*clock)[0] > 23 || (*clock)[1] > 59 || (*clock)[2] > 60) return std::nullopt;
  // system_clock counts nanoseconds, which end in 2262.
  if ((*calendar)[0] < 1700 || (*calendar)[0] > 2200) return std::nullopt;
  return sys_days(date) + hours((*clock)[0]) + minutes((*clock)[1]) + seconds((*clock)[2]) + *fraction -
         *offset;
}

namespace {

using json::at;

constexpr std::size_t kQuotedField = 100;
constexpr std::size_t kLongestWords = 500;

tl::unexpected<net::Error> unusable(std::string_view what) {
  return net::failure(EBADMSG, fmt::format("the API server's answer is no usable Node: {}", what));
}

/// Text that anyone who may write a Node can set.
std::string words_of(const json::Value& value) {
  return net::foreign_text(json::string(value), kLongestWords);
}

net::Result<std::vector<net::Prefix>> pod_cidrs(const json::Value& spec) {
  auto list = at(spec, "podCIDRs");
  if (list.is_null() || (list.is_array() && list.empty())) {
    const auto& single = at(spec, "podCIDR");
    const bool is_blank = single.is_null() || (single.is_string() && json::string(single).empty());
    list = is_blank ? json::Value::array() : json::Value::array({single});
  }
  if (!list.is_array()) return unusable("spec.podCIDRs is no list");
  std::vector<net::Prefix> cidrs;
  for (const json::Value& entry : list) {
    if (!entry.is_string()) return unusable("spec.podCIDRs holds something other than text");
    const auto cidr = net::Prefix::parse(net::foreign_text(json::string(entry), kQuotedField));
    if (!cidr) return unusable("spec.podCIDRs: " + cidr.error().what);
    if (std::find(cidrs.begin(), cidrs.end(), *cidr) == cidrs.end()) cidrs.push_back(*cidr);
  }
  return cidrs;
}

net::Result<std::optional<observed::KubernetesCondition>> network_unavailable(const json::Value& status) {
  const auto& conditions = at(status, "conditions");
  if (!conditions.is_null() && !conditions.is_array()) return unusable("status.conditions is no list");
  for (const json::Value& entry : conditions) {
    if (json::string(at(entry, "type")) != "NetworkUnavailable") continue;
    observed::KubernetesCondition condition{.status = words_of(at(entry, "status")),
                                            .reason = words_of(at(entry, "reason")),
                                            .message = words_of(at(entry, "message")),
                                            .since = {}};
    if (condition.status.empty()) return unusable("the condition NetworkUnavailable has no status");
    const auto& moment = at(entry, "lastTransitionTime");
    const auto since = from_rfc3339(json::string(moment));
    if (!moment.is_null() && !since) {
      return unusable("the condition NetworkUnavailable has a lastTransitionTime that is no RFC 3339 time");
    }
    condition.since = since.value_or(std::chrono::system_clock::time_point{});
    return condition;
  }
  return std::nullopt;
}

/// As kubelet and the cloud provider write them; what makes no sense is left out.
std::vector<net::Address> internal_addresses(const json::Value& status) {
  std::vector<net::Address> addresses;
  const auto& list = at(status, "addresses");
  if (!list.is_array()) return addresses;
  for (const json::Value& entry : list) {
    if (json::string(at(entry, "type")) != "InternalIP") continue;
    if (const auto address = net::Address::parse(json::string(at(entry, "address"))))
      addresses.push_back(*address);
  }
  return addresses;
}

/// Nobody's answer depends on them: what makes no sense is left out.
std::optional<observed::FlannelAnnotations> flannel_annotations(const json::Value& annotations) {
  const auto backend = words_of(at(annotations, "flannel.alpha.coreos.com/backend-type"));
  if (backend.empty()) return std::nullopt;
  observed::FlannelAnnotations flannel{.backend_type = backend, .vtep_mac = {}, .public_ip = {}};
  if (const auto data = json::parse(json::string(at(annotations, "flannel.alpha.coreos.com/backend-data")))) {
    if (const auto mac = net::MacAddress::parse(json::string(at(*data, "VtepMAC")))) flannel.vtep_mac = *mac;
  }
  const auto address = [&annotations](const char* key) -> std::optional<net::Address> {
    const auto parsed = net::Address::parse(json::string(at(annotations, key)));
    return parsed ? std::optional(*parsed) : std::nullopt;
  };
  flannel.public_ip = address("flannel.alpha.coreos.com/public-ip");
  flannel.public_ip_overwrite = address("flannel.alpha.coreos.com/public-ip-overwrite");
  return flannel;
}

}  // namespace

net::Result<VersionedNode> parse_node(const json::Value& object) {
  if (!object.is_object()) return unusable("it is no object");
  // Items of a watch and of old servers may lack the kind; another kind is another thing.
  const auto& kind = at(object, "kind");
  if (!kind.is_null() && kind != "Node") return unusable("it is of another kind");
  const auto& metadata = at(object, "metadata");
  const auto& name = json::string(at(metadata, "name"));
  if (name.empty()) return unusable("it has no metadata.name");
  if (net::foreign_text(name, name.size()) != name) return unusable("its metadata.name is no name");
  const auto created = from_rfc3339(json::string(at(metadata, "creationTimestamp")));
  if (!created) return unusable("its metadata.creationTimestamp is no RFC 3339 time");
  auto cidrs = pod_cidrs(at(object, "spec"));
  if (!cidrs) return net::pass_on(cidrs);
  auto condition = network_unavailable(at(object, "status"));
  if (!condition) return net::pass_on(condition);
  return VersionedNode{.node = {.name = name,
                                .pod_cidrs = std::move(*cidrs),
                                .created = *created,
                                .network_unavailable = std::move(*condition),
                                .flannel = flannel_annotations(at(metadata, "annotations")),
                                .provider_id = words_of(at(at(object, "spec"), "providerID")),
                                .internal_addresses = internal_addresses(at(object, "status"))},
                       .resource_version = json::string(at(metadata, "resourceVersion"))};
}

net::Result<Event> parse_event(std::string_view line) {
  const auto event = json::parse(line);
  if (!event) return net::failure(EBADMSG, "a watch event of the API server: " + event.error().what);
  const auto& type = json::string(at(*event, "type"));
  const auto& object = at(*event, "object");
  if (type == "BOOKMARK") return Event{};
  if (type == "DELETED") return Event{.kind = Event::Kind::deleted, .versioned = {}};
  if (type == "ERROR") {
    return net::failure(ESTALE,
                        fmt::format("the API server ends the watch ({}): the node is read again",
                                    net::foreign_text(json::string(at(object, "reason")), kQuotedField)));
  }
  if (type != "ADDED" && type != "MODIFIED") {
    return net::failure(EBADMSG, fmt::format("a watch event of the API server is of the unknown type '{}'",
                                             net::foreign_text(type, kQuotedField)));
  }
  auto versioned = parse_node(object);
  if (!versioned) return net::pass_on(versioned);
  return Event{.kind = Event::Kind::seen, .versioned = std::move(*versioned)};
}

}  // namespace kubernetes
