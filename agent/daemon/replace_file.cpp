#include "agent/daemon/replace_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "net/descriptor.h"

namespace agent {
namespace {

/// 0, else the errno.
int write_all(int file, std::string_view text) {
  while (!text.empty()) {
    const auto written = ::write(file, text.data(), text.size());
    if (written < 0 && errno != EINTR) return errno;
    if (written > 0) text.remove_prefix(static_cast<std::size_t>(written));
  }
  return 0;
}

int write_beside(const std::filesystem::path& beside, std::string_view text, mode_t mode) {
  // Root's daemon may have the service user's folder: what has been put there goes, and is not followed.
  if (::unlink(beside.c_str()) != 0 && errno != ENOENT) return errno;
  const net::Descriptor file(
      ::open(beside.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, S_IRUSR | S_IWUSR));
  if (!file) return errno;
  if (const int error = write_all(file.get(), text); error != 0) return error;
  return ::fchmod(file.get(), mode) == 0 ? 0 : errno;
}

}  // namespace

net::Result<void> replace_file(const std::filesystem::path& file, std::string_view text, Readers readers) {
  std::error_code ignored;
  std::filesystem::create_directories(file.parent_path(), ignored);
  const auto beside = std::filesystem::path(file).concat(".new");
  const mode_t others = readers == Readers::everybody ? S_IRGRP | S_IROTH : 0;
  int error = write_beside(beside, text, S_IRUSR | S_IWUSR | others);
  if (error == 0 && ::rename(beside.c_str(), file.c_str()) != 0) error = errno;
  if (error != 0) {
    return net::failure(
        error, fmt::format("cannot write {}: {}", file.string(), std::system_category().message(error)));
  }
  return {};
}

}  // namespace agent
