#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>

#include "net/background_work.h"
#include "net/error.h"

namespace agent {

/// A file that holds what was written last, over power cuts too. A sync takes as long as the disk does,
/// seconds on one that is throttled, and routes must not wait: so it is written in the background.
class BackgroundFile {
 public:
  /// `failed` is called on a thread of its own.
  BackgroundFile(std::filesystem::path file, std::function<void(const net::Error&)> failed);

  /// Of texts that come while one is written the last one counts. One thread; the destructor waits until it
  /// is written.
  void write(std::string text);

 private:
  net::BackgroundWork<std::optional<std::string>> work_;
};

}  // namespace agent
