#include "agent/config/read_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>

#include "net/descriptor.h"

namespace agent {
namespace {

tl::unexpected<net::Error> unreadable(int error) {
  return net::failure(error, fmt::format("cannot be read: {}", std::system_category().message(error)));
}

}  // namespace

net::Result<std::string> read_file(const std::filesystem::path& path, std::size_t most) {
  const net::Descriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.get() < 0) return unreadable(errno);
  std::string contents;
  std::array<char, 16384> part{};
  for (;;) {
    const auto count = ::read(file.get(), part.data(), part.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return unreadable(errno);
    if (count == 0) return contents;
    contents.append(part.data(), static_cast<std::size_t>(count));
    if (contents.size() > most) {
      return net::failure(EFBIG, fmt::format("is larger than {} KiB", most / 1024));
    }
  }
}

}  // namespace agent
