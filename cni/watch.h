#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "cni/read_files.h"
#include "files/inotify.h"
#include "net/error.h"

namespace cni {

/// Reports when it is time to read_cni_files() again: the configurations, flannel's lease or calico's node
/// name may have changed. Each of their folders is watched, and those above it, so that one that is made,
/// replaced or taken away later is noticed too. What changes without notification (addresses, Azure CNI's
/// state) is not watched.
class Watch {
 public:
  static net::Result<Watch> open(const Paths& paths);

  /// Readable when there is something to drain.
  [[nodiscard]] int descriptor() const { return inotify_.descriptor(); }

  /// Takes what has happened, without ever waiting. True: something that is read may have changed since the
  /// last drain. After an error too it is time to look, and the next call tries again to watch.
  net::Result<bool> drain();

 private:
  /// A folder on the way to one that is wanted, and the entry of it that leads there; empty: it is the one.
  struct Step {
    int watch;
    std::string entry;
  };

  Watch(files::Inotify inotify, std::vector<std::filesystem::path> folders)
      : inotify_(std::move(inotify)), folders_(std::move(folders)) {}

  net::Result<void> attach();
  net::Result<void> attach(const std::filesystem::path& folder, std::vector<Step>& steps) const;
  bool is_relevant(const inotify_event& event, std::string_view name);

  files::Inotify inotify_;
  std::vector<std::filesystem::path> folders_;
  std::vector<Step> steps_;
  bool must_attach_ = true;
};

}  // namespace cni
