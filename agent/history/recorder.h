#pragma once

#include <cstddef>
#include <deque>
#include <filesystem>
#include <functional>
#include <string>
#include <thread>

#include "net/error.h"
#include "net/mutex.h"

namespace agent {

/// The flight recorder: lines on disk that a restart, a crash and a power cut leave there. Two files of half
/// a mebibyte, events.jsonl and, before it, events.1.jsonl: whatever is recorded, the disk keeps the last
/// half at least and one mebibyte at most. A disk may take seconds, and routes must not wait: lines are
/// written on a thread of its own, which is there while there is something to write.
class Recorder {
 public:
  static constexpr std::size_t kFile = std::size_t{512} * 1024;
  /// Lines that wait for a disk that hangs; more are lost, and counted in the next one.
  static constexpr std::size_t kMostWaiting = 1000;

  /// `failed` is called on that thread, once for each cause in a row.
  Recorder(std::filesystem::path folder, std::function<void(const net::Error&)> failed);
  Recorder(const Recorder&) = delete;
  Recorder& operator=(const Recorder&) = delete;
  /// Waits until everything is written.
  ~Recorder();

  /// Keeps a line, without its end, for the next flush(). True: it is the first one that waits. Any thread.
  bool add(std::string line);
  /// Begins to write what waits. One thread at a time.
  void flush();

 private:
  void work() CAA_EXCLUDES(mutex_);
  net::Result<void> append(const std::string& lines);

  std::filesystem::path folder_;
  std::function<void(const net::Error&)> failed_;
  std::string last_failure_;
  net::Mutex mutex_;
  std::deque<std::string> waiting_ CAA_GUARDED_BY(mutex_);
  std::size_t lost_ CAA_GUARDED_BY(mutex_) = 0;
  bool working_ CAA_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

/// Where it writes, newest last.
std::filesystem::path current_events(const std::filesystem::path& folder);
std::filesystem::path earlier_events(const std::filesystem::path& folder);

}  // namespace agent
