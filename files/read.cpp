#include "files/read.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>

#include "net/descriptor.h"

namespace files {

net::Result<std::string> read(const std::filesystem::path& file, std::size_t limit) {
  const auto failed = [&file](int error) {
    return net::failure(
        error, fmt::format("cannot read {}: {}", file.string(), std::system_category().message(error)));
  };
  const net::Descriptor stored(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
  if (!stored) return failed(errno);
  std::string contents;
  std::array<char, 16384> part{};
  while (true) {
    const auto count = ::read(stored.get(), part.data(), part.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return failed(errno);
    if (count == 0) return contents;
    contents.append(part.data(), static_cast<std::size_t>(count));
    if (contents.size() > limit) {
      return net::failure(EFBIG, fmt::format("{} is larger than {} bytes", file.string(), limit));
    }
  }
}

}  // namespace files
