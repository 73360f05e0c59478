#pragma once

#include <cstddef>
#include <string_view>

#include "net/descriptor.h"

namespace agent {

/// Writes lines to a descriptor without blocking for long on its reader, be it a pipe whose other end hangs
/// or a stopped terminal: routes are more important than log lines.
class LineWriter {
 public:
  /// Keeps a duplicate; a closed descriptor takes nothing.
  explicit LineWriter(int descriptor);

  /// False when there was no room for the whole line: the rest is lost. A reader who has kept up so far is
  /// waited for, 100 ms at the most.
  bool write(std::string_view line);

 private:
  std::size_t write_pieces(std::string_view text);
  [[nodiscard]] bool has_room(int milliseconds) const;

  net::Descriptor descriptor_;
  bool kept_up_ = true;
  bool torn_ = false;  ///< the last line was written in part
};

}  // namespace agent
