#include "arm/resource_id.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <vector>

#include "net/foreign_text.h"

namespace arm {
namespace {

constexpr std::size_t kMaximumLength = 2048;
constexpr std::size_t kQuotedId = 120;
constexpr std::size_t kShortest = 8;  // segments, up to the resource's name
constexpr std::size_t kNamespace = 5;

bool is_ascii(char c) { return static_cast<unsigned char>(c) < 0x80; }

/// Letters of other scripts occur in the names of resource groups; path() encodes them.
bool is_allowed(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view("-._~()").find(c) != std::string_view::npos || !is_ascii(c);
}

std::vector<std::string_view> segments_of(std::string_view text) {
  std::vector<std::string_view> segments;
  for (auto rest = text; !rest.empty();) {
    rest.remove_prefix(1);
    const auto end = std::min(rest.find('/'), rest.size());
    segments.push_back(rest.substr(0, end));
    rest.remove_prefix(end);
  }
  return segments;
}

bool is_name(std::string_view segment) {
  return !segment.empty() && segment != "." && segment != ".." &&
         std::all_of(segment.begin(), segment.end(), is_allowed);
}

}  // namespace

net::Result<ResourceId> ResourceId::parse(std::string_view text) {
  const auto refuse = [text](std::string_view why) {
    return net::failure(
        EINVAL, fmt::format("'{}' is no Azure resource id: {}", net::foreign_text(text, kQuotedId), why));
  };
  if (text.size() > kMaximumLength) return refuse("it is longer than 2 KiB");
  if (!text.starts_with('/')) return refuse("it does not begin with /subscriptions/");
  const auto segments = segments_of(text);
  // Of other scripts neither what steers a terminal or is not to be seen, nor what is no UTF-8.
  const bool is_clean = net::foreign_text(text, text.size()) == text;
  if (!is_clean || !std::all_of(segments.begin(), segments.end(), is_name)) {
    return refuse("it has an empty segment or characters that no name has");
  }
  if (segments.size() < kShortest || segments.size() % 2 != 0 ||
      !net::same_ignoring_case(segments[0], "subscriptions") ||
      !net::same_ignoring_case(segments[2], "resourceGroups") ||
      !net::same_ignoring_case(segments[4], "providers")) {
    return refuse("expected /subscriptions/…/resourceGroups/…/providers/NAMESPACE/TYPE/NAME");
  }
  auto type = net::lower(segments[kNamespace]);
  for (auto at = kNamespace + 1; at < segments.size(); at += 2) type += '/' + net::lower(segments[at]);
  return ResourceId(std::string(text), std::move(type));
}

std::string_view ResourceId::name() const {
  return std::string_view(text_).substr(text_.find_last_of('/') + 1);
}

net::Result<ResourceId> ResourceId::parent() const {
  const auto type_end = text_.find_last_of('/') - 1;
  return parse(std::string_view(text_).substr(0, text_.find_last_of('/', type_end)));
}

std::string ResourceId::path() const {
  std::string encoded;
  for (const char c : text_) {
    if (is_ascii(c)) {
      encoded += c;
    } else {
      encoded += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return encoded;
}

bool ResourceId::operator==(const ResourceId& other) const {
  return net::same_ignoring_case(text_, other.text_);
}

namespace {

constexpr Kind kKinds[] = {kVirtualMachine, kNic,      kSubnet,     kRouteTable, kSecurityGroup,
                           kVirtualNetwork, kInstance, kInstanceNic};
constexpr std::size_t kQuotedName = 80;

}  // namespace

std::string Subject::phrase() const {
  if (!list_words.empty()) return list_words;
  return fmt::format("the {} '{}'", kind.noun, net::foreign_text(id.name(), kQuotedName));
}

std::string Subject::target() const {
  if (!list_path.empty()) return fmt::format("{}?api-version={}", list_path, kind.api_version);
  const auto* list = kind.type == kInstance.type ? "/networkInterfaces" : "";
  return fmt::format("{}{}?api-version={}", id.path(), list, kind.api_version);
}

std::optional<Subject> subject_of(const ResourceId& id) {
  for (const auto& kind : kKinds) {
    if (id.type() == kind.type) return Subject{.id = id, .kind = kind};
  }
  return std::nullopt;
}

}  // namespace arm
