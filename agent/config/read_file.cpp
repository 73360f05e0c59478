#include "agent/config/read_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <cerrno>
#include <optional>
#include <system_error>

#include "files/read.h"
#include "net/descriptor.h"

namespace agent {
namespace {

tl::unexpected<net::Error> unreadable(int error) {
  return net::failure(error, fmt::format("cannot be read: {}", std::system_category().message(error)));
}

bool is_null_device(const struct stat& status) {
  return S_ISCHR(status.st_mode) && status.st_rdev == makedev(1, 3);  // Linux: admin-guide/devices.txt
}

/// The first link on the way that leads nowhere.
std::optional<std::filesystem::path> broken_link(const std::filesystem::path& path) {
  std::filesystem::path reached;
  std::error_code ignored;
  for (const auto& entry : path) {
    reached /= entry;
    if (std::filesystem::exists(reached, ignored)) continue;
    if (std::filesystem::is_symlink(reached, ignored)) return reached;
    return std::nullopt;
  }
  return std::nullopt;
}

tl::unexpected<net::Error> not_opened(const std::filesystem::path& path, int error) {
  const auto link = error == ENOENT || error == ENOTDIR ? broken_link(path) : std::nullopt;
  if (!link) return unreadable(error);
  std::error_code ignored;
  return net::failure(
      ENOLINK,
      fmt::format("cannot be read: {} is a link to {}, which is not there: make it, or remove the link",
                  link->string(), std::filesystem::read_symlink(*link, ignored).string()));
}

}  // namespace

net::Result<std::string> read_file(const std::filesystem::path& path, std::size_t most, Kinds kinds) {
  const int patience = kinds == Kinds::regular ? O_NONBLOCK : 0;
  const net::Descriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | patience));
  struct stat status {};
  if (file.get() < 0) return not_opened(path, errno);
  if (::fstat(file.get(), &status) != 0) return unreadable(errno);
  const bool regular = S_ISREG(status.st_mode) || S_ISDIR(status.st_mode) || is_null_device(status);
  if (kinds == Kinds::regular && !regular) return net::failure(EINVAL, "is no regular file: it is not read");
  return files::read_rest(file, most);
}

}  // namespace agent
