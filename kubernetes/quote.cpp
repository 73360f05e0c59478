#include "kubernetes/quote.h"

#include <algorithm>

namespace kubernetes {

std::string quote(std::string_view text, std::size_t limit) {
  std::string line(text.substr(0, limit));
  std::replace_if(
      line.begin(), line.end(), [](char c) { return c < ' ' || c > '~'; }, '?');
  return text.size() > limit ? line + "..." : line;
}

}  // namespace kubernetes
