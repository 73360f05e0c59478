#pragma once

#include <linux/netlink.h>

#include <cstddef>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include "netlink/message.h"

/// A datagram in memory of its own that is no byte longer, so that a sanitizer sees any read beyond.
class Datagram {
 public:
  explicit Datagram(std::span<const std::byte> bytes) : bytes_(bytes.begin(), bytes.end()) {}

  [[nodiscard]] std::span<const std::byte> bytes() const { return bytes_; }
  [[nodiscard]] std::span<std::byte> bytes() { return bytes_; }
  /// Its messages, as the socket hands them out.
  [[nodiscard]] std::vector<const nlmsghdr*> messages() const {
    std::vector<const nlmsghdr*> found;
    netlink::for_each_message(bytes_, [&found](const nlmsghdr& header) { found.push_back(&header); });
    return found;
  }
  /// The first message, which must be there.
  [[nodiscard]] const nlmsghdr& message() const {
    const auto found = messages();
    if (found.empty()) throw std::runtime_error("the datagram holds no message");
    return *found.front();
  }

 private:
  std::vector<std::byte> bytes_;
};

/// A message that a real kernel (6.18) sent, by its name in tests/corpus/netlink_message/.
inline Datagram captured(const std::string& name) {
  const auto path = std::filesystem::path(CAA_CORPUS) / name;
  std::ifstream file(path, std::ios::binary);
  const std::string content{std::istreambuf_iterator<char>(file), {}};
  if (content.empty()) throw std::runtime_error("no captured message " + path.string());
  return Datagram(std::as_bytes(std::span(content)));
}
