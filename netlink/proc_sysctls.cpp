#include "netlink/proc_sysctls.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <cstring>

namespace netlink {
namespace {

/// An open file that closes itself.
class File {
 public:
  File(const std::string& path, int flags) : descriptor_(open(path.c_str(), flags | O_CLOEXEC)) {}
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  ~File() {
    if (descriptor_ >= 0) close(descriptor_);
  }
  [[nodiscard]] int get() const { return descriptor_; }

 private:
  int descriptor_;
};

/// A link's name is part of keys: it must not lead out of the folder.
bool leads_out(std::string_view key) {
  return key.find("..") != std::string_view::npos || key.starts_with('/');
}

tl::unexpected<net::Error> failed(int error, std::string_view doing, std::string_view key) {
  return net::failure(error,
                      fmt::format("cannot {} {}: {}", doing, net::sysctl_name(key), std::strerror(error)));
}

}  // namespace

net::Result<std::string> ProcSysctls::read(std::string_view key) {
  if (leads_out(key)) return failed(EINVAL, "read", key);
  const File file(fmt::format("{}/{}", root_, key), O_RDONLY);
  std::array<char, 256> buffer{};
  const auto size = file.get() < 0 ? -1 : ::read(file.get(), buffer.data(), buffer.size());
  if (size < 0) return failed(errno, "read", key);
  std::string value(buffer.data(), static_cast<std::size_t>(size));
  while (value.ends_with('\n')) value.pop_back();
  return value;
}

net::Result<void> ProcSysctls::write(std::string_view key, std::string_view value) {
  if (leads_out(key)) return failed(EINVAL, "set", key);
  const File file(fmt::format("{}/{}", root_, key), O_WRONLY);
  if (file.get() < 0 || ::write(file.get(), value.data(), value.size()) < 0) return failed(errno, "set", key);
  return {};
}

}  // namespace netlink
