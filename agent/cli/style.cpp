#include "agent/cli/style.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdlib>

namespace agent {
namespace {

bool colour_wanted() {
  static const bool kWanted = [] {
    const char* refused = std::getenv("NO_COLOR");
    return isatty(STDOUT_FILENO) == 1 && (refused == nullptr || *refused == '\0');
  }();
  return kWanted;
}

std::string in_colour(std::string_view text, int code) {
  return colour_wanted() ? fmt::format("\x1b[{}m{}\x1b[0m", code, text) : std::string(text);
}

}  // namespace

std::string coloured(std::string_view text, checks::CheckStatus status) {
  switch (status) {
    case checks::CheckStatus::pass:
      return in_colour(text, 32);
    case checks::CheckStatus::fail:
      return in_colour(text, 31);
    case checks::CheckStatus::unknown:
      return in_colour(text, 33);
    case checks::CheckStatus::skip:
      break;
  }
  return in_colour(text, 2);
}

std::string bold(std::string_view text) { return in_colour(text, 1); }

}  // namespace agent
