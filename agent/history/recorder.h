#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "net/background_work.h"
#include "net/error.h"

namespace agent {

/// The flight recorder: lines on disk that a restart, a crash and a power cut leave there. Two files of half
/// a mebibyte, events.jsonl and, before it, events.1.jsonl: whatever is recorded, the disk keeps the last
/// half at least and one mebibyte at most. A disk may take seconds, and routes must not wait: lines are
/// written in the background. Where it takes none, the next line that it takes is an events_lost with `from`,
/// the time of the first that is missing.
class Recorder {
 public:
  static constexpr std::size_t kFile = std::size_t{512} * 1024;
  /// Lines that wait for a disk that hangs; more are lost.
  static constexpr std::size_t kMostWaiting = 1000;

  /// What is called, on a thread of its own.
  struct Listeners {
    std::function<void(const net::Error&)> failed;  ///< once for each cause in a row
    std::function<void()> resumed = [] {};  ///< lines were lost, which the record says, and it goes on
  };

  Recorder(std::filesystem::path folder, Listeners listeners);
  /// Waits until everything is written.
  ~Recorder();

  /// Keeps a line, without its end, for the next flush(). True: it is the first one that waits. Any thread.
  bool add(std::string line);
  /// Begins to write what waits. One thread at a time.
  void flush();
  /// Until all that flush() began is written. As flush().
  void wait() { work_.wait(); }

 private:
  struct Waiting {
    std::vector<std::string> lines;
    std::size_t lost = 0;
    std::string first_lost = {};  ///< its time

    bool operator==(const Waiting&) const = default;
  };

  void write(const Waiting& waiting);
  void lose(std::size_t count, const std::string& first);
  /// The line about what is lost, which stands before one of that time; empty: nothing is.
  [[nodiscard]] std::string loss(std::string_view until) const;
  net::Result<void> append(const std::string& lines);

  std::filesystem::path folder_;
  Listeners listeners_;
  // The thread's own.
  std::string last_failure_;
  std::size_t lost_ = 0;
  std::string lost_from_;
  net::BackgroundWork<Waiting> work_;
};

/// Where it writes, newest last.
std::filesystem::path current_events(const std::filesystem::path& folder);
std::filesystem::path earlier_events(const std::filesystem::path& folder);

}  // namespace agent
