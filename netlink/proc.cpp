#include "netlink/proc.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/capability.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <string>
#include <string_view>
#include <system_error>

#include "net/descriptor.h"

namespace netlink {
namespace {

/// True when the key stays below the root: no empty part, no "." or "..", no NUL that would end it early.
bool stays_below(std::string_view key) {
  if (key.find('\0') != std::string_view::npos) return false;
  while (true) {
    const auto slash = key.find('/');
    const auto part = key.substr(0, slash);
    if (part.empty() || part == "." || part == "..") return false;
    if (slash == std::string_view::npos) return true;
    key.remove_prefix(slash + 1);
  }
}

tl::unexpected<net::Error> failed(int error, std::string_view doing, std::string_view key) {
  const auto* notification = error == EROFS ? " (ProtectKernelTunables= of the unit must be off)" : "";
  return net::failure(error, fmt::format("cannot {} {}: {}{}", doing, net::sysctl_name(key),
                                         std::system_category().message(error), notification));
}

}  // namespace

net::Result<std::string> ProcSysctls::read(std::string_view key) {
  if (!stays_below(key)) return failed(EINVAL, "read", key);
  const net::Descriptor file(open(fmt::format("{}/{}", root_, key).c_str(), O_RDONLY | O_CLOEXEC));
  if (file.get() < 0) return failed(errno, "read", key);
  std::string value;
  std::array<char, 512> part{};
  while (true) {
    const auto size = ::read(file.get(), part.data(), part.size());
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return failed(errno, "read", key);
    value.append(part.data(), static_cast<std::size_t>(size));
    if (value.size() > kLongestValue) return failed(EFBIG, "read", key);
    if (static_cast<std::size_t>(size) < part.size()) break;  // there is no more
  }
  while (value.ends_with('\n')) value.pop_back();
  return value;
}

net::Result<void> ProcSysctls::write(std::string_view key, std::string_view value) {
  if (!stays_below(key)) return failed(EINVAL, "set", key);
  const net::Descriptor file(open(fmt::format("{}/{}", root_, key).c_str(), O_WRONLY | O_CLOEXEC));
  if (file.get() < 0) return failed(errno, "set", key);
  // One write(): the kernel takes each as a value of its own.
  const auto written = ::write(file.get(), value.data(), value.size());
  if (written < 0) return failed(errno, "set", key);
  if (static_cast<std::size_t>(written) != value.size()) return failed(EIO, "set", key);
  return {};
}

namespace {

/// PID_MAX_LIMIT of 64-bit kernels, include/linux/threads.h.
constexpr std::uint32_t kLargestProcessId = 4 * 1024 * 1024;

/// A line of proc_pid_status(5), without its name and blanks; empty: there is none.
std::string_view status_line(std::string_view status, std::string_view name) {
  const auto at = status.find(fmt::format("\n{}:\t", name));
  if (at == std::string_view::npos) return {};
  const auto value = status.substr(at + name.size() + 3);
  return value.substr(0, value.find('\n'));
}

/// In containers processes have numbers of their own, which here are kernel threads', init's, and of those
/// who have no right to change a route.
bool may_change_routes(std::string_view status) {
  const auto is = [status](std::string_view name, std::string_view value) {
    return status_line(status, name) == value;
  };
  // include/linux/kthread.h: all are children of kthreadd, whose number is 2.
  if (is("Pid", "1") || is("Pid", "2") || is("PPid", "2") || is("Kthread", "1")) return false;
  std::uint64_t effective = 0;
  const auto capabilities = status_line(status, "CapEff");
  std::from_chars(capabilities.data(), capabilities.data() + capabilities.size(), effective, 16);
  return (effective & (std::uint64_t{1} << CAP_NET_ADMIN)) != 0;
}

/// Of a small file in /proc, as far as it can be read: its process may end meanwhile, and a stream would
/// throw then.
std::string contents(const std::string& file) {
  const net::Descriptor opened(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
  std::array<char, 4096> text{};
  const auto size = opened.get() < 0 ? 0 : ::read(opened.get(), text.data(), text.size());
  return {text.data(), static_cast<std::size_t>(std::max<ssize_t>(size, 0))};
}

}  // namespace

std::string process_name_of_port(std::uint32_t port) {
  if (port == 0 || port > kLargestProcessId) return "";
  if (!may_change_routes(contents(fmt::format("/proc/{}/status", port)))) return "";
  // A name may hold newlines; the kernel's own is the last character.
  auto name = contents(fmt::format("/proc/{}/comm", port));
  if (name.ends_with('\n')) name.pop_back();
  std::replace_if(
      name.begin(), name.end(), [](char c) { return c < ' ' || c > '~'; }, '?');
  return name;
}

}  // namespace netlink
