#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "files/inotify.h"
#include "net/error.h"

namespace files {

/// Reports when a file may have other contents: written in place, replaced by rename as editors do, or
/// reached by another link as Kubernetes does with a ConfigMap (`..data`). It need not be there yet, nor its
/// folder: each folder on its way is watched for the entry that leads on, links are followed. No polling.
class Watch {
 public:
  static net::Result<Watch> open(const std::filesystem::path& file);

  /// Readable when there is something to drain. Owned by this object: who wants to own it too takes a dup(2).
  [[nodiscard]] int descriptor() const { return inotify_.descriptor(); }

  /// Takes what has happened, without ever waiting. True: the file may have changed since the last drain, and
  /// is not known to be half-written. After an error too it is time to read it, and the next call tries again
  /// to watch.
  net::Result<bool> drain();

 private:
  /// A folder on the way, and the entry of it that leads on; the last one's is the file.
  struct Step {
    int watch;
    std::filesystem::path folder;
    std::string entry;
    bool last;
  };

  Watch(Inotify inotify, std::filesystem::path file) : inotify_(std::move(inotify)), file_(std::move(file)) {}

  net::Result<void> attach();
  bool is_relevant(const inotify_event& event, std::string_view name);

  Inotify inotify_;
  std::filesystem::path file_;
  std::vector<Step> steps_;
  bool must_attach_ = true;
};

}  // namespace files
