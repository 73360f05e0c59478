#include "net/quote.h"

namespace net {

std::string quote(std::string_view text, std::size_t limit) {
  std::string line;
  bool gap = false;
  for (const char c : text) {
    if (c == ' ' || (c >= '\t' && c <= '\r')) {
      gap = !line.empty();
      continue;
    }
    if (line.size() + (gap ? 1 : 0) >= limit) return line + "...";
    if (gap) line += ' ';
    gap = false;
    line += c > ' ' && c <= '~' ? c : '?';
  }
  return line;
}

}  // namespace net
