#include "agent/core/check.h"
#include "agent/core/snapshot.h"

namespace agent {

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

std::string_view source_name(ImdsSource source) {
  switch (source) {
    case ImdsSource::none:
      return "none";
    case ImdsSource::cache:
      return "cache";
    case ImdsSource::live:
      return "live";
  }
  return "";
}

std::string_view route_state_name(RouteState state) {
  switch (state) {
    case RouteState::in_sync:
      return "in_sync";
    case RouteState::pending:
      return "pending";
    case RouteState::failed:
      return "failed";
    case RouteState::shadowed:
      return "shadowed";
  }
  return "";
}

}  // namespace agent
