#pragma once

#include <sys/inotify.h>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "net/descriptor.h"
#include "net/error.h"

namespace files {

/// An inotify instance that never waits. Errors name the limit to raise.
class Inotify {
 public:
  /// Entries of a folder: made, renamed, removed; IN_ATTRIB is a change of rights. One watch may serve
  /// several steps of a path: masks add up.
  static constexpr std::uint32_t kEntries =
      IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_ATTRIB | IN_ONLYDIR | IN_MASK_ADD;
  /// A file that is written in place is known to be whole when its writer closes it.
  static constexpr std::uint32_t kContents = kEntries | IN_CLOSE_WRITE;
  /// In an event: the watch itself has come to an end.
  static constexpr std::uint32_t kEnded = IN_IGNORED | IN_UNMOUNT;

  /// `what` is the subject of error sentences.
  static net::Result<Inotify> open(std::string what);

  [[nodiscard]] int descriptor() const { return descriptor_.get(); }

  /// The watch on a folder; nullopt where it cannot be reached: it is not there, or not ours to read.
  [[nodiscard]] net::Result<std::optional<int>> watch(const std::filesystem::path& folder,
                                                      std::uint32_t mask) const;

  /// Ends the watches of `before` that `now` has no more; their elements have a `watch`.
  template <class Steps>
  void end_unused(const Steps& before, const Steps& now) const {
    for (const auto& old : before) {
      bool used = false;
      for (const auto& step : now) used = used || step.watch == old.watch;
      if (!used) ::inotify_rm_watch(descriptor_.get(), old.watch);
    }
  }

  /// Takes what has happened; true if `concerns` is true of any event, with the name of its entry.
  [[nodiscard]] net::Result<bool> drain(
      const std::function<bool(const inotify_event&, std::string_view)>& concerns) const;

 private:
  Inotify(net::Descriptor descriptor, std::string what)
      : descriptor_(std::move(descriptor)), what_(std::move(what)) {}

  net::Descriptor descriptor_;
  std::string what_;
};

}  // namespace files
