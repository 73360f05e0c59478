#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "net/address.h"
#include "net/error.h"

namespace trace {

enum class Protocol : std::uint8_t { any, tcp, udp };

/// A packet that somebody asks about: the first of a connection.
struct Question {
  std::optional<net::Address> from = {};  ///< nullopt: this node itself, by whatever address the kernel takes
  net::Address to;
  std::optional<std::uint16_t> port = {};
  Protocol protocol = Protocol::any;

  bool operator==(const Question&) const = default;
};

/// "A to B", "A B" or "B", a word each. A is an address or "node"; B is ADDRESS, ADDRESS:PORT or
/// ADDRESS:PORT/udp, with an IPv6 address in brackets where a port follows. EINVAL says what is wrong.
net::Result<Question> parse_question(std::span<const std::string> words);

/// "10.244.2.9:443/tcp"; "[2001:db8::1]:443/tcp".
std::string destination_text(const Question& question);
/// "10.244.1.7 to 10.244.2.9:443/tcp", as parse_question() takes it.
std::string question_text(const Question& question);

}  // namespace trace
