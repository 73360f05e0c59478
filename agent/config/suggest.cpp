#include "agent/config/suggest.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <utility>
#include <vector>

namespace agent {
namespace {

/// Insertions, deletions and substitutions from one word to the other (Levenshtein).
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    auto diagonal = std::exchange(row[0], i);
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t substituted = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = std::exchange(row[j], std::min({row[j] + 1, row[j - 1] + 1, substituted}));
    }
  }
  return row.back();
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
