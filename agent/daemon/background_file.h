#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <thread>

#include "net/error.h"
#include "net/mutex.h"

namespace agent {

/// A file that holds what was written last, over power cuts too. A sync takes as long as the
/// disk does, seconds on one that is throttled, and routes must not wait: so it is written on a thread of
/// its own, which is there while there is something to write.
class BackgroundFile {
 public:
  /// `failed` is called on that thread.
  BackgroundFile(std::filesystem::path file, std::function<void(const net::Error&)> failed);
  BackgroundFile(const BackgroundFile&) = delete;
  BackgroundFile& operator=(const BackgroundFile&) = delete;
  /// Waits until everything is written.
  ~BackgroundFile();

  /// Of texts that come while one is written the last one counts.
  void write(std::string text);

 private:
  void work() CAA_EXCLUDES(mutex_);
  void replace(const std::string& text);

  std::filesystem::path file_;
  std::function<void(const net::Error&)> failed_;
  net::Mutex mutex_;
  std::optional<std::string> next_ CAA_GUARDED_BY(mutex_);
  bool working_ CAA_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace agent
