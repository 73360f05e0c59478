#include "files/watch.h"

#include <sys/stat.h>

#include <deque>
#include <system_error>

namespace files {
namespace {

constexpr int kMostLinks = 40;  // as many as the kernel follows, path_resolution(7)

/// A new file is not to be read before its writer closes it, which is an event of its own; a link is whole
/// at once.
bool is_being_written(const std::filesystem::path& file) {
  struct stat found {};
  return ::lstat(file.c_str(), &found) == 0 && S_ISREG(found.st_mode) && found.st_nlink == 1;
}

}  // namespace

net::Result<Watch> Watch::open(const std::filesystem::path& file) {
  auto inotify = Inotify::open(file.string());
  if (!inotify) return net::pass_on(inotify);
  std::error_code ignored;
  const auto whole = std::filesystem::absolute(file, ignored);
  Watch watch(std::move(*inotify), ignored ? file : whole);
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
    const auto watch = inotify_.watch(reached, last ? Inotify::kContents : Inotify::kEntries);
    if (!watch) return net::pass_on(watch);
    if (*watch) steps.push_back({.watch = **watch, .folder = reached, .entry = entry.string(), .last = last});
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
  inotify_.end_unused(steps_, steps);
  steps_ = std::move(steps);
  must_attach_ = false;
  return {};
}

bool Watch::is_relevant(const inotify_event& event, std::string_view name) {
  if ((event.mask & IN_Q_OVERFLOW) != 0) return must_attach_ = true;
  bool ours = false;
  for (const auto& step : steps_) {
    if (step.watch != event.wd) continue;
    const bool gone = (event.mask & Inotify::kEnded) != 0;
    if (!gone && step.entry != name) continue;
    must_attach_ = true;
    const bool unfinished =
        !gone && step.last && (event.mask & IN_CREATE) != 0 && is_being_written(step.folder / step.entry);
    ours = ours || !unfinished;
  }
  return ours;
}

net::Result<bool> Watch::drain() {
  auto changed = inotify_.drain(
      [this](const inotify_event& event, std::string_view name) { return is_relevant(event, name); });
  if (!changed || !must_attach_) return changed;
  if (auto attached = attach(); !attached) return net::pass_on(attached);
  return changed;
}

}  // namespace files
