#include "files/replace.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "net/descriptor.h"

namespace files {
namespace {

/// The failure of the system call just made.
tl::unexpected<net::Error> failed(std::string_view doing, const std::filesystem::path& file) {
  const int error = errno;
  return net::failure(
      error, fmt::format("cannot {} {}: {}", doing, file.string(), std::system_category().message(error)));
}

bool write_all(int descriptor, std::string_view text) {
  while (!text.empty()) {
    const auto written = ::write(descriptor, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

/// Writes, syncs and renames; the caller removes what a failure leaves.
net::Result<void> put(const std::filesystem::path& file, const std::filesystem::path& beside,
                      std::string_view text, mode_t mode) {
  ::unlink(beside.c_str());  // of a process that died here
  const net::Descriptor fresh(::open(beside.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode));
  if (!fresh) return failed("create", beside);
  const bool complete =
      ::fchmod(fresh.get(), mode) == 0 && write_all(fresh.get(), text) && ::fsync(fresh.get()) == 0;
  if (!complete) return failed("write", beside);
  if (::rename(beside.c_str(), file.c_str()) != 0) return failed("replace", file);
  return {};
}

}  // namespace

net::Result<void> replace(const std::filesystem::path& file, std::string_view text, Readers readers) {
  const auto beside = std::filesystem::path(file).concat(".new");
  auto done = put(file, beside, text, readers == Readers::everybody ? 0644 : 0600);
  if (!done) {
    ::unlink(beside.c_str());
    return done;
  }
  // The rename itself survives a power cut only once the folder is on disk; the file is whole either way.
  const auto folder = file.has_parent_path() ? file.parent_path() : std::filesystem::path(".");
  const net::Descriptor directory(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory || ::fsync(directory.get()) != 0) return failed("sync the folder of", file);
  return {};
}

}  // namespace files
