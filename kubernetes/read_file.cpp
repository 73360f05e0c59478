#include "kubernetes/read_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>

#include "host/roots_file.h"
#include "net/descriptor.h"

namespace kubernetes {
namespace {

constexpr std::size_t kLargestFile = std::size_t{1} << 20;

tl::unexpected<net::Error> unreadable(const std::filesystem::path& path, int error) {
  return net::failure(
      error, fmt::format("{} cannot be read: {}", path.string(), std::system_category().message(error)));
}

net::Result<net::Descriptor> open_file(const std::filesystem::path& path, FilesOf whose) {
  if (whose == FilesOf::root) return host::open_roots_file(path);
  // A FIFO in its place would be waited for.
  net::Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!file) return unreadable(path, errno);
  return file;
}

}  // namespace

net::Result<std::string> read_file(const std::filesystem::path& path, FilesOf whose) {
  const auto file = open_file(path, whose);
  if (!file) return net::pass_on(file);
  std::string contents;
  std::array<char, 16384> part{};
  for (;;) {
    const auto count = ::read(file->get(), part.data(), part.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return unreadable(path, errno);
    if (count == 0) return contents;
    contents.append(part.data(), static_cast<std::size_t>(count));
    if (contents.size() > kLargestFile) {
      return net::failure(EFBIG, fmt::format("{} is larger than {} KiB", path.string(), kLargestFile / 1024));
    }
  }
}

}  // namespace kubernetes
