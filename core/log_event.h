#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace core {

/// `log.level`: events below it are not written.
enum class LogLevel : std::uint8_t { trace, debug, info, warn, error };

/// The kinds of events that a person may look up: `journalctl --catalog` explains each, from
/// systemd/calico-azure-agent.catalog, and `journalctl MESSAGE_ID=…` finds all of one kind.
enum class EventKind : std::uint8_t {
  other,
  started,
  start_refused,
  stopped,
  waiting,
  kubelet_may_start,
  ready,
  not_ready,
  check_failed,
  check_passes,
  check_unknown,
  routes_changed,
  routes_put_back,
  sysctl_set,
  sysctl_refused,
  nic_chosen,
  mode_changed,
  imds_answers,
  imds_silent,
  document_recalled,
  configuration_reloaded,
  configuration_refused,
  listens_outside,
  name_taken,
  not_listening,
  listening,
  file_refused,
  cloud_program_ended,
  link_changed,
  azure_changed,
  events_lost,
  maintenance_announced,
  maintenance_over,
};

struct EventKindName {
  EventKind kind;
  std::string_view name;        ///< JSON's member "event"
  std::string_view message_id;  ///< the journal's MESSAGE_ID, sd-id128(3); never changes
};

/// Every kind but `other`.
inline constexpr std::array kEventKinds = {
    EventKindName{EventKind::started, "started", "2003b54444254915b363caf9c6d1fdae"},
    EventKindName{EventKind::start_refused, "start_refused", "19ffce940c094f21af331dc253ec3fd2"},
    EventKindName{EventKind::stopped, "stopped", "203b79df554b414bbd776446cae5fc6d"},
    EventKindName{EventKind::waiting, "waiting", "1fc2c08919bc4896b87fcc771e2bf394"},
    EventKindName{EventKind::kubelet_may_start, "kubelet_may_start", "487fda705d0743d09f7334a65f1d63b9"},
    EventKindName{EventKind::ready, "ready", "bddc394929444e1f9f7c95f6844ff6e8"},
    EventKindName{EventKind::not_ready, "not_ready", "f9d576db7c794f21abff3e56489495ac"},
    EventKindName{EventKind::check_failed, "check_failed", "efae2ad1c16b4d56b5e1b63b864d8a8d"},
    EventKindName{EventKind::check_passes, "check_passes", "f1cafa1813a844948455abeaaef1b2cd"},
    EventKindName{EventKind::check_unknown, "check_unknown", "0a3dd2f36d7e4acf80aa782b21924525"},
    EventKindName{EventKind::routes_changed, "routes_changed", "15cedba0b06441e38d65b9ba963664f6"},
    EventKindName{EventKind::routes_put_back, "routes_put_back", "4b8c8f822861411e90200dea232465c4"},
    EventKindName{EventKind::sysctl_set, "sysctl_set", "95e7620d210943c393ae0da75bd9c362"},
    EventKindName{EventKind::sysctl_refused, "sysctl_refused", "9e59ac39f53e4a45bf71f2a175296468"},
    EventKindName{EventKind::nic_chosen, "nic_chosen", "d5b7abb6a6b5427dabb61f9480ba5b1f"},
    EventKindName{EventKind::mode_changed, "mode_changed", "148e0cd7470e4d9d95a3c7ed8ff72a8b"},
    EventKindName{EventKind::imds_answers, "imds_answers", "ab25a759f4d84b02b37ef585adaf8077"},
    EventKindName{EventKind::imds_silent, "imds_silent", "8c87bd66220545339847b3cd45ba8f08"},
    EventKindName{EventKind::document_recalled, "document_recalled", "024c67f58091414f87dfd2d53c04bee0"},
    EventKindName{EventKind::configuration_reloaded, "configuration_reloaded",
                  "04d08a27aaa6401bbaaee53937340fc7"},
    EventKindName{EventKind::configuration_refused, "configuration_refused",
                  "2e130d7640a24cfea64198d3ed07b0b3"},
    EventKindName{EventKind::listens_outside, "listens_outside", "cfe5f95df84245c6b354d1ad1e93ccd2"},
    EventKindName{EventKind::name_taken, "name_taken", "822762e498e24ca4b709325763adce83"},
    EventKindName{EventKind::not_listening, "not_listening", "0a9e9562fcfc493390078f2dccd81a31"},
    EventKindName{EventKind::listening, "listening", "7ee50ca7af22411b9865e9819064805e"},
    EventKindName{EventKind::file_refused, "file_refused", "b84792203d01412a9f945ba17a969731"},
    EventKindName{EventKind::cloud_program_ended, "cloud_program_ended", "b4643d7e13b94e2fb51b1e6443fe974c"},
    EventKindName{EventKind::link_changed, "link_changed", "56f93cd5351642cba76a7e71193bd382"},
    EventKindName{EventKind::azure_changed, "azure_changed", "0bdcd36e2e2548768eb2abc076c70152"},
    EventKindName{EventKind::events_lost, "events_lost", "f65fc3c591fa4ac7bca1918572e9b230"},
    EventKindName{EventKind::maintenance_announced, "maintenance_announced",
                  "ff981a57180376fd2734715d81d22968"},
    EventKindName{EventKind::maintenance_over, "maintenance_over", "13c3a9a82e691b7a61ff33acd6e77022"},
};

/// nullptr for `other`.
constexpr const EventKindName* find_kind(EventKind kind) {
  for (const auto& each : kEventKinds) {
    if (each.kind == kind) return &each;
  }
  return nullptr;
}

/// One datum of an event, for machines: {"CHECK", "sysctl.ip_forward"}. Names are upper-case constants of the
/// code and none is TIME, LEVEL, MESSAGE or EVENT; the journal shows AGENT_CHECK, JSON "check". Text leaves
/// fields out, so a message is complete by itself.
struct LogField {
  std::string_view name;
  std::string value;
};

/// One line of the log.
struct LogEvent {
  EventKind kind = EventKind::other;
  LogLevel level = LogLevel::info;
  std::string message;
  std::vector<LogField> fields = {};
};

/// What a person should look at, while the agent goes on as well as it can.
inline LogEvent warning(EventKind kind, std::string message) {
  return {.kind = kind, .level = LogLevel::warn, .message = std::move(message)};
}

}  // namespace core
