#include "checks/check.h"

namespace checks {

std::string_view status_name(CheckStatus status) {
  switch (status) {
    case CheckStatus::pass:
      return "pass";
    case CheckStatus::fail:
      return "fail";
    case CheckStatus::unknown:
      return "unknown";
    case CheckStatus::skip:
      return "skip";
  }
  return "";
}

}  // namespace checks
