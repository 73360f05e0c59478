#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "net/background_work.h"
#include "net/error.h"

namespace agent {

/// The flight recorder: lines on disk that a restart, a crash and a power cut leave there. Two files of half
/// a mebibyte, events.jsonl and, before it, events.1.jsonl: whatever is recorded, the disk keeps the last
/// half at least and one mebibyte at most. A disk may take seconds, and routes must not wait: lines are
/// written in the background.
class Recorder {
 public:
  static constexpr std::size_t kFile = std::size_t{512} * 1024;
  /// Lines that wait for a disk that hangs; more are lost, and counted in the next one.
  static constexpr std::size_t kMostWaiting = 1000;

  /// `failed` is called on a thread of its own, once for each cause in a row.
  Recorder(std::filesystem::path folder, std::function<void(const net::Error&)> failed);
  /// Waits until everything is written.
  ~Recorder();

  /// Keeps a line, without its end, for the next flush(). True: it is the first one that waits. Any thread.
  bool add(std::string line);
  /// Begins to write what waits. One thread at a time.
  void flush();

 private:
  struct Waiting {
    std::vector<std::string> lines;
    std::size_t lost = 0;

    bool operator==(const Waiting&) const = default;
  };

  void write(Waiting waiting);
  net::Result<void> append(const std::string& lines);

  std::filesystem::path folder_;
  std::function<void(const net::Error&)> failed_;
  std::string last_failure_;
  net::BackgroundWork<Waiting> work_;
};

/// Where it writes, newest last.
std::filesystem::path current_events(const std::filesystem::path& folder);
std::filesystem::path earlier_events(const std::filesystem::path& folder);

}  // namespace agent
