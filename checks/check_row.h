#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "checks/check.h"
#include "checks/facts.h"
#include "net/names.h"
#include "remedy/remedy.h"

// What a check is: one row, which stands in the file of its function.
namespace checks {

/// What a check found, before it is known whether it gates and since when.
struct Finding {
  CheckStatus status = CheckStatus::unknown;
  std::string message = {};
  std::string why = {};  ///< empty: as the row has it
  remedy::Remedy remedy = {};
  /// This failure does not gate, though the row does: see Check::advisory.
  bool advisory = false;
  /// `unknown`, but `fail` where readiness.require names the check.
  bool fails_if_required = false;

  static Finding pass(std::string message) {
    return {.status = CheckStatus::pass, .message = std::move(message)};
  }
  static Finding skip(std::string message) {
    return {.status = CheckStatus::skip, .message = std::move(message)};
  }
  static Finding unknown(std::string message) { return {.message = std::move(message)}; }
  static Finding fail(std::string message, std::string why, remedy::Remedy remedy) {
    return {.status = CheckStatus::fail,
            .message = std::move(message),
            .why = std::move(why),
            .remedy = std::move(remedy)};
  }
  static Finding fail(std::string message, remedy::Remedy remedy) {
    return fail(std::move(message), "", std::move(remedy));
  }
  /// A fault that another check reports, or that is normal for some minutes: it raises no alarm here.
  static Finding unless_required(std::string message, std::string why, remedy::Remedy remedy) {
    return {.message = std::move(message),
            .why = std::move(why),
            .remedy = std::move(remedy),
            .fails_if_required = true};
  }
  static Finding unless_required(std::string message, remedy::Remedy remedy) {
    return unless_required(std::move(message), "", std::move(remedy));
  }
  /// A fault that the check `other` reports: "…, see nic.up".
  static Finding reported_by(std::string_view other, std::string message, std::string why = "") {
    message.append(", see ").append(other);
    return unless_required(std::move(message), std::move(why), remedy::edit("see {}", other));
  }
};

/// Under which heading `doctor` shows a check.
enum class Group : std::uint8_t { kernel, azure, kubernetes, cni };
inline constexpr auto kGroupNames = std::to_array<net::Named<Group>>({{Group::kernel, "kernel"},
                                                                      {Group::azure, "Azure"},
                                                                      {Group::kubernetes, "Kubernetes"},
                                                                      {Group::cni, "CNI"}});

/// What a check is about, where the journal names it.
enum class Subject : std::uint8_t { node, imds, nic, routes, shadowed_route };

/// In which configurations a check is a gate: it holds back readiness while it fails.
///
/// Gates are what the node itself must have before calico/node starts, and nothing that calico/node, flannel
/// or a CNI plug-in brings up after the gate: they wait for it, and the node would dead-lock.
enum class Gate : std::uint8_t {
  never,
  always,
  with_routes,
  with_pod_cidrs,
  with_ipv6,
  with_demanded_node_cidr,  ///< but not flannel's, which may itself wait for the gate
};
bool applies(Gate gate, const node::Policy& policy);
inline constexpr auto kGateWords = std::to_array<net::Named<Gate>>(
    {{Gate::never, ""},
     {Gate::always, "always"},
     {Gate::with_routes, "in mode udr, flannel or calico-vxlan, with routes.enabled = true"},
     {Gate::with_pod_cidrs, "in mode udr, flannel or calico-vxlan"},
     {Gate::with_ipv6, "with IPv6 pods"},
     {Gate::with_demanded_node_cidr,
      "in mode udr, with pods.node_cidr_source static, kubernetes or route-table"}});

/// False where the configuration lets the gate only warn: checks that leave a fault to it must report it
/// themselves then.
bool may_hold(const node::Policy& policy, std::string_view gate);

/// Which checks pass only once the kubelet runs: READY=1, for which the kubelet may wait, does not wait for
/// them.
enum class NeedsKubelet : std::uint8_t { never, always, unless_node_cidr_is_static };
bool applies(NeedsKubelet needs, const node::Policy& policy);
inline constexpr auto kKubeletWords = std::to_array<net::Named<NeedsKubelet>>(
    {{NeedsKubelet::never, ""},
     {NeedsKubelet::always, "always"},
     {NeedsKubelet::unless_node_cidr_is_static, "with pods.node_cidr_source other than static"}});

struct Check {
  int order = 0;  ///< in which checks are shown; leave gaps
  std::string_view id = {};
  Group group = Group::kernel;
  Subject subject = Subject::node;
  /// The journal reports once that this check is unknown: it stands for all checks of a source (Azure, the
  /// API server) that cannot be queried.
  bool reports_source = false;
  Gate gate = Gate::never;
  /// Which failures of a gate only warn, in words: "outside the NIC's own subnet". Empty: none does.
  std::string_view advisory = {};
  NeedsKubelet needs_kubelet = NeedsKubelet::never;
  /// A failure is unknown while that user-defined routes carry the pods is a guess: the nodes of an overlay
  /// look alike until its plug-in is installed.
  bool once_mode_is_known = false;
  /// A failure is unknown while pods' network is being installed: its parts come one after the other.
  bool once_installed = false;
  std::string_view why =
      {};  ///< why a failure matters to pods, for findings that give no reason of their own
  Finding (*look)(const Facts&) = nullptr;
};

/// The rows of every file x.cpp, as its rows_of_x() has them, in no order. CMake makes the list of the files.
std::vector<Check> rows_of_all_files();

}  // namespace checks
