#pragma once

#include <chrono>
#include <filesystem>
#include <string>

namespace imds {

/// Where and how often to ask.
struct Options {
  /// `http://` and a literal address, with a port if it is not 80: nothing is resolved and no proxy is used.
  std::string endpoint = "http://169.254.169.254";
  /// Bounds one whole attempt, from the connection to the last byte: a dripping server does not pass it. Long
  /// on purpose: a request given up too early stays open at IMDS and counts against the VM's limit.
  std::chrono::milliseconds read_timeout = std::chrono::seconds(10);
  /// Bounds the connection alone.
  std::chrono::milliseconds connect_timeout = std::chrono::seconds(5);
  /// From one successful poll to the next, ±20 %. The budget of 5 requests/s is shared by every process of
  /// the VM.
  std::chrono::milliseconds poll_interval = std::chrono::seconds(60);
  /// Where the last good document is kept; empty = nowhere.
  std::filesystem::path cache_file = {};
};

}  // namespace imds
