#include "cni/watch.h"

namespace cni {

net::Result<Watch> Watch::open(const Paths& paths) {
  auto inotify = files::Inotify::open("files");
  if (!inotify) return net::pass_on(inotify);
  Watch watch(std::move(*inotify),
              {paths.configuration, paths.flannel_lease.parent_path(), paths.calico_node_name.parent_path()});
  if (auto attached = watch.attach(); !attached) return net::pass_on(attached);
  return watch;
}

net::Result<void> Watch::attach() {
  std::vector<Step> steps;
  for (const auto& folder : folders_) {
    if (auto attached = attach(folder, steps); !attached) return attached;
  }
  inotify_.end_unused(steps_, steps);
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
    const auto watch =
        inotify_.watch(reached, reached == folder ? files::Inotify::kContents : files::Inotify::kEntries);
    if (!watch) return net::pass_on(watch);
    if (!*watch) return {};
    steps.push_back({.watch = **watch, .entry = {}});
  }
  return {};
}

bool Watch::is_relevant(const inotify_event& event, std::string_view name) {
  if ((event.mask & IN_Q_OVERFLOW) != 0) must_attach_ = true;
  bool ours = false;
  for (const auto& [watch, entry] : steps_) {
    if (watch != event.wd) continue;
    const bool way_changed = (event.mask & files::Inotify::kEnded) != 0 || (!entry.empty() && entry == name);
    if (way_changed) must_attach_ = true;
    ours = ours || way_changed || entry.empty();
  }
  return ours;
}

net::Result<bool> Watch::drain() {
  auto changed = inotify_.drain(
      [this](const inotify_event& event, std::string_view name) { return is_relevant(event, name); });
  if (!changed || !must_attach_) return changed;
  if (auto attached = attach(); !attached) return net::pass_on(attached);
  return true;
}

}  // namespace cni
