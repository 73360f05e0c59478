#include "files/read.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>

namespace files {
namespace {

tl::unexpected<net::Error> unreadable(int error) {
  return net::failure(error, fmt::format("cannot be read: {}", std::system_category().message(error)));
}

}  // namespace

net::Result<std::string> read(const std::filesystem::path& file, std::size_t limit) {
  const net::Descriptor opened(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
  auto contents = opened ? read_rest(opened, limit) : net::Result<std::string>(unreadable(errno));
  if (!contents) contents.error().what = fmt::format("{} {}", file.string(), contents.error().what);
  return contents;
}

net::Result<std::string> read_rest(const net::Descriptor& file, std::size_t limit) {
  std::string contents;
  std::array<char, 16384> part{};
  while (true) {
    const auto count = ::read(file.get(), part.data(), part.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return unreadable(errno);
    if (count == 0) return contents;
    contents.append(part.data(), static_cast<std::size_t>(count));
    if (contents.size() > limit) {
      return net::failure(EFBIG, fmt::format("is larger than {} KiB", limit / 1024));
    }
  }
}

}  // namespace files
