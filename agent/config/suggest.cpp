#include "agent/config/suggest.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <vector>

namespace agent {
namespace {

/// Insertions, deletions, substitutions and swaps of neighbours between two words (optimal string alignment).
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before_last(b.size() + 1);
  std::vector<std::size_t> last(b.size() + 1);
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(last.begin(), last.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t substitution = a[i - 1] == b[j - 1] ? 0 : 1;
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + substitution});
      const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (swapped) row[j] = std::min(row[j], before_last[j - 2] + 1);
    }
    before_last.swap(last);
    last.swap(row);
  }
  return last.back();
}

}  // namespace

std::string did_you_mean(std::string_view typed, std::span<const std::string> known,
                         std::string_view prefix) {
  std::string_view nearest;
  std::size_t least = 0;
  for (const auto& word : known) {
    const auto limit = std::max<std::size_t>(2, word.size() / 3);
    if (typed.size() > word.size() + limit) continue;  // also what keeps a typed megabyte cheap
    const auto far = distance(typed, word);
    if (far > limit || (!nearest.empty() && far >= least)) continue;
    nearest = word;
    least = far;
  }
  return nearest.empty() ? "" : fmt::format(": did you mean {}{}?", prefix, nearest);
}

}  // namespace agent
