#include "host/felix_health.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>

#include "host/responses.h"
#include "host/text.h"

namespace host {
namespace {

using Environment = net::Result<std::map<std::string, std::string>>;
using Time = std::chrono::steady_clock::time_point;

// https://docs.tigera.io/calico/latest/reference/felix/configuration (FELIX_HEALTHPORT). Tigera's operator
// sets 9199 on OpenShift, where 9099 is taken (tigera/operator,
// pkg/controller/installation/core_controller.go).
constexpr std::uint16_t kPort = 9099;
constexpr std::uint16_t kPortOnOpenShift = 9199;
constexpr auto kPath = "/readiness";
constexpr int kNotReady = 503;
/// Felix has some ten reporters, each on a line of some hundred characters.
constexpr std::uint64_t kLongestTable = 64U << 10;
constexpr std::size_t kMostReporters = 8;

/// Empty: it is not given, or not ours to read.
std::string setting(const Environment& environment, const char* name) {
  if (!environment) return "";
  const auto found = environment->find(name);
  return found == environment->end() ? "" : found->second;
}

/// FELIX_HEALTHHOST, a name or an address, where every address is loopback's too.
net::Address address_of(const Environment& environment) {
  const auto address = net::Address::parse(setting(environment, "FELIX_HEALTHHOST"));
  const auto is_any = [](const net::Address& each) {
    return each == net::Prefix::any(each.family()).network();
  };
  return address && !is_any(*address) ? *address : *net::Address::parse("127.0.0.1");
}

/// libcalico-go/lib/health/health.go: what answers anything else is not Felix.
bool is_felixs(const net::Result<int>& status) {
  return status && (*status == 200 || *status == 204 || *status == kNotReady);
}

/// The cells between the bars of a line: "| FelixStartup | - | reporting live | reporting non-ready | |".
std::vector<std::string_view> cells(std::string_view line) {
  std::vector<std::string_view> found;
  auto bar = line.find('|');
  while (bar != std::string_view::npos) {
    const auto next = line.find('|', bar + 1);
    if (next == std::string_view::npos) break;
    found.push_back(trimmed(line.substr(bar + 1, next - bar - 1)));
    bar = next;
  }
  return found;
}

}  // namespace

std::vector<observed::FelixReporter> parse_felix_reporters(std::string_view body) {
  // Its columns: libcalico-go/lib/health/health.go, Summary().
  enum Column : std::size_t { name, timeout, liveness, readiness, detail, columns };
  constexpr std::array<std::string_view, 2> kHoldingBack = {"reporting non-ready", "timed out"};
  std::vector<observed::FelixReporter> found;
  for (const auto line : lines(body)) {
    const auto row = cells(line);
    if (row.size() < columns || found.size() == kMostReporters) continue;
    if (std::find(kHoldingBack.begin(), kHoldingBack.end(), row[readiness]) == kHoldingBack.end()) continue;
    found.push_back({.name = std::string(row[name]),
                     .readiness = std::string(row[readiness]),
                     .detail = std::string(row[detail])});
  }
  return found;
}

FelixHealth felix_health(const Environment& environment, Time finish_by) {
  const auto address = address_of(environment);
  const auto given = setting(environment, "FELIX_HEALTHPORT");
  std::uint16_t port = 0;
  std::from_chars(given.data(), given.data() + given.size(), port);
  const bool is_given = port != 0;
  if (!is_given) port = kPort;
  FelixHealth health;
  health.status = http_status(address, port, kPath, finish_by);
  if (!is_given && !is_felixs(health.status)) {
    const auto other = http_status(address, kPortOnOpenShift, kPath, finish_by);
    if (is_felixs(other)) {
      health.status = other;
      port = kPortOnOpenShift;
    }
  }
  if (!health.status || *health.status != kNotReady) return health;
  // Asked again, so that an answer that does not end costs no more than the table.
  if (const auto table = http_body(address, port, kPath, finish_by, kLongestTable))
    health.reporters = parse_felix_reporters(*table);
  return health;
}

}  // namespace host
