#pragma once

// What fuzz targets say of what they try.

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <string>
#include <string_view>

#include "net/error.h"

/// A promise that is broken ends the program, which is how libFuzzer sees it.
inline void require(bool promise) {
  if (!promise) std::abort();
}

/// True where neither a line of a log nor a terminal sees anything but text: no control characters of ASCII.
inline bool is_one_line(std::string_view text) {
  return std::none_of(text.begin(), text.end(), [](unsigned char c) { return c < ' ' || c == 0x7F; });
}

/// True for a value, and for an error that says something in one line.
template <class T>
bool is_explained(const net::Result<T>& result) {
  return result || (result.error().code && !result.error().what.empty() && is_one_line(result.error().what));
}

/// A file in memory, named by /proc.
class MemoryFile {
 public:
  explicit MemoryFile(std::string_view contents) : descriptor_(memfd_create("fuzz", MFD_CLOEXEC)) {
    if (descriptor_ < 0 || write(descriptor_, contents.data(), contents.size()) < 0) std::abort();
  }
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;
  ~MemoryFile() { close(descriptor_); }
  [[nodiscard]] std::string path() const { return "/proc/self/fd/" + std::to_string(descriptor_); }

 private:
  int descriptor_;
};
