#include <fmt/format.h>

#include "checks/check_row.h"

namespace checks {
namespace {

// WALinuxAgent reports IMDS unhealthy after as long (azurelinuxagent/ga/monitor.py).
constexpr auto kTolerated = std::chrono::minutes(3);

remedy::Remedy ask_imds() {
  return remedy::command(
      "curl -s --noproxy '*' -H Metadata:true "
      "'http://169.254.169.254/metadata/instance?api-version=2021-02-01'");
}

std::int64_t seconds(net::MonoTime::duration duration) {
  return std::chrono::duration_cast<std::chrono::seconds>(duration).count();
}

Finding imds_reachable(const Facts& facts) {
  const auto& imds = facts.imds;
  if (imds.source == node::ImdsSource::none) {
    return Finding::fail(
        imds.last_error.empty() ? "waiting for the first answer from IMDS"
                                : "no usable answer from IMDS yet: " + imds.last_error,
        "without one the agent does not know this VM's NICs and subnets, and adds and removes no route",
        ask_imds());
  }
  const auto since = imds.last_success_mono.value_or(facts.started);
  const auto silent = facts.now - since;
  if (!imds.last_error.empty() && silent >= kTolerated) {
    return {
        .status = CheckStatus::fail,
        .message = fmt::format("no usable answer from IMDS for {} s: {}", seconds(silent), imds.last_error),
        .why = "routes follow the last good document; a change of this VM's NICs or addresses goes unnoticed",
        .remedy = ask_imds(),
        .advisory = true};
  }
  if (imds.source == node::ImdsSource::cache) {
    return Finding::pass("using the document kept from before, IMDS has not answered since the start");
  }
  return Finding::pass(imds.last_error.empty() ? "IMDS answers"
                                               : fmt::format("IMDS answered {} s ago", seconds(silent)));
}

}  // namespace

std::vector<Check> rows_of_imds() {
  return {
      {.order = 20,
       .id = "imds.reachable",
       .group = Group::azure,
       .subject = Subject::imds,
       .gate = Gate::always,
       .advisory = "once there is a document",
       .look = imds_reachable},
  };
}

}  // namespace checks
