#include "files/inotify.h"

#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <system_error>

namespace files {
namespace {

constexpr std::size_t kBuffer = 16384;
constexpr int kReadsPerDrain = 16;

tl::unexpected<net::Error> failed(int error, std::string_view what) {
  auto why = fmt::format("{}: {}", what, std::system_category().message(error));
  if (error == EMFILE) why += "; raise fs.inotify.max_user_instances";
  if (error == ENOSPC) why += "; raise fs.inotify.max_user_watches";
  return net::failure(error, std::move(why));
}

}  // namespace

net::Result<Inotify> Inotify::open(std::string what) {
  net::Descriptor descriptor(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
  if (!descriptor) return failed(errno, what + " cannot be watched");
  return Inotify(std::move(descriptor), std::move(what));
}

net::Result<std::optional<int>> Inotify::watch(const std::filesystem::path& folder,
                                               std::uint32_t mask) const {
  const int watch = ::inotify_add_watch(descriptor_.get(), folder.c_str(), mask);
  if (watch >= 0) return watch;
  if (errno == ENOENT || errno == ENOTDIR || errno == ELOOP || errno == EACCES) return std::nullopt;
  return failed(errno, folder.string() + " cannot be watched");
}

net::Result<bool> Inotify::drain(
    const std::function<bool(const inotify_event&, std::string_view)>& concerns) const {
  bool changed = false;
  alignas(inotify_event) std::array<char, kBuffer> buffer;
  for (int reads = 0; reads < kReadsPerDrain; ++reads) {
    const auto size = ::read(descriptor_.get(), buffer.data(), buffer.size());
    if (size < 0 && errno == EINTR) continue;
    if (size < 0 && errno == EAGAIN) break;
    if (size < 0) return failed(errno, "changes of " + what_ + " cannot be read");
    for (std::size_t at = 0; at < static_cast<std::size_t>(size);) {
      inotify_event event{};
      std::memcpy(&event, buffer.data() + at, sizeof(event));
      const char* name = buffer.data() + at + sizeof(event);
      changed |= concerns(event, {name, ::strnlen(name, event.len)});
      at += sizeof(event) + event.len;
    }
  }
  return changed;
}

}  // namespace files
