#include "checks/trace/question.h"

#include <fmt/format.h>

#include <cerrno>
#include <string_view>

#include "net/foreign_text.h"

namespace trace {
namespace {

constexpr std::string_view kThisNode = "node";

tl::unexpected<net::Error> refused(std::string_view word, std::string_view why) {
  return net::failure(EINVAL, fmt::format("'{}' {}", net::foreign_text(word), why));
}

net::Result<Protocol> parse_protocol(std::string_view word, std::string_view text) {
  if (text == "tcp") return Protocol::tcp;
  if (text == "udp") return Protocol::udp;
  return refused(word, "names a protocol other than tcp and udp");
}

/// The address of "[ADDRESS]:PORT", "ADDRESS:PORT" and "ADDRESS", and what stands behind it.
struct Split {
  std::string_view address;
  std::optional<std::string_view> port;
};

std::optional<Split> split(std::string_view text) {
  if (text.starts_with('[')) {
    const auto end = text.find(']');
    if (end == std::string_view::npos) return std::nullopt;
    const auto rest = text.substr(end + 1);
    if (rest.empty()) return Split{text.substr(1, end - 1), std::nullopt};
    if (!rest.starts_with(':')) return std::nullopt;
    return Split{text.substr(1, end - 1), rest.substr(1)};
  }
  const auto colon = text.find(':');
  // Of several colons the address is IPv6's.
  if (colon == std::string_view::npos || text.find(':', colon + 1) != std::string_view::npos)
    return Split{text, std::nullopt};
  return Split{text.substr(0, colon), text.substr(colon + 1)};
}

net::Result<Question> parse_destination(const std::string& word) {
  std::string_view text = word;
  std::optional<std::string_view> protocol;
  if (const auto slash = text.find('/'); slash != std::string_view::npos) {
    protocol = text.substr(slash + 1);
    text = text.substr(0, slash);
  }
  const auto parts = split(text);
  const auto address = parts ? net::Address::parse(parts->address) : net::failure(EINVAL, "");
  if (!address)
    return refused(word,
                   "is no address; with a port it is 10.244.2.9:443, or [2001:db8::1]:443, and with "
                   "/udp behind it UDP's");
  Question question{.to = *address};
  if (protocol && !parts->port) return refused(word, "names a protocol without a port");
  if (!parts->port) return question;
  question.port = net::parse_number<std::uint16_t>(*parts->port);
  if (!question.port || *question.port == 0) return refused(word, "has a port that is not of 1 to 65535");
  const auto named = parse_protocol(word, protocol.value_or("tcp"));
  if (!named) return net::pass_on(named);
  question.protocol = *named;
  return question;
}

net::Result<void> refuse_unusable(const net::Address& address) {
  constexpr std::uint8_t kMulticastV4 = 224;  // and what is reserved, and broadcast
  constexpr std::uint8_t kMulticastV6 = 255;
  const auto first = address.bytes().front();
  const bool is_v4 = address.family() == net::Family::ipv4;
  if (address.is_unspecified()) return refused(address.text(), "is nobody's address");
  if (address.is_loopback()) return refused(address.text(), "is every machine's own, and leaves none");
  if (first >= (is_v4 ? kMulticastV4 : kMulticastV6)) return refused(address.text(), "is no single host's");
  if (!is_v4 && address.is_link_local())
    return refused(address.text(), "is of one link alone, and never forwarded");
  return {};
}

}  // namespace

net::Result<Question> parse_question(std::span<const std::string> words) {
  const bool has_to = words.size() == 3 && words[1] == "to";
  if (words.empty() || words.size() > 3 || (words.size() == 3 && !has_to))
    return net::failure(EINVAL, "it takes a destination, or A to B, such as 10.244.1.7 to 10.244.2.9:443");
  auto question = parse_destination(words.back());
  if (!question) return question;
  if (const auto usable = refuse_unusable(question->to); !usable) return net::pass_on(usable);
  if (words.size() == 1 || words.front() == kThisNode) return question;
  const auto from = net::Address::parse(words.front());
  if (!from) return refused(words.front(), "is neither an address nor the word node");
  if (const auto usable = refuse_unusable(*from); !usable) return net::pass_on(usable);
  if (from->family() != question->to.family())
    return net::failure(EINVAL,
                        fmt::format("{} and {} are of two families", from->text(), question->to.text()));
  if (*from == question->to) return net::failure(EINVAL, fmt::format("{} is both ends of it", from->text()));
  question->from = *from;
  return question;
}

std::string destination_text(const Question& question) {
  if (!question.port) return question.to.text();
  const auto* protocol = question.protocol == Protocol::udp ? "udp" : "tcp";
  return question.to.family() == net::Family::ipv6
             ? fmt::format("[{}]:{}/{}", question.to.text(), *question.port, protocol)
             : fmt::format("{}:{}/{}", question.to.text(), *question.port, protocol);
}

std::string question_text(const Question& question) {
  return fmt::format("{} to {}", question.from ? question.from->text() : std::string(kThisNode),
                     destination_text(question));
}

}  // namespace trace
