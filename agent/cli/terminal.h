#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace agent {

/// True where standard output is a terminal that can draw anew what it shows (TERM is not "dumb").
bool can_redraw();

/// The terminal's width in characters, as it is now; 80 where it does not tell.
std::size_t columns();

/// True where the locale's characters are UTF-8.
bool speaks_utf8();

/// The caller's SIGINT and SIGTERM are waited for instead of ending the process at once, for a command that
/// runs until somebody ends it.
class EndSignals {
 public:
  EndSignals();

  /// Waits for at most a second; the exit code that a shell gives a process which such a signal ends (128 and
  /// its number), or 0 when none came.
  int awaited_for_a_second() const;
};

}  // namespace agent
