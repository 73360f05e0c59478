#include "cni/watch.h"

#include <fmt/format.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <limits>

namespace cni {
namespace {

/// Made, renamed, removed; IN_ATTRIB is a change of rights. One watch may serve several ways: masks add up.
constexpr std::uint32_t kOnTheWay =
    IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_ATTRIB | IN_ONLYDIR | IN_MASK_ADD;
/// A file that is written in place is known to be whole when its writer closes it.
constexpr std::uint32_t kInTheFolder = kOnTheWay | IN_CLOSE_WRITE;
/// The watch itself has come to an end.
constexpr std::uint32_t kGone = IN_IGNORED | IN_UNMOUNT;

constexpr std::size_t kBuffer = 16384;
constexpr int kReadsPerDrain = 16;

tl::unexpected<net::Error> failed(int error, std::string_view what) {
  auto why = fmt::format("{}: {}", what, std::system_category().message(error));
  if (error == EMFILE) why += "; raise fs.inotify.max_user_instances";
  if (error == ENOSPC) why += "; raise fs.inotify.max_user_watches";
  return net::failure(error, std::move(why));
}

}  // namespace

net::Result<Watch> Watch::open(const Paths& paths) {
  net::Descriptor inotify(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
  if (!inotify) return failed(errno, "files cannot be watched");
  Watch watch(std::move(inotify),
              {paths.configuration, paths.flannel_lease.parent_path(), paths.calico_node_name.parent_path()});
  if (auto attached = watch.attach(); !attached) return net::pass_on(attached);
  return watch;
}

net::Result<void> Watch::attach() {
  std::vector<Step> steps;
  for (const auto& folder : folders_) {
    if (auto attached = attach(folder, steps); !attached) return attached;
  }
  for (const Step& old : steps_) {
    const auto is_same = [&old](const Step& step) { return step.watch == old.watch; };
    if (std::none_of(steps.begin(), steps.end(), is_same)) ::inotify_rm_watch(inotify_.get(), old.watch);
  }
  steps_ = std::move(steps);
  must_attach_ = false;
  return {};
}

// From the root down: a folder that is made meanwhile is seen by the watch on the one that it is in.
net::Result<void> Watch::attach(const std::filesystem::path& folder, std::vector<Step>& steps) const {
  std::filesystem::path reached;
  for (const auto& part : folder) {
    if (!reached.empty()) steps.back().entry = part.string();
    reached /= part;
    const auto mask = reached == folder ? kInTheFolder : kOnTheWay;
    const int watch = ::inotify_add_watch(inotify_.get(), reached.c_str(), mask);
    if (watch < 0 && (errno == ENOENT || errno == ENOTDIR || errno == ELOOP || errno == EACCES)) return {};
    if (watch < 0) return failed(errno, reached.string() + " cannot be watched");
    steps.push_back({.watch = watch, .entry = {}});
  }
  return {};
}

bool Watch::concerns_us(const inotify_event& event, std::string_view name) {
  if ((event.mask & IN_Q_OVERFLOW) != 0) must_attach_ = true;
  bool ours = false;
  for (const auto& [watch, entry] : steps_) {
    if (watch != event.wd) continue;
    const bool way_changed = (event.mask & kGone) != 0 || (!entry.empty() && entry == name);
    if (way_changed) must_attach_ = true;
    ours = ours || way_changed || entry.empty();
  }
  return ours;
}

net::Result<bool> Watch::drain() {
  bool changed = false;
  alignas(inotify_event) std::array<char, kBuffer> buffer;
  for (int reads = 0; reads < kReadsPerDrain; ++reads) {
    const auto size = ::read(inotify_.get(), buffer.data(), buffer.size());
    if (size < 0 && errno == EINTR) continue;
    if (size < 0 && errno == EAGAIN) break;
    if (size < 0) return failed(errno, "changes of files cannot be read");
    for (std::size_t at = 0; at < static_cast<std::size_t>(size);) {
      inotify_event event{};
      std::memcpy(&event, buffer.data() + at, sizeof(event));
      const char* name = buffer.data() + at + sizeof(event);
      changed |= concerns_us(event, {name, ::strnlen(name, event.len)});
      at += sizeof(event) + event.len;
    }
  }
  if (must_attach_) {
    if (auto attached = attach(); !attached) return net::pass_on(attached);
    changed = true;
  }
  return changed;
}

}  // namespace cni
