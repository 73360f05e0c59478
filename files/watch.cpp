#include "files/watch.h"

#include <fmt/format.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <deque>
#include <system_error>

namespace files {
namespace {

/// Made, renamed, removed; IN_ATTRIB is a change of rights. One watch may serve several steps: masks add up.
constexpr std::uint32_t kOnTheWay =
    IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_ATTRIB | IN_ONLYDIR | IN_MASK_ADD;
/// A file that is written in place is known to be whole when its writer closes it.
constexpr std::uint32_t kBesideTheFile = kOnTheWay | IN_CLOSE_WRITE;
/// The watch itself has come to an end.
constexpr std::uint32_t kGone = IN_IGNORED | IN_UNMOUNT;

constexpr std::size_t kBuffer = 16384;
constexpr int kReadsPerDrain = 16;
constexpr int kMostLinks = 40;  // as many as the kernel follows, path_resolution(7)

tl::unexpected<net::Error> failed(int error, std::string_view what) {
  auto why = fmt::format("{}: {}", what, std::system_category().message(error));
  if (error == EMFILE) why += "; raise fs.inotify.max_user_instances";
  if (error == ENOSPC) why += "; raise fs.inotify.max_user_watches";
  return net::failure(error, std::move(why));
}

/// A new file is nobody's to read before its writer closes it, which is an event of its own; a link is whole
/// at once.
bool is_being_written(const std::filesystem::path& file) {
  struct stat found {};
  return ::lstat(file.c_str(), &found) == 0 && S_ISREG(found.st_mode) && found.st_nlink == 1;
}

}  // namespace

net::Result<Watch> Watch::open(const std::filesystem::path& file) {
  net::Descriptor inotify(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
  if (!inotify) return failed(errno, file.string() + " cannot be watched");
  std::error_code ignored;
  auto whole = std::filesystem::absolute(file, ignored);
  Watch watch(std::move(inotify), ignored ? file : std::move(whole));
  if (auto attached = watch.attach(); !attached) return net::pass_on(attached);
  return watch;
}

// From the root down: what is made meanwhile is seen by the watch on the folder that it is in.
net::Result<void> Watch::attach() {
  std::vector<Step> steps;
  std::filesystem::path reached = "/";
  const auto relative = file_.relative_path();
  std::deque<std::filesystem::path> ahead(relative.begin(), relative.end());
  for (int links = 0; !ahead.empty();) {
    const auto entry = ahead.front();
    ahead.pop_front();
    if (entry.empty() || entry == ".") continue;
    if (entry == "..") {
      reached = reached.parent_path();
      continue;
    }
    const bool last = ahead.empty();
    const int watch = ::inotify_add_watch(inotify_.get(), reached.c_str(), last ? kBesideTheFile : kOnTheWay);
    if (watch < 0 && errno != ENOENT && errno != ENOTDIR && errno != ELOOP && errno != EACCES)
      return failed(errno, reached.string() + " cannot be watched");
    if (watch >= 0)
      steps.push_back({.watch = watch, .folder = reached, .entry = entry.string(), .last = last});
    std::error_code ignored;
    const auto next = reached / entry;
    if (!std::filesystem::is_symlink(next, ignored)) {
      reached = next;
      continue;
    }
    if (++links > kMostLinks) break;
    const auto target = std::filesystem::read_symlink(next, ignored);
    if (target.is_absolute()) reached = "/";
    const auto way = target.relative_path();
    ahead.insert(ahead.begin(), way.begin(), way.end());
  }
  for (const Step& old : steps_) {
    const auto is_same = [&old](const Step& step) { return step.watch == old.watch; };
    if (std::none_of(steps.begin(), steps.end(), is_same)) ::inotify_rm_watch(inotify_.get(), old.watch);
  }
  steps_ = std::move(steps);
  must_attach_ = false;
  return {};
}

bool Watch::concerns_us(const inotify_event& event, std::string_view name) {
  if ((event.mask & IN_Q_OVERFLOW) != 0) return must_attach_ = true;
  bool ours = false;
  for (const auto& step : steps_) {
    if (step.watch != event.wd) continue;
    const bool gone = (event.mask & kGone) != 0;
    if (!gone && step.entry != name) continue;
    must_attach_ = true;
    const bool unfinished =
        !gone && step.last && (event.mask & IN_CREATE) != 0 && is_being_written(step.folder / step.entry);
    ours = ours || !unfinished;
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
    if (size < 0) return failed(errno, "changes of " + file_.string() + " cannot be read");
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
  }
  return changed;
}

}  // namespace files
